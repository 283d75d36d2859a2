"""A call whose number was erased is rated as before."""

from __future__ import annotations

import pytest

from tests.core.tariffs import HERE, other_call, tariff
from vorzimmer.core.erased_call import as_charged

TARIFF = tariff(
    {"kind": "recurring", "amount": "5"},
    {"kind": "calls", "price": "1"},
    {"kind": "surcharge", "amount": "0.10", "when": {"to": ["+41", "+49"]}},
    {"kind": "surcharge", "amount": "0.20", "when": {"to": ["+4930"]}},
    {"kind": "surcharge", "amount": "0.20", "when": {"direction": "out", "to": ["+41"]}},
)


@pytest.mark.parametrize(
    ("charged", "to"),
    [
        ({"p2"}, None),
        ({"p2", "p3"}, "+41"),
        ({"p2", "p3", "p4"}, "+4930"),
        ({"p2", "p4"}, None),
        ({"p2", "p3", "p5"}, None),
        ({"gone"}, None),
    ],
)
def test_the_charges_tell_where_it_went(charged: set[str], to: str | None) -> None:
    """The beginning by which the same positions match: Berlin's is Germany's too; where none fits, there is none."""
    found = as_charged(other_call(1, "2026-11-23T10:00", {}, talk=60), TARIFF, HERE, charged)
    assert found.to == to


def test_a_call_that_has_its_number_keeps_it() -> None:
    """Whatever was charged."""
    call = other_call(1, "2026-11-23T10:00", {"to": "+4930123456"}, talk=60)
    assert as_charged(call, TARIFF, HERE, {"p2", "p3"}) is call
