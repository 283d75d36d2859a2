"""Full disks, a mail server that is away, names without an answer, a clock that is set, descriptors that run out.

What each of them costs stands in docs/operations.md; here it is seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from pydantic import SecretStr

from tests.e2e.house import House, eventually
from tests.e2e.outage import Cable, serving
from tests.e2e.scarcity import Names, SmallDisk, no_descriptors, small_disk
from tests.e2e.test_calls import DID, MACHINE, OFFICE, client, group, talking
from tests.e2e.test_daemon import in_talk
from tests.notify.post_office import PostOffice
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from vorzimmer.core import retry
from vorzimmer.sandbox import asterisk, process
from vorzimmer.sandbox.ports import free

PATIENCE = 5.0
"""Seconds that a daemon may take to end, on a loaded machine; systemd gives it ten."""

LAWYERS = client(group(wait=20), MACHINE)
"""Whose calls an agent answers."""

SHOP_DID = "+4989777777"
SHOP = client(MACHINE, id="shop", dids=[SHOP_DID], announcements={"machine": "m.wav"})
"""Whose calls the machine answers, after `GREETING`."""

Logged = Callable[[], Awaitable[set[str]]]

GREETING = sound.announcement(12, 1.0)
WORDS = sound.announcement(77, 2.0)


@pytest.fixture
async def disk(house: House) -> AsyncIterator[SmallDisk]:
    """A disk that can be filled; it goes after the daemon."""
    (house.folder / "disk").mkdir()
    async with small_disk(house.folder / "disk") as disk:
        yield disk
        await house.stop()


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Callable[[], Awaitable[set[str]]]:
    """The names of all events in the log so far."""
    seen: set[str] = set()

    async def look() -> set[str]:
        lines = capfd.readouterr().err.splitlines()
        seen.update(json.loads(line)["event"] for line in lines if line.startswith("{"))
        return seen

    return look


@pytest.fixture
async def clients(house: House) -> None:
    """Lawyers and a shop."""
    await house.use(LAWYERS, SHOP, groups=(OFFICE,))
    await house.announce("shop", seconds=1.0, machine=12)


def change(house: House, section: str, **values: Any) -> None:
    """Let the house have other settings."""
    changed = getattr(house.settings, section).model_copy(update=values)
    house.settings = house.settings.model_copy(update={section: changed})


async def leave_message(house: House) -> Outgoing:
    """Call the shop, hear its greeting and speak; the caller is still there."""
    call = await house.call(SHOP_DID)
    await call.line.hears(GREETING)
    call.line.speak(np.concatenate([np.zeros(4000, dtype=np.int16), WORDS]))
    return call


async def problems(house: House) -> list[str]:
    """What the ledger tells of trouble."""
    rows = await house.query("SELECT data ->> 'what' AS what FROM call_event WHERE kind = 'call.problem'")
    return [row["what"] for row in rows]


async def ask(house: House, page: str) -> tuple[int, str]:
    """Status and text of what the calls process tells about itself; 0: no answer."""
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://127.0.0.1:{house.settings.watch.calls}/{page}") as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0, ""


@pytest.mark.usefixtures("clients")
class TestDiskFull:
    """Not one more byte fits."""

    async def test_for_the_journal(self, house: House, disk: SmallDisk, logged: Logged) -> None:
        """Calls go on, new clients too; records wait in memory and are all there once there is room."""
        change(house, "paths", state=disk.folder)
        await house.start()
        phone = await house.agent(1)
        call, talk = await in_talk(house, phone)
        with disk.full():
            await talking(call, talk)
            await call.hang_up()
            new = client(group(wait=20), id="new", dids=["+49897890"])
            await house.use(LAWYERS, SHOP, new, groups=(OFFICE,))
            await eventually(logged, lambda seen: "snapshot.copy_not_written" in seen)
            other = await house.call("+49897890")
            answered = await phone.invited()
            await answered.answer()
            await talking(other, answered)
            await other.hang_up()
            await house.quiet()
            assert (await ask(house, "ready"))[0] == 200
            waiting = metric(await ask(house, "metrics"), "vorzimmer_journal_waiting_records")
            assert waiting > 0
            assert await house.query("SELECT 1 FROM cdr WHERE client = 'new'") == []
        assert [cdr["client"] for cdr in await house.cdrs(2)] == ["mueller", "new"]
        (counts,) = await house.query("SELECT count(*), count(DISTINCT (call_id, seq)) AS apart FROM call_event")
        assert counts["count"] == counts["apart"] > 20
        assert {"journal.write_refused", "journal.written_again"} <= await logged()

    async def test_for_the_recordings(self, house: House, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> None:
        """The client has the message by mail all the same; the file follows once there is room."""
        monkeypatch.setattr("vorzimmer.calls.takeup.POLL", 0.2)
        change(house, "paths", recordings=disk.folder / "recordings")
        await house.start()
        with disk.full():
            call = await leave_message(house)
            await call.line.sent()
            await call.hang_up()
            cdr = await house.cdr()
            assert (cdr["disposition"], cdr["recording_seconds"] > 1) == ("message", True)
            assert await problems(house) == ["recording not kept"]
            [mail] = await house.mails()
            assert [part.get_content_type() for part in mail.iter_attachments()] == ["audio/mpeg"]
            kept = house.settings.paths.recordings / cdr["recording"]
            assert not kept.exists()
        await eventually(lambda: asyncio.to_thread(kept.exists), bool)
        assert sound.similarity(sound.load(kept), WORDS) > 0.9

    async def test_for_asterisks_recordings(self, house: House, disk: SmallDisk) -> None:
        """The caller is not left in silence: the call ends at once, and says why."""
        await house.start()
        with moved(house.settings.paths.spool, disk.folder), disk.full():
            call = await leave_message(house)
            assert (await call.finished()).by == "far"
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["hung_up_by"], cdr["recording"]) == ("announced", "system", None)
        assert await problems(house) == ["Asterisk could write nothing"]

    async def test_for_the_dialplans_notes(self, house: House, disk: SmallDisk) -> None:
        """The daemon away and the disk full: the caller hears the announcement; Asterisk's own record has the call."""
        await house.start()
        folders = house.settings.paths.fallback / "did"
        await eventually(lambda: asyncio.to_thread(lambda: [*folders.iterdir()]), lambda found: len(found) == 2)
        await house.stop()
        witness = house.settings.paths.cdr
        witness.touch()
        before = witness.read_text().count(SHOP_DID)
        with moved(house.settings.paths.fallback / "calls", disk.folder), disk.full():
            call = await house.call(SHOP_DID)
            await call.line.hears(GREETING, patience=20)
            await call.finished()
        await eventually(lambda: asyncio.to_thread(witness.read_text), lambda text: text.count(SHOP_DID) > before)


@pytest.mark.usefixtures("clients")
class TestMailServer:
    """Mails wait, nothing else does."""

    @pytest.fixture
    def port(self, house: House, monkeypatch: pytest.MonkeyPatch) -> int:
        """Where the house takes its mails; it waits a second for each answer, and tries again soon."""
        monkeypatch.setattr(retry, "FIRST", timedelta(seconds=0.3))
        port = free()
        change(house, "smtp", port=port, timeout=1.0)
        return port

    @pytest.mark.parametrize("silent", [False, True], ids=["away", "silent"])
    async def test_that_does_not_take_mails(self, house: House, port: int, silent: bool) -> None:  # noqa: FBT001 - a table
        """Calls and CDRs do not wait for it; when it is back, each mail comes once."""
        async with contextlib.AsyncExitStack() as trouble:
            if silent:
                await trouble.enter_async_context(await asyncio.start_server(_say_nothing, "127.0.0.1", port))
            await house.start()
            phone = await house.agent(1)
            for _ in range(2):
                call, _ = await in_talk(house, phone)
                await call.hang_up()
            await house.cdrs(2)
            await tried(house)
        await delivered(house, port)

    async def test_that_is_slow(self, house: House, port: int) -> None:
        """While a mail takes its time a call is served as usual; both mails come once."""
        change(house, "smtp", timeout=10.0)
        office = PostOffice()
        office.hold = asyncio.Event()
        await office.open(port)
        try:
            await house.start()
            phone = await house.agent(1)
            call, _ = await in_talk(house, phone)
            await call.hang_up()
            await office.arrived.wait()
            call, _ = await in_talk(house, phone)
            await call.hang_up()
            await house.cdrs(2)
            office.hold.set()
            await all_sent(house)
            assert len(office.offered) == len(set(office.offered)) == 2
        finally:
            await house.stop()
            await office.close()


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def tried(house: House) -> None:
    """Wait until both mails have been tried in vain."""
    sql = "SELECT count(DISTINCT outbox_id) FROM outbox_attempt WHERE outcome = 'retry'"
    await eventually(lambda: house.query(sql), lambda rows: rows[0]["count"] == 2)


async def all_sent(house: House) -> None:
    """Wait until nothing waits."""
    await eventually(lambda: house.query("SELECT state FROM outbox"), lambda rows: {*map(tuple, rows)} == {("sent",)})


async def delivered(house: House, port: int) -> None:
    """Let a mail server begin to work, and see two mails come, each once."""
    office = PostOffice()
    await office.open(port)
    try:
        await all_sent(house)
        assert len(office.offered) == len(set(office.offered)) == 2
    finally:
        await house.stop()
        await office.close()


class TestNames:
    """Database and mail server are given by names that nobody resolves."""

    @pytest.fixture
    async def names(self, house: House) -> Names:
        """The names; the daemon has had the clients once."""
        await house.use(LAWYERS, SHOP, groups=(OFFICE,))
        await house.announce("shop", seconds=1.0, machine=12)
        await house.start()
        await house.stop()
        dsn = house.settings.database.dsn.get_secret_value()
        change(house, "database", dsn=SecretStr(dsn.replace("127.0.0.1", "localhost")))
        change(house, "smtp", host="localhost")
        return Names(house.folder)

    async def test_calls_do_not_wait_for_them(self, house: House, names: Names) -> None:
        """It starts with the copy of the clients, serves, keeps messages, and ends at once."""
        async with serving(house.settings, house.folder, "--role", "calls", wrap=names.wrap) as daemon:
            await daemon.ready()
            phone = await house.agent(1)
            call, _ = await in_talk(house, phone)
            message = await leave_message(house)
            await call.hang_up()
            await message.line.sent()
            await message.hang_up()
            await house.quiet()
            recordings = house.settings.paths.recordings
            await eventually(lambda: asyncio.to_thread(lambda: [*recordings.iterdir()]), bool)
            asked = asyncio.get_running_loop().time()
            daemon.terminate()
            assert await daemon.exit_status() == 0
            assert asyncio.get_running_loop().time() - asked < PATIENCE

    async def test_all_is_caught_up_with(self, house: House, names: Names) -> None:
        """Once the names are answered, the call is in the database and its mail at the client's."""
        (house.folder / "worker").mkdir()
        async with (
            serving(house.settings, house.folder, "--role", "calls", wrap=names.wrap) as daemon,
            serving(house.settings, house.folder / "worker", "--role", "worker", wrap=names.wrap) as worker,
        ):
            await asyncio.gather(daemon.ready(), worker.ready())
            call, _ = await in_talk(house, await house.agent(1))
            await call.hang_up()
            await house.quiet()
            await names.answer(daemon.pid, worker.pid)
            assert (await house.cdr())["disposition"] == "answered"
            await house.mails()


class Clock:
    """A wall clock that can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """By which the house goes."""
    clock = Clock()
    monkeypatch.setattr("tests.e2e.house.now", clock)
    return clock


@pytest.mark.usefixtures("clients")
class TestClock:
    """Somebody sets the wall clock."""

    @pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(days=2)], ids=["back", "forward"])
    async def test_in_a_talk(self, house: House, clock: Clock, ahead: timedelta) -> None:
        """The talk lasts as long as it lasted; the next call begins by the new clock; both are stored and mailed."""
        await house.start()
        phone = await house.agent(1)
        loop = asyncio.get_running_loop()
        call, talk = await in_talk(house, phone)
        begun = loop.time()
        clock.ahead = ahead
        await talking(call, talk)
        lasted = loop.time() - begun
        await call.hang_up()
        call, _ = await in_talk(house, phone)
        await call.hang_up()
        rows = await house.cdrs(2)
        first, second = rows if ahead > timedelta() else reversed(rows)
        assert abs(second["started_at"] - first["started_at"] - ahead) < timedelta(seconds=15)
        assert lasted < first["talk"] < lasted + 5
        assert 0 < second["talk"] < 5
        for cdr in (first, second):
            assert timedelta() < cdr["ended_at"] - cdr["started_at"] < timedelta(seconds=15)
        assert await backwards(house) == 0
        await house.mails(2)

    @pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(hours=1)], ids=["behind", "ahead"])
    async def test_set_right_before_a_gap(self, house: House, clock: Clock, ahead: timedelta) -> None:
        """Who hangs up while no events come is billed to that moment, although call and clock disagree by an hour."""
        async with Cable(int(house.settings.ari.url.rpartition(":")[2])) as cable:
            change(house, "ari", url=f"http://127.0.0.1:{cable.port}")
            clock.ahead = ahead
            await house.start()
            call, _ = await in_talk(house, await house.agent(1))
            clock.ahead = timedelta()
            await cable.cut()
            await call.hang_up()
            cable.mend()
            cdr = await house.cdr()
            assert 0 < cdr["duration"] < 10
            await house.stop()

    async def test_set_right_while_the_daemon_is_away(self, house: House, clock: Clock) -> None:
        """A ledger from the future goes on where it ends: nothing negative, and no day is billed."""
        clock.ahead = timedelta(days=1)
        await house.start()
        call, talk = await in_talk(house, await house.agent(1))
        await house.stop()
        clock.ahead = timedelta()
        await house.start()
        await talking(call, talk)
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "agent1")
        assert 0 < cdr["talk"] < 15
        assert await backwards(house) == 0


async def backwards(house: House) -> int:
    """How many events lie before the one that was written before them."""
    rows = await house.query("SELECT at < lag(at) OVER (PARTITION BY call_id ORDER BY seq) AS earlier FROM call_event")
    return sum(bool(row["earlier"]) for row in rows)


@pytest.mark.usefixtures("clients")
class TestDescriptors:
    """No file and no connection can be opened any more."""

    async def test_in_the_daemon(self, house: House) -> None:
        """Living calls and new ones are served; whoever watches is refused, without harm; then all catches up."""
        async with serving(house.settings, house.folder, "--role", "calls") as daemon:
            await daemon.ready()
            phone = await house.agent(1)
            call, talk = await in_talk(house, phone)
            with no_descriptors(daemon.pid):
                assert await ask(house, "metrics") == (0, "")
                message = asyncio.create_task(leave_message(house))
                await talking(call, talk)
                await call.hang_up()
                call, talk = await in_talk(house, phone)
                await talk.hang_up()
                spoken = await message
                await spoken.line.sent()
                await spoken.hang_up()
                await house.quiet()
            assert sorted(cdr["disposition"] for cdr in await house.cdrs(3)) == ["answered", "answered", "message"]
            status, _ = await eventually(lambda: ask(house, "metrics"), lambda answer: answer[0] != 0)
            assert status == 200
            recordings = house.settings.paths.recordings
            await eventually(lambda: asyncio.to_thread(lambda: [*recordings.iterdir()]), bool)

    async def test_in_asterisk(self, house: House) -> None:
        """Who talks talks on, new callers are refused by Asterisk; afterwards it is as before."""
        await house.start()
        phone = await house.agent(1)
        call, talk = await in_talk(house, phone)
        (pid,) = [found.pid for found in process.find(asterisk.mark(house.sandbox.asterisk.folder))]
        with no_descriptors(pid):
            refused = await house.call(DID)
            assert (await refused.finished()).status >= 400
            await talking(call, talk)
        await call.hang_up()
        call, _ = await in_talk(house, phone)
        await call.hang_up()
        await house.cdrs(2)


def metric(page: tuple[int, str], name: str) -> float:
    """One number of the metrics."""
    return float(next(line.split()[-1] for line in page[1].splitlines() if line.startswith(f"{name} ")))


@contextlib.contextmanager
def moved(folder: Path, disk: Path) -> Iterator[None]:
    """Asterisk's folder lies on another disk while inside."""
    real = folder.rename(folder.with_name(f"{folder.name}-before"))
    folder.symlink_to(disk)
    try:
        yield
    finally:
        folder.unlink()
        real.rename(folder)
