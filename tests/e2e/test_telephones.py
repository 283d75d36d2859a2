"""Telephones that misbehave: registered from two places, gone without a word, asking too late."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, OFFICE, client, group, talking
from tests.e2e.test_daemon import in_talk
from tests.e2e.test_queue import agent, queue
from tests.sipp.digest import Login
from tests.sipp.phone import Phone

SOFTPHONE = {"id": "a1", "name": "Agent 1", "phones": ["softphone1"], "wrap_up": 0}


def login(house: House) -> Login:
    """What softphone1 registers with."""
    return Login("softphone1", house.sandbox.state.passwords["softphone1"])


async def test_registered_from_two_places(house: House) -> None:
    """The telephone that registered last is rung, and no other: a call never rings where the agent has left."""
    server = ("127.0.0.1", house.sandbox.sip_port)
    await house.use(client(queue()), agents=(SOFTPHONE,))
    await house.start()
    old, new = await house.phone(), await house.phone()
    await old.register(server, login(house))
    await new.register(server, login(house))
    await new.register(server, login(house))
    await house.log_in("a1")
    call = await house.call(DID)
    talk = await new.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a1"
    assert old.incoming == []


async def test_gone_without_a_word(house: House) -> None:
    """A telephone that is registered and does not answer any more: its agent is paused, the next one is rung."""
    await house.use(client(queue(seconds=5)), agents=(SOFTPHONE, agent(2)))
    await house.start()
    async with await Phone.open() as gone:
        await gone.register(("127.0.0.1", house.sandbox.sip_port), login(house))
    await house.log_in("a1", "a2")
    other = await house.agent(2)
    call = await house.call(DID)
    talk = await other.invited()
    assert await house.state("a1") == ("paused", "no answer")
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    await house.cdr()


async def test_a_transfer_of_a_call_that_is_over(house: House) -> None:
    """The telephone asks when the caller has just left: nothing happens, and nothing is left."""
    await house.use(client(queue()), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call, talk = await in_talk(house, phone)
    leaving = call.hang_up()
    talk.refer("+4989555001")
    await leaving
    talk.refer("+4989555001")
    await talk.finished()
    assert len(await house.cdrs()) == 1
    await house.becomes("a1", "available")


async def test_a_telephone_of_nobody_asks_for_a_transfer(house: House) -> None:
    """A group's telephone presses the transfer button: it is told no, and the talk goes on."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call, talk = await in_talk(house, phone)
    talk.refer("+4989555001")

    async def told() -> list[str]:
        return [message.body for message in talk.received if message.method == "NOTIFY"]

    await eventually(told, lambda bodies: any("603" in body for body in bodies))
    await talking(call, talk)
    await call.hang_up()
    await house.cdr()


@pytest.mark.long
async def test_the_transfer_button_pressed_again_and_again(house: House) -> None:
    """Twelve REFERs a millisecond apart while the caller leaves, in ten talks: Asterisk lives.

    Answered at once, one of them ended Asterisk 22.10 with every call in it, in two of three runs.
    """
    await house.use(client(queue()), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    for _ in range(10):
        call, talk = await in_talk(house, phone)
        leaving = call.hang_up()
        for _ in range(12):
            talk.refer("+4989555001")
            await asyncio.sleep(0.001)
        await leaving
        await talk.finished()
        await house.becomes("a1", "available")
    await house.cdrs(10)
