"""Whoever presses 1 in the queue is called back, once, at the place in the line that was kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_queue import agent, events, queue
from tests.e2e.test_reconcile import reconcile
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.control.commands import CallbackCancel, CallbackList, Refused, Wall
from vorzimmer.core import callbacks

Kill = Callable[[], Awaitable[None]]

OTHER = "+49301234568"
"""The caller with whom the agent talks."""

LATER = "+49301234569"
"""A caller who comes after."""


async def busy(house: House) -> tuple[Phone, Outgoing]:
    """The only agent talks, at this telephone with this caller; others wait with music and may press 1."""
    await house.use(client(queue(callback=True), music=True), agents=(agent(1, wrap_up=0),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID, OTHER)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return phone, call


async def waits(house: House, number: str = CALLER) -> Outgoing:
    """A caller who waits with music."""
    before = len((await house.ask(Wall(actor="test")))["waiting"])
    call = await house.call(DID, number)
    await call.answered()
    await eventually(lambda: house.ask(Wall(actor="test")), lambda wall: len(wall["waiting"]) > before)
    return call


async def asks(house: House, number: str = CALLER) -> None:
    """A caller presses 1, hears so, and is hung up."""
    call = await waits(house, number)
    call.line.press("1")
    thanks = house.sandbox.asterisk.root.data / "sounds" / "de" / "auth-thankyou.gsm"
    await call.line.hears(sound.load(thanks))
    assert (await call.finished()).by == "far"


async def listed(house: House) -> list[dict[str, Any]]:
    """Who waits to be called back."""
    found: list[dict[str, Any]] = (await house.ask(CallbackList(actor="test")))["callbacks"]
    return found


async def rung(phone: Phone, outside: Phone) -> tuple[Incoming, Incoming]:
    """The agent has answered, and the caller's telephone rings with the client's number."""
    at_desk = await phone.invited()
    assert at_desk.caller == CALLER
    await at_desk.answer()
    back = await outside.invited()
    assert (back.dialled, back.caller) == (CALLER, DID)
    back.ring()
    return at_desk, back


async def together(back: Incoming, at_desk: Incoming) -> None:
    """Both hear each other."""
    await talking(back, at_desk)
    at_desk.line.speak(sound.announcement(4, 1.0))
    await back.line.hears(sound.announcement(4, 1.0))


async def test_whoever_presses_1_is_called_back_before_who_came_later(house: House) -> None:
    """Thanked and hung up; when the agent is free they are brought together, by the client's number; one CDR each."""
    since = datetime.now(UTC)
    phone, other = await busy(house)
    outside = await house.trunk()
    await asks(house)
    later = await waits(house, LATER)
    assert [one["place"] for one in await listed(house)] == [1]
    await other.hang_up()
    at_desk, back = await rung(phone, outside)
    await back.answer()
    await together(back, at_desk)
    assert await listed(house) == []
    await at_desk.hang_up()
    assert (await back.finished()).by == "far"
    following = await phone.invited()
    assert following.caller == LATER
    await later.hang_up()
    _, asked, _, called = sorted(await house.cdrs(4), key=lambda cdr: (cdr["direction"] == "out", cdr["started_at"]))
    assert (asked["direction"], asked["disposition"], asked["caller"]) == ("in", "callback", CALLER)
    assert (called["direction"], called["disposition"], called["answered_by"]) == ("out", "answered", "a1")
    assert (called["did"], called["caller"], called["hung_up_by"]) == (DID, CALLER, "callee")
    assert called["ring"] + called["talk"] == called["duration"]
    await house.becomes("a1", "available")
    await house.quiet()
    differing, said = await reconcile(house, since)
    assert differing == 0, said


async def test_a_caller_who_cannot_be_called_waits_on(house: House) -> None:
    """A premium number given as the caller's is told that it is not possible, and keeps waiting."""
    phone, other = await busy(house)
    call = await waits(house, "+499001234567")
    call.line.press("1")
    no = house.sandbox.asterisk.root.data / "sounds" / "en" / "feature-not-avail-line.gsm"
    await call.line.hears(sound.load(no))
    assert await listed(house) == []
    await other.hang_up()
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    await house.cdrs(2)
    assert "never dialled" in (await events(house, "queue.callback_refused"))[0]["reason"]


async def test_a_caller_who_does_not_answer_is_tried_once_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Busy, then busy again: two CDRs, no third call, and the agent is free and not to blame."""
    monkeypatch.setattr(callbacks, "AGAIN", timedelta(seconds=1))
    since = datetime.now(UTC)
    phone, other = await busy(house)
    outside = await house.trunk()
    await asks(house)
    await other.hang_up()
    for _ in range(2):
        at_desk, back = await rung(phone, outside)
        back.reject(486)
        nobody = house.sandbox.asterisk.root.data / "sounds" / "de" / "vm-nobodyavail.gsm"
        await at_desk.line.hears(sound.load(nobody)[: 2 * sound.RATE])  # it is hung up with the last word
        assert (await at_desk.finished()).by == "far"
    _, asked, first, second = await house.cdrs(4)
    assert asked["disposition"] == "callback"
    assert [(cdr["disposition"], cdr["cause"]) for cdr in (first, second)] == [("unreached", 17)] * 2
    assert await events(house, "callback.ended") == [{"why": "not reached"}]
    await house.becomes("a1", "available")
    assert await listed(house) == []
    await house.quiet()
    differing, said = await reconcile(house, since)
    assert differing == 0, said


async def test_a_caller_who_calls_again_or_is_taken_out_is_not_called(house: House) -> None:
    """Served on the telephone meanwhile, nobody is called; nor is who was taken out, which the client is told."""
    phone, other = await busy(house)
    await asks(house)
    again = await waits(house)
    await asks(house, LATER)
    (_, second) = await listed(house)
    await house.ask(CallbackCancel(actor="boss", callback=second["callback"]))
    with pytest.raises(Refused):
        await house.ask(CallbackCancel(actor="boss", callback=second["callback"]))
    await other.hang_up()
    talk = await phone.invited()
    await talk.answer()
    await talking(again, talk)
    await again.hang_up()
    await eventually(lambda: listed(house), lambda found: not found)
    told = {(cdr["direction"], cdr["caller"], cdr["disposition"]) for cdr in await house.cdrs(5)}
    assert ("out", LATER, "unreached") in told
    assert ("in", CALLER, "answered") in told
    await house.becomes("a1", "available")


async def test_an_agent_who_does_not_wait_for_the_caller(house: House) -> None:
    """The caller's telephone stops ringing; it counts as tried, for a missed call was seen there."""
    phone, other = await busy(house)
    outside = await house.trunk()
    await asks(house)
    await other.hang_up()
    at_desk, back = await rung(phone, outside)
    await at_desk.hang_up()
    assert (await back.finished()).status == 487
    *_, called = await house.cdrs(3)
    assert (called["direction"], called["disposition"]) == ("out", "unreached")
    assert [one["attempts"] for one in await listed(house)] == [1]
    await house.becomes("a1", "available")


class TestKilled:
    """The daemon dies, and whoever waits to be called back is called all the same, once."""

    async def test_right_after_the_key(self, house: House, kill: Kill) -> None:
        """The next daemon thanks the caller, and calls back when the agent is free."""
        phone, other = await busy(house)
        outside = await house.trunk()
        call = await waits(house)
        call.line.press("1")
        await eventually(lambda: events(house, "queue.callback"), bool)
        await kill()
        (house.settings.paths.state / "callbacks.json").unlink()  # as if the disk had been slower
        await house.start()
        assert (await call.finished()).by == "far"
        assert len(await listed(house)) == 1
        await other.hang_up()
        at_desk, back = await rung(phone, outside)
        await back.answer()
        await together(back, at_desk)
        await back.hang_up()
        await house.cdrs(3)
        assert await listed(house) == []

    async def test_while_the_agent_rings(self, house: House, kill: Kill) -> None:
        """The telephone stops and rings again; the caller is called once."""
        phone, other = await busy(house)
        outside = await house.trunk()
        await asks(house)
        await other.hang_up()
        (await phone.invited()).ring()
        await kill()
        await house.start()
        at_desk, back = await rung(phone, outside)
        await back.answer()
        await together(back, at_desk)
        await back.hang_up()
        await house.cdrs(3)
        assert len(outside.incoming) == 1

    async def test_while_the_caller_rings_who_does_not_answer(self, house: House, kill: Kill) -> None:
        """Nobody saw that the line was busy: it counts as tried, and the agent who waited is free."""
        phone, other = await busy(house)
        outside = await house.trunk()
        await asks(house)
        await other.hang_up()
        at_desk, back = await rung(phone, outside)
        await kill()
        back.reject(486)
        assert (await back.finished()).status == 486
        await house.start()
        assert (await at_desk.finished()).by == "far"
        *_, called = await house.cdrs(3)
        assert (called["direction"], called["disposition"]) == ("out", "unreached")
        assert [one["attempts"] for one in await listed(house)] == [1]
        await house.becomes("a1", "available")

    async def test_while_the_caller_rings_and_while_they_talk(self, house: House, kill: Kill) -> None:
        """It rings on, they are put through by the next daemon, and talk on under the one after."""
        phone, other = await busy(house)
        outside = await house.trunk()
        await asks(house)
        await other.hang_up()
        at_desk, back = await rung(phone, outside)
        await kill()
        await house.start()
        await back.answer()
        await together(back, at_desk)
        await kill()
        await house.start()
        await together(back, at_desk)
        assert await house.state("a1") == ("talking", "")
        await at_desk.hang_up()
        assert (await back.finished()).by == "far"
        *_, called = await house.cdrs(3)
        assert (called["direction"], called["disposition"], called["answered_by"]) == ("out", "answered", "a1")
        assert (len(phone.incoming), len(outside.incoming)) == (2, 1)
        assert await listed(house) == []
