"""What the calls process does for the control API: its commands, each handed to the part that can do it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg

from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.session import Session
from vorzimmer.control import agents as agents_commands
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.control.wall import Caller, Living, View
from vorzimmer.core import talk
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.talk import NotPossible
from vorzimmer.core.targets import NotAllowed
from vorzimmer.roles import callback_commands, fax_commands, number_commands, talk_commands
from vorzimmer.roles.house import House
from vorzimmer.store.agents import move_agent
from vorzimmer.store.results import note_result

Open = Callable[[], Awaitable[asyncpg.Connection]]


def handlers(house: House, database: Open) -> Handlers:
    """Every command but `Watch`. `database` opens a connection, for what is kept there and nowhere else."""

    async def move(agent: str, team: str) -> None:
        async with _connection(database) as conn:
            await move_agent(conn, agent, team)

    return {
        **agents_commands.handlers(house.staff, move),
        **_views(house),
        **_wishes(house.exchange),
        **talk_commands.handlers(house, lambda: _connection(database)),
        **callback_commands.handlers(house),
        **number_commands.handlers(house),
        **fax_commands.handlers(house),
        commands.CallResult: _result(house, database),
    }


def _views(house: House) -> Handlers:
    async def living(_: commands.Calls) -> dict[str, Any]:
        return {"calls": [one.model_dump(mode="json") for one in _living(house)]}

    async def wall(_: commands.Wall) -> dict[str, Any]:
        absent = house.reachability.unreachable()
        view = View.of(house.exchange.clock(), _waiting(house.exchange), _living(house), house.staff.seen(), absent)
        return view.model_dump(mode="json")

    async def ledgers(_: commands.Ledgers) -> dict[str, Any]:
        return {"calls": {call.id: [_told(event) for event in call.events] for call in _known(house)}}

    return {commands.Calls: living, commands.Wall: wall, commands.Ledgers: ledgers}


def _known(house: House) -> list[Session]:
    # A call is known an instant before its arrival is written down.
    return [call for call in house.supervisor.calls.values() if call.events]


def _told(event: CallEvent) -> dict[str, Any]:
    """An event as `Watch` tells it."""
    return {"event": event.kind.value, "at": event.at, "call": event.call_id, "seq": event.seq, "data": event.data}


def _living(house: House) -> list[Living]:
    return [Living.of(call.events) for call in _known(house)]


def _waiting(exchange: Exchange) -> list[Caller]:
    line, now = exchange.line, exchange.clock()
    found = []
    for waiting in line.waiting():
        place = line.place_of(waiting.call)
        predicted = line.predicted(waiting.needs, place, now)
        found.append(
            Caller(
                call=waiting.call,
                client=waiting.needs.client,
                since=waiting.since,
                place=place,
                predicted=predicted,
            )
        )
    return found


def _wishes(exchange: Exchange) -> Handlers:
    """What is asked of a talk."""

    def handler(wish: Callable[[Any], talk.Wish]) -> Callable[[Any], Awaitable[dict[str, Any]]]:
        async def ask(command: commands.CallCommand) -> dict[str, Any]:
            try:
                await talk_commands.talk_of(exchange, command).ask(wish(command))
            except NotPossible as error:
                raise commands.Refused("not_possible", str(error)) from None
            except NotAllowed as error:
                raise commands.Refused("not_allowed", str(error)) from None
            return {"call": command.call}

        return ask

    return {
        commands.Hold: handler(lambda _: talk.Hold()),
        commands.Resume: handler(lambda _: talk.Retrieve()),
        commands.Transfer: handler(lambda command: talk.Transfer(command.to, attended=command.attended)),
        commands.Complete: handler(lambda _: talk.Complete()),
        commands.Back: handler(lambda _: talk.Back()),
        commands.Join: handler(lambda _: talk.Join()),
        commands.HangUp: handler(lambda _: talk.HangUp()),
    }


def _result(house: House, database: Open) -> Callable[[commands.CallResult], Awaitable[dict[str, Any]]]:
    async def note(command: commands.CallResult) -> dict[str, Any]:
        data: dict[str, Any] = {"result": command.result, "by": command.actor}
        call = house.supervisor.calls.get(command.call)
        if call is not None:
            call.record(Kind.RESULT, **data)
        else:
            async with _connection(database) as conn:
                known = await note_result(conn, secrets.token_hex(16), command.call, house.exchange.clock(), data)
            if not known:
                raise commands.Refused("unknown_call", "there is no such call")
        return {"call": command.call, "result": command.result}

    return note


@contextlib.asynccontextmanager
async def _connection(database: Open) -> AsyncIterator[asyncpg.Connection]:
    """A connection while inside; one that cannot be had refuses the command."""
    try:
        conn = await database()
    except (OSError, TimeoutError, asyncpg.PostgresError):
        raise commands.Refused("database_away", "the database cannot be reached; try again later") from None
    try:
        yield conn
    finally:
        await conn.close()
