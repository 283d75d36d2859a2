"""Supervisors in an agent's talk on the real Asterisk: who hears whom, and that the talk does not mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_feature_codes import dial
from tests.e2e.test_queue import agent, events, queue
from tests.sipp import sound
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from vorzimmer.control import commands
from vorzimmer.control.commands import Refused

SECONDS = 0.8

Heard = dict[str, str]
Kill = Callable[[], Awaitable[None]]

APART = {"caller": "agent", "agent": "caller", "supervisor": "agent caller"}
WHISPERED = {"caller": "agent", "agent": "caller supervisor", "supervisor": "agent caller"}
TOGETHER = {"caller": "agent supervisor", "agent": "caller supervisor", "supervisor": "agent caller"}
"""Whom each one hears, while a supervisor listens, whispers, takes part."""


async def in_talk(house: House, of_client: dict[str, Any] | None = None, **of_agent: Any) -> tuple[Outgoing, Incoming]:
    """A caller who talks with agent a1, extension 101; a3 is a supervisor, a2 is none."""
    consenting = {"records_since": "2026-01-01", **of_agent}
    staff = (
        agent(1, extension="101", **consenting),
        agent(2, phones=["agent2", "softphone2"]),
        agent(3, phones=["agent3", "softphone1"], supervisor=True),
    )
    await house.use(client(queue(), recording={"allowed": True}, **(of_client or {})), agents=staff)
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


async def who_hears_whom(people: dict[str, Call], seed: int) -> Heard:
    """All say something at once; whom each of them hears. Unsure is an error."""
    words = {name: sound.announcement(seed + n, SECONDS) for n, name in enumerate(people)}
    since = asyncio.get_running_loop().time()
    for name, person in people.items():
        person.line.speak(words[name])
    for person in people.values():
        await person.line.sent()
    for person in people.values():
        await some_packets(person)
    heard: Heard = {}
    for name, person in people.items():
        scores = {one: sound.similarity(person.line.heard(since), words[one]) for one in people}
        assert all(score > 0.3 or score < 0.15 for score in scores.values()), scores
        heard[name] = " ".join(sorted(one for one, score in scores.items() if score > 0.3))
    return heard


async def some_packets(person: Call) -> None:
    """Wait until what was said last has arrived."""
    enough = person.line.packets + 15
    await person.line.until("the last words", lambda: person.line.packets > enough)


async def stages(house: House, count: int) -> list[str]:
    """How the supervisor was in the talk, by the ledger, once there is so much."""
    found = await eventually(lambda: events(house, "call.supervised"), lambda seen: len(seen) >= count)
    assert all((one["supervisor"], one["agent"]) == ("a3", "a1") for one in found)
    return [one["how"] for one in found]


async def test_listen_whisper_take_part_and_leave(house: House) -> None:
    """From stage to stage by keys that nobody else hears; who leaves leaves a talk in which two hear each other."""
    call, talk = await in_talk(house)
    phone = await house.agent(3)
    await house.ask(commands.Listen(actor="test", supervisor="agent3", agent="a1"))
    listening = await phone.invited()
    await listening.answer()
    people: dict[str, Call] = {"caller": call, "agent": talk, "supervisor": listening}
    assert await stages(house, 1) == ["listen"]
    assert await who_hears_whom(people, 10) == APART
    for key, expected, seed in (("5", WHISPERED, 20), ("6", TOGETHER, 30), ("4", APART, 40)):
        before = len(await events(house, "call.supervised"))
        listening.line.press(key)
        await stages(house, before + 1)
        assert await who_hears_whom(people, seed) == expected
    assert (call.line.keys, talk.line.keys) == ("", "")
    await listening.hang_up()
    assert await stages(house, 5) == ["listen", "whisper", "barge", "listen", "left"]
    assert await who_hears_whom({"caller": call, "agent": talk}, 50) == {"caller": "agent", "agent": "caller"}
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a1"


async def test_from_stage_to_stage_without_keys(house: House) -> None:
    """Asked again for the same agent, the telephone that is in the talk already goes on there; another is refused."""
    call, _ = await in_talk(house)
    phone = await house.agent(3)
    await house.ask(commands.Listen(actor="test", supervisor="agent3", agent="a1"))
    listening = await phone.invited()
    with pytest.raises(Refused, match="in use"):
        await house.ask(commands.Whisper(actor="test", supervisor="agent3", agent="a1"))
    await listening.answer()
    assert await stages(house, 1) == ["listen"]
    for count, command in ((2, commands.Whisper), (3, commands.Barge), (4, commands.Listen)):
        await house.ask(command(actor="test", supervisor="agent3", agent="a1"))
        await stages(house, count)
    await listening.hang_up()
    assert await stages(house, 5) == ["listen", "whisper", "barge", "listen", "left"]
    await call.hang_up()
    await house.cdr()


async def test_a_supervisor_dials_the_code(house: House) -> None:
    """*15 and the agent's extension: listens, and is hung up when the talk is over; who is no supervisor is refused."""
    call, talk = await in_talk(house)
    refused = await dial(house, "*15101", "softphone2")
    assert (await refused.finished()).by == "far"
    listening = await dial(house, "*15101", "softphone1")
    assert await stages(house, 1) == ["listen"]
    people: dict[str, Call] = {"caller": call, "agent": talk, "supervisor": listening}
    assert await who_hears_whom(people, 10) == APART
    await talk.hang_up()
    assert (await listening.finished()).by == "far"
    await house.cdr()
    assert await stages(house, 2) == ["listen", "left"]


async def test_who_may_not_listen_rings_no_telephone(house: House) -> None:
    """No consent on file, no supervisor, no talk: each is refused with its reason, and nobody's telephone rings."""
    call, _ = await in_talk(house, records_since=None)
    phone = await house.agent(3)
    for supervisor, listened, why in (
        ("agent3", "a1", "no_consent"),
        ("agent2", "a1", "not_supervisor"),
        ("agent3", "a9", "no_agent"),
        ("agent3", "a3", "oneself"),
    ):
        with pytest.raises(Refused) as refused:
            await house.ask(commands.Listen(actor="test", supervisor=supervisor, agent=listened))
        assert refused.value.code == why
    assert phone.incoming == []
    await call.hang_up()
    await house.cdr()


async def test_who_has_not_pledged_overhears_no_client_with_secrecy(house: House) -> None:
    """The same talk that only agents with a pledge are offered: the supervisor's telephone does not even ring."""
    call, _ = await in_talk(house, of_client={"secrecy": True}, pledged_on="2026-01-01")
    phone = await house.agent(3)
    with pytest.raises(Refused) as refused:
        await house.ask(commands.Listen(actor="test", supervisor="agent3", agent="a1"))
    assert refused.value.code == "no_pledge"
    assert phone.incoming == []
    await call.hang_up()
    await house.cdr()


async def test_the_next_daemon_sends_the_supervisor_away(house: House, kill: Kill) -> None:
    """Killed while a supervisor takes part: the next one hangs that telephone up, and the two talk on."""
    call, talk = await in_talk(house)
    phone = await house.agent(3)
    await house.ask(commands.Barge(actor="test", supervisor="agent3", agent="a1"))
    listening = await phone.invited()
    await listening.answer()
    assert await stages(house, 1) == ["barge"]
    await kill()
    await house.start()
    assert (await listening.finished()).by == "far"
    assert await who_hears_whom({"caller": call, "agent": talk}, 50) == {"caller": "agent", "agent": "caller"}
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "a1"
