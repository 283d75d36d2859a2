"""A daemon dies in the middle of calls of each kind, and the next one goes on with them as if nothing had been."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, HOME, MACHINE, MOBILE, OFFICE, client, group, talking
from tests.sipp import sound
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from tests.sipp.rtp import Line

Kill = Callable[[], Awaitable[None]]

OTHER = "+49309876543"
"""A second caller."""

AT_HOME = {"id": "home", "endpoints": ["agent2"]}
"""A group all of whose phones are there: an INVITE to one that is not goes on into the next test."""

HUBER = "+4989777777"
"""The number of a second client."""

PRECISION = Decimal("0.2")
"""Seconds by which a time in the CDR may differ from what a telephone measures on a machine with much to do."""


def now() -> float:
    """The event loop's time, as the telephones tell it."""
    return asyncio.get_running_loop().time()


def quietest(line: Line, since: float, window: float = 0.4) -> float:
    """The loudest sample of the quietest so many seconds since an instant: near 0 if there was silence."""
    heard = line.heard(since)
    size = int(window * sound.RATE)
    assert len(heard) > size
    loudest = [np.abs(heard[at : at + size]).max() for at in range(0, len(heard) - size, size // 4)]
    return float(min(loudest))


async def sounds(line: Line, since: float, seconds: float) -> None:
    """Wait until so many seconds of sound have been heard."""
    await line.until("sound", lambda: len(line.heard(since)) > seconds * sound.RATE)


async def music(call: Call) -> None:
    """Wait until the caller hears something louder than silence."""
    await call.until("the answer", lambda: call.answered_at is not None)
    await call.line.until("music", lambda: np.abs(call.line.heard()).max(initial=0) > 500)


async def in_talk(house: House, phone: Phone, to: str = DID) -> tuple[Outgoing, Incoming]:
    """A call that this phone has answered."""
    call = await house.call(to, OTHER)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


async def kinds(house: House, kind: str) -> list[dict[str, Any]]:
    """What the ledger holds of a kind of event, in the order of time."""
    rows = await house.query("SELECT data FROM call_event WHERE kind = $1 ORDER BY at, seq", kind)
    return [json.loads(row["data"]) for row in rows]


async def seen(house: House, kind: str, count: int = 1, **data: Any) -> None:
    """Wait until so many events of a kind stand in the database."""

    async def look() -> list[dict[str, Any]]:
        return [one for one in await kinds(house, kind) if data.items() <= one.items()]

    await eventually(look, lambda found: len(found) >= count)


class TestTalk:
    """Two are talking."""

    async def test_they_talk_on_untouched(self, house: House, kill: Kill) -> None:
        """Not a word is lost on either side; the phone is busy for others until the end; the talk is billed exactly."""
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        talk = await phone.invited()
        await talk.answer()
        began = now()
        await talking(call, talk)
        words, answer = sound.announcement(61, 6.0), sound.announcement(62, 6.0)
        call.line.speak(words)
        talk.line.speak(answer)
        await kill()
        await house.start()
        second = await house.call(DID, OTHER)
        assert (await second.finished()).by == "far"
        await call.line.sent()
        await talk.line.sent()
        await talk.line.hears(words)
        await call.line.hears(answer)
        assert len(phone.incoming) == 1
        ended = now()
        await call.hang_up()
        await talk.finished()
        third, free = await in_talk(house, phone)
        await third.hang_up()
        await free.finished()
        first, refused, _ = await house.cdrs(3)
        assert (first["disposition"], first["answered_by"], first["hung_up_by"]) == ("answered", "agent1", "caller")
        assert abs(first["talk"] - Decimal(ended - began)) < PRECISION
        assert refused["disposition"] == "failed"
        await house.mails(3)

    async def test_the_agent_hangs_up_while_nobody_watches(self, house: House, kill: Kill) -> None:
        """The caller, alone on the line, is hung up as soon as there is a daemon again."""
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        call, talk = await in_talk(house, await house.agent(1))
        await kill()
        await talk.hang_up()
        await house.start()
        assert (await call.finished()).by == "far"
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_by"], cdr["hung_up_by"]) == ("answered", "agent1", "callee")

    async def test_the_caller_hangs_up_while_nobody_watches(self, house: House, kill: Kill) -> None:
        """The call ended when Asterisk saw it end, not when the next daemon did; the agent's phone is hung up."""
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        call, talk = await in_talk(house, await house.agent(1))
        await kill()
        ended = datetime.now(UTC)
        await call.hang_up()
        await asyncio.sleep(1.5)  # the time between the end and the restart is what must not be billed
        assert talk.ended is None
        await house.start()
        assert (await talk.finished()).by == "far"
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["hung_up_by"]) == ("answered", "caller")
        assert abs((cdr["ended_at"] - ended).total_seconds()) < PRECISION


class TestWaiting:
    """Callers wait for somebody to get free."""

    async def test_the_first_is_first_and_the_music_plays(self, house: House, kill: Kill) -> None:
        """Two wait with music for one agent: neither hears silence, and who came first is first."""
        await house.use(client(group(wait=60), music=True), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        busy, talk = await in_talk(house, phone)
        waiting = []
        for caller in ("+49301111111", "+49302222222"):
            waiting.append(await house.call(DID, caller))
            await music(waiting[-1])
        since = now()
        await kill()
        await house.start()
        for call in waiting:
            await sounds(call.line, since, 3.0)
            assert quietest(call.line, since) > 500
        assert len(phone.incoming) == 1
        await busy.hang_up()
        await talk.finished()
        for call in waiting:
            ringing = await phone.invited()
            await ringing.answer()
            await talking(call, ringing)
            await call.hang_up()
        cdrs = await house.cdrs(3)
        assert [cdr["disposition"] for cdr in cdrs] == ["answered"] * 3

    async def test_a_wait_is_not_begun_again(self, house: House, kill: Kill) -> None:
        """It overflows at the time at which it would have."""
        await house.use(client(group(wait=4), group("home"), music=True), groups=(OFFICE, AT_HOME))
        await house.start()
        busy, _ = await in_talk(house, await house.agent(1))
        next_phone = await house.agent(2)
        call = await house.call(DID)
        await music(call)
        await asyncio.sleep(2)  # half of the time that the caller waits at most
        await kill()
        await house.start()
        ringing = await next_phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        await busy.hang_up()
        waited = (await house.cdrs(2))[1]["queue"]
        assert 4 <= waited < 5

    async def test_a_call_that_came_before_the_talk_it_waits_for(self, house: House, kill: Kill) -> None:
        """Overflowed to a group whose agent had taken a later call: the phone that talks is not rung."""
        await house.use(
            client(group("home", seconds=20), group(wait=60), music=True),
            client(group(), id="huber", dids=[HUBER]),
            groups=(OFFICE, AT_HOME),
        )
        await house.start()
        phone, home = await house.agent(1), await house.agent(2)
        waiting = await house.call(DID)
        refusing = await home.invited()
        later, talk = await in_talk(house, phone, to=HUBER)
        refusing.reject()
        await seen(house, "step.started", step="RingGroup", n=2)
        await kill()
        await house.start()
        since = now()
        await sounds(waiting.line, since, 1.0)
        assert len(phone.incoming) == 1
        await later.hang_up()
        await talk.finished()
        ringing = await phone.invited()
        await ringing.answer()
        await talking(waiting, ringing)
        await waiting.hang_up()
        await house.cdrs(2)


class TestRinging:
    """Phones are ringing."""

    @pytest.mark.parametrize("when", ["while nobody watches", "after it"])
    @pytest.mark.parametrize("said", ["ringing", "nothing yet"])
    async def test_the_phone_rings_on(self, house: House, kill: Kill, when: str, said: str) -> None:
        """One INVITE only; whenever the agent answers, the two talk as soon as there is a daemon."""
        await house.use(client(group(seconds=20)), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        ringing = await phone.invited()
        if said == "ringing":
            ringing.ring()
            await seen(house, "leg.ringing")
        await call.ringing(180)
        await kill()
        if when == "while nobody watches":
            await ringing.answer()
        await house.start()
        if when == "after it":
            ringing.ring()
            await ringing.answer()
        await talking(call, ringing)
        assert (len(phone.incoming), ringing.ended) == (1, None)
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "agent1")

    async def test_a_phone_that_rang_in_its_turn_is_not_rung_again(self, house: House, kill: Kill) -> None:
        """One after another: killed while the second rings, the third is next."""
        three = {"id": "office", "endpoints": ["agent1", "agent2", "agent3"], "strategy": "sequential"}
        await house.use(client(group(seconds=2)), groups=(three,))
        await house.start()
        first, second, third = [await house.agent(number) for number in (1, 2, 3)]
        call = await house.call(DID)
        (await first.invited()).ring()
        ringing = await second.invited()
        ringing.ring()
        await kill()
        await house.start()
        last = await third.invited()
        await last.answer()
        assert (await ringing.finished()).status == 487
        await talking(call, last)
        await call.hang_up()
        assert [len(phone.incoming) for phone in (first, second, third)] == [1, 1, 1]
        assert (await house.cdr())["answered_by"] == "agent3"

    async def test_who_rings_is_not_rung_for_an_older_call(self, house: House, kill: Kill) -> None:
        """The phone that rings for a later call is taken, also for one that waits for longer."""
        await house.use(
            client(group("home", seconds=20), group(wait=60), music=True),
            client(group(seconds=30), id="huber", dids=[HUBER]),
            groups=(OFFICE, AT_HOME),
        )
        await house.start()
        phone, home = await house.agent(1), await house.agent(2)
        waiting = await house.call(DID)
        refusing = await home.invited()
        later = await house.call(HUBER, OTHER)
        ringing = await phone.invited()
        ringing.ring()
        await later.ringing(180)
        refusing.reject()
        await seen(house, "step.started", step="RingGroup", n=2)
        await kill()
        await house.start()
        await sounds(waiting.line, now(), 1.0)
        await ringing.answer()
        await talking(later, ringing)
        assert len(phone.incoming) == 1
        await later.hang_up()
        await waiting.hang_up()
        await house.cdrs(2)


class TestWords:
    """An announcement is being played."""

    @pytest.mark.parametrize("begin", ["early", "answer"])
    async def test_it_is_heard_once_and_whole(self, house: House, kill: Kill, begin: str) -> None:
        """Killed in the middle of a greeting: no word is lost or said twice, and the agent's phone rings after it."""
        await house.use(client(group(), begin=begin, announcements={"greeting": "g.wav"}), groups=(OFFICE,))
        await house.announce("mueller", 4.0, greeting=71)
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        await call.line.hears(sound.announcement(71, 1.0), score=0.6)
        await kill()
        await house.start()
        assert not phone.incoming
        await call.line.hears(sound.announcement(71, 4.0), patience=20)
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], len(await kinds(house, "phase.announcement"))) == ("answered", 1)
        assert 4 <= cdr["announcement"] < 6

    @pytest.mark.parametrize("begin", ["early", "answer"])
    async def test_a_stop_leaves_no_silence_behind_it(self, house: House, begin: str) -> None:
        """SIGTERM in the middle of a greeting: behind it the caller hears ringing or music until the next daemon."""
        await house.use(client(group(), begin=begin, announcements={"greeting": "g.wav"}), groups=(OFFICE,))
        await house.announce("mueller", 2.0, greeting=72)
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        await call.line.hears(sound.announcement(72, 0.5), score=0.6)
        await house.stop()
        await call.line.hears(sound.announcement(72, 2.0), score=0.95)
        since = now() + 0.3
        if begin == "early":  # a tone of one second, and four of silence
            await call.line.until("ringing", lambda: np.abs(call.line.heard(since)).max(initial=0) > 500)
        else:
            await sounds(call.line, since, 2.0)
            assert quietest(call.line, since) > 500
        await house.start()
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert (await house.cdr())["disposition"] == "answered"


class TestMachine:
    """The caller talks to the answering machine."""

    WORDS = sound.announcement(81, 3.0)

    async def reached(self, house: House) -> Outgoing:
        """A call whose greeting has begun."""
        await house.use(client(MACHINE | {"silence": 20}, announcements={"machine": "m.wav"}))
        await house.announce("mueller", 3.0, machine=82)
        await house.start()
        call = await house.call(DID)
        await call.line.hears(sound.announcement(82, 0.8), score=0.6)
        return call

    async def recording(self, house: House) -> None:
        """Wait until Asterisk writes a message."""

        async def look() -> list[str]:
            return [file.name for file in house.settings.paths.spool.glob("message-*.wav")]

        await eventually(look, bool)

    async def kept(self, house: House, seconds: float, hung_up_by: str) -> None:
        """One CDR with a message of this length that holds what was said, and nothing else of it left."""
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["hung_up_by"]) == ("message", hung_up_by)
        heard = sound.load(house.settings.paths.recordings / cdr["recording"])
        assert sound.similarity(heard, self.WORDS) > 0.95
        assert abs(float(cdr["recording_seconds"]) - seconds) < 1
        assert list(house.settings.paths.spool.glob("message-*")) == []
        [mail] = await house.mails()
        assert len(list(mail.iter_attachments())) == 1

    @pytest.mark.parametrize("how", ["killed", "stopped"])
    async def test_during_the_greeting(self, house: House, kill: Kill, how: str) -> None:
        """The greeting is heard once and whole, and what is said after it is recorded, with no sound behind it."""
        call = await self.reached(house)
        await (kill() if how == "killed" else house.stop())
        await house.start()
        await call.line.hears(sound.announcement(82, 3.0), score=0.95)
        await self.recording(house)
        since = now() + 1  # the beep passes
        call.line.speak(self.WORDS)
        await call.line.sent()
        assert np.abs(call.line.heard(since)).max() < 200
        call.line.press("#")
        assert (await call.finished()).by == "far"
        assert len(await kinds(house, "phase.announcement")) == 1
        await self.kept(house, 3, "system")

    @pytest.mark.parametrize("end", ["# after it", "# while nobody watches", "hung up while nobody watches"])
    async def test_during_the_message(self, house: House, kill: Kill, end: str) -> None:
        """Words before, during and after the daemon's absence are one message; its end is noticed, whenever it was."""
        call = await self.reached(house)
        await self.recording(house)
        call.line.speak(self.WORDS)
        await kill()
        if end == "# after it":
            await house.start()
        await call.line.sent()
        if end.startswith("#"):
            call.line.press("#")
        else:
            await call.hang_up()
        if end != "# after it":
            await asyncio.sleep(0.5)  # the key has to arrive before there is somebody to listen
            await house.start()
        assert (await call.finished()).by == ("far" if end.startswith("#") else "near")
        await self.kept(house, 3, "system" if end.startswith("#") else "caller")


class TestForward:
    """The call is on its way to the client's mobile."""

    async def ringing(self, house: House, **forwarding: Any) -> tuple[Outgoing, Incoming]:
        """A call for which the mobile has been dialled."""
        await house.use(client(MOBILE | {"seconds": 30}, MACHINE, forwarding={"parallel": 1, **forwarding}))
        await house.start()
        call = await house.call(DID)
        return call, await (await house.trunk()).invited()

    async def counted(self, house: House) -> None:
        """A second call is not forwarded now: the first one counts as one running, and was counted once that day."""
        second = await house.call(DID, OTHER)
        await second.answered()
        await second.hang_up()
        await seen(house, "leg.refused", code="parallel")
        assert json.loads((house.settings.paths.state / "trunk-legs.json").read_text())["dialled"] == {"mueller": 1}

    @pytest.mark.parametrize("said", ["ringing", "progress", "nothing yet"])
    async def test_while_the_mobile_rings(self, house: House, kill: Kill, said: str) -> None:
        """It rings on, whatever the carrier says of it (180, 183 or only 100), and is counted once."""
        call, mobile = await self.ringing(house)
        if said == "ringing":
            mobile.ring()
            await seen(house, "leg.ringing")
        elif said == "progress":
            await mobile.progress()
        await kill()
        await house.start()
        await self.counted(house)
        await mobile.answer()
        await seen(house, "leg.answered")
        mobile.line.press("1")
        await talking(call, mobile)
        await call.hang_up()
        first, _ = await house.cdrs(2)
        assert (first["disposition"], first["forwarded_to"]) == ("forwarded", MOBILE["number"])

    async def test_while_it_is_asked_to_accept(self, house: House, kill: Kill) -> None:
        """The question is still heard, and the key pressed after the restart counts."""
        call, mobile = await self.ringing(house)
        await mobile.answer()
        await mobile.line.until("the question", lambda: mobile.line.packets > 50)
        await kill()
        await house.start()
        await self.counted(house)
        mobile.line.press("1")
        await talking(call, mobile)
        await call.hang_up()
        first, _ = await house.cdrs(2)
        assert (first["disposition"], first["hung_up_by"]) == ("forwarded", "caller")

    async def test_while_it_talks(self, house: House, kill: Kill) -> None:
        """The talk goes on and is billed as a forward; after it the gate lets the next one through."""
        call, mobile = await self.ringing(house)
        await mobile.answer()
        await mobile.line.until("the question", lambda: mobile.line.packets > 50)
        mobile.line.press("1")
        await talking(call, mobile)
        began = now()
        await kill()
        await house.start()
        await self.counted(house)
        await talking(call, mobile)
        await mobile.hang_up()
        await call.finished()
        ended = now()
        first, _ = await house.cdrs(2)
        assert (first["disposition"], first["hung_up_by"]) == ("forwarded", "callee")
        assert 0 <= first["forwarded"] - Decimal(ended - began) < 3
        third = await house.call(DID, OTHER)
        await eventually(lambda: kinds(house, "leg.dialled"), lambda legs: len(legs) == 2)
        await third.hang_up()
        await house.cdrs(3)


class TestOtherData:
    """The client's data were changed while no daemon ran."""

    async def test_a_waiting_call_goes_on_by_the_new_ones(self, house: House, kill: Kill) -> None:
        """Greeted once, it is answered by the agents of the new group; nobody is rung for it any more in the old."""
        greeted = {"begin": "answer", "announcements": {"greeting": "g.wav"}}
        await house.use(client(group(seconds=30), **greeted), groups=(OFFICE,))
        await house.announce("mueller", 1.0, greeting=73)
        await house.start()
        old, new = await house.agent(1), await house.trunk()
        call = await house.call(DID)
        ringing = await old.invited()
        ringing.ring()
        await seen(house, "leg.ringing")
        await kill()
        mobile = MOBILE | {"confirm": False}
        await house.use(client(mobile, MACHINE, **greeted), groups=(OFFICE,))
        await house.start()
        talk = await new.invited()
        assert (await ringing.finished()).status == 487
        await talk.answer()
        await talking(call, talk)
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], len(await kinds(house, "phase.announcement"))) == ("forwarded", 1)

    async def test_killed_twice_it_is_not_sent_back(self, house: House, kill: Kill) -> None:
        """The place in the new plan is kept too: who speaks to the machine is not rung for once more."""
        await house.use(client(group(seconds=30)), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        await phone.invited()
        await kill()
        chain = (group(seconds=30), MACHINE | {"silence": 20})
        await house.use(client(*chain, announcements={"machine": "m.wav"}), groups=(HOME | {"id": "office"},))
        await house.announce("mueller", 0.5, machine=74)
        others = [await house.agent(2), await house.agent(3)]
        await house.start()
        for other in others:
            (await other.invited()).reject()
        await call.line.hears(sound.announcement(74, 0.5))
        words = sound.announcement(75, 2.0)
        call.line.speak(words)
        await kill()
        await house.start()
        await call.line.sent()
        call.line.press("#")
        assert (await call.finished()).by == "far"
        assert (await house.cdr())["disposition"] == "message"
