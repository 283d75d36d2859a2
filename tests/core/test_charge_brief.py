"""Why a call costs what it costs, in a few words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.core.tariffs import other_call, terms
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.charge_brief import WORDS, brief
from vorzimmer.core.rating import Used, rate

CALLS = {"kind": "calls", "price": "0.95", "included": 200}
MINUTES = {"kind": "minutes", "price": "0.6", "first": 30, "then": 6, "included": "0.5"}
SHORT = {"kind": "calls", "price": "1", "free_short": {"seconds": 10}}
NIGHT = {"kind": "surcharge", "name": "Nachtzuschlag", "amount": "0.5"}
FLAT = {"kind": "calls", "price": "0"}
TIERS = {"kind": "calls", "tiers": [{"price": "1"}], "mode": "whole"}


def _told(*positions: dict[str, Any], language: str = "de", used: int = 0, talk: float = 60, **fields: Any) -> str:
    found = terms(*positions)
    call = other_call(1, "2026-11-23T10:00", fields, talk=talk)
    charges, _ = rate([call], found, Used({"p1": Decimal(used)}))
    return brief(charges, found.tariff, call.disposition, (), language)


@pytest.mark.parametrize(
    ("positions", "fields", "told"),
    [
        ((CALLS,), {"used": 200}, "1 x 0,95"),
        ((CALLS,), {"used": 199}, "enthalten"),
        ((CALLS,), {"used": 200, "language": "en"}, "1 x 0.95"),
        ((MINUTES,), {"talk": 167}, "30 s enthalten + 138 s zu 0,60/min"),
        ((MINUTES,), {"talk": 0}, "0 s gezählt"),
        ((SHORT,), {"talk": 9}, "kurz, frei"),
        ((FLAT,), {}, "enthalten"),
        ((TIERS,), {}, "Preis nach der Menge des Monats"),
        ((CALLS, NIGHT), {"used": 200}, "1 x 0,95; Nachtzuschlag 0,50"),
        ((CALLS,), {"disposition": Disposition.ABANDONED}, "nicht bedient, kostet nichts"),
        ((CALLS | {"when": {"direction": "out"}},), {}, "kostet im Tarif nichts"),
    ],
)
def test_reason_in_a_few_words(positions: tuple[dict[str, Any], ...], fields: dict[str, Any], told: str) -> None:
    """Units and price of what is paid, or why nothing is."""
    assert _told(*positions, **fields) == told


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({"trial"}, "trial"),
        ({"late"}, "belated; costs nothing in this tariff"),
        ({"outside"}, "no contract on this day"),
        ({"waiting"}, "not charged yet"),
    ],
)
def test_what_is_known_besides(marks: set[str], told: str) -> None:
    """A trial, a call that came late, a day without a contract, a call that is not rated yet."""
    assert brief((), terms(CALLS).tariff, Disposition.ANSWERED, marks, "xx") == told


def test_every_language_has_every_word() -> None:
    """With the same places for figures."""
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}
