"""A client's own telephone log as CSV: which calls it holds, whichever telephone system has written it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from statistics import mean
from zoneinfo import ZoneInfo

from vorzimmer.core.call_log_fields import (
    Column,
    Kind,
    american,
    column_of,
    day_of,
    in_minutes,
    kind_of,
    moment_of,
    seconds_of,
    shown,
    time_of,
)
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import Phase
from vorzimmer.core.rating import Call

MOST_LINES = 20_000
MOST_DAYS = 366

USUAL = 120
"""Seconds that a call is thought to take where the log knows none that was taken."""

_DELIMITERS = ";\t,|"


class BadLog(Exception):
    """The log cannot be read. `code`: a sentence of `core.worth_words`; `line`: from 1, 0 for none; `value`: of it."""

    def __init__(self, code: str, line: int = 0, value: str = "") -> None:
        super().__init__(f"{code} in line {line}: {value}" if line else code)
        self.code, self.line, self.value = code, line, shown(value)


@dataclass(frozen=True, slots=True)
class CallLog:
    """What was read. `calls`: those that came in; `first`, `last`: days of the log, by the client's clock.

    `missed`: how many of the calls nobody took: each is as long as the others are on average, `usual` seconds, for it
    would have been taken. `out`: calls that went out; they are left out.
    """

    calls: tuple[Call, ...]
    first: date
    last: date
    missed: int = 0
    usual: int = USUAL
    out: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    began: datetime
    seconds: Decimal
    kind: Kind


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Windows-1252.

    Raises:
        BadLog: it is no text.
    """
    encodings: tuple[str, ...]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif data[1:2] == b"\0":
        encodings = ("utf-16-le",)
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            found = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in found:
            return found
    raise BadLog("no_text")


def read(text: str, timezone: str, most: int = MOST_LINES) -> CallLog:
    """The calls of a log.

    Its first line names the columns, in German or English. Times without an offset are those of the client's clock.

    Args:
        text: CSV with semicolons, commas, tabs or bars between fields.
        timezone: IANA.
        most: lines.

    Raises:
        BadLog: it holds no calls, or a line that cannot be read.
    """
    rows = _rows(text)
    _, names = next(rows, (0, []))
    _columns(names)
    lines = list(islice(rows, most + 1))
    if len(lines) > most:
        raise BadLog("too_many", value=str(most))
    entries = list(_entries(lines, names, ZoneInfo(timezone)))
    came = [one for one in entries if one.kind is not Kind.OUT]
    if not came:
        raise BadLog("no_calls")
    days = [one.began.astimezone(ZoneInfo(timezone)).date() for one in entries]
    if (max(days) - min(days)).days > MOST_DAYS:
        raise BadLog("too_long", value=str(MOST_DAYS))
    taken = [one.seconds for one in came if one.kind is Kind.TAKEN]
    usual = round(mean(taken)) if taken else USUAL
    calls = tuple(
        call_at(n, one.began, one.seconds if one.kind is Kind.TAKEN else Decimal(usual)) for n, one in enumerate(came)
    )
    return CallLog(calls, min(days), max(days), len(came) - len(taken), usual, len(entries) - len(came))


def call_at(number: int, began: datetime, seconds: Decimal) -> Call:
    """A call that is taken, and talked for so long."""
    return Call(f"{number:07}", began, Disposition.ANSWERED, {Phase.TALK.value: seconds})


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with something in them, with their numbers."""
    lines = re.split(r"\r\n|\r|\n", text)
    first = next((n for n, line in enumerate(lines) if line.strip(";,\t| ")), 0)
    if lines and lines[first].casefold().startswith("sep="):
        delimiter, first = lines[first][4:5] or ";", first + 1
    else:
        head = lines[first] if lines else ""
        delimiter = max(_DELIMITERS, key=lambda one: (len(_found(head.split(one))), head.count(one)))
    reader = csv.reader(lines[first:], delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise BadLog("no_csv", first + reader.line_num) from None
        # ="03.11.2026" is how some keep spreadsheets from changing what stands there.
        cells = [re.sub(r'^="(.*)"$', r"\1", cell.strip()) for cell in row]
        if any(cells):
            yield first + reader.line_num, cells


def _columns(names: Sequence[str]) -> Mapping[Column, int]:
    """Where is what. Of two columns of one kind the first counts; a duration of talk goes before one of all."""
    found = dict(_found(names))
    if Column.BEGAN not in found and Column.DAY not in found:
        raise BadLog("no_day", 1, ", ".join(names))
    if Column.TALK in found:
        found[Column.DURATION] = found[Column.TALK]
    if Column.DURATION not in found:
        raise BadLog("no_duration", 1, ", ".join(names))
    return found


def _found(names: Sequence[str]) -> Mapping[Column, int]:
    """The first column of each kind."""
    told = [(column_of(name), n) for n, name in enumerate(names)]
    return {column: n for column, n in reversed(told) if column is not None}


def _entries(lines: Sequence[tuple[int, Sequence[str]]], names: Sequence[str], zone: ZoneInfo) -> Iterator[_Entry]:
    columns = _columns(names)
    kinds = [n for n, name in enumerate(names) if column_of(name) is Column.KIND]
    minutes = in_minutes(names[columns[Column.DURATION]])
    began = columns[Column.BEGAN] if Column.BEGAN in columns else columns[Column.DAY]
    months_first = american([_cell(row, began) for _, row in lines])
    hours_first = Column.EXTENSION in columns and bool(kinds)
    for number, row in lines:
        try:
            at = _began(row, columns, months_first=months_first)
        except ValueError:
            raise BadLog("bad_day", number, " ".join(row[:3])) from None
        written = _cell(row, columns[Column.DURATION])
        try:
            seconds = (
                Decimal(0) if written in ("", "-") else seconds_of(written, hours_first=hours_first, minutes=minutes)
            )
        except ValueError:
            raise BadLog("bad_duration", number, written) from None
        told = {kind_of(_cell(row, one)) for one in kinds}
        missed = Kind.MISSED in told or not seconds
        kind = Kind.OUT if Kind.OUT in told else Kind.MISSED if missed else Kind.TAKEN
        yield _Entry(at if at.tzinfo else at.replace(tzinfo=zone), seconds, kind)


def _began(row: Sequence[str], columns: Mapping[Column, int], *, months_first: bool) -> datetime:
    if Column.BEGAN in columns:
        return moment_of(_cell(row, columns[Column.BEGAN]), months_first=months_first)
    day = _cell(row, columns[Column.DAY])
    if Column.TIME in columns:
        clock = time_of(_cell(row, columns[Column.TIME]))
        return datetime.combine(day_of(day, months_first=months_first), clock)
    return moment_of(day, months_first=months_first)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""
