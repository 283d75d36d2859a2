"""`vorzimmer route`: what would happen to a call, and why, without placing one.

The number is read and the plan is decided by the functions that the daemon uses. Who is free is not known here: the
plan is the one for a house where everybody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, assert_never
from zoneinfo import ZoneInfo

import typer

from vorzimmer.calls.arrival import read_arrival
from vorzimmer.cli import context
from vorzimmer.cli.show import plain, print_json
from vorzimmer.core import acd
from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.menu import OTHERWISE
from vorzimmer.core.plan import (
    Announce,
    Answer,
    Ask,
    Back,
    CallBack,
    Forward,
    Hangup,
    Incoming,
    Machine,
    Menu,
    Plan,
    Queue,
    RingGroup,
    Step,
)
from vorzimmer.core.routing import decide
from vorzimmer.settings import Settings
from vorzimmer.store.snapshot import Snapshot

WITHHELD = "anonymous"

_NOT_DIALLED = re.compile(r"[^0-9+]")
"""What the dialplan's filter takes out of a number."""


def route(
    ctx: typer.Context,
    did: Annotated[str, typer.Argument(metavar="DID", help="The dialled number, in any form a carrier sends.")],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="2026-12-24T15:30; now if not given.")] = None,
    caller: Annotated[str, typer.Option("--from", metavar="NUMBER", help=f"The caller, or {WITHHELD}.")] = "",
    diverted_from: Annotated[str, typer.Option(metavar="NUMBER", help="The number that forwarded the call.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what would happen to a call, with the reason for each step, without placing one."""
    settings = context.settings(ctx)
    when = datetime.now(UTC) if at is None else context.time_argument(at, settings.house.timezone)
    directory = context.run(_directory(settings))
    call = _call(settings, directory, did, caller, diverted_from)
    house = Policy(frozenset(settings.gate.countries), settings.gate.parallel, settings.gate.per_day)
    plan = decide(call, directory, house, acd.Pool(), when)
    if json:
        print_json(_as_json(call, plan, when))
        return
    for line in _lines(call, plan, when.astimezone(ZoneInfo(_zone(plan, settings)))):
        typer.echo(plain(line))


async def _directory(settings: Settings) -> Directory:
    """From the database, or from the daemon's copy on disk, with a word about it, if the database is away."""
    try:
        async with context.database(settings) as conn:
            book = await context.load_book(conn)
    except typer.Exit:
        snapshot = Snapshot(settings.database.dsn.get_secret_value(), settings.paths.state / "book.json", _say)
        await snapshot.load_copy()
        _say("the plan is made from the daemon's copy on disk")
        return snapshot.directory
    return Directory(book.group, book.client, book.agent)


def _say(event: str, /, **about: Any) -> None:
    typer.echo(", ".join([event, *(f"{key}: {value}" for key, value in about.items())]), err=True)


def _call(settings: Settings, directory: Directory, did: str, caller: str, diverted_from: str) -> Incoming:
    dialled = _digits("DID", did)
    withheld = caller.lower() == WITHHELD
    arrived = [
        dialled,
        "" if withheld else _digits("--from", caller),
        "prohib" if withheld else "",
        _digits("--diverted-from", diverted_from),
    ]
    if not dialled:
        context.fail("DID: a telephone number is needed", code=context.USAGE)
    return read_arrival(arrived, "", settings.house.region, directory.own_numbers)


def _digits(name: str, written: str) -> str:
    digits = _NOT_DIALLED.sub("", written)
    if written and not digits.lstrip("+"):
        context.fail(f"{name}: {written!r} is no telephone number", code=context.USAGE)
    return digits


def _zone(plan: Plan, settings: Settings) -> str:
    return plan.client.timezone if plan.client else settings.house.timezone


def _lines(call: Incoming, plan: Plan, local: datetime) -> Iterator[str]:
    yield f"number   {call.dialled}{f', diverted from {call.diverted_from}' if call.diverted_from else ''}"
    yield f"caller   {'withheld' if call.withheld else call.caller or 'unknown'}"
    yield f"at       {local:%A %Y-%m-%d %H:%M:%S %Z}"
    yield f"client   {f'{plan.client.id} ({plan.client.name})' if plan.client else '-'}"
    yield f"office   {plan.state.value if plan.state else '-'}: {plan.reason}"
    yield "plan"
    for n, step in enumerate(plan.steps, 1):
        yield f"  {n:2}  {_what(step)}"
        yield f"      because {step.reason}"
    for ask in plan.menus.values():
        yield from _menu(ask)
    for skipped in plan.skipped:
        yield f"   -  left out: {skipped.what}"
        yield f"      because {skipped.reason}"


def _menu(ask: Ask) -> Iterator[str]:
    yield f"menu {ask.menu} ({ask.title})"
    yield f"      {', then '.join(ask.prompt)}; {ask.timeout} s for a key, asked {ask.repeats + 1} times at most"
    for key, branch in (*ask.keys.items(), (OTHERWISE, ask.otherwise)):
        done = "; then ".join(map(_what, branch)) or "on behind the menu"
        yield f"  {'no key' if key == OTHERWISE else f'key {key}'}: {done}"


def _what(step: Step) -> str:  # noqa: C901 - an arm for each step, nothing else
    match step:
        case Answer():
            what = "answer"
        case Announce():
            what = f"announce {', then '.join(step.media)}{' before answering' if step.early else ''}"
        case RingGroup():
            waiting = f", wait up to {step.wait} s if all are busy" if step.wait else ""
            who = f"{step.strategy}: {', '.join(step.endpoints)}"
            what = f"ring group {step.group} ({who}) for {step.seconds} s{waiting}"
        case Queue():
            rung = f"{step.at_once} agents at once" if step.at_once > 1 else "one agent after another"
            team = f" of team {step.needs.team}" if step.needs.team else ""
            what = f"queue for up to {step.wait} s, priority {step.priority}, ringing {rung}{team} for {step.seconds} s"
        case Forward():
            confirm = ", to be confirmed by pressing 1" if step.confirm else ""
            what = f"forward to {step.kind} {step.number} for {step.seconds} s{confirm}"
        case CallBack():
            what = "promise to call back"
        case Menu():
            what = f"menu {step.menu}"
        case Back():
            what = "back to the menu before"
        case Machine():
            limits = f"record up to {step.max_seconds} s, {step.silence} s of silence end it"
            what = f"answering machine: {step.greeting}, {limits}"
        case Hangup():
            what = f"hang up with cause {step.cause}"
        case _:
            assert_never(step)
    return what


def _as_json(call: Incoming, plan: Plan, at: datetime) -> Mapping[str, Any]:
    return {
        "call": asdict(call),
        "at": at.isoformat(),
        "client": plan.client.id if plan.client else None,
        "did": plan.did.number if plan.did else None,
        "state": plan.state.value if plan.state else None,
        "reason": plan.reason,
        "steps": _steps_as_json(plan.steps),
        "menus": {name: _menu_as_json(ask) for name, ask in plan.menus.items()},
        "skipped": [asdict(skipped) for skipped in plan.skipped],
    }


def _menu_as_json(ask: Ask) -> Mapping[str, Any]:
    keys = {key: _steps_as_json(branch) for key, branch in ask.keys.items()}
    return {**asdict(ask), "keys": keys, OTHERWISE: _steps_as_json(ask.otherwise)}


def _steps_as_json(steps: Iterable[Step]) -> list[Mapping[str, Any]]:
    return [{"step": type(step).__name__, **asdict(step)} for step in steps]
