"""Everything that the calculator answers, in one go: it takes seconds, so it runs in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core.call_log import BadLog, CallLog, call_at, read, text_of
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import DAY, Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.worth import Forecast, forecast, offered, pattern_of
from vorzimmer.core.worth_asked import Answer, Asked
from vorzimmer.core.worth_words import WORDS as ALL_WORDS
from vorzimmer.core.worth_words import Language, advice, number, of_days, of_forecast, of_log, refusal, tables

SEED = 20
"""Chance begins the same way each time: whoever asks again hears the same."""

MONDAY = date(2026, 1, 12)
"""Of a week without any holiday, as which typed numbers count."""

OPENS, HOURS = 9, 8


def answered(asked: Asked) -> Answer:
    """The answer, whatever was asked."""
    try:
        log = _log(asked)
    except BadLog as error:
        return Answer(refused=refusal(error, asked.language))
    found, about = estimated(log, asked.versions, asked.place, asked.month, asked.language)
    if asked.log is None:
        about = (_typed(asked), about[-1])
    return told(found, about, asked.place, asked.language)


def estimated(
    log: CallLog, versions: Sequence[Tariff], place: Place, month: Month, language: Language
) -> tuple[Forecast, tuple[str, ...]]:
    """What a log means for a month by all that is on offer then, and what was read and assumed."""
    pattern = pattern_of(log.calls, place, log.first, log.last)
    chance = Random(SEED).random  # noqa: S311 - chance, not a secret
    return forecast(pattern, offered(versions, month), place, month, chance), of_log(log, pattern, language)


def of_days_logged(
    calls: Sequence[Call],
    first: date,
    last: date,
    versions: Sequence[Tariff],
    place: Place,
    month: Month,
    language: Language,
) -> tuple[Forecast, tuple[str, ...]]:
    """The same for the calls that we have taken on some days, `first` to `last`."""
    pattern = pattern_of(calls, place, first, last)
    chance = Random(SEED).random  # noqa: S311 - the same
    return forecast(pattern, offered(versions, month), place, month, chance), of_days(pattern, language)


def told(found: Forecast, about: tuple[str, ...], place: Place, language: Language) -> Answer:
    """A forecast in words and pictures."""
    from vorzimmer.billing.worth_plot import plot  # noqa: PLC0415 - half a second, for those who want a plot

    pictured = dict.fromkeys(one.currency for one in found.curves if one.points)
    return Answer(
        advice(found, language),
        tables(found, language),
        ALL_WORDS[language]["meaning"],
        (*about, *of_forecast(found, place.holidays, language)),
        {currency: plot(found, currency, language, "svg") for currency in pictured},
    )


def as_json(found: Forecast, about: Sequence[str], language: Language) -> dict[str, Any]:
    """For programs; amounts are decimals as text."""
    return {
        "month": f"{found.month.year}-{found.month.month:02}",
        "calls": {"low": found.volume.low, "likely": found.volume.likely, "high": found.volume.high},
        "advice": advice(found, language),
        "tariffs": [
            {
                "tariff": one.tariff,
                "name": one.name,
                "currency": one.currency,
                **{name: str(getattr(one, name)) for name in ("low", "likely", "high")},
                "flat": one.flat,
            }
            for one in found.estimates
        ],
        "pays": [{"flat": one.flat, "than": one.than, "calls": one.calls} for one in found.pays],
        "left_out": found.left_out,
        "assumed": about,
        "draws": found.draws,
    }


def _log(asked: Asked) -> CallLog:
    if asked.log is not None:
        return read(text_of(asked.log), asked.place.timezone, asked.most_lines)
    zone = ZoneInfo(asked.place.timezone)
    calls: list[Call] = []
    for weekday, count in enumerate(asked.week):
        opens = datetime(MONDAY.year, MONDAY.month, MONDAY.day + weekday, OPENS, tzinfo=zone).astimezone(UTC)
        for n in range(count):
            at = opens + timedelta(hours=HOURS) * n / count
            calls.append(call_at(len(calls), at, Decimal(asked.seconds)))
    return CallLog(tuple(calls), MONDAY, MONDAY + 6 * DAY)


def _typed(asked: Asked) -> str:
    usual = f"{asked.seconds // 60}:{asked.seconds % 60:02}"
    return ALL_WORDS[asked.language]["typed"].format(calls=number(sum(asked.week), asked.language), usual=usual)
