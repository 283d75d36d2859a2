"""`vorzimmer worth`: is a flat rate worth it? From a telephone log, or a client's week."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from vorzimmer.billing import worth_answer
from vorzimmer.cli import context
from vorzimmer.cli.month import month_of
from vorzimmer.cli.plot_file import plot_file, write
from vorzimmer.cli.show import plain, print_json
from vorzimmer.core.account import BillingBook
from vorzimmer.core.call_log import BadLog, read, text_of
from vorzimmer.core.rating import Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.worth import Forecast
from vorzimmer.core.worth_words import WORDS, Language, Table, advice, by_currency, of_forecast, refusal, tables
from vorzimmer.settings import Settings
from vorzimmer.store import billing_book, rated_calls

LARGEST = 16 * 1024 * 1024
"""Bytes of a log."""

_WEEK = re.compile(r"20[0-9]{2}-W[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to print. `about`: what was read and assumed."""

    forecast: Forecast
    about: tuple[str, ...]
    place: Place


def worth(  # noqa: PLR0913, PLR0917 - an option each
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="A telephone log.")] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Instead of a file: this client's calls.")] = None,
    week: Annotated[str | None, typer.Option(metavar="WEEK", help="2026-W46; with --client.")] = None,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="Estimate 2026-12; else the next one.")] = None,
    tariffs: Annotated[Path | None, typer.Option(metavar="FILE", help="By these tariffs, not the house's.")] = None,
    german: Annotated[bool, typer.Option("--german", help="In German.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a plot: .svg or .png.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one object.")] = False,
) -> None:
    """Estimate what a month costs by every tariff, and from how many calls on a flat rate pays."""
    if (file is None) == (client is None) or (client is None) != (week is None):
        context.fail("give a telephone log, or --client with --week", code=context.USAGE)
    settings = context.settings(ctx)
    language: Language = "de" if german else "en"
    form = plot_file(plot)
    chosen = month_of(month, settings) if month is not None else _next(settings)
    known = _tariffs(tariffs) if tariffs is not None else context.run(_of_house(settings))
    if file is not None:
        found = _of_file(file, known, settings, chosen, language)
    else:
        found = context.run(_of_client(settings, client or "", _monday(week or ""), known, chosen, language))
    if json:
        print_json(worth_answer.as_json(found.forecast, found.about, language))
    else:
        for line in _lines(found, language):
            typer.echo(plain(line))
    if plot is not None and found.forecast.estimates:
        first = by_currency(found.forecast.estimates)[0][0].currency
        from vorzimmer.billing import worth_plot  # noqa: PLC0415 - half a second, for those who want a plot

        write(plot, worth_plot.plot(found.forecast, first, language, form))


def _next(settings: Settings) -> Month:
    today = datetime.now(ZoneInfo(settings.house.timezone)).date()
    return Month(today.year, today.month).after


def _tariffs(file: Path) -> tuple[Tariff, ...]:
    try:
        return BillingBook.model_validate(tomllib.loads(file.read_text("utf-8"))).tariff
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        context.fail(f"{file}: {context.reason(error)}", code=context.USAGE)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        context.fail(f"{file}: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}", code=context.USAGE)


async def _of_house(settings: Settings) -> tuple[Tariff, ...]:
    async with context.database(settings) as conn:
        return await billing_book.tariffs(conn)


def _of_file(file: Path, known: Sequence[Tariff], settings: Settings, month: Month, language: Language) -> _Found:
    place = Place(settings.house.timezone, settings.house.region)
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        context.fail(f"{file}: {context.reason(error)}", code=context.USAGE)
    if len(data) > LARGEST:
        context.fail(f"{file} has more than {LARGEST >> 20} MB: a week is enough", code=context.USAGE)
    try:
        log = read(text_of(data), place.timezone)
    except BadLog as error:
        context.fail(f"{file}: {refusal(error, language)}")
    return _Found(*worth_answer.estimated(log, known, place, month, language), place)


def _monday(week: str) -> date:
    try:
        return date.fromisoformat(week if _WEEK.fullmatch(week) else "")
    except ValueError:
        context.fail(f"{plain(week)!r} is no week; write 2026-W46", code=context.USAGE)


async def _of_client(
    settings: Settings, client: str, monday: date, known: Sequence[Tariff], month: Month, language: Language
) -> _Found:
    async with context.database(settings) as conn:
        one = next((one for one in (await context.load_book(conn)).client if one.id == client), None)
        if one is None:
            context.fail(f"there is no client {plain(client)!r}")
        place = Place(one.timezone, one.holidays)
        zone = ZoneInfo(one.timezone)
        since, until = (
            datetime.combine(day, datetime.min.time(), zone) for day in (monday, monday + timedelta(days=7))
        )
        calls = await rated_calls.calls_of_client(conn, client, since, until)
    last = monday + timedelta(days=6)
    return _Found(*worth_answer.of_days_logged(calls, monday, last, known, place, month, language), place)


def _lines(found: _Found, language: Language) -> Iterator[str]:
    yield from advice(found.forecast, language)
    for table in tables(found.forecast, language):
        yield ""
        yield from _aligned(table)
    yield ""
    yield WORDS[language]["meaning"]
    yield from found.about
    yield from of_forecast(found.forecast, found.place.holidays, language)


def _aligned(table: Table) -> Iterator[str]:
    """Columns, the amounts to the right."""
    rows = [table.heads, *((one.name, one.likely, one.range, *one.cheaper) for one in table.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.heads))]
    for row in rows:
        cells = (
            cell.rjust(width) if n in (1, 2) else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
