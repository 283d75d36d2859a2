"""Why a call costs what it costs, in sentences that can be checked with a pencil."""

from __future__ import annotations

from decimal import Decimal

from tests.core.tariffs import other_call, terms
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.rating import Terms, Used, rate
from vorzimmer.core.rating_words import WORDS, explain


def told(found: Terms, language: str = "de", used: Used | None = None, **seconds: float) -> tuple[str, ...]:
    """What is said of one call."""
    one = other_call(1, "2026-11-23T10:00", {}, **seconds)
    return explain(rate([one], found, used)[0], found.tariff, language)


def test_a_call_by_the_minute() -> None:
    """1.37 € for 2 min 47 s: phases, increments, free seconds, price, each with its figures."""
    found = terms(
        {
            "kind": "minutes",
            "name": "Gespräch je Minute",
            "price": "0.60",
            "first": 30,
            "then": 6,
            "included": "0.5",
            "phases": ["talk", "hold", "queue"],
            "caps": {"queue": 60},
        }
    )
    assert told(found, talk=100.2, hold=5, queue=400) == (
        "Gespräch je Minute:",
        "  Gezählt: Gespräch 100,2 s + Halten 5 s + Warten 60 s (höchstens 60) = 165,2 s.",
        "  Im Takt 30/6: 168 s.",
        "  Davon frei: 30 s.",
        "  138 s x 0,60 EUR je Minute / 60 = 1,38 EUR.",
        "  Nicht je Anruf gerundet, erst in der Summe der Position.",
        "Zusammen: 1,38 EUR netto.",
    )


def test_each_phase_rounded() -> None:
    """30 s of talk, 10 of them free, and 30 s of holding: each up to a cent; 10 % of their sum, 0.007, are one too."""
    found = terms(
        {
            "kind": "minutes",
            "name": "Zeit",
            "price": "0.07",
            "phases": ["talk", "hold"],
            "increments_of": "phase",
        },
        {"kind": "surcharge", "name": "Nacht", "on": ["p1"], "percent": "10"},
        rounding={"at": "phase", "how": "up"},
        included={"p1": Decimal(10)},
    )
    assert told(found, talk=29.4, hold=30)[2:] == (
        "  Jede Phase im Takt 1/1: 30 + 30 s.",
        "  Davon frei: 10 s.",
        "  50 s x 0,07 EUR je Minute / 60 = 0,058333 EUR.",
        "  Jede Phase gerundet: Gespräch 0,023333 auf 0,03 + Halten 0,035 auf 0,04 = 0,07 EUR.",
        "Nacht:",
        "  10 % auf 0,07 EUR = 0,007 EUR.",
        "  Je Anruf gerundet: 0,01 EUR.",
        "Zusammen: 0,08 EUR netto.",
    )


def test_a_second_that_is_begun_is_told() -> None:
    """59.4 s are counted as 60, also where nothing but seconds are the increments."""
    said = told(terms({"kind": "minutes", "price": "0.60"}), "en", talk=59.4)
    assert said[1:4] == (
        "  Counted: talk 59.4 s = 59.4 s.",
        "  In increments of 1/1: 60 s.",
        "  60 s x 0.60 EUR a minute / 60 = 0.60 EUR.",
    )


def test_a_call_of_a_package_and_one_beyond() -> None:
    """The 200th is free, the 201st costs."""
    found = terms({"kind": "calls", "name": "Calls", "included": 200, "price": "0.95"}, rounding={"at": "call"})
    assert told(found, "en", Used({"p1": Decimal(199)}), talk=9) == (
        "Calls:",
        "  Of these free: 1 call.",
        "Together: 0.00 EUR net.",
    )
    assert told(found, "en", Used({"p1": Decimal(200)}), talk=9)[1:] == (
        "  1 call x 0.95 EUR = 0.95 EUR.",
        "  Rounded for each call: 0.95 EUR.",
        "Together: 0.95 EUR net.",
    )


def test_a_night_s_surcharge_and_a_short_call() -> None:
    """What is added is a share of what stands above it, and a sum; nothing is added to a call that is free."""
    found = terms(
        {"kind": "calls", "name": "Calls", "price": "1.20", "free_short": {"seconds": 10}},
        {"kind": "surcharge", "name": "Night", "on": ["p1"], "percent": "50", "amount": "0.25"},
    )
    assert told(found, "en", talk=60) == (
        "Calls:",
        "  Counted: talk 60 s = 60 s.",
        "  1 call x 1.20 EUR = 1.20 EUR.",
        "  Not rounded for each call, but in the position's sum.",
        "Night:",
        "  50 % of 1.20 EUR = 0.60 EUR.",
        "  Surcharge 0.25 EUR.",
        "  Not rounded for each call, but in the position's sum.",
        "Together: 2.05 EUR net.",
    )
    assert told(found, "en", talk=9) == (
        "Calls:",
        "  Counted: talk 9 s = 9 s.",
        "  Shorter than 10 s: free.",
        "Together: 0.00 EUR net.",
    )


def test_what_no_position_is_about_and_what_the_month_decides() -> None:
    """Both are said: silence would look like a mistake."""
    whole = terms({"kind": "calls", "name": "Calls", "tiers": [{"price": "1"}], "mode": "whole"})
    assert told(whole, "en", talk=1)[1] == "  The price depends on the month's volume: 1 call count for it."
    failed = other_call(1, "2026-11-23T10:00", {"disposition": Disposition.FAILED})
    assert explain(rate([failed], whole)[0], whole.tariff, "zh") == (
        "No position of the tariff 'T' is about this call.",
    )


def test_both_languages_say_the_same() -> None:
    """A word that is missing in one would stop the bill's explanation there."""
    assert set(WORDS["de"]) == set(WORDS["en"])
