"""The programmable telephone, against another one: what it does must be certain before it judges a PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from tests.sipp import sip, sound
from tests.sipp.conftest import Pbx
from tests.sipp.phone import CallEndedError, Incoming, Login, Outgoing, Phone
from tests.sipp.registration import RegistrationError
from tests.sipp.rtp import LineClosedError


class Pair(NamedTuple):
    """Two telephones."""

    one: Phone
    other: Phone

    async def connect(self) -> tuple[Outgoing, Incoming]:
        """Let the first call the other."""
        call = await self.one.call("+49301234567", (self.other.host, self.other.port), "030765432")
        return call, await self.other.invited()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Two telephones on free ports."""
    async with await Phone.open() as one, await Phone.open() as other:
        yield Pair(one, other)


async def test_numbers_and_headers_arrive_as_written(pair: Pair) -> None:
    """The PBX is asked with the very characters of the test: a harness that tidied them up would hide attacks."""
    from_ = '"=?utf-8?q?a=0d=0aBcc:x?=" <sip:%0d%0aEvent%3a@evil.invalid>'
    headers = (sip.diverted_from("+4989555"), *sip.withheld("+49171"))
    await pair.one.call("0049301234567", (pair.other.host, pair.other.port), from_, headers)
    incoming = await pair.other.invited()
    assert incoming.dialled == "0049301234567"
    assert incoming.caller == "%0d%0aEvent%3a"
    assert incoming.invite["From"].startswith(from_)
    assert incoming.invite["Diversion"] == "<sip:+4989555@carrier.invalid>;reason=unconditional;counter=1"
    assert incoming.invite["Privacy"] == "id"


async def test_early_media_answer_talk_and_keys(pair: Pair) -> None:
    """Sound before the answer, sound after it and keys reach the other ear, and the end is told to both."""
    early, spoken = sound.announcement(1, 1.0), sound.announcement(2, 1.0)
    call, incoming = await pair.connect()
    await incoming.progress()
    assert await call.ringing() == 183
    incoming.line.speak(early)
    await call.line.hears(early)
    assert call.answered_at is None
    await incoming.answer()
    await call.answered()
    call.line.speak(spoken)
    call.line.press("1*#9")
    await incoming.line.hears_keys("1*#9")
    assert sound.similarity(incoming.line.heard(), spoken) > 0.99
    await incoming.hang_up()
    assert (await call.finished()).by == "far"
    assert incoming.ended
    assert incoming.ended.by == "near"


@pytest.mark.parametrize("rings", [True, False])
async def test_cancel_before_answer(pair: Pair, rings: bool) -> None:  # noqa: FBT001  # a parameter of the table
    """Hanging up before the answer is a CANCEL that the called side sees as the caller's doing."""
    call, incoming = await pair.connect()
    if rings:
        incoming.ring()
        await call.ringing()
    await call.hang_up()
    assert call.ended
    assert (call.ended.by, call.ended.status) == ("near", 487)
    assert (await incoming.finished())[:2] == ("far", 487)
    with pytest.raises(CallEndedError):
        await incoming.answer()


@pytest.mark.parametrize("status", [404, 486, 603])
async def test_refusal_ends_the_wait_for_an_answer(pair: Pair, status: int) -> None:
    """A refused call fails the wait for its answer at once, with the status, instead of running out of time."""
    call, incoming = await pair.connect()
    incoming.reject(status)
    with pytest.raises(CallEndedError, match=str(status)):
        await call.answered()
    assert (await call.finished())[:2] == ("far", status)


async def test_answer_that_crosses_the_cancel_is_hung_up(pair: Pair) -> None:
    """A caller who gave up never stays in a call that was answered in the same instant."""
    call, incoming = await pair.connect()
    await incoming.progress()  # opens the line, so that the answer below leaves without a pause
    await call.ringing()
    await asyncio.gather(call.hang_up(), incoming.answer())
    assert (await incoming.finished())[:2] == ("far", 200)
    assert call.ended
    assert call.ended.by == "near"


async def test_wait_for_a_sound_ends_with_the_call(pair: Pair) -> None:
    """A sound that never came fails the test when the call ends, and is not waited for any longer."""
    call, incoming = await pair.connect()
    await incoming.answer()
    hearing = asyncio.create_task(call.line.hears(sound.announcement(1)))
    await incoming.hang_up()
    with pytest.raises(LineClosedError):
        await hearing


async def test_nobody_calls(pair: Pair) -> None:
    """A call that does not come is an error that shows the phone, not a test that hangs."""
    with pytest.raises(TimeoutError, match=f"a call: <Phone {pair.one.port}"):
        await pair.one.invited(patience=0.05)


async def test_a_call_that_is_over_is_passed_over() -> None:
    """What another test's PBX still repeats to this port is not taken for the call that a test waits for."""
    living: set[str] = set()

    async def lives(call_id: str) -> bool:
        return call_id in living

    async with await Phone.open() as caller, await Phone.open(lives=lives) as called:
        target = (called.host, called.port)
        late = await caller.call("1", target, "+49301234567")
        await late.until("the first answer", lambda: late.statuses != [])
        call = Outgoing(caller, "living@test", target, "sip:2@127.0.0.1")
        living.add(call.id)
        caller._calls[call.id] = call
        await call.start("+49301234567", ())
        assert (await called.invited()).id == call.id
        assert [one.id for one in called.incoming] == [call.id]


async def test_a_registered_telephone_is_rung(pbx: Pbx) -> None:
    """Its password is shown when it is asked for, a wrong one is refused, and the PBX finds it by its name."""
    async with await Phone.open() as desk, await Phone.open() as caller:
        with pytest.raises(RegistrationError, match="401"):
            await desk.register(pbx.target, Login("desk", "wrong"))
        await desk.register(pbx.target, Login("desk", "secret"))
        call = await caller.call("desk", pbx.target, "+49301234567")
        incoming = await desk.invited()
        await incoming.answer()
        await call.answered()
        await call.hang_up()
