"""Whoever presses 1 in the queue is called back, once, at the place in the line that was kept."""

from __future__ import annotations

from typing import Any

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_queue import agent, queue
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.control.commands import Wall

LATER = "+49301234568"
"""A caller who comes after."""


def office(**more: Any) -> dict[str, Any]:
    """A client whose callers wait with music and may press 1."""
    return client(queue(callback=True), music=True, **more)


async def busy(house: House) -> tuple[Phone, Outgoing]:
    """The only agent talks, at this telephone, with this other caller."""
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID, LATER)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return phone, call


async def asks(house: House, number: str = CALLER) -> Outgoing:
    """A caller who presses 1 as soon as there is music."""
    call = await house.call(DID, number)
    await call.answered()
    await eventually(lambda: house.ask(Wall(actor="test")), lambda wall: bool(wall["waiting"]))
    call.line.press("1")
    return call


async def test_whoever_presses_1_is_called_back(house: House) -> None:
    """Thanked and hung up; when the agent is free they are brought together, by the client's number; one CDR each."""
    await house.use(office(), agents=(agent(1),))
    phone, other = await busy(house)
    outside = await house.trunk()
    first = await asks(house)
    assert (await first.finished()).by == "far"
    await other.hang_up()
    at_desk = await phone.invited()
    assert at_desk.caller == CALLER
    await at_desk.answer()
    back = await outside.invited()
    assert (back.dialled, back.caller) == (CALLER, DID)
    back.ring()
    await back.answer()
    await talking(back, at_desk)
    at_desk.line.speak(sound.announcement(4, 1.0))
    await back.line.hears(sound.announcement(4, 1.0))
    await at_desk.hang_up()
    assert (await back.finished()).by == "far"
    _, asked, called = await house.cdrs(3)
    assert (asked["direction"], asked["disposition"], asked["caller"]) == ("in", "callback", CALLER)
    assert (called["direction"], called["disposition"], called["answered_by"]) == ("out", "answered", "a1")
    assert (called["did"], called["caller"], called["hung_up_by"]) == (DID, CALLER, "callee")
    await house.becomes("a1", "available")
