"""Talks that are steered from pages, by those who may not, and in the middle of something else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.desk import Desk, Refusal, add_user
from tests.e2e.house import House, eventually
from tests.e2e.test_console import LAW
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from vorzimmer.web.access import Role

ANNA: dict[str, Any] = {"id": "anna", "name": "Anna Weber", "phones": ["agent1", "agent3"], "wrap_up": 600}
BERT: dict[str, Any] = {"id": "bert", "name": "Bert Klein", "phones": ["agent2"], "wrap_up": 600}

Kill = Callable[[], Awaitable[None]]


@dataclass
class Scene:
    """Anna talks with a caller, at her page; Bert sits at his."""

    house: House
    anna: Desk
    bert: Desk
    call: Outgoing
    talk: Incoming

    @property
    def id(self) -> str:
        """The call's."""
        return str(self.anna.view["call"]["id"])


@contextlib.asynccontextmanager
async def talking(house: House) -> AsyncIterator[Scene]:
    """Begin."""
    await house.use(LAW, agents=(ANNA, BERT))
    for name in ("anna", "bert"):
        await add_user(house.settings, name, Role.AGENT, agent=name)
    await house.start()
    telephone = await house.agent(1)
    async with (
        Desk.open(house.settings, "anna") as anna,
        Desk.open(house.settings, "bert") as bert,
        anna.watching(),
        bert.watching(),
    ):
        await anna.post("/agent/login")
        call = await house.call("+4989123456")
        talk = await telephone.invited()
        await talk.answer()
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        yield Scene(house, anna, bert, call, talk)


STEERING: dict[str, dict[str, Any]] = {
    "hold": {},
    "complete": {},
    "back": {},
    "join": {},
    "transfer": {"to": "chief", "attended": True},
    "move": {"phone": "agent2"},
    "recording/start": {"consent": "agent"},
    "recording/pause": {},
    "recording/withdraw": {},
    "hangup": {},
}


async def test_who_put_the_caller_through_steers_no_more(house: House) -> None:
    """In wrap-up an agent still knows the call, which a colleague talks on: nothing that is asked for touches it."""
    second = await house.agent(2)
    async with talking(house) as scene:
        call_id = scene.id
        await scene.bert.post("/agent/login")
        await scene.anna.post(f"/calls/{call_id}/transfer", to="bert", attended=False)
        theirs = await second.invited()
        await theirs.answer()
        await scene.bert.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        await scene.anna.is_in("wrap_up")
        for wish, body in STEERING.items():
            with pytest.raises(Refusal) as refused:
                await scene.anna.post(f"/calls/{call_id}/{wish}", **body)
            assert refused.value.status in {404, 409}, (wish, refused.value.more)
        assert theirs.ended is None
        assert scene.bert.view["call"]["mine"]
        assert not scene.bert.view["call"]["held"]
        await scene.anna.post(f"/calls/{call_id}/result", result="order")
        await scene.call.hang_up()
        await theirs.finished()


async def test_who_is_only_asked_steers_nothing(house: House) -> None:
    """A colleague whom the agent asks is in the call, and has not the talk: hanging up there cuts nobody off."""
    second = await house.agent(2)
    async with talking(house) as scene:
        call_id = scene.id
        await scene.bert.post("/agent/login")
        await scene.anna.post(f"/calls/{call_id}/transfer", to="bert", attended=True)
        theirs = await second.invited()
        theirs.ring()
        await scene.bert.is_in("ringing")
        for state in ("ringing", "talking"):
            await scene.bert.is_in(state)
            for wish, body in STEERING.items():
                with pytest.raises(Refusal) as refused:
                    await scene.bert.post(f"/calls/{call_id}/{wish}", **body)
                assert refused.value.status in {404, 409}, (wish, refused.value.more)
            if state == "ringing":
                await theirs.answer()
        assert scene.talk.ended is None
        assert scene.anna.view["call"]["mine"]
        await scene.anna.post(f"/calls/{call_id}/back")
        await theirs.finished()
        await scene.anna.sees(lambda desk: desk.view["call"]["mine"] and not desk.view["call"]["held"])
        await scene.call.hang_up()
        await scene.talk.finished()


async def test_who_leaves_while_the_talk_moves_has_left(house: House) -> None:
    """Put through in the middle of a move: the telephone that rang for the agent stops, and nobody waits for it."""
    outside, third = await house.trunk(), await house.agent(3)
    async with talking(house) as scene:
        await scene.anna.post(f"/calls/{scene.id}/transfer", to="chief", attended=True)
        chief = await outside.invited()
        await chief.answer()
        await scene.anna.sees(lambda desk: desk.view["call"]["transfer"] and desk.view["call"]["transfer"]["reached"])
        await scene.anna.post(f"/calls/{scene.id}/move", phone="agent3")
        ringing = await third.invited()
        ringing.ring()
        await scene.anna.post(f"/calls/{scene.id}/complete")
        await scene.talk.finished()
        await ringing.finished()
        await eventually(lambda: house.query("SELECT kind FROM call_event WHERE kind = 'phase.put_through'"), bool)
        assert chief.ended is None
        await scene.anna.is_in("wrap_up")
        await scene.call.hang_up()
        await chief.finished()


async def test_a_talk_that_has_moved_is_one_after_a_death_too(house: House, kill: Kill) -> None:
    """Somebody was asked and came back from, then the talk moved: the next daemon takes nobody for a third."""
    outside, third = await house.trunk(), await house.agent(3)
    async with talking(house) as scene:
        path = f"/calls/{scene.id}"
        await scene.anna.post(f"{path}/transfer", to="chief", attended=True)
        chief = await outside.invited()
        chief.ring()
        await scene.anna.post(f"{path}/back")
        await chief.finished()
        await scene.anna.post(f"{path}/move", phone="agent3")
        after = await third.invited()
        await after.answer()
        await scene.anna.sees(lambda desk: desk.view["phone"] == "agent3" and desk.view["state"] == "talking")
    await kill()
    await house.start()
    async with Desk.open(house.settings, "anna") as anna, anna.watching():
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        for _ in range(2):  # a talk that the first resuming has cut is none to hold again
            await anna.post(f"{path}/hold")
            await anna.sees(lambda desk: desk.view["call"]["held"])
            await anna.post(f"{path}/resume")
            await anna.sees(lambda desk: bool(desk.view["call"]) and not desk.view["call"]["held"])
        assert after.ended is None
        await scene.call.hang_up()
        await after.finished()
        await anna.is_in("wrap_up")


async def test_killed_while_the_talk_moves(house: House, kill: Kill) -> None:
    """The telephone that rang is let be, and the agent talks on where the talk was; it can move again."""
    third = await house.agent(3)
    async with talking(house) as scene:
        path = f"/calls/{scene.id}"
        await scene.anna.post(f"{path}/move", phone="agent3")
        ringing = await third.invited()
        ringing.ring()
        await eventually(lambda: house.query("SELECT 1 FROM call_event WHERE kind = 'leg.ringing'"), bool)
    await kill()
    await house.start()
    await ringing.finished()
    async with Desk.open(house.settings, "anna") as anna, anna.watching():
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        await anna.post(f"{path}/move", phone="agent3")
        after = await third.invited()
        await after.answer()
        await scene.talk.finished()
        await anna.post(f"{path}/hangup")
        await after.finished()
        await scene.call.finished()
        await anna.is_in("wrap_up")


async def test_wrap_up_outlives_a_restart(house: House) -> None:
    """Pages and calls process begin anew while the agent writes: the page shows the call still, and takes the note."""
    async with talking(house) as scene:
        call_id = scene.id
        await scene.call.hang_up()
        await scene.talk.finished()
        await scene.anna.is_in("wrap_up")
    await house.cdr()
    await house.stop()
    await house.start()
    async with Desk.open(house.settings, "anna") as anna, anna.watching():
        await anna.is_in("wrap_up")
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.pop is not None)
        assert anna.view["call"]["id"] == call_id
        assert anna.view["call"]["over"]
        assert anna.pop is not None
        assert anna.pop["client"]["id"] == "law"
        assert (await anna.get(f"/calls/{call_id}/history"))["calls"] == []
        note = await anna.post(f"/calls/{call_id}/notes", form="message", values={"message": "x"})
        assert note["client"] == "law"
        await anna.post(f"/calls/{call_id}/result", result="order")
        await anna.post("/agent/ready")
        await anna.is_in("available")
        assert anna.pop is None


@pytest.mark.parametrize("who", [pytest.param("caller", marks=pytest.mark.long), "old telephone", "new telephone"])
async def test_whoever_leaves_at_the_instant_of_a_move(house: House, who: str) -> None:
    """The new telephone is answered and somebody hangs up: nobody is left over, and no telephone stays taken."""
    third = await house.agent(3)
    async with talking(house) as scene:
        await scene.anna.post(f"/calls/{scene.id}/move", phone="agent3")
        after = await third.invited()
        leaving = {"caller": scene.call, "old telephone": scene.talk, "new telephone": after}[who]
        if who == "new telephone":
            await after.answer()
            await after.hang_up()
            if scene.talk.ended is None and scene.call.ended is None:
                await scene.call.hang_up()
        else:
            await asyncio.gather(after.answer(), leaving.hang_up(), return_exceptions=True)
        if who == "old telephone":
            await scene.anna.sees(lambda desk: desk.view["phone"] == "agent3" and desk.view["state"] == "talking")
            await after.hang_up()
        await asyncio.gather(*(one.finished() for one in (scene.call, scene.talk, after)))
        await scene.anna.is_in("wrap_up")
        await house.quiet()
        await scene.anna.post("/agent/login", phone="agent3")
        await scene.anna.post("/agent/ready")
        call = await house.call("+4989123456")
        again = await third.invited()
        await again.answer()
        await scene.anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        await call.hang_up()
        await again.finished()
