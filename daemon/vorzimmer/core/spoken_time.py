"""A day and a time in the words of Asterisk's own sounds: "tomorrow at nine o'clock a.m.".

The names are of Asterisk's English sounds and of Debian's `asterisk-prompt-de`. How numbers are put together stands
here, not in Asterisk: one list of files is played in one go, in whatever language the channel is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from vorzimmer.core.model import Language

_WEEK = 7


def words(at: datetime, today: date, language: Language) -> tuple[str, ...]:
    """The media that say `at`, a wall-clock time of the client's zone, to who hears them on `today`.

    Today and tomorrow are named so, the next days by their weekday, later ones with day and month. Empty: there are no
    words in this language.
    """
    told = _CLOCKS.get(language)
    if told is None:
        return ()
    return tuple(f"sys:digits/{word}" for word in (*_day(at.date(), today, language), "at", *told(at)))


def _day(day: date, today: date, language: Language) -> tuple[str, ...]:
    ahead = (day - today).days
    if ahead in (0, 1):
        return ("tomorrow" if ahead else "today",)
    weekday = f"day-{day.isoweekday() % _WEEK}"
    if 1 < ahead < _WEEK:
        return (weekday,)
    month = f"mon-{day.month - 1}"
    if language is Language.GERMAN:
        return weekday, *_german_ordinal(day.day), month
    return weekday, month, *_english_ordinal(day.day)


def _german_clock(at: datetime) -> tuple[str, ...]:
    """Acht Uhr dreißig."""
    hour = ("ein",) if at.hour == 1 else _german(at.hour)
    return (*hour, "oclock", *(_german(at.minute) if at.minute else ()))


def _english_clock(at: datetime) -> tuple[str, ...]:
    """Eight thirty a.m."""
    if at.minute == 0:
        minutes: tuple[str, ...] = ("oclock",)
    else:
        minutes = (*(("oh",) if at.minute < 10 else ()), *_english(at.minute))
    return (*_english(at.hour % 12 or 12), *minutes, "p-m" if at.hour >= 12 else "a-m")


_CLOCKS: Mapping[Language, Callable[[datetime], tuple[str, ...]]] = {
    Language.GERMAN: _german_clock,
    Language.ENGLISH: _english_clock,
}


def _german(number: int) -> tuple[str, ...]:
    """Below 100: the ones before the tens."""
    tens, ones = divmod(number, 10)
    if number <= 20 or not ones:
        return (str(number),)
    return f"{ones}-and", f"{tens}0"


def _german_ordinal(number: int) -> tuple[str, ...]:
    tens, ones = divmod(number, 10)
    if number <= 20 or not ones:
        return (f"h-{number}",)
    return f"{ones}-and", f"h-{tens}0"


def _english(number: int) -> tuple[str, ...]:
    tens, ones = divmod(number, 10)
    if number <= 20 or not ones:
        return (str(number),)
    return f"{tens}0", str(ones)


def _english_ordinal(number: int) -> tuple[str, ...]:
    tens, ones = divmod(number, 10)
    if number <= 20 or not ones:
        return (f"h-{number}",)
    return f"{tens}0", f"h-{ones}"
