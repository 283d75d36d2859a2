"""`vorzimmer stats client|agent|team|hour|weekday|day`: calls of some days by one of these, in four forms."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.show import console, percent, plain, print_json
from vorzimmer.core.day import bounds
from vorzimmer.core.service_level import formula
from vorzimmer.core.statistics import OCCUPANCY, By, Shift, Volumes
from vorzimmer.settings import Settings
from vorzimmer.store import statistics_by
from vorzimmer.store.statistics_by import Asked

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOBODY = {By.CLIENT: "(unknown number)", By.AGENT: "(nobody)", By.TEAM: "(any team)"}
DAYS = 28
"""So many days up to today, unless others are asked for."""

_COLUMNS = (
    "offered",
    "answered",
    "abandoned",
    "at once",
    "overflowed",
    "level",
    "wait",
    "p90",
    "max",
    "talk",
    "wrap-up",
)
_SHIFT_COLUMNS = (
    "calls",
    "a day",
    "missed",
    "talk h",
    "hold h",
    "wrap-up h",
    "logged in h",
    "paused h",
    "occupancy",
)
_HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Told:
    """What was found for the days `first` to `last`."""

    by: By
    first: date
    last: date
    formula: str
    rows: tuple[Volumes, ...]
    whole: Volumes
    shifts: tuple[Shift, ...]


def days_of(since: str | None, until: str | None, settings: Settings) -> tuple[date, date]:
    """The first and the last day that are asked for; ends the command with 2 where these are none."""
    today = datetime.now(ZoneInfo(settings.house.timezone)).date()
    last = today if until is None else day_of(until)
    first = last - timedelta(days=DAYS - 1) if since is None else day_of(since)
    if first > last:
        context.fail(f"--since {first} lies after --until {last}", code=context.USAGE)
    return first, last


def day_of(value: str) -> date:
    """A day as a person writes it; ends the command with 2 if it is none."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        context.fail(f"not a day: {value!r}; write 2026-12-24", code=context.USAGE)
    if not date(2000, 1, 1) <= found <= date(2999, 12, 30):
        context.fail(f"not a day of this house: {value}", code=context.USAGE)
    return found


def gather(
    settings: Settings, by: By, days: tuple[date, date], target: float, short: float, client: str | None
) -> Told:
    """Ask the database."""
    return context.run(_gather(settings, by, days, Decimal(str(target)), Decimal(str(short)), client))


async def _gather(
    settings: Settings, by: By, days: tuple[date, date], target: Decimal, short: Decimal, client: str | None
) -> Told:
    zone = ZoneInfo(settings.house.timezone)
    since, until = bounds(days[0], zone)[0], bounds(days[1], zone)[1]
    async with context.database(settings) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        book = await context.load_book(conn)
        known = {one.id: one for one in book.client}
        if client is not None and client not in known and not await statistics_by.is_known(conn, client):
            context.fail(f"there is no client {client!r}")
        teams = {one.id: one.team for one in known.values() if one.team is not None}
        asked = Asked(since, until, zone.key, target, short, client)
        rows, whole = await statistics_by.volumes(conn, asked, by, teams)
        worked: tuple[Shift, ...] = ()
        if by is By.AGENT and client is None:
            worked = await statistics_by.shifts(conn, since, until, datetime.now(UTC), zone.key)
    return Told(by, *days, formula(float(target), float(short)), rows, whole, worked)


def show(told: Told) -> None:
    """As tables, with the formulas below."""
    typer.echo(f"{told.first} to {told.last}, incoming calls by {told.by}")
    console().print(_table(told))
    typer.echo(f"\nlevel: {told.formula}; at once: gave up sooner than that; times in seconds, waits of answered calls")
    if told.shifts:
        console().print("", _shift_table(told.shifts))
        typer.echo(f"\noccupancy: {OCCUPANCY}")


def show_json(told: Told) -> None:
    """One object."""
    print_json(
        {
            "by": told.by.value,
            "since": told.first,
            "until": told.last,
            "formula": told.formula,
            "rows": [_plain(row) for row in told.rows],
            "total": _plain(told.whole),
            "agents": [
                {**asdict(one), "occupancy": one.occupancy, "calls_a_day": one.calls_a_day} for one in told.shifts
            ],
        }
    )


def show_csv(told: Told) -> None:
    """A line for each key on standard output; numbers with a point, levels from 0 to 1. Agents: their work too."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    figures = ("answered", "within", "abandoned", "gone_at_once", "overflowed", "offered", "level")
    times = ("mean_wait", "p90_wait", "max_wait", "mean_talk", "mean_wrap_up")
    of_shift = ("calls", "missed", "talk", "hold", "wrap_up", "logged_in", "paused", "days", "occupancy")
    shifts = {one.agent: one for one in told.shifts}
    lines.writerow([told.by.value, *figures, *times, *(of_shift if shifts else ())])
    rows = {row.key: row for row in told.rows}
    for key in [*rows, *(agent for agent in shifts if agent not in rows)]:
        row, shift = rows.get(key), shifts.get(key or "")
        values = [_cell(getattr(row, name, None)) for name in (*figures, *times)]
        worked = [_cell(getattr(shift, name, None)) for name in of_shift] if shifts else []
        lines.writerow([_harmless(name_of(told.by, key)), *values, *worked])
    sys.stdout.write(text.getvalue())


def plot(told: Told, form: str) -> bytes:
    """The volumes as bars."""
    from vorzimmer.billing import plots  # noqa: PLC0415 - half a second, for those who want a plot

    names = [name_of(told.by, row.key) for row in told.rows]
    return plots.volumes_plot(told.rows, names, f"Calls by {told.by}, {told.first} to {told.last}", told.formula, form)


def name_of(by: By, key: str | None) -> str:
    """A key for people."""
    if key is None:
        return NOBODY.get(by, "-")
    return WEEKDAYS[int(key) - 1] if by is By.WEEKDAY else plain(key)


def _cell(value: object) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else "" if value is None else str(value)


def _harmless(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _plain(row: Volumes) -> dict[str, Any]:
    more = {name: getattr(row, name) for name in ("offered", "level", "mean_talk", "mean_wrap_up")}
    return {**asdict(row), **more}


def _table(told: Told) -> Table:
    table = _headed(told.by.value, _COLUMNS)
    for row in (*told.rows, told.whole):
        name = "all" if row is told.whole else name_of(told.by, row.key)
        table.add_row(name, *_volume_cells(row))
    return table


def _volume_cells(row: Volumes) -> Iterator[str]:
    counts = (row.offered, row.answered, row.abandoned, row.gone_at_once, row.overflowed)
    yield from map(str, counts)
    yield percent(row.level)
    for seconds in (row.mean_wait, row.p90_wait, row.max_wait, row.mean_talk, row.mean_wrap_up):
        yield "-" if seconds is None else f"{seconds:.1f}"


def _shift_table(shifts: Sequence[Shift]) -> Table:
    table = _headed("agent", _SHIFT_COLUMNS)
    for one in shifts:
        a_day = "-" if one.calls_a_day is None else f"{one.calls_a_day:.1f}"
        times = (one.talk, one.hold, one.wrap_up, one.logged_in, one.paused)
        hours = (f"{seconds / _HOUR:.2f}" for seconds in times)
        table.add_row(plain(one.agent), str(one.calls), a_day, str(one.missed), *hours, percent(one.occupancy))
    return table


def _headed(first: str, names: Sequence[str]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="right")
    return table
