"""The owner of the agents' states: timers, ledger, memory, watchers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.agents.staff import Room
from tests.asterisk.ami_peer import until
from tests.core.agents import later, make_agent
from tests.core.examples import START
from vorzimmer.agents.staff import Seen, Staff
from vorzimmer.core.presence import NO_ANSWER, Act, NotNow, Presence, State
from vorzimmer.store import memory

PATIENCE = 5.0


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Anna and Ben, with 20 seconds of wrap-up, logged out."""
    return Room(tmp_path)


def talk(staff: Staff, room: Room, call: str = "c1", *acts: Act) -> None:
    """Let anna have a call, up to the last of the acts; all of it unless told."""
    for act in acts or (Act.RESERVE, Act.RING, Act.ANSWER, Act.HANG_UP):
        staff.floor.act("anna", act, room.hands.now, call=call)


@asynccontextmanager
async def kept(staff: Staff) -> AsyncIterator[None]:
    """Write the states down while inside; at the end as at the daemon's."""
    keeping = asyncio.create_task(staff.keep())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        yield
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping


async def restarted(staff: Staff, room: Room) -> Staff:
    """The staff of the next process."""
    async with kept(staff):
        pass
    for alarm in room.hands.alarms:
        assert alarm.cancelled
    return await room.staff()


async def test_wrap_up_ends_to_the_second(room: Room) -> None:
    """An agent who is offered a call a second early, or an hour late, is worse than none."""
    staff = await room.staff()
    staff.log_in("anna")
    talk(staff, room)
    room.hands.forward(19.9)
    assert staff.floor.presence("anna").state is State.WRAP_UP
    assert staff.wrap_up_left("anna") == timedelta(seconds=0.1)
    room.hands.forward(0.1)
    assert staff.floor.presence("anna") == Presence("anna", State.AVAILABLE, later(20), later(20), "anna-desk")


async def test_wrap_up_that_was_ended_does_not_end_again(room: Room) -> None:
    """The timer of an earlier wrap-up does not cut the next one short."""
    staff = await room.staff()
    staff.log_in("anna")
    talk(staff, room)
    room.hands.forward(15)
    staff.ready("anna")
    talk(staff, room, "c2")
    room.hands.forward(19)
    assert staff.floor.presence("anna").state is State.WRAP_UP
    staff.log_in("anna", "anna-home")
    room.hands.forward(1)
    assert staff.floor.presence("anna").state is State.AVAILABLE
    assert staff.floor.presence("anna").phone == "anna-home"


async def test_the_event_loop_rings_by_itself(room: Room) -> None:
    """The daemon's timers are the event loop's: what is left of wrap-up is waited for in real time."""
    staff = await room.staff(by_hand=False)
    staff.log_in("anna")
    talk(staff, room)
    room.hands.now += timedelta(seconds=19.99)
    staff.log_in("anna", "anna-home")  # any change sets the timer anew
    async with asyncio.timeout(PATIENCE):
        await until(lambda: staff.floor.presence("anna").state is State.AVAILABLE)
    assert staff.floor.presence("anna").phone == "anna-home"


async def test_everything_outlives_a_restart(room: Room) -> None:
    """Who was logged in, where, paused why, with what left of wrap-up, is so in the next process too."""
    room.agents["cara"] = make_agent("cara")
    staff = await room.staff()
    staff.log_in("anna", "anna-home")
    talk(staff, room)
    staff.log_in("ben")
    staff.pause("ben", "lunch")
    before = dict(staff.floor.presences())
    room.hands.forward(5)
    recorded = len(room.events)

    after = await restarted(staff, room)
    assert after.floor.presences() == before
    assert len(room.events) == recorded
    room.hands.forward(14.9)
    assert after.floor.presence("anna").state is State.WRAP_UP
    room.hands.forward(0.2)
    assert after.floor.presence("anna").since == later(20)


async def test_wrap_up_that_ended_meanwhile_ends_at_the_start(room: Room) -> None:
    """A daemon that was away for an hour does not keep agents in the wrap-up of then."""
    staff = await room.staff()
    staff.log_in("anna")
    talk(staff, room)
    staff = await restarted(staff, room)
    room.hands.now += timedelta(hours=1)
    staff = await restarted(staff, room)
    room.hands.forward(0)
    assert staff.floor.presence("anna").state is State.AVAILABLE


async def test_a_clock_set_back_does_not_lengthen_wrap_up(room: Room) -> None:
    """Whoever sets the clock back by an hour takes no agent away for an hour."""
    staff = await room.staff()
    staff.log_in("anna")
    talk(staff, room)
    room.hands.now -= timedelta(hours=1)
    staff = await restarted(staff, room)
    room.hands.forward(20)
    assert staff.floor.presence("anna").state is State.AVAILABLE


async def test_calls_are_settled_when_they_are_in_hand_again(room: Room) -> None:
    """Who talks goes on talking; whose call is gone is free at once, or does what was asked for during it."""
    room.agents |= {name: make_agent(name) for name in ("cara", "dora", "emil")}
    staff = await room.staff()
    for name in room.agents:
        staff.log_in(name)
        staff.floor.act(name, Act.RESERVE, START, call=f"call-{name}")
        if name != "ben":
            staff.floor.act(name, Act.ANSWER, START)
    staff.pause("cara", "admin")
    staff.log_out("dora")
    staff = await restarted(staff, room)
    assert {one.state for one in staff.floor.presences().values()} == {State.TALKING, State.RESERVED}
    staff.settle({"call-emil"})
    assert {name: (one.state, one.reason) for name, one in staff.floor.presences().items()} == {
        "anna": (State.AVAILABLE, ""),
        "ben": (State.AVAILABLE, ""),
        "cara": (State.PAUSED, "admin"),
        "dora": (State.LOGGED_OUT, ""),
        "emil": (State.TALKING, ""),
    }
    assert not [alarm for alarm in room.hands.alarms if not alarm.cancelled]


async def test_who_is_gone_from_the_book_is_logged_out_in_the_ledger(room: Room) -> None:
    """An agent deleted, or robbed of the telephone, while the daemon was away does not stay logged in on paper."""
    staff = await room.staff()
    staff.log_in("anna", "anna-home")
    staff.log_in("ben")
    room.agents = {"anna": make_agent("anna", phones=["anna-desk"])}
    room.hands.forward(60)
    staff = await restarted(staff, room)
    assert staff.floor.presences() == {"anna": Presence("anna", State.LOGGED_OUT, later(60))}
    assert room.ledger("anna") == ["available", "logged_out"]
    assert room.ledger("ben") == ["available", "logged_out"]
    assert {event.at for event in room.events[2:]} == {later(60)}


async def test_one_deleted_while_talking_stays_until_the_talk_is_over(room: Room) -> None:
    """The talk goes on; then the agent is gone, with a last line in the ledger and no timer left."""
    staff = await room.staff()
    staff.log_in("anna")
    talk(staff, room, "c1", Act.RESERVE, Act.ANSWER)
    staff.use({"ben": room.agents["ben"]})
    assert [one.agent for one in staff.seen()] == ["anna", "ben"]
    staff.floor.act("anna", Act.HANG_UP, room.hands.now)
    assert [one.agent for one in staff.seen()] == ["ben"]
    assert room.ledger() == ["available", "reserved", "talking", "logged_out"]
    assert room.hands.alarms == []


async def test_the_ledger_holds_every_change(room: Room) -> None:
    """Each state with its own instant, reason, call and telephone; what changes nothing of these is not written."""
    staff = await room.staff()
    staff.log_in("anna")
    staff.log_in("anna")
    room.hands.forward(1)
    staff.log_in("anna", "anna-home")
    room.hands.forward(1)
    talk(staff, room, "c1", Act.RESERVE, Act.RING)
    staff.pause("anna", "lunch")
    room.hands.forward(1)
    talk(staff, room, "c1", Act.MISS)
    staff.ready("anna")
    room.hands.forward(1)
    talk(staff, room, "c2", Act.RESERVE, Act.MISS)
    with pytest.raises(NotNow):
        talk(staff, room, "c2", Act.ANSWER)
    assert [(e.at, e.state.value, e.reason, e.call, e.phone) for e in room.events] == [
        (later(0), "available", "", "", "anna-desk"),
        (later(1), "available", "", "", "anna-home"),
        (later(2), "reserved", "", "c1", "anna-home"),
        (later(2), "ringing", "", "c1", "anna-home"),
        (later(3), "paused", "lunch", "", "anna-home"),
        (later(3), "available", "", "", "anna-home"),
        (later(4), "reserved", "", "c2", "anna-home"),
        (later(4), "paused", NO_ANSWER, "", "anna-home"),
    ]
    assert len({event.id for event in room.events}) == len(room.events)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]x", b'[{"agent": "anna"}]', b"\xff\x00"])
async def test_a_damaged_file_is_told_and_replaced(room: Room, damage: bytes) -> None:
    """The daemon takes calls all the same; everybody logs in again, and that is kept."""
    room.file.write_bytes(damage)
    staff = await room.staff()
    assert room.troubles == ["agents.not_restored"]
    staff.log_in("anna")
    assert (await restarted(staff, room)).floor.presence("anna").state is State.AVAILABLE
    assert room.file.stat().st_mode & 0o777 == 0o600


async def test_a_disk_that_refuses_is_told_once_and_tried_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the disk; what it did not take is written as soon as it does, without a further change."""
    monkeypatch.setattr(memory, "AGAIN", 0.001)
    staff = await room.staff()
    refusals = iter(range(3))

    def fsync(_: int) -> None:
        if next(refusals, None) is not None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    async with kept(staff):
        staff.log_in("anna")
        await until(room.file.exists)
    assert room.troubles == ["agents.not_written"]
    assert next(refusals, None) is None


async def test_a_slow_disk_holds_up_nobody(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one writing waits, a thousand changes go on; they are one further writing, of the last state."""
    monkeypatch.setattr(memory, "PAUSE", 0)
    staff = await room.staff()
    slow, written = threading.Event(), 0

    def fsync(_: int) -> None:
        nonlocal written
        slow.wait(PATIENCE)
        written += 1

    monkeypatch.setattr(os, "fsync", fsync)
    async with kept(staff):
        staff.log_in("anna")
        await until(room.file.with_suffix(".new").exists)
        for n in range(1000):
            staff.pause("anna", f"reason {n}")
        slow.set()
        await until(lambda: written == 2)
    assert written == 3  # the last one is the daemon's end
    assert (await room.staff()).floor.presence("anna").reason == "reason 999"


async def test_watchers_are_told_until_they_have_enough(room: Room) -> None:
    """Each is told before and after; one that fails spoils neither the change nor the others."""
    staff = await room.staff()
    seen: list[tuple[str, str]] = []

    def broken(_before: Presence, _now: Presence) -> None:
        raise RuntimeError("a mistake")

    staff.subscribe(broken)
    end = staff.subscribe(lambda before, now: seen.append((before.state.value, now.state.value)))
    staff.log_in("anna")
    staff.log_in("anna")
    end()
    end()
    staff.log_out("anna")
    assert seen == [("logged_out", "available")]


async def test_what_the_wall_sees(room: Room) -> None:
    """One line an agent: where, since when, on what, whether the telephone is there and the agent expected."""
    room.agents["ben"] = make_agent("ben", shifts={"mon": ["10:00-18:00"]}, timezone="Europe/Berlin")
    staff = await room.staff()
    room.unreachable = frozenset({"anna-desk", "ben-desk"})
    staff.log_in("anna", "anna-desk")
    talk(staff, room, "c1", Act.RESERVE, Act.ANSWER)
    staff.log_out("anna")
    room.hands.forward(60)
    assert staff.seen() == [
        Seen("anna", "Anna", State.TALKING, START, "", "anna-desk", False, "c1", Act.LOG_OUT, False),
        Seen("ben", "Ben", State.LOGGED_OUT, START, "", "", True, "", None, True),
    ]
    room.unreachable = frozenset({"ben-desk", "ben-home"})
    assert [one.reachable for one in staff.seen()] == [True, False]
