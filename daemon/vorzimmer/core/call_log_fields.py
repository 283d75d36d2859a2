"""What stands in the columns of telephone logs: names of columns, days and times, durations, kinds of calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from vorzimmer.core.plain_text import single_line


class Column(StrEnum):
    """What a column holds. `began`: day and time in one; `talk`: a duration without ringing; it goes first."""

    BEGAN = "began"
    DAY = "day"
    TIME = "time"
    TALK = "talk"
    DURATION = "duration"
    KIND = "kind"
    EXTENSION = "extension"


class Kind(StrEnum):
    """Which way a call went."""

    TAKEN = "taken"
    MISSED = "missed"
    OUT = "out"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMES: Mapping[Column, frozenset[str]] = {
    Column.BEGAN: _words(
        "datumuhrzeit datumzeit datumundzeit datumunduhrzeit zeitpunkt zeitstempel timestamp datetime dateandtime"
        " begin beginn anrufbeginn started startedat start starttime calltime calldate callstart anrufzeit"
    ),
    Column.DAY: _words("datum tag date day startdatum anrufdatum startdate"),
    Column.TIME: _words("uhrzeit zeit time startzeit timeofday"),
    Column.TALK: _words("gesprächsdauer gespraechsdauer gesprächszeit gesprächsminuten talktime talk billsec"),
    Column.DURATION: _words(
        "dauer anrufdauer duration length callduration seconds minutes sekunden minuten"
        " dauersek dauers dauerins dauersekunden dauerinsekunden durations durationsec durationinseconds"
        " durationseconds dauermmss dauerhhmmss durationmmss durationhhmmss dauermin dauerminuten dauerinminuten"
        " durationmin durationmins durationminutes durationinminutes"
    ),
    Column.KIND: _words(
        "typ art richtung type direction status disposition ergebnis result anruftyp anrufart calltype callstatus"
    ),
    Column.EXTENSION: _words("nebenstelle extension"),
}

_KINDS: Mapping[Kind, frozenset[str]] = {
    Kind.TAKEN: _words("1 eingehend eingang angekommen angenommen ankommend ein in incoming inbound received answered"),
    Kind.MISSED: _words(
        "2 10 verpasst verpasster entgangen unbeantwortet nichtangenommen abgewiesen besetzt missed noanswer"
        " unanswered notanswered rejected busy abandoned blocked voicemail"
    ),
    Kind.OUT: _words("3 4 ausgehend ausgang abgehend gewählt aus out outgoing outbound dialed dialled placed"),
}
"""Digits: the types of FRITZ!Box's list of calls."""

_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")
_US_DAYS = ("%m/%d/%Y", "%m/%d/%y")
_TIMES = ("%H:%M:%S", "%H:%M", "%H.%M", "%I:%M:%S %p", "%I:%M %p")

LONGEST = 86_400
"""Seconds of a call; one that is longer is none."""

_SECONDS = re.compile(r"\s*(sekunden|seconds|sek\.?|sec\.?|s)$")
_MINUTES = re.compile(r"\s*(minuten|minutes|min\.?)$")
_WEEKDAY = re.compile(r"^[a-zäöü]{2,10}\.?,?\s+(?=\d)", re.IGNORECASE)


def column_of(name: str) -> Column | None:
    """What a column of this name holds."""
    plain = re.sub(r"\(.*\)|[^a-zäöüß]", "", name.casefold())
    return next((column for column, names in _NAMES.items() if plain in names), None)


def in_minutes(name: str) -> bool:
    """Whether a column of this name holds minutes, where its numbers say nothing else: `Dauer (Min.)`."""
    return re.search(r"(?<![a-zäöü])min(s|uten|utes)?(?![a-zäöü])|minute[ns]$", name.casefold()) is not None


def kind_of(text: str) -> Kind | None:
    """What the log calls a call; None: a word that says nothing of it."""
    words = re.sub(r"[^a-zäöüß0-9 ]", " ", text.casefold()).split()
    plain = [re.sub(r"e[nrs]?$", "", one) for one in words]
    forms = {*words, *plain, *map("".join, pairwise(words)), *map("".join, pairwise(plain))}
    return next((kind for kind in (Kind.OUT, Kind.MISSED, Kind.TAKEN) if forms & _KINDS[kind]), None)


def american(days: Sequence[str]) -> bool:
    """Whether days with slashes have their month first.

    They do if one of them can have no other meaning, or if they lie closer together so: a log is of one week, not of
    the third of each month.
    """
    found = [re.match(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", one) for one in days]
    known = [(int(one[1]), int(one[2]), int(one[3])) for one in found if one is not None]
    if not known or any(one > 12 for one, _, _ in known):
        return False
    months_first, days_first = (
        [372 * y + 31 * m + d for m, d, y in known],
        [372 * y + 31 * m + d for d, m, y in known],
    )
    return any(other > 12 for _, other, _ in known) or _span(months_first) < _span(days_first)


def _span(days: Sequence[int]) -> int:
    return max(days) - min(days)


def day_of(text: str, *, months_first: bool) -> date:
    """A day as people write it.

    Raises:
        ValueError: it is none, or of another age.
    """
    for pattern in (*(_US_DAYS if months_first else ()), *_DAYS):
        try:
            found = datetime.strptime(_WEEKDAY.sub("", text), pattern).date()  # noqa: DTZ007 - a day alone has no zone
        except ValueError:
            continue
        if 1990 <= found.year <= 2100:
            return found
    raise ValueError(text)


def moment_of(text: str, *, months_first: bool) -> datetime:
    """Day and time in one field; aware if it says so.

    Raises:
        ValueError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        day, _, clock = _WEEKDAY.sub("", text).replace(",", " ").partition(" ")
        return datetime.combine(day_of(day, months_first=months_first), time_of(clock))
    if not re.search(r"\d[T ]\d", text) or not 1990 <= found.year <= 2100:
        raise ValueError(text)
    return found


def time_of(text: str) -> time:
    """A time of day.

    Raises:
        ValueError: it is none.
    """
    plain = re.sub(r"\s*uhr$", "", text.strip().casefold())
    plain = re.sub(r"\s*([ap])\.?\s?m\.?$", r" \1m", plain)
    for pattern in _TIMES:
        try:
            return datetime.strptime(plain, pattern).time()  # noqa: DTZ007 - a time alone has no zone
        except ValueError:
            continue
    raise ValueError(text)


def seconds_of(text: str, *, hours_first: bool = False, minutes: bool = False) -> Decimal:
    """A duration: seconds, mm:ss or hh:mm:ss.

    `hours_first`: two numbers are hours and minutes; `minutes`: one number without a unit is minutes.

    Raises:
        ValueError: it is none, or longer than a day.
    """
    told = text.strip().casefold()
    plain = _MINUTES.sub("", _SECONDS.sub("", told)).replace(",", ".")
    parts = plain.split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"\d{1,6}", one) for one in parts[:-1]):
        raise ValueError(text)
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", parts[-1]):
        raise ValueError(text)
    if len(parts) == 2 and hours_first:
        parts.append("0")
    if any(Decimal(one) >= 60 for one in parts[1:]):
        raise ValueError(text)
    found = sum((Decimal(one) * 60**power for power, one in enumerate(reversed(parts))), Decimal(0))
    if len(parts) == 1 and (_MINUTES.search(told) or (minutes and not _SECONDS.search(told))):
        found *= 60
    if found > LONGEST:
        raise ValueError(text)
    return found


def shown(text: str) -> str:
    """What stood there, short enough for a sentence."""
    plain = single_line(text)
    return plain if len(plain) <= 40 else f"{plain[:39]}…"
