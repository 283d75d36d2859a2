"""The daemon's life around the calls: start, stop, drain, and what happens while something it needs is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from tests.e2e.house import House, eventually
from tests.e2e.outage import Cable, serving
from tests.e2e.test_away import all_taken_up, noted, notes
from tests.e2e.test_calls import DID, OFFICE, client, group, talking
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer import app
from vorzimmer.app import Role
from vorzimmer.sandbox import postgres
from vorzimmer.sandbox.postgres import Postgres
from vorzimmer.store import migrate
from vorzimmer.store.journal import JournalError
from vorzimmer.store.migrate import SchemaError
from vorzimmer.store.sound_file import Samples, samples


@pytest.fixture
async def office(house: House) -> House:
    """A client whose calls ring agent1, or wait until it is free; the daemon does not run yet."""
    await house.use(client(group(wait=20)), groups=(OFFICE,))
    return house


@pytest.fixture
async def cable(office: House) -> AsyncIterator[Cable]:
    """The line by which the daemon reaches ARI, whole at first."""
    port = int(office.settings.ari.url.rpartition(":")[2])
    async with Cable(port) as cable:
        ari = office.settings.ari.model_copy(update={"url": f"http://127.0.0.1:{cable.port}"})
        office.settings = office.settings.model_copy(update={"ari": ari})
        yield cable


@pytest.fixture
async def own_postgres(house: House, tmp_path: Path) -> AsyncIterator[Postgres]:
    """A server of this test's own, which it may stop; the house keeps its book there."""
    # Not any free port: while the server is away, the kernel could give that to somebody's outgoing connection.
    port = house.sandbox.spare_port
    server = await asyncio.to_thread(postgres.start, tmp_path / "postgres", port=port, fsync=False)
    try:
        database = house.settings.database.model_copy(update={"dsn": SecretStr(server.dsn)})
        house.settings = house.settings.model_copy(update={"database": database})
        conn = await asyncpg.connect(server.dsn)
        await migrate.migrate(conn)
        await conn.close()
        await house.use(client(group(wait=20)), groups=(OFFICE,))
        yield server
        await house.stop()
    finally:
        await asyncio.to_thread(server.stop)


async def start_again(server: Postgres) -> None:
    """Bring the database back where it was."""
    await asyncio.to_thread(postgres.start, server.folder, port=server.port, fsync=False)


async def in_talk(house: House, phone: Phone) -> tuple[Outgoing, Incoming]:
    """A call that an agent has answered."""
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


class TestStopping:
    """SIGTERM."""

    async def test_who_talks_talks_on_and_who_calls_meets_the_next_daemon(self, office: House) -> None:
        """A stop ends no talk and waits for none; who calls meanwhile hears ringing until the next daemon has him."""
        await office.start()
        phone = await office.agent(1)
        call, talk = await in_talk(office, phone)
        await office.stop()
        late = await office.call(DID)
        await late.ringing(180)
        await noted(office, f"did={DID}")
        await talking(call, talk)
        await office.start()
        await talking(call, talk)
        await all_taken_up(office)
        await call.hang_up()
        ringing = await phone.invited()
        assert (late.statuses, late.line.packets, notes(office)) == ([100, 180], 0, [])
        await ringing.answer()
        await talking(late, ringing)
        await late.hang_up()
        assert {cdr["disposition"] for cdr in await office.cdrs(2)} == {"answered"}
        await office.mails(2)


class TestAsteriskAway:
    """ARI cannot be reached, at the start or later."""

    async def test_ready_is_said_only_when_calls_can_be_taken(self, office: House, cable: Cable) -> None:
        """While Asterisk is away the daemon is not ready; once it is there, ready means that a call is taken."""
        await cable.cut()
        starting = asyncio.create_task(office.start())
        await cable.tried(3)
        assert not starting.done()
        cable.mend()
        await starting
        call, _ = await in_talk(office, await office.agent(1))
        await call.hang_up()
        assert (await office.cdr())["disposition"] == "answered"

    async def test_it_can_be_stopped_while_it_waits(self, office: House, cable: Cable) -> None:
        """A stop does not wait for Asterisk, and readiness is never claimed."""
        await cable.cut()
        stop, ready = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(app.serve(office.settings, Role.ALL, stop, ready=ready.set))
        await cable.tried(1)
        stop.set()
        async with asyncio.timeout(5):
            await serving
        assert not ready.is_set()

    async def test_a_dropped_socket_ends_no_call(self, office: House, cable: Cable) -> None:
        """In the gap the talk goes on and a new call rings in the dialplan; after it the daemon has both in hand."""
        await office.start()
        phone = await office.agent(1)
        call, talk = await in_talk(office, phone)
        await cable.cut()
        await cable.tried(1)
        late = await office.call(DID)
        await noted(office, f"did={DID}")
        await talking(call, talk)
        cable.mend()
        await all_taken_up(office)
        await talk.hang_up()
        assert (await call.finished()).by == "far"
        next_talk = await phone.invited()
        await next_talk.answer()
        await talking(late, next_talk)
        await late.hang_up()
        assert [cdr["disposition"] for cdr in await office.cdrs(2)] == ["answered", "answered"]


class TestMissedEvents:
    """What happened while the socket was away is noticed when it is back."""

    @pytest.mark.parametrize("who", ["agent", "caller"])
    async def test_who_hangs_up_in_the_gap(self, office: House, cable: Cable, who: str) -> None:
        """The other one does not listen to silence for ever: the call ends as soon as the daemon knows."""
        await office.start()
        call, talk = await in_talk(office, await office.agent(1))
        await cable.cut()
        leaving, staying = (talk, call) if who == "agent" else (call, talk)
        await leaving.hang_up()
        cable.mend()
        assert (await staying.finished()).by == "far"
        cdr = await office.cdr()
        assert (cdr["disposition"], cdr["hung_up_by"]) == ("answered", "callee" if who == "agent" else "caller")

    async def test_who_answers_in_the_gap(self, office: House, cable: Cable) -> None:
        """An agent who picks up meanwhile gets the caller, and not a silent line until the ringing time is over."""
        await office.start()
        phone = await office.agent(1)
        call = await office.call(DID)
        ringing = await phone.invited()
        ringing.ring()
        await call.ringing(180)
        await cable.cut()
        await ringing.answer()
        cable.mend()
        await talking(call, ringing)
        await call.hang_up()
        assert (await office.cdr())["answered_by"] == "agent1"

    async def test_words_that_end_in_the_gap(self, house: House, cable: Cable) -> None:
        """A greeting and then a message whose ends nobody told of: the call goes on, and the message is kept."""
        await house.use(client({"to": "machine", "silence": 9}, announcements={"machine": "m.wav"}))
        await house.announce("mueller", seconds=1.0, machine=12)
        await house.start()
        call = await house.call(DID)
        await call.line.hears(sound.announcement(12, 0.5), score=0.6)
        await cable.cut()
        await call.line.hears(sound.announcement(12, 1.0), score=0.95)
        cable.mend()
        await eventually(lambda: recordings(house), bool)
        call.line.speak(sound.announcement(77, 2.0))
        await call.line.sent()
        await cable.cut()
        call.line.press("#")
        await eventually(lambda: recordings(house), lambda found: any(one.claimed for one in found))
        cable.mend()
        assert (await call.finished()).by == "far"
        assert (await house.cdr())["disposition"] == "message"


async def recordings(house: House) -> list[Samples]:
    """The messages that Asterisk has begun to record; one that claims a length is finished."""
    found = (samples(file) for file in house.settings.paths.spool.glob("message-*.wav"))
    return [one for one in found if one]


class TestDatabaseAway:
    """PostgreSQL is only where records go in the end."""

    async def test_calls_are_taken_from_the_copy_on_disk(self, house: House, own_postgres: Postgres) -> None:
        """A start without the database: the book comes from disk, calls are answered; CDR and mail follow later."""
        await house.start()
        await house.stop()
        await asyncio.to_thread(own_postgres.stop)
        await house.start()
        call, _ = await in_talk(house, await house.agent(1))
        await call.hang_up()
        await start_again(own_postgres)
        cdr = await house.cdr()
        assert (cdr["client"], cdr["disposition"], cdr["answered_by"]) == ("mueller", "answered", "agent1")
        await house.mails()

    async def test_it_may_go_during_calls(self, house: House, own_postgres: Postgres) -> None:
        """Lost in a talk, with another call begun and ended without it: nothing is lost and nothing comes twice."""
        await house.start()
        phone = await house.agent(1)
        call, talk = await in_talk(house, phone)
        await asyncio.to_thread(own_postgres.stop)
        await talking(call, talk)
        await call.hang_up()
        next_call, _ = await in_talk(house, phone)
        await next_call.hang_up()
        await house.quiet()
        await start_again(own_postgres)
        for cdr in await house.cdrs(2):
            assert cdr["disposition"] == "answered"
            assert cdr["talk"] > Decimal(0)
        await house.mails(2)


class TestRefusals:
    """What the daemon refuses to run on, in words."""

    async def test_two_daemons_do_not_share_a_folder(self, office: House) -> None:
        """A second daemon ends with a sentence before it takes the first one's calls away."""
        await office.start()
        with pytest.raises(JournalError, match="another vorzimmer daemon runs on it"):
            await app.serve(office.settings, Role.CALLS, asyncio.Event())
        call, _ = await in_talk(office, await office.agent(1))
        await call.hang_up()
        await office.cdr()

    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize(
        ("change", "advice"),
        [
            ("DELETE FROM schema_migration WHERE name = (SELECT max(name) FROM schema_migration)", "vorzimmer migrate"),
            ("INSERT INTO schema_migration VALUES ('9999_add_future.sql', '\\x00')", "upgrade the daemon"),
        ],
    )
    async def test_a_database_of_another_version(self, house: House, role: Role, change: str, advice: str) -> None:
        """An older or newer schema ends the start, whatever the role, with what to do; ready is never said."""
        await house.query(change)
        with pytest.raises(SchemaError, match=advice):
            await app.serve(house.settings, role, asyncio.Event(), ready=lambda: pytest.fail("not ready"))

    async def test_a_refusal_is_one_line_at_the_command(self, office: House) -> None:
        """`vorzimmer serve` says the sentence and ends with 1: no traceback."""
        await office.start()
        async with serving(office.settings, office.folder) as daemon:
            assert await daemon.exit_status() == 1
            assert daemon.log.splitlines()[-1].endswith("another vorzimmer daemon runs on it")
            assert "Traceback" not in daemon.log


class TestProcess:
    """`vorzimmer --config FILE serve`, as systemd runs it."""

    async def test_it_ends_cleanly_and_its_log_is_json_without_a_secret(self, office: House) -> None:
        """A call, then SIGTERM: exit status 0; every line of the log is JSON, none holds a password."""
        async with serving(office.settings, office.folder, "--log-level", "debug") as daemon:
            await daemon.ready()
            call, _ = await in_talk(office, await office.agent(1))
            await call.hang_up()
            await office.cdr()
            await office.mails()
            daemon.terminate()
            assert await daemon.exit_status() == 0
            lines = [json.loads(line) for line in daemon.log.splitlines()]
            events = [line["event"] for line in lines]
            assert {"daemon.ready", "call.routed", "call.ended", "daemon.stopping"} <= set(events)
            assert {line["call_id"] for line in lines if line["event"] == "call.ended"} == {
                (await office.cdr())["call_id"]
            }
            assert not [secret for secret in office.settings.secrets() if secret in daemon.log]

    async def test_a_talk_outlives_a_killed_daemon(self, office: House) -> None:
        """SIGKILL in a talk: both go on talking, and the next daemon completes the CDR once they have hung up."""
        phone = await office.agent(1)
        async with serving(office.settings, office.folder) as daemon:
            await daemon.ready()
            call, talk = await in_talk(office, phone)
            daemon.kill()
            assert await daemon.exit_status() == -9
        await talking(call, talk)
        async with serving(office.settings, office.folder) as daemon:
            await daemon.ready()
            await talking(call, talk)
            assert await office.query("SELECT 1 FROM cdr") == []
            await call.hang_up()
            await talk.finished()
            cdr = await office.cdr()
            assert (cdr["client"], cdr["disposition"], cdr["answered_by"]) == ("mueller", "answered", "agent1")
            await office.mails()
            daemon.terminate()
            assert await daemon.exit_status() == 0
