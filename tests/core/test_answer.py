"""What a client answers, and which agents are to see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.answer import LONGEST, cleaned, is_for


@pytest.mark.parametrize(
    ("agent", "authors", "present", "serves", "sees"),
    [
        ("anna", {"anna"}, {"anna"}, True, True),
        ("anna", {"anna"}, set(), False, True),
        ("ben", {"anna"}, {"anna", "ben"}, True, False),
        ("ben", {"anna"}, {"ben"}, True, True),
        ("ben", {"anna"}, {"ben"}, False, False),
        ("ben", set(), {"ben"}, True, True),
        ("ben", {"anna", "carl"}, {"carl"}, True, False),
    ],
    ids=["author", "author off duty", "other", "author gone", "not served", "nobody wrote", "one of two there"],
)
def test_the_author_sees_it_and_the_team_if_no_author_is_there(
    agent: str, authors: set[str], present: set[str], *, serves: bool, sees: bool
) -> None:
    """Nobody's answer lies until somebody comes back."""
    assert is_for(agent, authors=authors, present=present, serves=serves) is sees


@given(st.text(max_size=LONGEST * 2))
def test_cleaning_fits_and_changes_nothing_twice(text: str) -> None:
    """What is kept always fits into its column."""
    clean = cleaned(text)
    assert len(clean) <= LONGEST
    assert cleaned(clean) == clean
    assert "\x00" not in clean
