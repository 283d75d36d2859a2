"""`vorzimmer rate`: rates now what the worker would rate in its next round, and shows what cannot be rated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from vorzimmer.billing.rounds import rate_months
from vorzimmer.cli import context
from vorzimmer.cli.month import month_of
from vorzimmer.cli.show import plain, print_json
from vorzimmer.core.stretches import Month
from vorzimmer.settings import Settings
from vorzimmer.store import charges, client_change, open_months
from vorzimmer.store.charges import Parked
from vorzimmer.store.client_change import NoSuchClient


def rate(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Only this one's calls.")] = None,
    month: Annotated[str | None, typer.Option("--month", metavar="MONTH", help="Only this one: 2026-11.")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="Rate nothing: list what cannot be rated.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Rate the months that are not closed, and list the calls that cannot be rated, with the reasons.

    May be repeated at any time: what is charged already stays. Exits with 1 if a month cannot be rated.
    """
    settings = context.settings(ctx)
    chosen = None if month is None else month_of(month, settings)
    rated, refused = (0, []) if parked else context.run(_rate(settings, client, chosen))
    left = context.run(_parked(settings, client))
    zone = ZoneInfo(settings.house.timezone)
    for one in left:
        if json:
            told = {"call": one.call_id, "client": one.client, "at": one.began, "reason": one.reason}
            print_json(told)
        else:
            at = f"{one.began.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            typer.echo(f"parked  {at}  {plain(one.client)}  {plain(one.call_id)}: {plain(one.reason)}")
    if not json:
        typer.echo(f"calls parked: {len(left)}" if parked else f"months rated: {rated}, calls parked: {len(left)}")
    for sentence in refused:
        typer.echo(plain(sentence), err=True)
    if refused:
        raise typer.Exit(context.FAILED)


async def _rate(settings: Settings, client: str | None, month: Month | None) -> tuple[int, Sequence[str]]:
    refused: list[str] = []

    def trouble(_event: str, /, **about: Any) -> None:
        refused.append(f"{about['client']} {about['month']}: {about['why']}")

    async with context.database(settings) as conn:
        if client is not None:
            try:
                await client_change.load(conn, client)
            except NoSuchClient:
                context.fail(f"there is no client {plain(client)!r}")
        months = await open_months.open_months(conn, datetime.now(UTC), client)
        wanted = [one for one in months if month is None or one[1] == month]
        return await rate_months(conn, wanted, trouble), refused


async def _parked(settings: Settings, client: str | None) -> Sequence[Parked]:
    async with context.database(settings) as conn:
        return await charges.parked(conn, client)
