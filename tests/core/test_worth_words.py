"""What a forecast says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.core.tariffs import HERE, many
from vorzimmer.core.call_log import BadLog, read
from vorzimmer.core.stretches import Month
from vorzimmer.core.worth import Estimate, Forecast, Pays, Volume, pattern_of
from vorzimmer.core.worth_words import WORDS, Language, advice, of_forecast, of_log, refusal, tables

PACKAGE = Estimate("p200", "package 200", "EUR", Decimal(149), Decimal("158.4"), Decimal(171))
FLAT = Estimate("flat", "flat", "EUR", Decimal(249), Decimal(249), Decimal(249), flat=True)
MINUTES = Estimate("us", "minutes", "USD", Decimal("9.5"), Decimal("9.996"), Decimal(1234))


def found(*estimates: Estimate, calls: int = 210, pays: int | None = 262) -> Forecast:
    """A forecast of these."""
    told = (Pays("flat", "p200", pays),) if FLAT in estimates and PACKAGE in estimates else ()
    return Forecast(Month(2026, 12), Volume(calls, calls, calls), estimates, told, (), ("by the hour",), 200)


@pytest.mark.parametrize(
    ("forecast", "said"),
    [
        (
            found(PACKAGE, FLAT),
            (
                "With about 210 calls a month “package 200” is the cheapest: 158 € (149\N{EN DASH}171 €);"
                " “flat” pays from 262 calls on."
            ),
        ),
        (
            found(PACKAGE, FLAT, pays=None),
            (
                "With about 210 calls a month “package 200” is the cheapest: 158 € (149\N{EN DASH}171 €);"
                " “flat” does not pay, even with 5,000 calls."
            ),
        ),
        (
            found(FLAT, PACKAGE, calls=1300),
            "With about 1,300 calls a month “flat” is the cheapest: 249 €; it is from 262 calls on.",
        ),
        (
            found(FLAT, PACKAGE, pays=0),
            "With about 210 calls a month “flat” is the cheapest: 249 €; it is for any number of calls.",
        ),
        (found(FLAT, PACKAGE, pays=None), "With about 210 calls a month “flat” is the cheapest: 249 €."),
        (
            found(PACKAGE, calls=1),
            "With about one call a month “package 200” is the cheapest: 158 € (149\N{EN DASH}171 €).",
        ),
        (found(FLAT, calls=0), "Without calls “flat” is the cheapest: 249 €."),
        (found(), "There is no tariff whose cost can be estimated from calls."),
    ],
    ids=range(8),
)
def test_one_sentence_of_advice(forecast: Forecast, said: str) -> None:
    """Which tariff, how much, and from when on the flat rate pays."""
    assert advice(forecast, "en") == (said,)


def test_each_currency_has_a_sentence_and_a_table() -> None:
    """The one of most tariffs first; small amounts with their cents, all with the language's marks."""
    both = found(MINUTES, PACKAGE, FLAT)
    assert advice(both, "de") == (
        (
            "Bei etwa 210 Anrufen im Monat ist „package 200“ am günstigsten: 158 € (149\N{EN DASH}171 €);"
            " „flat“ lohnt sich ab 262 Anrufen."
        ),
        "Bei etwa 210 Anrufen im Monat ist „minutes“ am günstigsten: 10,00 $ (9,50\N{EN DASH}1.234,00 $).",
    )
    euros, dollars = tables(both, "de")
    assert euros.heads == ("Tarif", "wahrscheinlich", "Spanne", "„flat“ ist günstiger")
    assert [(row.name, row.likely, row.range, row.cheaper, row.best) for row in euros.rows] == [
        ("package 200", "158 €", "149\N{EN DASH}171 €", ("ab 262 Anrufen",), True),
        ("flat", "249 €", "\N{EN DASH}", ("",), False),
    ]
    assert [len(row.cheaper) for row in dollars.rows] == [0]
    [never, _] = tables(found(PACKAGE, FLAT, pays=None), "en")[0].rows
    assert (never.cheaper, never.has_range) == (("not up to 5,000",), True)


def test_what_was_assumed_is_said() -> None:
    """Of a log of a Wednesday with a missed call and one that went out."""
    text = "Datum;Zeit;Dauer;Typ\n4.11.2026;9:00;75;ein\n4.11.2026;9:10;0;verpasst\n4.11.2026;9:20;5;aus\n"
    log = read(text, HERE.timezone)
    assert of_log(log, pattern_of(log.calls, HERE, log.first, log.last), "en") == (
        "The log has 2 calls on one day (4 November 2026).",
        "The log has no Monday, Tuesday, Thursday, Friday: taken to be like the other working days.",
        "The log has no Saturday, Sunday: taken to be without calls.",
        "Missed calls: 1. They count, with 1:15 minutes each, for we would have taken them.",
        "Outgoing calls: 1. They do not count.",
        "Each call counts with its duration as talk; no log knows of waiting and wrap-up.",
    )
    weeks = pattern_of(many(3), HERE, date(2026, 11, 2), date(2026, 11, 9))
    assert weeks.days[0] == 2
    assert of_forecast(found(PACKAGE), "DE-BY", "de") == (
        "Geschätzt für Dezember 2026, mit seinen Wochentagen und Feiertagen (DE-BY): 210 bis 210 Anrufe.",
        "„by the hour“ rechnet nach Arbeitsstunden: Aus Anrufen lässt sich das nicht schätzen.",
        "Alle Beträge ohne Umsatzsteuer und einmalige Gebühren.",
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_both_languages_have_all_words(language: Language) -> None:
    """With the same gaps to fill; each refusal of a log is among them."""
    assert set(WORDS["de"]) == set(WORDS["en"])
    for code in ("no_text", "no_csv", "no_day", "no_duration", "no_calls", "bad_day", "bad_duration", "too_many"):
        assert "{" not in refusal(BadLog(code, 3, "x"), language)
    assert "3" in refusal(BadLog("bad_day", 3, "x"), language)
