"""What a rule lets be told: facts, and numbers whole or shortened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.notify_rule import Fact
from vorzimmer.notify.telling import rule_of, shown_number, shown_text, tells

SHORT = {"numbers": "shortened"}


def test_without_a_rule_everything_is_told() -> None:
    """A plain mail, and a rule that names no facts, tell all, with numbers whole."""
    payloads: list[dict[str, Any]] = [{}, {"rule": {}}, {"rule": {"id": "office"}}]
    for payload in payloads:
        assert all(tells(rule_of(payload), fact) for fact in Fact)
        assert shown_number("+498912345678", rule_of(payload)) == "+498912345678"


def test_only_named_facts_are_told() -> None:
    """What a rule does not name stays unsaid."""
    rule = {"facts": ["caller", "time"]}
    assert [fact for fact in Fact if tells(rule, fact)] == [Fact.CALLER, Fact.TIME]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+498912345678", "+498912345XXX"),
        ("089 12345678", "089 12345XXX"),
        ("089 123 45-6", "089 123 XX-X"),
        ("110", "XXX"),
        ("7", "X"),
        ("nobody", "nobody"),
    ],
)
def test_a_shortened_number_lacks_its_last_three_digits(value: str, shown: str) -> None:
    """In whatever form it is written, three digits are gone and all else stays in its place."""
    assert shown_number(value, SHORT) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ruf 0171 2345678 an", "ruf 0171 2345XXX an"),
        ("+49 (0) 89 1234567.", "+49 (0) 89 1234XXX."),
        ("089/123456-12", "089/12345X-XX"),
        ("Frist 30.11.2026, 06.12.2026 10:00", "Frist 30.11.2026, 06.12.2026 10:00"),
        ("01/12/2026, 2026-11-30, 4711001234", "01/12/2026, 2026-11-30, 4711001234"),
    ],
)
def test_numbers_in_a_text_are_shortened_and_dates_stay(text: str, shown: str) -> None:
    """What an agent typed into a message tells no more than the field beside it."""
    assert shown_text(text, SHORT) == shown
    assert shown_text(text, {}) == text


@given(st.text(max_size=200))
def test_shortening_twice_changes_no_length(text: str) -> None:
    """Whatever the text, nothing but digits is replaced, one for one."""
    for shown in (shown_text(text, SHORT), shown_number(text, SHORT)):
        assert len(shown) == len(text)
        assert all(new == old or (new == "X" and old.isdecimal()) for new, old in zip(shown, text, strict=True))
