"""`vorzimmer wall`: who waits, who talks and what the agents do, again and again on the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import asyncpg
import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vorzimmer.cli import context
from vorzimmer.cli.control import actor, ask
from vorzimmer.cli.show import console, percent, plain, print_json
from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import Refused, Wall
from vorzimmer.control.wall import AgentSeen, Caller, Living, View
from vorzimmer.core.day import bounds
from vorzimmer.core.presence import State
from vorzimmer.core.service_level import Figures, figures, formula
from vorzimmer.settings import Settings
from vorzimmer.store import statistics

STATISTICS = 15.0
"""Seconds between two looks at the day's calls."""

_ORDER = [
    State.TALKING,
    State.RINGING,
    State.RESERVED,
    State.WRAP_UP,
    State.AVAILABLE,
    State.PAUSED,
    State.LOGGED_OUT,
]

_AGENT = ("agent", "is", "for", "reason", "telephone", "roster", "call")

_RIGHT = {"place", "waits", "for", "predicted"}
"""Columns of figures."""


def wall(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, once: one object.")] = False,
    every: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")] = 1.0,
) -> None:
    """Show who waits, who talks and what the agents do; end with Ctrl-C."""
    settings = context.settings(ctx)
    if once or json or not sys.stdout.isatty():
        context.run(_show_once(settings, json=json))
        return
    try:
        context.run(_refresh(settings, every))
    except KeyboardInterrupt:
        return


@dataclass(frozen=True, slots=True)
class _Today:
    """The day's figures so far, or why there are none."""

    found: Figures | None = None
    why: str = ""


async def _show_once(settings: Settings, *, json: bool) -> None:
    try:
        view = await _look(settings)
    except (Refused, Unreachable) as why:
        context.fail(str(why))
    today = await _figures(settings, view.at)
    if json:
        found = today.found and {**asdict(today.found), "level": today.found.level}
        print_json({**view.model_dump(mode="json"), "today": found, "formula": formula()})
    else:
        console().print(_page(view, today, ZoneInfo(settings.house.timezone)))


async def _refresh(settings: Settings, every: float) -> None:
    """Look again and again; while the calls process is away, say so."""
    zone, loop = ZoneInfo(settings.house.timezone), asyncio.get_running_loop()
    counted, today = float("-inf"), _Today()
    with Live(console=console(), screen=True, auto_refresh=False) as live:
        while True:
            try:
                view = await _look(settings)
                if loop.time() - counted >= STATISTICS:
                    counted, today = loop.time(), await _figures(settings, view.at)
                page: Any = _page(view, today, zone)
            except (Refused, Unreachable) as why:
                page = Text(str(why), style="bold red")
            live.update(page, refresh=True)
            await asyncio.sleep(every)


async def _look(settings: Settings) -> View:
    return View.model_validate(await ask(settings, Wall(actor=actor())))


async def _figures(settings: Settings, at: datetime) -> _Today:
    """The figures of the day that it is for the calls process. The wall is worth looking at without them."""
    zone = ZoneInfo(settings.house.timezone)
    since, until = bounds(at.astimezone(zone).date(), zone)
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=5)
        try:
            return _Today(figures(await statistics.served(conn, since, until)))
        finally:
            await conn.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return _Today(why=f"the database cannot be reached: {context.reason(error)}")


def _page(view: View, today: _Today, zone: ZoneInfo) -> Group:
    at_work = sum(agent.state is not State.LOGGED_OUT for agent in view.agents)
    counts = f"waiting: {len(view.waiting)}, calls: {len(view.calls)}, agents: {at_work}"
    head = f"{view.at.astimezone(zone):%H:%M:%S}   {counts}"
    return Group(
        Text(head, style="bold"),
        Text(_day(today), style="dim"),
        Text(),
        _table(view, ("place", "client", "waits", "predicted", "call"), _waiting, view.waiting, "nobody waits"),
        Text(),
        _table(view, ("client", "caller", "is in", "for", "agents", "call"), _living, view.calls, "no calls"),
        Text(),
        _table(view, _AGENT, _agent, _sorted(view.agents), "no agents"),
    )


def _day(today: _Today) -> str:
    if today.found is None:
        return today.why
    counts = f"today: {today.found.answered} answered, {today.found.abandoned} abandoned"
    return f"{counts}, service level {percent(today.found.level)} ({formula()})"


def _table(
    view: View, names: Iterable[str], line: Callable[[View, Any], Iterable[str]], rows: Sequence[Any], none: str
) -> Table | Text:
    """A line for each row; `none` says that there is no row."""
    if not rows:
        return Text(none, style="dim")
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in _RIGHT else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(plain, line(view, row)))
    return table


def _waiting(view: View, caller: Caller) -> Iterable[str]:
    predicted = "-" if caller.predicted is None else _clock(caller.predicted)
    return str(caller.place), caller.client, _since(view, caller.since), predicted, caller.call


def _living(view: View, call: Living) -> Iterable[str]:
    phase = call.phase.value.replace("_", " ")
    who = call.caller or "unknown"
    return call.client or "-", who, phase, _since(view, call.since), ", ".join(call.agents) or "-", call.call


def _agent(view: View, agent: AgentSeen) -> Iterable[str]:
    state = agent.state.value.replace("_", " ")
    if agent.then is not None:
        state += f", then {agent.then.value.replace('_', ' ')}"
    phone = agent.phone or "-"
    if agent.phone and not agent.reachable:
        phone += " (unreachable)"
    missing = agent.expected and agent.state is State.LOGGED_OUT
    roster = "missing" if missing else "on duty" if agent.expected else "-"
    return agent.agent, state, _since(view, agent.since), agent.reason or "-", phone, roster, agent.call or "-"


def _sorted(agents: Iterable[AgentSeen]) -> list[AgentSeen]:
    return sorted(agents, key=lambda agent: (_ORDER.index(agent.state), agent.since))


def _since(view: View, at: datetime) -> str:
    return _clock(max((view.at - at).total_seconds(), 0))


def _clock(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes of what takes that long."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}" if whole < 6000 else f"{whole // 3600} h {whole // 60 % 60:02}"
