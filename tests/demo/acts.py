"""The acts with groups of telephones, announcements and the machine, and those in which the daemon dies."""

from __future__ import annotations

import asyncio

import numpy as np

from tests.demo.act import Act, Call
from tests.demo.people import SURE, hear_each_other, hears, words
from tests.demo.stage import SOUNDS, DemoError, Stage, patiently
from tests.sipp import sound

SPOKEN = np.concatenate((np.zeros(sound.RATE, dtype=np.int16), sound.announcement(77, 1.5)))
"""What callers say into the answering machine, after a second of silence."""


async def answered_by_an_agent(stage: Stage, caller: str) -> None:
    """The agent of the first group answers; both hear each other."""
    agent = stage.agents[0]
    call = await stage.call("+4989100001", caller)
    talk = await agent.invited()
    talk.ring()
    stage.say(f"   agent1 rings, its display shows {talk.caller}")
    await talk.answer()
    await call.answered()
    call.line.speak(words(1))
    await hears(talk, words(1))
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
    call.line.speak(words(1))
    await hears(talk, words(1))
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
    call.line.speak(words(2))
    await hears(mobile, words(2))
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
    await call.finished()
    name, score = sound.find(call.line.heard(), SOUNDS)
    if name != expected or score < SURE:
        raise DemoError(f"the caller did not hear '{expected}' (the likest is '{name}' with {score:.3f})")
    stage.say(f"   {caller} hears the announcement '{name}' (correlation {score:.3f})")


async def lunch(stage: Stage, caller: str) -> None:
    """The surgery is at lunch."""
    await _announced(stage, "089100003", caller, "lunch")


async def public_holiday(stage: Stage, caller: str) -> None:
    """The law firm keeps the holiday."""
    await _announced(stage, "004989100002", caller, "holiday")


async def _leave_a_message(stage: Stage, number: str, caller: str) -> None:
    call = await stage.call(number, caller)
    await call.line.hears(SOUNDS["machine"], SURE, patience=40)
    stage.say(f"   the machine answers {caller} with the client's own words")
    call.line.speak(SPOKEN)
    await call.line.sent()
    call.line.press("#")
    await asyncio.sleep(0.3)
    if call.ended is None:
        await call.hang_up()
    stage.say(f"   {caller} has left a message")


async def _mailed(stage: Stage, caller: str) -> None:
    """Who kills the daemon between the mail server's yes and the note of it gets the mail once more: wait for that."""
    if await patiently(lambda: stage.mail_of(caller), lambda state: state == "sent") != "sent":
        raise DemoError(f"the message of {caller} was not sent to the client")
    stage.say(f"   the client has the message of {caller} in the mail")


async def night(stage: Stage, caller: str) -> None:
    """In Shanghai it is evening: the answering machine takes a message."""
    await _leave_a_message(stage, "+4989100004", caller)
    await _mailed(stage, caller)


async def unknown_number(stage: Stage, caller: str) -> None:
    """Nobody's number."""
    call = await stage.call("+4989100099", caller)
    await call.ringing(183)
    ended = await call.finished()
    stage.say(f"   {caller} hears that there is no such number, then {ended.status}")


async def without_the_daemon(stage: Stage, caller: str) -> None:
    """The daemon is killed; Asterisk answers alone; the message is taken up once the daemon is back."""
    await stage.kill_daemon()
    stage.say("   the daemon has been killed (SIGKILL)")
    await _leave_a_message(stage, "+4989100004", caller)
    await stage.start_daemon()
    await _mailed(stage, caller)


async def killed_in_the_talk(stage: Stage, caller: str) -> None:
    """The daemon is killed while two talk: they go on, and the next daemon has the call in hand."""
    agent = stage.agents[0]
    call = await stage.call("+4989100001", caller)
    talk = await agent.invited()
    talk.ring()
    await talk.answer()
    await call.answered()
    await hear_each_other(call, talk, 41)
    await stage.kill_daemon()
    await hear_each_other(call, talk, 43)
    stage.say("   the daemon has been killed (SIGKILL) in the middle of the talk: both go on hearing each other")
    await stage.start_daemon()
    await hear_each_other(call, talk, 45)
    stage.say("   the next daemon has the call in hand; nobody noticed")
    await talk.hang_up()
    await call.finished()
    stage.say("   agent1 hangs up, and the daemon hangs up on the caller")


SCENES = (
    (
        Act(
            "inside the hours an agent answers",
            answered_by_an_agent,
            (Call("+49301000001", "rohrblitz", "answered", "agent1"),),
        ),
    ),
    (
        Act(
            "the first group stays silent",
            overflow_to_the_second_group,
            (Call("+49301000002", "rohrblitz", "answered", "agent2"),),
        ),
    ),
    (Act("all phones are busy", overflow_to_the_mobile, (Call("+49301000003", "rohrblitz", "forwarded", "mobile"),)),),
    (
        Act(
            "the caller hangs up while it rings",
            hang_up_while_it_rings,
            (Call("+49301000004", "rohrblitz", "abandoned"),),
        ),
    ),
    (
        Act("lunch break", lunch, (Call("+49301000005", "praxis", "announced"),)),
        Act("public holiday", public_holiday, (Call("+49301000006", "mueller", "announced"),)),
        Act("night: the answering machine", night, (Call("+49301000007", "laden", "message"),)),
        Act("a number of nobody", unknown_number, (Call("+49301000008", None, "announced"),)),
    ),
    (Act("the daemon is dead", without_the_daemon, (Call("+49301000009", "laden", "message"),)),),
    (
        Act(
            "the daemon dies in the middle of a talk",
            killed_in_the_talk,
            (Call("+49301000010", "rohrblitz", "answered", "agent1", {"talk": 2.0}),),
        ),
    ),
)
"""The acts of one scene are played at the same time."""
