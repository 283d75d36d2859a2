"""The acts of the demo: each one a real call, played by telephones that speak SIP and RTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np

from tests.demo.stage import SOUNDS, DemoError, Stage
from tests.sipp import sound

SPOKEN = 77
"""The seed of what callers say into the answering machine."""


@dataclass(frozen=True)
class Act:
    """A call and what must be left of it: client, disposition, who answered; `mail` is the client's address.

    `talk`: seconds that the talk lasted at least.
    """

    title: str
    caller: str
    play: Callable[[Stage, str], Awaitable[None]]
    client: str | None
    disposition: str
    answered_by: str | None = None
    mail: str | None = None
    talk: float = 0.0


async def answered_by_an_agent(stage: Stage, caller: str) -> None:
    """The agent of the first group answers; both hear each other."""
    agent = stage.agents[0]
    call = await stage.call("+4989100001", caller)
    talk = await agent.invited()
    talk.ring()
    stage.say(f"   agent1 rings, its display shows {talk.caller}")
    await talk.answer()
    await call.answered()
    call.line.speak(sound.announcement(1))
    await talk.line.hears(sound.announcement(1))
    stage.say("   agent1 answers and hears the caller")
    await talk.hang_up()
    await call.finished()


async def overflow_to_the_second_group(stage: Stage, caller: str) -> None:
    """Nobody of the first group answers in three seconds."""
    first, second, third = stage.agents
    call = await stage.call("+4989100001", caller)
    (await first.invited()).ring()
    stage.say("   agent1 rings and nobody comes …")
    talk, other = await second.invited(), await third.invited()
    stage.say("   … so the second group rings, and agent2 answers")
    await talk.answer()
    await call.answered()
    await other.finished()
    call.line.speak(sound.announcement(1))
    await talk.line.hears(sound.announcement(1))
    await call.hang_up()
    await talk.finished()


async def overflow_to_the_mobile(stage: Stage, caller: str) -> None:
    """All phones are busy, the client's mobile is dialled and presses 1."""
    call = await stage.call("+4989100001", caller)
    for phone in stage.agents:
        (await phone.invited()).reject(486)
    stage.say("   agent1, agent2 and agent3 are busy")
    mobile = await stage.outside.invited()
    await mobile.answer()
    stage.say(f"   the mobile {mobile.dialled} answers, sees {mobile.caller} and presses 1")
    mobile.line.press("1")
    await call.answered()
    call.line.speak(sound.announcement(2))
    await mobile.line.hears(sound.announcement(2))
    await mobile.hang_up()
    await call.finished()


async def hang_up_while_it_rings(stage: Stage, caller: str) -> None:
    """The caller gives up."""
    agent = stage.agents[0]
    call = await stage.call("+4989100001", caller)
    ringing = await agent.invited()
    ringing.ring()
    await call.ringing(180)
    await call.hang_up()
    await ringing.finished()
    stage.say("   the caller hangs up while agent1 rings")


async def _announced(stage: Stage, number: str, caller: str, expected: str) -> None:
    call = await stage.call(number, caller)
    await call.line.hears(sound.announcement(SOUNDS[expected]))
    name, score = sound.find(call.line.heard(), {key: sound.announcement(seed) for key, seed in SOUNDS.items()})
    if name != expected:
        raise DemoError(f"the caller heard {name}, not {expected}")
    stage.say(f"   the caller hears the announcement '{name}' (correlation {score:.3f})")
    await call.finished()


async def lunch(stage: Stage, caller: str) -> None:
    """The surgery is at lunch."""
    await _announced(stage, "089100003", caller, "lunch")


async def public_holiday(stage: Stage, caller: str) -> None:
    """The law firm keeps the holiday."""
    await _announced(stage, "004989100002", caller, "holiday")


async def _leave_a_message(stage: Stage, number: str, caller: str) -> None:
    call = await stage.call(number, caller)
    await call.line.hears(sound.announcement(SOUNDS["machine"]), patience=40)
    stage.say("   the machine answers with the client's own words")
    call.line.speak(np.concatenate([np.zeros(12000), sound.announcement(SPOKEN)]))
    await call.line.sent()
    call.line.press("#")
    await asyncio.sleep(0.3)
    if call.ended is None:
        await call.hang_up()
    stage.say("   the caller has left a message")


async def night(stage: Stage, caller: str) -> None:
    """In Shanghai it is evening: the answering machine takes a message."""
    await _leave_a_message(stage, "+4989100004", caller)


async def unknown_number(stage: Stage, caller: str) -> None:
    """Nobody's number."""
    call = await stage.call("+4989100099", caller)
    await call.ringing(183)
    ended = await call.finished()
    stage.say(f"   the caller hears that there is no such number, then {ended.status}")


async def without_the_daemon(stage: Stage, caller: str) -> None:
    """The daemon is killed; Asterisk answers alone; the message is taken up once the daemon is back."""
    await stage.kill_daemon()
    stage.say("   the daemon has been killed (SIGKILL)")
    await _leave_a_message(stage, "+4989100004", caller)
    await stage.start_daemon()


async def killed_in_the_talk(stage: Stage, caller: str) -> None:
    """The daemon is killed while two talk: they go on, and the next daemon has the call in hand."""
    agent = stage.agents[0]
    call = await stage.call("+4989100001", caller)
    talk = await agent.invited()
    talk.ring()
    await talk.answer()
    await call.answered()

    async def both_hear(seed: int) -> None:
        call.line.speak(sound.announcement(seed, 1.0))
        talk.line.speak(sound.announcement(seed + 1, 1.0))
        await talk.line.hears(sound.announcement(seed, 1.0))
        await call.line.hears(sound.announcement(seed + 1, 1.0))

    await both_hear(41)
    await stage.kill_daemon()
    await both_hear(43)
    stage.say("   the daemon has been killed (SIGKILL) in the middle of the talk: both go on hearing each other")
    await stage.start_daemon()
    await both_hear(45)
    stage.say("   the next daemon has the call in hand; nobody noticed")
    await talk.hang_up()
    await call.finished()
    stage.say("   agent1 hangs up, and the daemon hangs up on the caller")


ACTS = (
    Act(
        "inside the hours an agent answers",
        "+49301000001",
        answered_by_an_agent,
        "rohrblitz",
        "answered",
        "agent1",
        "rohrblitz@client.example",
    ),
    Act(
        "the first group stays silent",
        "+49301000002",
        overflow_to_the_second_group,
        "rohrblitz",
        "answered",
        "agent2",
        "rohrblitz@client.example",
    ),
    Act(
        "all phones are busy",
        "+49301000003",
        overflow_to_the_mobile,
        "rohrblitz",
        "forwarded",
        "mobile",
        "rohrblitz@client.example",
    ),
    Act(
        "the caller hangs up while it rings",
        "+49301000004",
        hang_up_while_it_rings,
        "rohrblitz",
        "abandoned",
        None,
        "rohrblitz@client.example",
    ),
    Act("lunch break", "+49301000005", lunch, "praxis", "announced", None, "praxis@client.example"),
    Act("public holiday", "+49301000006", public_holiday, "mueller", "announced", None, "mueller@client.example"),
    Act(
        "night: the answering machine",
        "+49301000007",
        night,
        "laden",
        "message",
        None,
        "laden@client.example",
    ),
    Act("a number of nobody", "+49301000008", unknown_number, None, "announced"),
    Act(
        "the daemon is dead",
        "+49301000009",
        without_the_daemon,
        "laden",
        "message",
        None,
        "laden@client.example",
    ),
    Act(
        "the daemon dies in the middle of a talk",
        "+49301000010",
        killed_in_the_talk,
        "rohrblitz",
        "answered",
        "agent1",
        "rohrblitz@client.example",
        talk=3.0,
    ),
)
