"""`vorzimmer calls` and `vorzimmer call`: what happened, as a list and as one call's timeline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.show import console, pairs, plain, print_json
from vorzimmer.core.call_segments import Segment
from vorzimmer.core.cdr import PERSONAL, Cdr, to_json
from vorzimmer.core.ledger import CallEvent, Phase
from vorzimmer.settings import Settings
from vorzimmer.store import calls as stored
from vorzimmer.store.calls import Timeline

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]

_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def calls(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Of this client only.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begun since: 2026-12-24, 2026-12-24T15:30, 2h or 7d (ago).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 50,
    json: AsJson = False,
) -> None:
    """List the latest calls, newest first."""
    settings = context.settings(ctx)
    begun = None if since is None else _since(since, settings.house.timezone)
    found = context.run(_list(settings, client, begun, limit))
    if json:
        for cdr in found:
            print_json(to_json(cdr))
    elif found:
        console().print(_table(found, ZoneInfo(settings.house.timezone)))
    else:
        typer.echo("no calls")


def call(
    ctx: typer.Context,
    call_id: Annotated[str, typer.Argument(metavar="ID", help="The call's id, as `calls` shows it.")],
    json: AsJson = False,
) -> None:
    """Show one call: every event with its reason, its record, and the messages it caused."""
    settings = context.settings(ctx)
    timeline, intact = context.run(_timeline(settings, call_id))
    if timeline is None:
        context.fail(f"no call {call_id}; `vorzimmer calls` lists the ids")
    if json:
        print_json(_as_json(timeline, intact=intact))
    else:
        zone = ZoneInfo(settings.house.timezone)
        console().print(_events(timeline.events, zone))
        for line in _summary(timeline, zone):
            typer.echo(line)
    if intact is False:
        context.fail("the record's digest does not fit its content: it was changed after it was written")


async def _list(settings: Settings, client: str | None, since: datetime | None, limit: int) -> tuple[Cdr, ...]:
    async with context.database(settings) as conn:
        return await stored.list_calls(conn, client, since, limit)


async def _timeline(settings: Settings, call_id: str) -> tuple[Timeline | None, bool | None]:
    """The call, and whether its record is as it was written (None while there is none)."""
    async with context.database(settings) as conn:
        timeline = await stored.call_timeline(conn, call_id)
        if timeline is None or timeline.cdr is None:
            return timeline, None
        return timeline, await stored.verify_digest(conn, call_id)


def _since(value: str, zone: str) -> datetime:
    if ago := _AGO.fullmatch(value):
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    return context.time_argument(value, zone)


def _table(found: tuple[Cdr, ...], zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("begun", "client", "number", "caller", "what happened", "by"):
        table.add_column(name)
    for name in ("seconds", "talk"):
        table.add_column(name, justify="right")
    table.add_column("id", no_wrap=True, overflow="fold")
    for cdr in found:
        table.add_row(
            cdr.started_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            cdr.client or "-",
            cdr.did,
            plain(_caller(cdr)),
            f"{'called back: ' if cdr.direction == 'out' else ''}{cdr.disposition.value}",
            cdr.answered_by or "-",
            _seconds(cdr.duration),
            _seconds(cdr.talk + cdr.forwarded),
            cdr.call_id,
        )
    return table


def _caller(cdr: Cdr) -> str:
    return "withheld" if cdr.withheld else cdr.caller or "unknown"


def _seconds(value: Decimal) -> str:
    return f"{value:.1f}"


def _events(events: tuple[CallEvent, ...], zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold")
    for name, justify in (("time", "left"), ("after", "right"), ("event", "left"), ("about", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # literals, lost in the loop
    for event in events:
        after = (event.at - events[0].at).total_seconds()
        at = event.at.astimezone(zone)
        table.add_row(
            f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}", f"+{after:.3f}", event.kind.value, _about(event)
        )
    return table


def _about(event: CallEvent) -> str:
    return plain(pairs(event.data))


def _summary(timeline: Timeline, zone: ZoneInfo) -> Iterator[str]:
    cdr = timeline.cdr
    if cdr is None:
        yield "\nThe call is not over, or its end has not reached the database yet."
        return
    spent = ((phase.value, getattr(cdr, phase.value)) for phase in Phase)
    yield f"\n{cdr.disposition.value}, cause {cdr.cause}, hung up by {cdr.hung_up_by}; {cdr.reason}"
    yield f"{_seconds(cdr.duration)} s: " + ", ".join(
        f"{name.replace('_', ' ')} {_seconds(value)}" for name, value in spent if value
    )
    if cdr.overflow:
        yield f"left the queue: {plain(cdr.overflow)}"
    for segment in timeline.segments:
        yield _segment(segment, cdr.started_at)
    for wrap_up in timeline.wrap_ups:
        lasted = f"{(wrap_up.ended - wrap_up.began).total_seconds():.1f} s" if wrap_up.ended else "not over yet"
        yield f"wrap-up of {wrap_up.agent}: {lasted}"
    if timeline.erased:
        yield "numbers and names of this call were erased"
    for message in timeline.messages:
        at = message.next_at.astimezone(zone)
        detail = f", {plain(message.detail)}" if message.detail else ""
        until = "waits for the note until" if message.held else "next attempt"
        waiting = f", {until} {at:%Y-%m-%d %H:%M:%S}" if message.state == "pending" else ""
        done = f"{message.state}, attempts: {message.attempts}"
        yield f"{message.channel} to {message.recipient}: {done}{waiting}{detail}"


def _segment(segment: Segment, begun: datetime) -> str:
    after, until = ((at - begun).total_seconds() for at in (segment.began, segment.ended))
    about = ", ".join(filter(None, (segment.agent, segment.target, segment.outcome)))
    return f"{segment.kind.value.replace('_', ' ')} +{after:.1f} to +{until:.1f}{f': {plain(about)}' if about else ''}"


def _as_json(timeline: Timeline, *, intact: bool | None) -> Mapping[str, Any]:
    return {
        "cdr": to_json(timeline.cdr) if timeline.cdr else None,
        "intact": intact,
        "erased": list(PERSONAL) if timeline.erased else [],
        "events": [asdict(event) for event in timeline.events],
        "segments": [asdict(segment) for segment in timeline.segments],
        "wrap_ups": [asdict(wrap_up) for wrap_up in timeline.wrap_ups],
        "messages": [asdict(message) for message in timeline.messages],
    }
