"""Whoever leaves while a caller is put through, and whatever dies: one CDR with its phases, and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_queue import agent, events, queue
from tests.e2e.test_transfer import hear_each_other, phases, said, talk_of
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing

Kill = Callable[[], Awaitable[None]]


@dataclass
class Scene:
    """Who is there."""

    call: Outgoing
    talk: Incoming
    chief: Incoming | None = None


async def held(house: House) -> Scene:
    """The caller is on hold."""
    call, talk = await talk_of(house)
    talk.line.press("*9")
    await said(house, "phase.hold")
    return Scene(call, talk)


async def ringing(house: House) -> Scene:
    """The agent hears the contact's telephone ring."""
    outside = await house.trunk()
    call, talk = await talk_of(house)
    talk.line.press("*21#")
    chief = await outside.invited()
    chief.ring()
    await eventually(lambda: events(house, "leg.ringing"), lambda seen: len(seen) >= 1)
    return Scene(call, talk, chief)


async def asked(house: House) -> Scene:
    """Agent and contact talk, the caller is on hold."""
    scene = await ringing(house)
    assert scene.chief
    await scene.chief.answer()
    await said(house, "transfer.reached")
    return scene


async def three(house: House) -> Scene:
    """All three talk."""
    scene = await asked(house)
    scene.talk.line.press("*6")
    await talks(house, 2)
    return scene


async def put_through(house: House) -> Scene:
    """Caller and contact talk; the agent has left."""
    scene = await asked(house)
    scene.talk.line.press("*4")
    await scene.talk.finished()
    await said(house, "phase.put_through")
    return scene


async def blind(house: House) -> Scene:
    """The contact's telephone rings for the caller alone."""
    outside = await house.trunk()
    call, talk = await talk_of(house)
    talk.line.press("*31#")
    await talk.finished()
    chief = await outside.invited()
    chief.ring()
    return Scene(call, talk, chief)


async def talks(house: House, count: int) -> None:
    """Wait until so many stretches of talk have begun."""
    await eventually(lambda: events(house, "phase.talk"), lambda seen: len(seen) == count)


SCENES = (held, ringing, asked, three, put_through, blind)
LEAVERS = ("caller", "agent", "contact")


SOME = {(asked, who) for who in LEAVERS} | {(held, "agent"), (ringing, "agent"), (blind, "contact")}
"""What is seen each time; the rest is repeated with the long ones."""


def _long(*values: Any, unless: bool) -> Any:
    return pytest.param(*values, marks=() if unless else pytest.mark.long)


@pytest.mark.parametrize(
    ("scene", "who"), [_long(scene, who, unless=(scene, who) in SOME) for scene in SCENES for who in LEAVERS]
)
async def test_whoever_leaves(house: House, scene: Callable[[House], Awaitable[Scene]], who: str) -> None:
    """At every step anybody may hang up: whoever is still wanted goes on, and the call ends once and is told once."""
    there = await scene(house)
    leaving = {"caller": there.call, "agent": there.talk, "contact": there.chief}[who]
    if leaving is not None and leaving.ended is None:
        await leaving.hang_up()
    if who == "agent" and scene in (asked, three):
        assert there.chief
        await hear_each_other(there.call, there.chief, 81)
    if who == "contact" and scene in (ringing, asked, three):
        await hear_each_other(there.call, there.talk, 83)
    if who == "agent" and scene is ringing:
        assert there.chief
        await there.chief.answer()
        there.chief.line.press("1")
        await hear_each_other(there.call, there.chief, 85)
    if there.call.ended is None and not (who == "agent" and scene is held):
        await there.call.hang_up()
    await asyncio.gather(*(one.finished() for one in (there.call, there.talk, there.chief) if one))
    cdr = await house.cdr()
    assert cdr["disposition"] == "answered"
    assert cdr["duration"] == sum(
        cdr[name] or 0
        for name in ("ring", "announcement", "queue", "talk", "hold", "put_through", "forwarded", "machine")
    )
    assert "talk" in await phases(house)
    await house.quiet()
    await house.becomes("a1", "available")


@pytest.mark.parametrize("scene", [_long(scene, unless=scene in (asked, blind)) for scene in SCENES])
async def test_the_daemon_dies(house: House, kill: Kill, scene: Callable[[House], Awaitable[Scene]]) -> None:
    """Killed at any step, the next daemon has the talk in hand as it stood: the next wish is done."""
    there = await scene(house)
    await kill()
    await house.start()
    if scene is held:
        there.talk.line.press("*9")
        await talks(house, 2)
        await hear_each_other(there.call, there.talk, 91)
    elif scene in (ringing, blind):
        assert there.chief
        await there.chief.answer()
        if scene is blind:
            there.chief.line.press("1")
            await hear_each_other(there.call, there.chief, 93)
        else:
            await said(house, "transfer.reached")
            await hear_each_other(there.talk, there.chief, 93)
    elif scene is asked:
        there.talk.line.press("*5")
        await talks(house, 2)
        await hear_each_other(there.call, there.talk, 95)
    elif scene is three:
        await there.talk.hang_up()
        assert there.chief
        await hear_each_other(there.call, there.chief, 97)
    else:
        assert there.chief
        await hear_each_other(there.call, there.chief, 99)
    await there.call.hang_up()
    await asyncio.gather(*(one.finished() for one in (there.talk, there.chief) if one))
    assert (await house.cdr())["disposition"] == "answered"
    await house.quiet()
    await house.becomes("a1", "available")


async def test_killed_while_an_agents_telephone_rings(house: House, kill: Kill) -> None:
    """It goes on ringing, and the next daemon puts the caller through to it."""
    await house.use(client(queue(seconds=20)), agents=(agent(1),))
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    ring = await phone.invited()
    ring.ring()
    await eventually(lambda: events(house, "leg.ringing"), bool)
    await kill()
    await house.start()
    await ring.answer()
    await talking(call, ring)
    assert (await house.state("a1"))[0] == "talking"
    assert len(phone.incoming) == 1
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a1"
