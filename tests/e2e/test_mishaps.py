"""What should not happen and does: records lost, Asterisk killed or out of reach, a mistake of our own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import furnished
from tests.e2e.house import CALLER, House, eventually
from tests.e2e.outage import Cable
from tests.e2e.test_away import all_taken_up, noted
from tests.e2e.test_calls import DID, MACHINE, OFFICE, client, group, talking
from tests.e2e.test_recovery import AT_HOME, OTHER, in_talk, kinds, music, now, seen, sounds
from tests.sipp import sound
from vorzimmer.asterisk.ari import Ari
from vorzimmer.asterisk.objects import Channel
from vorzimmer.calls import supervisor, takeup
from vorzimmer.calls.steps import ring_group
from vorzimmer.core.plan import RingGroup
from vorzimmer.sandbox import asterisk, process
from vorzimmer.sandbox.postgres import Postgres
from vorzimmer.sandbox.sandbox import Sandbox

SECOND = "+4989123457"

Kill = Callable[[], Awaitable[None]]


class TestRecordsLost:
    """The daemon's folder is gone, the calls are not."""

    @pytest.fixture
    def lose(self, house: House, kill: Kill) -> Kill:
        """Kill the daemon, take everything that it knew, and start the next one."""

        async def lose() -> None:
            await kill()
            shutil.rmtree(house.settings.paths.state)
            house.settings.paths.state.mkdir()
            await house.start()

        return lose

    async def test_a_talk_goes_on(self, house: House, lose: Kill) -> None:
        """Not a word is lost, the phone is busy, and the CDR says whose call it was, with whom, and for how long."""
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call, talk = await in_talk(house, phone)
        began = now()
        await lose()
        await talking(call, talk)
        refused = await house.call(DID)
        await refused.finished()
        assert len(phone.incoming) == 1
        await talk.hang_up()
        await call.finished()
        talked = now() - began
        cdr, _ = await house.cdrs(2)
        assert (cdr["client"], cdr["disposition"], cdr["answered_by"]) == ("mueller", "answered", "agent1")
        assert (cdr["caller"], cdr["did"], cdr["hung_up_by"]) == (OTHER, DID, "callee")
        assert 0 <= float(cdr["talk"]) - talked < 3

    async def test_who_waits_is_answered_again(self, house: House, lose: Kill) -> None:
        """Whoever waited with music waits on, and is put through once somebody is free."""
        await house.use(client(group(wait=60), music=True), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        busy, talk = await in_talk(house, phone)
        call = await house.call(DID)
        await music(call)
        await lose()
        await sounds(call.line, now(), 1.0)
        assert len(phone.incoming) == 1
        await busy.hang_up()
        await talk.finished()
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert [cdr["disposition"] for cdr in await house.cdrs(2)] == ["answered"] * 2

    async def test_who_hears_it_ring_is_put_through(self, house: House, lose: Kill) -> None:
        """Phones that ring for nobody we know of are hung up; the call rings them anew."""
        await house.use(client(group(seconds=20)), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        former = await phone.invited()
        former.ring()
        await call.ringing(180)
        await lose()
        ringing = await phone.invited()
        await former.finished()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert (await house.cdr())["disposition"] == "answered"

    @pytest.mark.parametrize("begin", ["early", "answer"])
    async def test_who_hears_the_greeting_hears_it_again(self, house: House, lose: Kill, begin: str) -> None:
        """From its beginning, for nobody knows which it was; and then the phone rings."""
        greeted = client(group(), begin=begin, announcements={"greeting": "g.wav"})
        await house.use(greeted, groups=(OFFICE,))
        await house.announce("mueller", 2.0, greeting=91)
        await house.start()
        phone = await house.agent(1)
        call = await house.call(DID)
        await call.line.hears(sound.announcement(91, 0.5), score=0.6)
        await lose()
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert (await house.cdr())["disposition"] == "answered"


class TestAsteriskKilled:
    """Asterisk dies, with every call on it, and is started again."""

    @pytest.fixture
    async def own(self, tmp_path: Path, postgres_server: Postgres, dsn: str) -> AsyncIterator[House]:
        """A house with an Asterisk of its own, which may be killed."""
        sandbox = await asyncio.to_thread(Sandbox.up, tmp_path / "sandbox", agents=2, dsn=postgres_server.dsn)
        (tmp_path / "house").mkdir()
        house = furnished(sandbox, dsn, tmp_path / "house")
        try:
            yield house
        finally:
            await house.close()
            await asyncio.to_thread(sandbox.down)

    async def killed(self, sandbox: Sandbox) -> datetime:
        """Kill it; the instant of its death."""
        [running] = process.find(asterisk.mark(sandbox.folder / "asterisk"))
        at = datetime.now(UTC)
        os.kill(running.pid, signal.SIGKILL)
        await asyncio.to_thread(running.wait, 10.0)
        return at

    async def started(self, sandbox: Sandbox) -> None:
        """Start it again and wait until it is there."""
        running = sandbox.asterisk.start()
        port = int(sandbox.ari_url.rpartition(":")[2])
        await asyncio.to_thread(sandbox.asterisk.wait_ready, running, port, sandbox.ari_user, sandbox.ari_password)

    async def test_its_calls_end_with_it_and_new_ones_are_taken(self, own: House) -> None:
        """One CDR each, ended when it died; no phone rings for a dead call; the daemon takes calls again by itself."""
        await own.use(
            client(group(wait=60), music=True),
            client(group("home", seconds=30), id="huber", dids=["+4989777777"]),
            groups=(OFFICE, {"id": "home", "endpoints": ["agent2"]}),
        )
        await own.start()
        phone, other = await own.agent(1), await own.agent(2)
        _, talk = await in_talk(own, phone)
        waiting = await own.call(DID)
        await music(waiting)
        ringing_call = await own.call("+4989777777")
        ringing = await other.invited()
        ringing.ring()
        await ringing_call.ringing(180)
        died = await self.killed(own.sandbox)
        await self.started(own.sandbox)
        cdrs = await own.cdrs(3)
        assert [cdr["disposition"] for cdr in cdrs] == ["answered", "abandoned", "abandoned"]
        for cdr in cdrs:
            assert abs((cdr["ended_at"] - died).total_seconds()) < 3
        call = await own.call(DID)
        again = await phone.invited()
        await again.answer()
        await talking(call, again)
        await call.hang_up()
        assert len(other.incoming) == 1
        assert (await own.cdrs(4))[-1]["disposition"] == "answered"
        assert talk.ended is None  # nobody has told the telephone of the dead call


class TestLine:
    """The line to ARI."""

    @pytest.fixture
    async def cable(self, house: House) -> AsyncIterator[Cable]:
        """The line, whole at first."""
        async with Cable(int(house.settings.ari.url.rpartition(":")[2])) as cable:
            ari = house.settings.ari.model_copy(update={"url": f"http://127.0.0.1:{cable.port}"})
            house.settings = house.settings.model_copy(update={"ari": ari})
            yield cable

    async def test_half_open(self, house: House, cable: Cable) -> None:
        """Nobody says that the connection is dead: it is noticed; who was left alone is hung up, who came is taken."""
        await house.use(client(group(wait=20)), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        call, talk = await in_talk(house, phone)
        cable.freeze()
        await talk.hang_up()
        late = await house.call(DID, CALLER)
        assert (await call.finished()).by == "far"
        ringing = await phone.invited()
        await ringing.answer()
        await talking(late, ringing)
        await late.hang_up()
        first, second = await house.cdrs(2)
        assert (first["hung_up_by"], second["disposition"]) == ("callee", "answered")
        assert second["ring"] > 1

    @pytest.mark.parametrize(("verb", "side"), [("create", 0), ("create", 1), ("dial", 0), ("dial", 1)])
    async def test_out_of_reach_while_a_phone_is_dialled(
        self, house: House, cable: Cable, monkeypatch: pytest.MonkeyPatch, verb: str, side: int
    ) -> None:
        """Right before (0) or after (1) a request: the phone rings once Asterisk is back, and for this call only."""
        await house.use(client(group(seconds=20), MACHINE), groups=(OFFICE,))
        await house.start()
        phone = await house.agent(1)
        request = getattr(Channel, verb)
        cuts = [cable.cut]

        async def request_and_cut(channel: Channel, *args: Any, **how: Any) -> None:
            if side == 0 and cuts:
                await cuts.pop()()
            await request(channel, *args, **how)
            if side == 1 and cuts:
                await cuts.pop()()

        monkeypatch.setattr(Channel, verb, request_and_cut)
        call = await house.call(DID)
        await cable.tried(1)
        cable.mend()
        if side == 0:  # nobody knows whether it took effect: the step is begun again
            await seen(house, "step.started", 2)
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert len(phone.incoming) == 1
        assert (await house.cdr())["disposition"] == "answered"


class TestMistake:
    """A fault of our own code."""

    async def test_the_dialplan_answers_in_our_place(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """The caller hears the client's own words and leaves a message; one CDR has it all."""
        monkeypatch.setattr(takeup, "POLL", 0.2)

        async def mistaken(*_: object) -> bool:
            raise RuntimeError("a mistake in a step")

        monkeypatch.setattr(ring_group, "run", mistaken)
        await house.use(
            client(group(), MACHINE | {"silence": 20}, announcements={"machine": "m.wav"}), groups=(OFFICE,)
        )
        await house.announce("mueller", 1.0, machine=95)
        await house.start()
        await house.dialplan_ready()
        call = await house.call(DID)
        await call.line.hears(sound.announcement(95, 1.0))
        await asyncio.sleep(0.5)  # the dialplan plays no beep to wait for
        words = sound.announcement(96, 2.0)
        call.line.speak(words)
        await call.line.sent()
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["client"], cdr["disposition"], cdr["hung_up_by"]) == ("mueller", "message", "caller")
        heard = sound.load(house.settings.paths.recordings / cdr["recording"])
        assert sound.similarity(heard, words) > 0.9
        await all_taken_up(house)
        problems = [str(problem) for problem in await kinds(house, "call.problem")]
        assert any("a mistake in a step" in problem for problem in problems)
        await house.mails()

    async def test_in_a_talk_it_ends_the_call(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who has talked is not sent to the machine: the call ends, with what was talked."""
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        run = ring_group.run

        async def mistaken(call: object, step: RingGroup) -> bool:
            await run(call, step)  # type: ignore[arg-type]  # the flow hands over a session
            raise RuntimeError("a mistake after the talk")

        monkeypatch.setattr(ring_group, "run", mistaken)
        call, talk = await in_talk(house, await house.agent(1))
        await talk.hang_up()
        assert (await call.finished()).by == "far"
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["hung_up_by"]) == ("answered", "callee")


class TestWhatIsRepeatedOrMissing:
    """Answers that get lost, records that cannot be read, callers who leave before their turn."""

    async def test_records_of_asterisk_that_cannot_be_read(self, house: House, kill: Kill) -> None:
        """The daemon is ready all the same, and a call that ended meanwhile ends with the last time known."""
        cdr = house.folder / "no-file"
        cdr.mkdir()
        house.settings = house.settings.model_copy(
            update={"paths": house.settings.paths.model_copy(update={"cdr": cdr})}
        )
        await house.use(client(group()), groups=(OFFICE,))
        await house.start()
        call, talk = await in_talk(house, await house.agent(1))
        await kill()
        await call.hang_up()
        await house.start()
        assert (await talk.finished()).by == "far"
        found = await house.cdr()
        assert (found["disposition"], found["hung_up_by"]) == ("answered", "caller")

    async def test_requests_that_asterisk_gets_twice(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """What may be repeated has one effect: a talk that is put through twice is one talk, and ends as ever."""
        once = Ari._ask_until_heard

        async def twice(ari: Ari, *request: Any) -> Any:
            await once(ari, *request)
            return await once(ari, *request)

        monkeypatch.setattr(Ari, "_ask_until_heard", twice)
        await house.use(client(group(), music=True), groups=(OFFICE,))
        await house.start()
        call, talk = await in_talk(house, await house.agent(1))
        await talking(call, talk)
        await call.hang_up()
        assert (await talk.finished()).by == "far"
        assert (await house.cdr())["disposition"] == "answered"
        assert await kinds(house, "call.problem") == []

    async def test_who_leaves_before_his_turn(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of two who waited for a daemon, one leaves before his turn: a CDR for each, and no phone rings for him."""
        second = {**client(group("home")), "id": "meier", "dids": [SECOND]}
        await house.use(client(group()), second, groups=(OFFICE, AT_HOME))
        await house.start()
        await house.dialplan_ready(0)
        await house.stop()
        phones = [await house.agent(1), await house.agent(2)]
        calls = [await house.call(did) for did in (DID, SECOND)]
        for did in (DID, SECOND):
            await noted(house, f"did={did}")
        monkeypatch.setattr(supervisor, "PACE", 1e6)  # only the first has a turn
        await house.start()
        await all_taken_up(house)

        async def rung() -> int:
            return sum(len(phone.incoming) for phone in phones)

        await eventually(rung, bool)
        for call in calls:
            await call.hang_up()
        ends = [(cdr["disposition"], cdr["hung_up_by"]) for cdr in await house.cdrs(2)]
        assert (ends, await rung()) == ([("abandoned", "caller")] * 2, 1)
