"""The acts with agents, their telephones and the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import numpy as np

from tests.demo.act import Act, Call
from tests.demo.people import SURE, Anna, hear_each_other, hears, words
from tests.demo.stage import SOUNDS, DemoError, Stage, patiently
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.sound import Samples
from vorzimmer.control.commands import CallbackList
from vorzimmer.core.ledger import Phase
from vorzimmer.core.presence import State

DID = "+4989100005"
CLINIC = "tierklinik"
ASKED_FIRST = "+49301000017"
"""Whose call is shown at the end, event by event."""

BREATH = np.zeros(sound.RATE // 4, dtype=np.int16)
"""Said before what is to be recorded, so that the beep is over."""


async def at_the_softphone(stage: Stage, caller: str) -> None:
    """Anna logs in by a code, hears for whom to answer, and then the caller, who hears her and not that."""
    anna = stage.anna
    await anna.dial("*10")
    await stage.becomes("anna", State.AVAILABLE)
    stage.say("   Anna has dialled *10 on her softphone: she is logged in")
    call = await stage.call(DID, caller)
    display = await anna.answer()
    stage.say(f"   Anna's softphone rings and shows '{display}'; she answers")
    await hears(call, Anna.voice)
    call.line.speak(words(51))
    await call.line.sent()
    await call.hang_up()
    await anna.hung_up()
    await anna.heard(SOUNDS["whisper"], words(51))
    if sound.similarity(call.line.heard(), SOUNDS["whisper"]) > 1 - SURE:
        raise DemoError("the caller heard what was for the agent alone")
    stage.say("   both have heard each other, and before that Anna alone the client's name")


async def two_wait(stage: Stage, *callers: str) -> None:
    """Anna and Ben talk. The next two hear music and their places; one gives up, the other is served by Ben."""
    anna, ben = stage.anna, stage.ben
    await stage.becomes("anna", State.AVAILABLE)
    await ben.dial("*10", "agent-loginok")
    stage.say("   Ben has dialled *10 on his desk telephone and hears that he is logged in")
    first = await stage.call(DID, callers[0])
    await anna.answer()
    second = await stage.call(DID, callers[1])
    talk = await ben.answer()
    await stage.comes_to(callers[1], Phase.TALK)
    await asyncio.gather(hears(first, Anna.voice), hear_each_other(second, talk, 53))
    stage.say("   Anna talks to the first caller, Ben to the second")
    third = await stage.call(DID, callers[2])
    await third.answered()
    fourth = await stage.call(DID, callers[3])
    await hears(third, stage.music())
    await hears(third, stage.asterisk_sound("queue-youarenext"))
    stage.say("   the third hears music, and then that his turn is next")
    for name in ("queue-thereare", "digits/2", "queue-callswaiting"):
        await hears(fourth, stage.asterisk_sound(name))
    stage.say("   the fourth hears that he is the second")
    await stage.show("wall", "--once")
    await fourth.hang_up()
    stage.say("   the fourth gives up")
    await talk.hang_up()
    await second.finished()
    following = await ben.answer()
    await stage.comes_to(callers[2], Phase.TALK)
    await hear_each_other(third, following, 55)
    stage.say("   Ben hangs up, has a second for his notes, and talks to the third, who had waited")
    await third.hang_up()
    await following.finished()
    await first.hang_up()
    await anna.hung_up()


async def no_answer(stage: Stage, caller: str) -> None:
    """Ben's telephone rings in vain: he is paused, and Anna's rings at once."""
    await stage.becomes("ben", State.AVAILABLE)
    await stage.becomes("anna", State.AVAILABLE)
    call = await stage.call(DID, caller)
    await stage.ben.rung()
    stage.say("   Ben has been idle for longest; his telephone rings, and he is not there …")
    await stage.anna.answer()
    ben = await stage.becomes("ben", State.PAUSED)
    stage.say(f"   … so after five seconds Anna's rings, and she answers. Ben is {ben.state}: {ben.reason}")
    await hears(call, Anna.voice)
    await call.hang_up()
    await stage.anna.hung_up()


async def asked_first(stage: Stage, caller: str) -> None:
    """Ben asks who is on call: the first does not answer, the second does, and only then gets the caller."""
    await stage.ben.dial("*13", "agent-loginok")
    stage.say("   Ben is back at his desk and has dialled *13: ready")
    call, talk = await _talk_with_ben(stage, caller, 59)
    talk.line.press("*20#")
    berg = await stage.outside.invited()
    berg.ring()
    stage.say("   Ben presses *20#: who is on call? The caller hears music. Dr. Berg's telephone rings …")
    await berg.finished()
    lang = await stage.outside.invited()
    await lang.answer()
    await hear_each_other(talk, lang, 61)
    if any(sound.similarity(call.line.heard(), words(seed)) > 1 - SURE for seed in (61, 62)):
        raise DemoError("the caller heard what Ben and Dr. Lang said about him")
    stage.say(
        "   … for five seconds, then Dr. Lang's, who answers. Ben and Dr. Lang hear each other, the caller neither"
    )
    talk.line.press("*4")
    await talk.finished()
    await stage.comes_to(caller, Phase.PUT_THROUGH)
    await hear_each_other(call, lang, 63)
    stage.say("   Ben presses *4 and is out of the call: caller and Dr. Lang hear each other")
    await call.hang_up()
    await lang.finished()


async def put_through_at_once(stage: Stage, caller: str) -> None:
    """Anna presses her softphone's transfer button (REFER) and is free; the contact accepts by a key."""
    await stage.becomes("anna", State.AVAILABLE)
    call = await stage.call(DID, caller)
    await stage.anna.answer()
    await hears(call, Anna.voice)
    await stage.anna.transfer("1", stage.pbx)
    await stage.anna.hung_up()
    stage.say("   Anna presses her softphone's transfer button, dials 1 and is out of the call")
    berg = await stage.outside.invited()
    await berg.answer()
    berg.line.press("1")
    await stage.comes_to(caller, Phase.PUT_THROUGH)
    await hear_each_other(call, berg, 57)
    stage.say(f"   Dr. Berg, contact 1, answers at {berg.dialled} and presses 1: caller and Dr. Berg hear each other")
    await berg.hang_up()
    await call.finished()


async def recorded(stage: Stage, caller: str) -> None:
    """Nothing is on the disk before the caller's yes; then each side has a file of its own."""
    (call, talk), _ = await asyncio.gather(_talk_with_ben(stage, caller, 65), stage.anna.dial("*121"))
    anna = await stage.becomes("anna", State.PAUSED)
    stage.say(f"   Anna has dialled *121: {anna.state}, {anna.reason}; so it is Ben who answers")
    if files := await stage.talk_files():
        raise DemoError(f"recorded without consent: {files}")
    stage.say("   caller and Ben have talked; of that there is no file. Ben asks, the caller says yes, Ben presses *7")
    talk.line.press("*7")
    await hears(talk, stage.asterisk_sound("beep"))
    for one in (call, talk):
        one.line.speak(BREATH)
    await hear_each_other(call, talk, 67)
    await call.hang_up()
    await talk.finished()
    kept = await patiently(
        stage.talk_files, lambda found: [file.parent for file in found] == [stage.sandbox.recordings] * 2
    )
    of_ben, of_caller = (sound.load(file) for file in kept)
    _compare(stage, "the caller's words", of_caller, 67, (65, 66, 68))
    _compare(stage, "Ben's words", of_ben, 68, (65, 66, 67))


def _compare(stage: Stage, whose: str, channel: Samples, spoken: int, others: Iterable[int]) -> None:
    """One file of a recording: of all that was said only this may be in it."""
    score = sound.similarity(channel, words(spoken))
    other = max(sound.similarity(channel, words(seed)) for seed in others)
    if score < SURE or other > 1 - SURE:
        raise DemoError(f"the file of {whose} holds them with {score:.3f}, and something else with {other:.3f}")
    stage.say(f"   one file holds {whose} since the yes ({score:.3f}), and nothing of what else was said ({other:.3f})")


async def called_back(stage: Stage, *callers: str) -> None:
    """The second caller presses 1 instead of waiting on; when Ben is free, he is rung first, and then the caller."""
    call, talk = await _talk_with_ben(stage, callers[0], 69)
    waiting = await stage.call(DID, callers[1])
    await stage.comes_to(callers[1], Phase.QUEUE)
    waiting.line.press("1")
    await hears(waiting, stage.asterisk_sound("auth-thankyou"))
    await waiting.finished()
    stage.say("   Ben talks to the first caller; the second presses 1, is thanked, and hung up")
    [listed] = (await stage.ask(CallbackList(actor="demo")))["callbacks"]
    stage.say(f"   {listed['number']} waits to be called back, at place {listed['place']}")
    await call.hang_up()
    await talk.finished()
    at_desk = await stage.ben.answer()
    stage.say(f"   Ben is free: his telephone rings and shows {at_desk.caller}; he answers …")
    back = await stage.outside.invited()
    await back.answer()
    stage.say(f"   … and now {back.dialled} is called, and sees {back.caller}")
    await stage.comes_to(callers[1], Phase.TALK)
    await hear_each_other(back, at_desk, 71)
    stage.say("   both hear each other")
    await back.hang_up()
    await at_desk.finished()
    await asyncio.gather(stage.anna.dial("*11"), stage.ben.dial("*11", "agent-loggedoff"))
    for agent in ("anna", "ben"):
        await stage.becomes(agent, State.LOGGED_OUT)
    stage.say("   Anna and Ben have dialled *11: they are logged out")


async def _talk_with_ben(stage: Stage, caller: str, seed: int) -> tuple[Outgoing, Incoming]:
    await stage.becomes("ben", State.AVAILABLE)
    call = await stage.call(DID, caller)
    talk = await stage.ben.answer()
    await stage.comes_to(caller, Phase.TALK)
    await hear_each_other(call, talk, seed)
    return call, talk


ACTS = (
    Act(
        "an agent at a softphone answers",
        at_the_softphone,
        (Call("+49301000011", CLINIC, "answered", "anna", {"talk": 0.5}),),
    ),
    Act(
        "more callers than agents",
        two_wait,
        (
            Call("+49301000012", CLINIC, "answered", "anna", {"talk": 5.0}),
            Call("+49301000013", CLINIC, "answered", "ben", {"talk": 3.0}),
            Call("+49301000014", CLINIC, "answered", "ben", {"queue": 3.0, "talk": 0.5}),
            Call("+49301000015", CLINIC, "abandoned", None, {"queue": 3.0}),
        ),
    ),
    Act(
        "an agent does not answer",
        no_answer,
        (Call("+49301000016", CLINIC, "answered", "anna", {"queue": 5.0}),),
    ),
    Act(
        "put through to whoever is on call",
        asked_first,
        (Call(ASKED_FIRST, CLINIC, "answered", "ben", {"talk": 0.5, "hold": 5.0, "put_through": 0.5}),),
    ),
    Act(
        "put through without asking",
        put_through_at_once,
        (Call("+49301000018", CLINIC, "answered", "anna", {"put_through": 0.5}),),
    ),
    Act(
        "the caller agrees to be recorded",
        recorded,
        (Call("+49301000019", CLINIC, "answered", "ben", {"talk": 2.0}),),
    ),
    Act(
        "nobody is free, and one would rather be called back",
        called_back,
        (
            Call("+49301000020", CLINIC, "answered", "ben", {"talk": 0.5}),
            Call("+49301000021", CLINIC, "callback"),
            Call("+49301000021", CLINIC, "answered", "ben", {"talk": 0.5}),
        ),
    ),
)
