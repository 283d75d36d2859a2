"""Caller, agent or daemon leaves at every point of a call: always one CDR, and nothing is left in Asterisk.

The daemon acts on a call only through ARI requests, so the instants right before and right after each request are the
points where somebody may leave with a different outcome. A trap in the client counts requests and lets the person leave
exactly there; what Asterisk has made of it by then is left to Asterisk. A daemon that leaves is one whose requests and
records stop at that instant, as by SIGKILL; then the next one is started.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pytest

from tests.e2e.house import House, eventually
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.asterisk.ari import Ari
from vorzimmer.roles import calls as calls_role
from vorzimmer.store.journal import Journal

DIDS = {name: f"+498912340{n}" for n, name in enumerate(("group", "forward", "machine", "music", "greeting"))}
GROUPS = ({"id": "office", "endpoints": ["agent1", "agent2"]},)
MOST_REQUESTS = 24
"""More than any of these calls makes; a run whose trap never springs is a plain call, and then the series ends."""

FEWEST_REQUESTS = 3
"""Each of these calls makes more, so a series that ends before has tested nothing."""

Where = Literal["before", "after"]
Who = Literal["caller", "callee", "daemon"]


Patience = Callable[[], Awaitable[None]]


def clients() -> list[Mapping[str, Any]]:
    """One client for each kind of call."""
    group = {"to": "group", "group": "office", "seconds": 3}
    mobile = {"to": "mobile", "number": "+4915112345678", "seconds": 3}
    opens: dict[str, dict[str, Any]] = {
        "group": {"chain": [group]},
        "forward": {"chain": [mobile]},
        "machine": {"chain": [{"to": "machine", "silence": 1, "max_seconds": 5}]},
        "music": {"chain": [group], "music": True},
        "greeting": {"begin": "early", "chain": [group]},
    }
    greeting = {
        "greeting": {"announcements": {"greeting": "greeting.wav"}},
        "machine": {"announcements": {"machine": "m.wav"}},
    }
    return [
        {"id": name, "name": name, "dids": [DIDS[name]], "open": opens[name], "mail": None, **greeting.get(name, {})}
        for name in DIDS
    ]


@dataclass
class Trap:
    """Springs at the `at`-th request of a call, on one side of it."""

    at: int
    where: Where
    leave: Callable[[], Awaitable[None]]
    seen: int = 0
    sprung: bool = False

    def count(self) -> int:
        """The number of a request that comes by, from 1."""
        self.seen += 1
        return self.seen

    async def pass_by(self, number: int, where: Where) -> None:
        """Spring if this is the place."""
        if (number, where) == (self.at, self.where):
            self.sprung = True
            await self.leave()


class Line:
    """The daemon's requests, with the trap of the current call, and its client for a look inside."""

    def __init__(self) -> None:
        self.trap: Trap | None = None
        self.ari: Ari | None = None
        self.journal: Journal | None = None
        self._next_daemon: asyncio.Task[None] | None = None

    async def die(self, house: House) -> None:
        """From now on the daemon neither does nor writes anything; another one follows it."""
        assert self.ari is not None
        assert self.journal is not None
        self.ari.sever()
        for write in ("append", "append_end", "append_agent"):
            setattr(self.journal, write, lambda _: None)
        self._next_daemon = asyncio.create_task(_start_again(house))

    async def alive(self) -> None:
        """Wait for the next daemon, if the last one died."""
        if self._next_daemon is not None:
            await self._next_daemon


async def _start_again(house: House) -> None:
    await house.stop()
    await house.start()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Put the trap into the client."""
    line = Line()
    original = Ari._exchange

    async def watched(ari: Ari, method: str, path: str, *rest: Any) -> Any:
        line.ari = ari
        trap = line.trap
        if trap is None:
            return await original(ari, method, path, *rest)
        number = trap.count()
        await trap.pass_by(number, "before")
        try:
            return await original(ari, method, path, *rest)
        finally:
            await trap.pass_by(number, "after")

    monkeypatch.setattr(Ari, "_exchange", watched)

    def journal(*args: Any, **options: Any) -> Journal:
        line.journal = Journal(*args, **options)
        return line.journal

    monkeypatch.setattr(calls_role, "Journal", journal)
    return line


class People:
    """The caller and whoever is called, of one call."""

    def __init__(self, house: House, agents: list[Phone], outside: Phone) -> None:
        self._house = house
        self._called = [*agents, outside]
        self.call: Outgoing | None = None
        self.talks: list[Incoming] = []

    async def leave(self, who: Who) -> None:
        """Hang up now, in whatever state the call is; whoever is not there cannot leave."""
        if who == "caller" and self.call is not None:
            await self.call.hang_up()
        for talk in self.talks if who == "callee" else ():
            await talk.hang_up()

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The called side answers whatever comes; a mobile presses 1."""
        tasks = [asyncio.create_task(self._answer(phone)) for phone in self._called]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _answer(self, phone: Phone) -> None:
        while True:
            talk = await phone.invited(patience=3600)
            self.talks.append(talk)
            talk.ring()
            with contextlib.suppress(Exception):  # it may have been given up at this very moment
                await talk.answer()
                talk.line.press("1" * 20)  # again and again: who hears the question a second time answers it again

    async def call_and_hang_up(self, did: str, *, stay: bool, patience: Patience | None) -> None:
        """Call, talk for a moment, hang up (or stay until the far side does); or see the call end before.

        Who has `patience` does not hang up before there is somebody to talk with, and then only after it.
        """
        self.call = call = await self._house.call(did)
        with contextlib.suppress(Exception):  # refused, or given up: the end is what counts
            await call.answered(patience=10)
            if patience is not None and not stay:
                await eventually(self._connected, bool)
                await patience()
            # Long enough for a message, whatever the next daemon takes to be there.
            call.line.speak(sound.announcement(1, 3.5 if stay and patience is not None else 0.2))
            await call.line.sent()
            if stay:
                await call.finished()
        await call.hang_up()
        await call.finished()

    async def _connected(self) -> bool:
        """Whether two channels are in one bridge."""
        channels = (await self._house.sandbox.cli("core show channels concise")).splitlines()
        bridges = [channel.split("!")[12] for channel in channels]
        return any(bridge and bridges.count(bridge) > 1 for bridge in bridges)


async def one_call(
    house: House, line: Line, people: People, kind: str, count: int, patience: Patience | None = None
) -> None:
    """One call; then one more CDR, and nothing left."""
    await people.call_and_hang_up(DIDS[kind], stay=kind == "machine", patience=patience)
    await line.alive()
    await house.quiet()
    await house.cdrs(count)
    ari = line.ari
    assert ari is not None
    await eventually(lambda: _now(dict(ari._listeners)), lambda listeners: not listeners)


async def _now(value: Any) -> Any:
    return value


async def leave_everywhere(house: House, line: Line, kind: str, who: Who, where: Where, step: int = 1) -> None:
    """A series of calls, each left at another request, until one makes fewer requests than that."""
    await house.announce("greeting", 0.4, greeting=7)
    await house.announce("machine", 0.4, machine=8)
    await house.use(*clients(), groups=GROUPS)
    await house.start()
    agents = [await house.agent(1), await house.agent(2)]
    outside = await house.trunk()
    for n, at in enumerate(range(1, MOST_REQUESTS, step), 1):
        people = People(house, agents, outside)
        leave = partial(line.die, house) if who == "daemon" else partial(people.leave, who)
        line.trap = Trap(at, where, leave)
        async with people.working():
            await one_call(house, line, people, kind, n, patience=line.alive if who == "daemon" else None)
        if not line.trap.sprung:
            assert n > FEWEST_REQUESTS
            if who == "daemon":
                # Nobody has left but the daemon: every call must have come to the end that the undisturbed one had.
                served = [cdr["disposition"] for cdr in await house.cdrs(n)]
                assert served == [served[-1]] * n
            return
    raise AssertionError(f"a call made {MOST_REQUESTS} requests or more")


@pytest.mark.parametrize(
    ("kind", "who", "where"),
    [("group", "caller", "after"), ("forward", "callee", "before"), ("group", "daemon", "after")],
)
async def test_leaving_at_every_request(house: House, line: Line, kind: str, who: Who, where: Where) -> None:
    """The short share: a caller leaves a group call, a mobile a forward, the daemon a group call, at each request."""
    await leave_everywhere(house, line, kind, who, where)


@pytest.mark.long
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("who", ["caller", "callee", "daemon"])
@pytest.mark.parametrize("kind", list(DIDS))
async def test_leaving_at_every_request_of_every_kind(
    house: House, line: Line, kind: str, who: Who, where: Where
) -> None:
    """All kinds of calls, everybody, both instants of each request."""
    await leave_everywhere(house, line, kind, who, where)


@pytest.mark.long
async def test_two_agents_answer_at_the_same_instant_many_times(house: House, line: Line) -> None:
    """A hundred times two phones answer at once: one talks, one CDR, nothing left."""
    await house.use(*clients(), groups=GROUPS)
    await house.start()
    agents = [await house.agent(1), await house.agent(2)]
    outside = await house.trunk()
    for n in range(1, 101):
        people = People(house, agents, outside)
        async with people.working():
            await one_call(house, line, people, "group", n)
