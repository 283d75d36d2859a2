"""The queue on the real Asterisk: who is rung, who waits, who talks, and what is left of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, MACHINE, client, talking
from tests.sipp import sound

QUEUE = {"to": "queue", "seconds": 10}


def agent(number: int, **more: Any) -> dict[str, Any]:
    """An agent at a telephone of the sandbox, who needs no wrap-up."""
    return {"id": f"a{number}", "name": f"Agent {number}", "phones": [f"agent{number}"], "wrap_up": 0, **more}


def queue(**more: Any) -> dict[str, Any]:
    """Wait for an agent."""
    return {**QUEUE, **more}


async def events(house: House, kind: str) -> list[dict[str, Any]]:
    """What the ledger holds of one kind, in order."""
    rows = await house.query("SELECT data FROM call_event WHERE kind = $1 ORDER BY at, seq", kind)
    return [json.loads(row["data"]) for row in rows]


async def test_an_agent_is_rung_and_talks(house: House) -> None:
    """The main job of the queue: the display names client and caller, both hear each other, the CDR names the agent."""
    await house.use(client(queue()), agents=(agent(1, wrap_up=30),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    ringing = await phone.invited()
    assert ringing.caller == CALLER
    assert await house.state("a1") == ("ringing", "")
    await ringing.answer()
    await talking(call, ringing)
    assert (await house.state("a1"))[0] == "talking"
    await ringing.hang_up()
    assert (await call.finished()).by == "far"
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "a1")
    await house.becomes("a1", "wrap_up")
    segments = await house.query("SELECT kind, agent, outcome FROM call_segment ORDER BY n")
    assert ("ring", "a1", "answered") in [tuple(row) for row in segments]
    assert ("talk", "a1") in [(row["kind"], row["agent"]) for row in segments]


async def test_nobody_is_logged_in(house: House) -> None:
    """The overflow chain begins at once: no caller waits for an agent who is not there."""
    await house.use(client(queue(), MACHINE), agents=(agent(1),))
    await house.start()
    call = await house.call(DID)
    await call.answered()
    await call.hang_up()
    cdr = await house.cdr()
    assert cdr["overflow"] == "no agent is logged in"


async def test_who_does_not_answer_is_paused_and_the_next_is_rung(house: House) -> None:
    """A telephone rings in vain: its agent gets no more calls, and the caller waits no longer than that."""
    await house.use(client(queue(seconds=5)), agents=(agent(1), agent(2)))
    await house.start()
    await house.log_in("a1", "a2")
    first, second = await house.agent(1), await house.agent(2)
    call = await house.call(DID)
    (await first.invited()).ring()
    talk = await second.invited()
    assert await house.state("a1") == ("paused", "no answer")
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    await house.cdr()
    await house.becomes("a2", "available")


async def test_who_waits_is_next(house: House) -> None:
    """The agent talks: the next caller waits with music, is told the place, and is rung through at once afterwards."""
    await house.use(client(queue(announce_every=1), music=True), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    one = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(one, talk)
    other = await house.call(DID, "+49301234568")
    await eventually(lambda: events(house, "queue.told"), bool)
    assert (await events(house, "queue.told"))[0]["place"] == 1
    await one.hang_up()
    following = await phone.invited()
    await following.answer()
    await talking(other, following)
    await following.hang_up()
    await house.cdrs(2)


async def test_two_are_rung_and_both_answer(house: House) -> None:
    """Two agents answer at the same instant: exactly one talks, and the other is free again."""
    await house.use(client(queue(at_once=2)), agents=(agent(1), agent(2)))
    await house.start()
    await house.log_in("a1", "a2")
    phones = [await house.agent(1), await house.agent(2)]
    call = await house.call(DID)
    ringing = [await phone.invited() for phone in phones]
    await asyncio.gather(*(one.answer() for one in ringing), return_exceptions=True)
    await call.answered()
    call.line.speak(sound.announcement(3, 1.0))
    states = await eventually(
        lambda: asyncio.gather(house.state("a1"), house.state("a2")),
        lambda seen: sorted(state for state, _ in seen) == ["available", "talking"],
    )
    winner = ringing[[state for state, _ in states].index("talking")]
    await winner.line.hears(sound.announcement(3, 1.0))
    await call.hang_up()
    assert (await house.cdr())["answered_by"] in {"a1", "a2"}
