"""`vorzimmer number`: the stock of numbers, and whether clients' own numbers are forwarded to us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import asyncpg
import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import Refused
from vorzimmer.core import number as telephone
from vorzimmer.core import number_stock as stock
from vorzimmer.core.forwarding_watch import Verdict
from vorzimmer.core.number_stock import NotPossible, State, Stocked
from vorzimmer.numbers import checking
from vorzimmer.settings import Settings
from vorzimmer.store import client_change, forwarding_checks, number_handover, number_stock
from vorzimmer.store.audit import Actor
from vorzimmer.store.forwarding_checks import Check
from vorzimmer.store.number_stock import Listed, NotInStock

app = typer.Typer(help="The stock of numbers, and the forwarding of clients' own.", no_args_is_help=True)

Written = Annotated[str, typer.Argument(metavar="NUMBER", help="In any writing.")]
ForClient = Annotated[str, typer.Option("--client", metavar="ID", help="The client.")]
PerhapsClient = Annotated[str | None, typer.Option("--client", metavar="ID", help="The client.")]
Country = Annotated[str | None, typer.Option("--country", metavar="CC", help="ISO 3166; else the house's.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="It is free again from then on.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


@app.command("list")
def list_numbers(
    ctx: typer.Context,
    country: Annotated[str | None, typer.Option("--country", metavar="CC", help="Only of this country.")] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only in this state.")] = None,
    json: Json = False,
) -> None:
    """List the stock, by number."""
    settings = context.settings(ctx)
    found = _with_database(
        settings, lambda conn: number_stock.listed(conn, datetime.now(UTC), country=country, state=state)
    )
    if json:
        for one in found:
            print_json(_as_json(one))
    elif found:
        console().print(_table(found, settings))
    else:
        typer.echo("no such number in the stock")


@app.command()
def add(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="FIRST", help="In any writing.")],
    last: Annotated[str | None, typer.Argument(metavar="[LAST]", help="The last of a block.")] = None,
    country: Country = None,
    cooling_days: Annotated[
        int, typer.Option("--cooling-days", min=0, max=stock.LONGEST_COOLING, help="Rest behind each client.")
    ] = stock.COOLING_DAYS,
    note: Annotated[str, typer.Option("--note", help="Whatever is to be known.")] = "",
) -> None:
    """Add a number or a block to the stock."""
    settings, now = context.settings(ctx), datetime.now(UTC)
    try:
        block = stock.block(_parsed(first, settings, country), _parsed(last or first, settings, country))
        new = [stock.described(one, country, cooling_days=cooling_days, note=note, at=now) for one in block]
    except ValueError as error:
        context.fail(str(error), code=context.USAGE)
    _with_database(settings, lambda conn: number_stock.add(conn, new, actor=_actor()))
    typer.echo(f"{len(new)} added")


@app.command()
def reserve(
    ctx: typer.Context,
    number: Written,
    client: ForClient,
    order: Annotated[str, typer.Option("--order", help="For which order.")] = "",
    until: Until = None,
) -> None:
    """Keep a number for a client."""
    settings, now = context.settings(ctx), datetime.now(UTC)
    end = None if until is None else context.time_argument(until, settings.house.timezone)
    written = _parsed(number, settings)
    _tell(
        _with_database(
            settings,
            lambda conn: number_stock.reserve(conn, written, client, now, actor=_actor(), order=order, until=end),
        ),
        settings,
    )


@app.command()
def assign(ctx: typer.Context, number: Written, client: ForClient) -> None:
    """Let a number be one of a client's."""
    settings = context.settings(ctx)
    written, now = _parsed(number, settings), datetime.now(UTC)
    _tell(
        _with_database(settings, lambda conn: number_handover.assign(conn, written, client, now, actor=_actor())),
        settings,
    )


@app.command()
def release(
    ctx: typer.Context,
    number: Written,
    client: PerhapsClient = None,
    at_once: Annotated[bool, typer.Option("--at-once", help="It does not rest.")] = False,
) -> None:
    """Take a number back: a reservation ends, and a client's number rests before somebody else gets it."""
    settings = context.settings(ctx)
    written, now = _parsed(number, settings), datetime.now(UTC)
    _tell(
        _with_database(
            settings,
            lambda conn: number_handover.release(conn, written, now, actor=_actor(), client=client, at_once=at_once),
        ),
        settings,
    )


@app.command()
def port(
    ctx: typer.Context,
    number: Written,
    out: Annotated[bool, typer.Option("--out/--in", help="To another house, or from one.")],
    client: PerhapsClient = None,
    country: Country = None,
    until: Until = None,
) -> None:
    """Note that a number has left for another house, or has come from one, for the client who brings it."""
    settings, now = context.settings(ctx), datetime.now(UTC)
    written = _parsed(number, settings, country)
    end = None if until is None else context.time_argument(until, settings.house.timezone)

    async def work(conn: asyncpg.Connection) -> Stocked:
        if out:
            return await number_handover.port_out(conn, written, now, actor=_actor(), client=client)
        try:
            new = stock.described(written, country, cooling_days=stock.COOLING_DAYS, note="", at=now)
        except ValueError as error:
            context.fail(str(error), code=context.USAGE)
        return await number_handover.port_in(conn, new, now, actor=_actor(), client=client, until=end)

    _tell(_with_database(settings, work), settings)


@app.command()
def check(ctx: typer.Context, number: Written, client: PerhapsClient = None) -> None:
    """Ring a client's own number now, and say where it comes back. Exits with 1 if it is not as it should be."""
    settings = context.settings(ctx)
    seen = _with_database(settings, lambda conn: _check(conn, settings, _parsed(number, settings), client))
    typer.echo(plain(f"{seen.verdict.value.replace('_', ' ')}: {seen.reason}"))
    if seen.verdict is not Verdict.FORWARDED:
        raise typer.Exit(context.FAILED)


async def _check(conn: asyncpg.Connection, settings: Settings, number: str, client: str | None) -> Check:
    owner = client or await _owner(conn, number)
    try:
        seen = await checking.ask(settings.paths.control, owner, number, datetime.now(UTC), actor=who())
    except (Refused, Unreachable) as why:
        context.fail(str(why))
    await forwarding_checks.note(conn, seen)
    return seen


async def _owner(conn: asyncpg.Connection, number: str) -> str:
    """The client whose own number it is."""
    query = (
        "SELECT id FROM client WHERE data -> 'own_numbers' @> jsonb_build_array(jsonb_build_object('number', $1::text))"
    )
    names = [row["id"] for row in await conn.fetch(f"{query} ORDER BY id", number)]
    if not names:
        context.fail(f"{number} is not among any client's own_numbers")
    if len(names) > 1:
        context.fail(f"{number} is an own number of {', '.join(names)}; say --client")
    return str(names[0])


def _with_database(settings: Settings, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        async with context.database(settings) as conn:
            try:
                return await work(conn)
            except (NotPossible, NotInStock) as error:
                context.fail(str(error))
            except client_change.NoSuchClient as error:
                context.fail(f"there is no client {str(error)!r}")

    return context.run(connected())


def _parsed(written: str, settings: Settings, country: str | None = None) -> str:
    try:
        return telephone.parse(written, country or settings.house.region)
    except ValueError as error:
        _usage(str(error))


def _usage(text: str) -> NoReturn:
    context.fail(text, code=context.USAGE)


def _actor() -> Actor:
    return Actor(who())


def _tell(one: Stocked, settings: Settings) -> None:
    zone = ZoneInfo(settings.house.timezone)
    until = f" until {one.until.astimezone(zone):%Y-%m-%d %H:%M}" if one.until else ""
    whose = f", {one.client_id}" if one.client_id else ""
    typer.echo(plain(f"{one.number}: {one.state.value.replace('_', ' ')}{whose}{until}"))


def _as_json(listed: Listed) -> dict[str, Any]:
    one = listed.stocked
    return {
        "number": one.number,
        "country": one.country,
        "kind": one.kind,
        "state": one.state.value,
        "clients": list(listed.clients),
        "client": one.client_id,
        "order": one.order,
        "since": one.since,
        "until": one.until,
        "cooling_days": one.cooling_days,
        "note": one.note,
    }


def _table(found: Iterable[Listed], settings: Settings) -> Table:
    zone = ZoneInfo(settings.house.timezone)
    table = Table(box=None, header_style="bold")
    for name in ("number", "country", "kind", "state", "client", "order", "until", "note"):
        table.add_column(name)
    for listed in found:
        one = listed.stocked
        table.add_row(
            plain(telephone.show(one.number, settings.house.region)),
            one.country,
            one.kind,
            one.state.value.replace("_", " "),
            plain(", ".join(listed.clients) or one.client_id or ""),
            plain(one.order),
            f"{one.until.astimezone(zone):%Y-%m-%d %H:%M}" if one.until else "",
            plain(one.note),
        )
    return table
