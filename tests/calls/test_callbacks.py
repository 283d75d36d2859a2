"""Who waits to be called back, as the daemon keeps it: what is remembered, what ends, what is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.calls.surroundings import DID, START, Pbx, Records, event, make_client, make_exchange
from tests.store.records import Troubles
from vorzimmer.calls.callbacks import Callbacks
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.supervisor import Supervisor
from vorzimmer.core.callbacks import LIFE, Callback, as_data
from vorzimmer.core.cdr import from_json
from vorzimmer.core.ledger import Kind


def make_callback(asked_in: str = "c1", **fields: Any) -> Callback:
    """Asked for at START, in a call that had begun to wait three minutes before."""
    known: dict[str, Any] = {
        "client": "mueller",
        "did": DID,
        "diverted_from": None,
        "number": "+49301111111",
        "name": None,
        "asked_at": START,
        "since": START - timedelta(minutes=3),
        "priority": 5,
        "at_once": 1,
        "seconds": 15,
    }
    return Callback(asked_in, **{**known, **fields})


class Room:
    """A daemon's callbacks, in a folder; another one in the same folder is the next process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = Records()
        self.troubles = Troubles()
        self.exchange: Exchange = make_exchange(folder, Pbx(), self.records, make_client(open=QUEUE))

    def open(self) -> Callbacks:
        """A process begins."""
        return Callbacks(
            lambda: self.exchange, Supervisor(lambda: self.exchange), self.folder / "callbacks.json", self.troubles
        )


QUEUE = {"chain": [{"to": "queue", "callback": True}, {"to": "machine"}]}


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """An empty one."""
    return Room(tmp_path)


async def turns() -> None:
    """Let others do what they can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_known_from_file_and_ledger(room: Room) -> None:
    """What the disk had not got yet stands in the ledger of the call; what both know is one."""
    before, first, second = room.open(), make_callback("c1"), make_callback("c2", number="+49302222222")
    before.ask(first)
    await before.kept()
    after = room.open()
    asked = [event(0, Kind.ARRIVED), event(1, Kind.CALLBACK_ASKED, **as_data(second))]
    again = [event(0, Kind.ARRIVED), event(1, Kind.CALLBACK_ASKED, **as_data(first))]
    await after.start({"c1": again, "c2": asked, "c3": [event(0, Kind.CALLBACK_ASKED, number=5)]})
    assert after.waiting() == [first, second]


async def test_a_damaged_file_is_told(room: Room) -> None:
    """The daemon starts all the same, and a person hears that somebody may wait in vain."""
    (room.folder / "callbacks.json").write_text("[{]")
    after = room.open()
    await after.start({})
    assert (after.waiting(), room.troubles.events) == ([], ["callbacks.not_restored"])


async def test_who_asks_again_keeps_the_better_place(room: Room) -> None:
    """One number is called once for one client, at the place of the first time."""
    callbacks = room.open()
    callbacks.ask(make_callback("c1"))
    callbacks.ask(make_callback("c2", since=START + timedelta(minutes=9)))
    assert callbacks.waiting() == [make_callback("c2")]


async def test_each_attempt_counts_once(room: Room) -> None:
    """A call that a daemon resumed after its end had been counted already changes nothing."""
    callbacks = room.open()
    callbacks.ask(make_callback())
    assert not callbacks.unreached("c1-back1")
    assert not callbacks.unreached("c1-back1")
    (waiting,) = callbacks.waiting()
    assert waiting.attempts == 1
    assert callbacks.unreached("c1-back2")
    assert callbacks.waiting() == []


async def test_what_expires_is_told_to_the_client(room: Room) -> None:
    """Nobody could call: a CDR of its own says so, and the client has a mail; that is done once."""
    callbacks = room.open()
    callbacks.ask(make_callback(asked_at=START - LIFE))
    running = asyncio.create_task(callbacks.run())
    callbacks.begin()
    await turns()
    running.cancel()
    await asyncio.wait({running})
    (end,) = room.records.ends
    cdr = from_json(end["cdr"])
    assert (cdr.call_id, cdr.direction, cdr.disposition, cdr.client) == ("c1-back1", "out", "unreached", "mueller")
    assert "expired" in cdr.reason
    assert len(end["messages"]) == 1
    assert callbacks.waiting() == []


@pytest.mark.parametrize("later", [{"not_before": START + timedelta(seconds=1)}, {}])
async def test_nobody_is_called_before_the_time_or_without_agents(room: Room, later: dict[str, Any]) -> None:
    """Who waits stays out of the line until both are there, and in the list all the time."""
    callbacks = room.open()
    callback = replace(make_callback(), **later)
    callbacks.ask(callback)
    running = asyncio.create_task(callbacks.run())
    callbacks.begin()
    await turns()
    assert room.exchange.line.waiting() == []
    assert callbacks.waiting() == [callback]
    running.cancel()
    await asyncio.wait({running})


async def test_cancelled_is_told_and_gone(room: Room) -> None:
    """By whom stands in the record; a second time there is nothing to cancel."""
    callbacks = room.open()
    callbacks.ask(make_callback())
    callbacks.cancel("c1-back", "page:boss")
    assert "cancelled by page:boss" in room.records.ends[0]["cdr"]["reason"]
    with pytest.raises(KeyError):
        callbacks.cancel("c1-back", "page:boss")
