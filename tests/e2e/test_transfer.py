"""Hold and putting through on the real Asterisk: by keys, by the telephone's button, by the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, heard, talking
from tests.e2e.test_queue import agent, events, queue
from tests.sipp import sound
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.control import commands

CHIEF, DEPUTY = "+4989555001", "+4989555002"
CONTACTS = [
    {"id": "chief", "name": "Frau Müller", "numbers": [CHIEF], "seconds": 5},
    {"id": "deputy", "name": "Herr Huber", "numbers": [DEPUTY], "seconds": 5},
]
ROTA = {"duties": [{"contact": "chief"}, {"contact": "deputy"}], "escalate": 5}


async def talk_of(
    house: House, *agents: dict[str, Any], phone: Phone | None = None, **more: Any
) -> tuple[Outgoing, Incoming]:
    """A caller who talks with the first agent, at this telephone."""
    await house.use(client(queue(), contacts=CONTACTS, rota=ROTA, **more), agents=agents or (agent(1),))
    await house.start()
    await house.log_in(*(one["id"] for one in agents or (agent(1),)))
    phone = phone or await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


async def hear_each_other(one: Call, other: Call, seed: int) -> None:
    """Both say something else, and each hears the other."""
    await asyncio.gather(
        heard(one, other, sound.announcement(seed, 1.0)), heard(other, one, sound.announcement(seed + 1, 1.0))
    )


async def phases(house: House) -> list[str]:
    """What the caller was in, in order."""
    rows = await house.query("SELECT kind FROM call_segment WHERE kind <> 'ring' ORDER BY n")
    return [row["kind"] for row in rows]


async def said(house: House, kind: str) -> list[dict[str, Any]]:
    """What the ledger holds of one kind, once there is any."""
    return await eventually(lambda: events(house, kind), bool)


async def test_hold_and_take_back(house: House) -> None:
    """The caller hears music and not the agent; afterwards both hear each other; hold is a phase of its own."""
    call, talk = await talk_of(house)
    talk.line.press("*9")
    await said(house, "phase.hold")
    assert call.line.keys == ""
    talk.line.press("*9")
    await eventually(lambda: events(house, "phase.talk"), lambda seen: len(seen) == 2)
    await hear_each_other(call, talk, 51)
    await call.hang_up()
    assert (await house.cdr())["hold"] > 0
    assert "hold" in await phases(house)


async def test_keys_that_are_no_codes_reach_the_caller(house: House) -> None:
    """An agent who talks to a machine can press keys; codes are not heard."""
    call, talk = await talk_of(house)
    talk.line.press("12")
    await call.line.until("the keys", lambda: call.line.keys == "12")
    call.line.press("7")
    await talk.line.until("the key", lambda: talk.line.keys == "7")
    await call.hang_up()
    await house.cdr()


@pytest.mark.parametrize("way", ["keys", "api", "refer"])
async def test_blind(house: House, way: str) -> None:
    """Put through without asking: the agent is free at once, the contact accepts by 1, and both hear each other."""
    call, talk = await talk_of(house)
    outside = await house.trunk()
    if way == "keys":
        talk.line.press("*31#")
    elif way == "refer":
        talk.refer("chief")
    else:
        await house.ask(commands.Transfer(actor="test", call=await only_call(house), to="chief"))
    assert (await talk.finished()).by == "far"
    chief = await outside.invited()
    assert chief.dialled == CHIEF
    await house.becomes("a1", "available")
    await chief.answer()
    chief.line.press("1")
    await said(house, "phase.put_through")
    await hear_each_other(call, chief, 53)
    await chief.hang_up()
    assert (await call.finished()).by == "far"
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"], cdr["put_through"] > 0) == ("answered", "a1", True)
    assert await events(house, "wish.refused") == []  # asked for once, by whatever way


async def only_call(house: House) -> str:
    """The id of the only living call."""
    calls = (await house.ask(commands.Calls(actor="test")))["calls"]
    assert len(calls) == 1
    return str(calls[0]["call"])


async def test_attended(house: House) -> None:
    """The agent asks first, unheard by the caller, and leaves the two alone."""
    call, talk = await talk_of(house)
    outside = await house.trunk()
    talk.line.press("*21#")
    chief = await outside.invited()
    await chief.answer()
    await said(house, "transfer.reached")
    await hear_each_other(talk, chief, 55)
    assert sound.similarity(call.line.heard(), sound.announcement(55, 1.0)) < 0.2
    talk.line.press("*4")
    assert (await talk.finished()).by == "far"
    await said(house, "phase.put_through")
    await hear_each_other(call, chief, 57)
    await call.hang_up()
    assert (await chief.finished()).by == "far"
    cdr = await house.cdr()
    assert (cdr["hold"] > 0, cdr["put_through"] > 0, cdr["hung_up_by"]) == (True, True, "caller")


async def test_attended_and_all_three(house: House) -> None:
    """Asked first, then all three talk, then the third goes and the two talk on."""
    call, talk = await talk_of(house)
    outside = await house.trunk()
    talk.line.press("*2")
    talk.line.press("1#")
    chief = await outside.invited()
    await chief.answer()
    await said(house, "transfer.reached")
    talk.line.press("*6")
    await eventually(lambda: events(house, "phase.talk"), lambda seen: len(seen) == 2)
    await hear_each_other(call, chief, 59)
    await hear_each_other(call, talk, 61)
    await chief.hang_up()
    await hear_each_other(call, talk, 63)
    await talk.hang_up()
    assert (await call.finished()).by == "far"
    await house.cdr()


async def test_back_when_nobody_answers(house: House) -> None:
    """The contact does not answer while the agent waits: caller and agent talk again."""
    call, talk = await talk_of(house)
    outside = await house.trunk()
    talk.line.press("*21#")
    chief = await outside.invited()
    chief.reject(486)
    await eventually(lambda: events(house, "phase.talk"), lambda seen: len(seen) == 2)
    await hear_each_other(call, talk, 65)
    await call.hang_up()
    await house.cdr()


async def test_blind_and_nobody_answers(house: House) -> None:
    """Put through in vain: the caller is rung through to the same agent again."""
    phone, outside = await house.agent(1), await house.trunk()
    call, talk = await talk_of(house, phone=phone)
    talk.line.press("*31#")
    (await outside.invited()).reject(486)
    again = await phone.invited()
    await again.answer()
    await hear_each_other(call, again, 67)
    await call.hang_up()
    await house.cdr()


async def test_the_rota_escalates(house: House) -> None:
    """Who is on call first does not answer: the next is rung."""
    call, talk = await talk_of(house)
    outside = await house.trunk()
    talk.line.press("*20#")
    (await outside.invited()).reject(480)
    deputy = await outside.invited()
    assert deputy.dialled == DEPUTY
    await deputy.answer()
    await said(house, "transfer.reached")
    talk.line.press("*5")
    assert (await deputy.finished()).by == "far"
    await hear_each_other(call, talk, 69)
    await call.hang_up()
    await house.cdr()


async def test_to_another_agent_and_on_to_a_contact(house: House) -> None:
    """The second agent has the talk, with all its keys."""
    call, talk = await talk_of(house, agent(1), agent(2))
    second, outside = await house.agent(2), await house.trunk()
    await house.ask(commands.Transfer(actor="test", call=await only_call(house), to="a2"))
    taken = await second.invited()
    await taken.answer()
    await hear_each_other(call, taken, 71)
    assert (await talk.finished()).by == "far"
    taken.line.press("*21#")
    chief = await outside.invited()
    await chief.answer()
    await said(house, "transfer.reached")
    await taken.hang_up()
    await hear_each_other(call, chief, 73)
    await chief.hang_up()
    await call.finished()
    assert (await house.cdr())["answered_by"] == "a2"


@pytest.mark.parametrize("to", ["+499001234567", "a1", "nobody", "+4930111"])
async def test_forbidden(house: House, to: str) -> None:
    """Premium numbers, one's own telephone, and who is no contact: refused with a reason, and the talk goes on."""
    call, talk = await talk_of(house)
    with pytest.raises(commands.Refused):
        await house.ask(commands.Transfer(actor="test", call=await only_call(house), to=to))
    talk.refer(to)
    await said(house, "wish.refused")
    await hear_each_other(call, talk, 75)
    await call.hang_up()
    assert (await house.cdr())["disposition"] == "answered"
