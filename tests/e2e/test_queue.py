"""The queue on the real Asterisk: who is rung, who waits, who talks, and what is left of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, MACHINE, client, talking
from tests.e2e.test_daemon import in_talk
from tests.sipp import sound
from vorzimmer.control import commands

Kill = Callable[[], Awaitable[None]]

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
    one, _talk = await in_talk(house, phone)
    other = await house.call(DID, "+49301234568")
    await eventually(lambda: events(house, "queue.told"), bool)
    assert (await events(house, "queue.told"))[0]["place"] == 1
    await one.hang_up()
    following = await phone.invited()
    await following.answer()
    await talking(other, following)
    await following.hang_up()
    await house.cdrs(2)


async def test_places_and_states_outlive_the_daemon(house: House, kill: Kill) -> None:
    """Killed with two waiting: the next daemon knows who talks, who is logged in, and who is next."""
    await house.use(client(queue(), music=True), agents=(agent(1), agent(2)))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    one, talk = await in_talk(house, phone)
    second = await house.call(DID, "+49301234501")
    await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 2)
    third = await house.call(DID, "+49301234502")
    await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 3)
    await kill()
    await house.start()
    assert [(await house.state(name))[0] for name in ("a1", "a2")] == ["talking", "logged_out"]
    wall = await house.ask(commands.Wall(actor="test"))
    assert [one["place"] for one in wall["waiting"]] == [1, 2]
    await talking(one, talk)
    await one.hang_up()
    following = await phone.invited()
    assert following.caller == "+49301234501"
    for call in (second, third):
        await call.hang_up()
    await house.cdrs(3)


@pytest.mark.parametrize("leaves", ["agent", "caller"])
async def test_an_agent_is_free_though_nobody_saw_the_end(house: House, kill: Kill, leaves: str) -> None:
    """One of the two hangs up while there is no daemon: the next one does not think for ever that the agent talks."""
    await house.use(client(queue()), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call, talk = await in_talk(house, phone)
    await kill()
    await (talk if leaves == "agent" else call).hang_up()
    await house.start()
    await (call if leaves == "agent" else talk).finished()
    await house.cdr()
    await house.becomes("a1", "available")


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


async def test_pledge_and_skill_decide_who_is_rung(house: House) -> None:
    """A law firm's call goes to the agent with a pledge on file, though another has been idle for longer."""
    await house.use(
        client(queue(), secrecy=True, skills=["law"]),
        agents=(agent(1, skills=["law"]), agent(2, skills=["law"], pledged_on="2026-01-01")),
    )
    await house.start()
    await house.log_in("a1", "a2")
    first, second = await house.agent(1), await house.agent(2)
    call = await house.call(DID)
    talk = await second.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a2"
    assert first.incoming == []


async def test_too_many_wait(house: House) -> None:
    """With so many waiting already, the chain goes on at once, and the call says why."""
    await house.use(client(queue(most_waiting=0), MACHINE, music=True), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    one, _talk = await in_talk(house, phone)
    waiting = await house.call(DID, "+49301234568")
    await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 2)
    other = await house.call(DID, "+49301234569")
    await eventually(lambda: events(house, "queue.left"), bool)
    for call in (other, waiting, one):
        await call.hang_up()
    reasons = {cdr["caller"]: cdr["overflow"] for cdr in await house.cdrs(3)}
    assert reasons == {CALLER: None, "+49301234568": None, "+49301234569": "1 are waiting already, 0 at most"}


async def test_the_last_agent_logs_out(house: House) -> None:
    """Who waits for nobody does not wait: the chain goes on at once."""
    await house.use(client(queue(), MACHINE, music=True), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    one, _talk = await in_talk(house, phone)
    other = await house.call(DID, "+49301234568")
    await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 2)
    await house.ask(commands.AgentLogOut(actor="test", agent="a1"))
    left = await eventually(lambda: events(house, "queue.left"), bool)
    assert left == [{"reason": "no agent is logged in any more"}]
    await one.hang_up()
    await other.hang_up()
    await house.cdrs(2)


async def test_a_whisper_before_the_caller(house: House) -> None:
    """The agent hears for whom to answer, the caller does not; then they talk."""
    await house.use(client(queue(), announcements={"whisper": "whisper.wav"}), agents=(agent(1),))
    await house.announce("mueller", seconds=1.0, whisper=31)
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talk.line.hears(sound.announcement(31, 1.0))
    await talking(call, talk)
    assert sound.similarity(call.line.heard(), sound.announcement(31, 1.0)) < 0.2
    await call.hang_up()
    await house.cdr()


async def test_the_caller_leaves_as_the_agent_answers(house: House) -> None:
    """Both in the same instant: one CDR, and the agent is free again."""
    await house.use(client(queue()), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    ringing = await phone.invited()
    await asyncio.gather(call.hang_up(), ringing.answer(), return_exceptions=True)
    await ringing.finished()
    await house.cdr()
    await house.becomes("a1", "available")


async def test_an_agent_is_deleted_while_talking(house: House) -> None:
    """The talk goes on to its end; then the agent is gone."""
    await house.use(client(queue()), agents=(agent(1), agent(2)))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call, talk = await in_talk(house, phone)
    await house.use(client(queue()), agents=(agent(2),))
    await eventually(lambda: house.state("a1"), lambda seen: seen[0] == "talking")
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a1"
    wall = await eventually(
        lambda: house.ask(commands.Wall(actor="test")), lambda wall: [one["agent"] for one in wall["agents"]] == ["a2"]
    )
    assert wall["calls"] == []


RULES = {
    "contacts": [{"id": "chief", "name": "Frau Müller", "numbers": ["+4989555001"], "seconds": 5}],
    "callers": [
        {"number": "+49301234501", "treatment": "block"},
        {"number": "+49301234502", "treatment": "put_through", "contact": "chief"},
        {"number": "+49301234503", "treatment": "never_put_through"},
        {"number": "+49301234504", "treatment": "vip"},
    ],
}


class TestRules:
    """What the client wants of particular callers."""

    async def test_blocked(self, house: House) -> None:
        """A polite announcement before anything is answered or rung, then the end; it is told apart in the CDR."""
        await house.use(client(queue(), **RULES), agents=(agent(1),))
        await house.start()
        await house.log_in("a1")
        phone = await house.agent(1)
        call = await house.call(DID, "+49301234501")
        assert (await call.finished()).status >= 400
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_at"]) == ("blocked", None)
        assert phone.incoming == []

    async def test_put_through_at_once(self, house: House) -> None:
        """The contact is rung before any agent."""
        await house.use(client(queue(), **RULES), agents=(agent(1),))
        await house.start()
        await house.log_in("a1")
        outside = await house.trunk()
        call = await house.call(DID, "+49301234502")
        chief = await outside.invited()
        await chief.answer()
        chief.line.press("1")
        await talking(call, chief)
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_by"]) == ("forwarded", "contact")

    async def test_never_put_through(self, house: House) -> None:
        """Agents talk, and are refused when they try to put through."""
        await house.use(client(queue(), **RULES), agents=(agent(1),))
        await house.start()
        await house.log_in("a1")
        phone = await house.agent(1)
        call = await house.call(DID, "+49301234503")
        talk = await phone.invited()
        await talk.answer()
        await talking(call, talk)
        talk.line.press("*31#")
        refused = await eventually(lambda: events(house, "wish.refused"), bool)
        assert "never" in refused[0]["reason"]
        await call.hang_up()
        await house.cdr()

    async def test_vip(self, house: House) -> None:
        """Served before those who waited longer."""
        await house.use(client(queue(), music=True, **RULES), agents=(agent(1),))
        await house.start()
        await house.log_in("a1")
        phone = await house.agent(1)
        one, _talk = await in_talk(house, phone)
        waits = await house.call(DID, "+49301234568")
        await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 2)
        vip = await house.call(DID, "+49301234504")
        await eventually(lambda: events(house, "queue.joined"), lambda seen: len(seen) == 3)
        await one.hang_up()
        following = await phone.invited()
        assert following.caller == "+49301234504"
        for call in (vip, waits):
            await call.hang_up()
        await house.cdrs(3)
