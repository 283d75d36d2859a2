"""The clients' own numbers in the book: each leads to a DID of that client's, in any writing."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.examples import make_client

DID = "+4989123456"


def test_a_number_is_read_in_any_writing() -> None:
    """As every number of the book; it is watched, and only the operator is told, unless it says otherwise."""
    (own,) = make_client(dids=[DID], own_numbers=[{"number": "089 77766", "did": "089/123456"}]).own_numbers
    assert (own.number, own.did, own.watch, own.tell_client) == ("+498977766", DID, True, False)


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            [{"number": "+498977766", "did": "+4989123457"}],
            "is forwarded to .4989123457, which is not among the client's",
        ),
        ([{"number": DID, "did": DID}], "it would be forwarded to itself"),
        ([{"number": "+498977766", "did": DID}, {"number": "089 77766", "did": DID}], "stands twice in own_numbers"),
    ],
)
def test_what_leads_nowhere_is_refused(own: list[dict[str, Any]], sentence: str) -> None:
    """A number that is forwarded to somebody else's DID, or to itself, or in two directions, is a slip of the pen."""
    with pytest.raises(ValidationError, match=sentence):
        make_client(dids=[DID], own_numbers=own)
