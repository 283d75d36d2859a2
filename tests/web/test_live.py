"""What is so at this moment, where looks and events cross on their ways."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.records import Troubles, events
from vorzimmer.control import commands
from vorzimmer.control.server import Server
from vorzimmer.control.wall import AgentSeen, View
from vorzimmer.core.ledger import CallEvent
from vorzimmer.core.presence import Act, State
from vorzimmer.web.live import Live

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def anna(state: State, since: int = 0, then: Act | None = None) -> AgentSeen:
    """Anna in a state since so many seconds."""
    at = NOW + timedelta(seconds=since)
    return AgentSeen(
        agent="anna",
        name="Anna",
        state=state,
        since=at,
        reason="",
        phone="agent1",
        reachable=True,
        call="",
        then=then,
        expected=True,
    )


class Seen(Live):
    """Steered without a calls process."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"), lambda: NOW)

    def look_made_at(self, seconds: int, agent: AgentSeen) -> None:
        """A look arrives that was made then."""
        self._see(View(at=NOW + timedelta(seconds=seconds), waiting=(), calls=(), agents=(agent,)))

    def event_made_at(self, seconds: int, state: State) -> None:
        """An event arrives that was made then."""
        at = (NOW + timedelta(seconds=seconds)).isoformat()
        told = {"event": "agent.state", "at": at, "agent": "anna", "state": state}
        self._hear({**told, "reason": "", "call": "1.1", "phone": "agent1"})

    @property
    def anna(self) -> AgentSeen:
        """As a page would show her."""
        found = self.agent("anna")
        assert found is not None
        return found


@pytest.fixture
def live() -> Seen:
    """A house in which Anna is free."""
    live = Seen()
    live.look_made_at(0, anna(State.AVAILABLE))
    return live


def test_a_look_that_comes_late_does_not_end_a_ring(live: Seen) -> None:
    """What was made before the event and arrives after it takes no state back; the next look counts again."""
    live.event_made_at(2, State.RINGING)
    live.look_made_at(1, anna(State.AVAILABLE).model_copy(update={"reachable": False}))
    assert (live.anna.state, live.anna.call, live.anna.reachable) == (State.RINGING, "1.1", False)
    live.look_made_at(3, anna(State.AVAILABLE, since=3))
    assert live.anna.state is State.AVAILABLE


def test_what_follows_the_call_is_known_until_it_does(live: Seen) -> None:
    """A pause that was asked for in the talk stands in wrap-up too, and no longer once it has begun."""
    live.event_made_at(1, State.TALKING)
    live.look_made_at(2, anna(State.TALKING, since=1, then=Act.PAUSE))
    live.event_made_at(3, State.WRAP_UP)
    assert live.anna.then is Act.PAUSE
    live.event_made_at(4, State.PAUSED)
    assert live.anna.then is None


class Recovering:
    """A calls process that knows of no call until it has found the one of the process before it."""

    def __init__(self, socket: Path) -> None:
        self.calls: dict[str, Sequence[CallEvent]] = {}
        self.asked = asyncio.Event()
        self.server = Server(
            socket, {commands.Ledgers: self.ledgers, commands.Wall: self.wall}, lambda: NOW, Troubles()
        )

    async def ledgers(self, _: commands.Ledgers) -> dict[str, object]:
        """All calls from their first event on."""
        told = {
            call: [{"event": one.kind, "at": one.at, "call": call, "seq": one.seq, "data": one.data} for one in ledger]
            for call, ledger in self.calls.items()
        }
        return {"calls": told}

    async def wall(self, _: commands.Wall) -> dict[str, object]:
        """Nobody is at work."""
        self.asked.set()
        return View(at=NOW, waiting=(), calls=(), agents=()).model_dump(mode="json")

    def find(self, ledger: Sequence[CallEvent]) -> None:
        """The call is in hand again, which its last event tells."""
        self.calls[ledger[0].call_id] = ledger
        last = ledger[-1]
        self.server.tell(last.kind.value, at=last.at, call=last.call_id, seq=last.seq, data=last.data)


async def test_a_call_that_is_found_again_after_a_look_is_known(tmp_path: Path) -> None:
    """Pages that ask a new calls process before it has its calls back show them nevertheless, once it has."""
    house = Recovering(tmp_path / "control.sock")
    live = Live(tmp_path / "control.sock", lambda: NOW)
    serving = asyncio.create_task(house.server.run())
    await house.server.listening.wait()
    following = asyncio.create_task(live.run())
    try:
        async with asyncio.timeout(10):
            await house.asked.wait()
            with live.watching("anna") as changed:
                while live.away:
                    await changed.wait()
                    changed.clear()
                house.find(events("1.1", 5))
                while live.call("1.1") is None:
                    await changed.wait()
                    changed.clear()
    finally:
        for task in (following, serving):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
