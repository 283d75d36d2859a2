"""`vorzimmer reconcile`, on files as Asterisk writes them and a real database."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
from aiohttp import web
from click.testing import Result

from tests.cli.conftest import SETTINGS, Vorzimmer
from tests.notify.post_office import PostOffice
from tests.store.records import Troubles, end
from tests.store.records import events as events_of
from vorzimmer.asterisk.cdr_file import NEVER
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.client import Book
from vorzimmer.core.ledger import CallEvent
from vorzimmer.store import batch, book, calls, reconciliation, segments
from vorzimmer.store.journal import Journal

DID = "+4989123456"
ENDED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
BOOK = {
    "client": [
        {
            "id": "mueller",
            "name": "Kanzlei Müller",
            "dids": [DID],
            "hours": "always",
            "mail": ["office@example.org"],
            "open": {"chain": [{"to": "machine"}]},
        }
    ]
}
MORE = """
cdr = "{folder}/vorzimmer.csv"
[watch]
calls = {watch}
[smtp]
port = {smtp}
[alarm]
to = ["boss@operator.example"]
"""


@dataclass
class Place:
    """A house's files and database, and the command on it."""

    folder: Path
    dsn: str
    run: Vorzimmer
    watch: int = 0
    smtp: int = 1

    def reconcile(self, *options: object) -> Result:
        """Run the command."""
        file = self.folder / "vorzimmer.toml"
        more = MORE.format(folder=self.folder, watch=self.watch, smtp=self.smtp)
        file.write_text(SETTINGS.format(dsn=self.dsn, folder=self.folder) + more)
        return self.run("--config", file, "reconcile", *options)

    def told(
        self,
        call_id: str,
        lasts: int = 20,
        answered: int | None = None,
        *,
        ended: datetime = ENDED,
        last: str = "Stasis",
    ) -> None:
        """Asterisk writes down a call of so many seconds, answered after so many."""
        begun = (ended - timedelta(seconds=lasts)).timestamp()
        answer = NEVER if answered is None else f"{begun + answered:.6f}"
        times = [f"{begun:.6f}", answer, f"{ended.timestamp():.6f}"]
        values = [*[call_id] * 3, "PJSIP/trunk-00000001", DID, "", "+49301234567", *times, "ANSWERED", last]
        with (self.folder / "vorzimmer.csv").open("a") as file:
            file.write(",".join(f'"{value}"' for value in values) + "\n")

    def query(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Rows of the database."""
        return [dict(row) for row in self.on_database(lambda conn: conn.fetch(sql, *args))]

    def on_database(self, work: Callable[[Any], Any]) -> Any:
        """Do something on a connection."""

        async def connected() -> Any:
            conn = await asyncpg.connect(self.dsn)
            try:
                return await work(conn)
            finally:
                await conn.close()

        return asyncio.run(connected())

    def store(self, call_id: str, upto: int | None = None) -> None:
        """Bring our ledger of the call into the database: with its CDR, or only the first events."""
        happened, record = ours(call_id, upto)
        bodies = [segments.render(segments.event_record(event)) for event in happened]
        if record:
            bodies.append(segments.render({"t": "end", "record": record}))
        self.on_database(lambda conn: batch.store(conn, bodies, "test.example"))

    def write(self, call_id: str, upto: int | None = None) -> None:
        """Write our ledger of the call into the journal, and no further."""
        happened, record = ours(call_id, upto)
        journal = Journal(self.folder / "state" / "journal", Troubles())
        for event in happened:
            journal.append(event)
        if record:
            journal.append_end(record)
        journal.close()


def ours(call_id: str, upto: int | None = None) -> tuple[list[CallEvent], dict[str, Any] | None]:
    """An answered call of 64 seconds that ended at `ENDED`: its first events, or all and the end record."""
    told = events_of(call_id)
    happened = [replace(event, at=event.at + (ENDED - told[-1].at)) for event in told][:upto]
    return happened, end(build_cdr(happened), "office@example.org") if upto is None else None


@pytest.fixture
def place(run: Vorzimmer, dsn: str, tmp_path: Path) -> Place:
    """One client, no call, nobody who watches and no mail server."""
    for name in ("state", "recordings", "spool", "fallback/calls"):
        (tmp_path / name).mkdir(parents=True)
    place = Place(tmp_path, dsn, run)
    place.on_database(lambda conn: book.save_book(conn, Book.model_validate(BOOK), prune=True))
    return place


HOUR_BEFORE = ("--since", (ENDED - timedelta(hours=1)).isoformat())


def test_nothing_differs(place: Place) -> None:
    """Without a call, and with one that both sides know, it exits with 0; each run leaves a row."""
    assert place.reconcile().exit_code == 0
    place.store("c1")
    place.told("c1", 64, 4)
    place.told("", 5, ended=ENDED)  # a channel that did not pass our dialplan
    done = place.reconcile(*HOUR_BEFORE)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("compared 1, ended from ")
    assert done.stdout.endswith(": differing 0, completed 0\n")
    assert [(row["checked"], row["differing"], row["continuing"]) for row in place.query(RUNS)] == [
        (0, 0, True),
        (1, 0, False),
    ]


RUNS = "SELECT * FROM reconciliation ORDER BY id"


def test_missing_call_is_completed_once(place: Place) -> None:
    """An unanswered call of which we know nothing is an abandoned one, with its mail; the second run is content."""
    place.told("c1")
    done = place.reconcile()
    assert done.exit_code == 1
    assert "c1  there is no CDR of this call to +4989123456, which was not answered (20.0 s)" in done.stdout
    assert "likely cause: the journal was lost before it reached the database" in done.stdout
    assert "completed as abandoned, client mueller" in done.stdout
    assert done.stdout.endswith(": differing 1, completed 1\n")
    [cdr] = place.query("SELECT * FROM cdr JOIN cdr_person USING (call_id)")
    assert (cdr["client"], cdr["disposition"], cdr["caller"]) == ("mueller", "abandoned", "+49301234567")
    assert (cdr["ended_at"], cdr["ring"], cdr["duration"]) == (ENDED, 20, 20)
    assert [row["recipient"] for row in place.query("SELECT * FROM outbox")] == ["office@example.org"]
    assert place.on_database(lambda conn: calls.verify_digest(conn, "c1"))
    again = place.reconcile(*HOUR_BEFORE)
    assert again.exit_code == 0
    assert len(place.query("SELECT * FROM cdr")) == len(place.query("SELECT * FROM outbox")) == 1
    assert [row["completed"] for row in place.query(RUNS)] == [1, 0]


def test_answered_call_that_nobody_knows_claims_no_talk(place: Place) -> None:
    """Asterisk cannot know whether anybody talked: the time counts as queue, the call as failed, with a problem."""
    place.told("c1", 20, 5)
    assert place.reconcile().exit_code == 1
    [cdr] = place.query("SELECT * FROM cdr")
    assert (cdr["disposition"], cdr["talk"], cdr["queue"], cdr["ring"]) == ("failed", 0, 15, 5)
    assert cdr["hung_up_by"] == "system"
    [problem] = place.query("SELECT data->>'what' AS what FROM call_event WHERE kind = 'call.problem'")
    assert problem["what"].startswith("completed from Asterisk's own record: the journal was lost")


@pytest.mark.parametrize("file", ["spool/message-c1.wav", "fallback/calls/c1.wav", "recordings/message-c1.wav"])
def test_message_of_a_missing_call_is_found(place: Place, file: str) -> None:
    """A recording that lies about, wherever it was left, is kept and goes to the client with the call."""
    with wave.open(str(place.folder / file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000 * 6))
    place.told("c1", 20, 5, last="Record")
    place.reconcile()
    [cdr] = place.query("SELECT * FROM cdr")
    assert (cdr["disposition"], cdr["recording"], cdr["machine"]) == ("message", "message-c1.wav", 6)
    assert (place.folder / "recordings" / "message-c1.wav").exists()


def test_ledger_that_breaks_off_is_closed(place: Place) -> None:
    """What our ledger still knows stays: the talk that had begun counts until the end that Asterisk wrote down."""
    place.store("c1", upto=5)
    place.told("c1", 64, 4)
    done = place.reconcile()
    assert "the journal was lost after the call's beginning had reached the database" in done.stdout
    [cdr] = place.query("SELECT * FROM cdr")
    assert (cdr["disposition"], cdr["answered_by"], round(cdr["talk"])) == ("answered", "alice", 60)
    assert place.reconcile(*HOUR_BEFORE).exit_code == 0


def test_dry_run_changes_nothing(place: Place) -> None:
    """The differences are listed, and neither CDR nor row is written."""
    place.told("c1")
    done = place.reconcile("--dry-run")
    assert done.exit_code == 1
    assert "c1  there is no CDR" in done.stdout
    assert place.query("SELECT call_id FROM cdr") == place.query(RUNS) == []


@pytest.mark.parametrize("where", ["open in the journal", "ended in the journal", "noted by the dialplan"])
def test_call_on_its_way_is_left_alone(place: Place, where: str) -> None:
    """What the daemon has and the database not yet is not missing; the next run looks at it again."""
    match where:
        case "open in the journal":
            place.write("c1", upto=5)
        case "ended in the journal":
            place.write("c1")
        case _:
            (place.folder / "fallback" / "calls" / "c1.call").write_text("arrived=1\n")
    place.told("c1", 64, 4)
    place.told("c2", ended=ENDED + timedelta(seconds=1))
    done = place.reconcile()
    assert "1 on their way" in done.stdout
    assert [row["call_id"] for row in place.query("SELECT call_id FROM cdr")] == ["c2"]
    place.store("c1")
    assert place.reconcile().exit_code == 0
    assert [(row["until_at"] == ENDED, row["checked"]) for row in place.query(RUNS)] == [(True, 1), (False, 2)]


def test_refused_record_is_for_a_person(place: Place) -> None:
    """A record that the database refused holds more than Asterisk knows: it is listed, and nothing put in its place."""
    (place.folder / "state" / "journal").mkdir()
    _, record = ours("c1")
    line = orjson.dumps({"why": "no", "record": {"t": "end", "record": record}})
    (place.folder / "state" / "journal" / "rejected.jsonl").write_bytes(line + b"\n" + line[:50])
    place.told("c1", 64, 4)
    done = place.reconcile()
    assert done.exit_code == 1
    assert "rejected.jsonl" in done.stdout
    assert place.query("SELECT call_id FROM cdr") == []


def test_difference_that_cannot_be_completed_is_listed(place: Place) -> None:
    """A call that Asterisk did not write down, and one answered for one side only: told, and our record stays."""
    place.store("c1")
    place.store("c2")
    place.told("c2", 64)
    done = place.reconcile()
    assert done.exit_code == 1
    assert "c1  Asterisk has no record of this call (answered)" in done.stdout
    assert "c2  our CDR says that the call was answered (answered), Asterisk that it was not" in done.stdout
    assert ": differing 2, completed 0" in done.stdout


def test_run_begins_where_the_last_had_ended(place: Place) -> None:
    """So nothing is told twice, whatever a person compares in between."""
    place.store("c1")
    assert place.reconcile().exit_code == 1
    assert place.reconcile(*HOUR_BEFORE, "--until", (ENDED - timedelta(minutes=5)).isoformat()).exit_code == 0
    assert place.reconcile().exit_code == 0
    first, _, third = place.query(RUNS)
    assert third["since_at"] == first["until_at"]
    last = place.on_database(reconciliation.last_run)
    assert (last.since, last.continuing, last.checked) == (third["since_at"], True, 0)


def test_what_has_just_ended_is_not_looked_at(place: Place) -> None:
    """A minute belongs to the way from Asterisk's file to the database."""
    place.told("c1", ended=datetime.now(UTC) - timedelta(seconds=30))
    assert place.reconcile().exit_code == 0


def test_records_in_memory_forbid_to_compare(place: Place) -> None:
    """While the daemon's disk refuses its records, calls look as if they were missing: nothing is made up for them."""
    place.told("c1")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="# HELP x\nvorzimmer_journal_waiting_records 3.0\n")

    async def compared() -> Result:
        daemon = web.Application()
        daemon.add_routes([web.get("/metrics", page)])
        runner = web.AppRunner(daemon)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        place.watch = runner.addresses[0][1]
        try:
            return await asyncio.to_thread(place.reconcile)
        finally:
            await runner.cleanup()

    done = asyncio.run(compared())
    assert done.exit_code == 2
    assert "3 records wait in the daemon's memory" in done.stderr
    assert place.query("SELECT call_id FROM cdr") == []


def test_unreadable_file_is_no_agreement(place: Place) -> None:
    """A file that cannot be read ends with 2 and its name, not with "nothing differs"."""
    (place.folder / "vorzimmer.csv").mkdir()
    done = place.reconcile()
    assert done.exit_code == 2
    assert "vorzimmer.csv: Is a directory" in done.stderr


def test_alarm_is_mailed_only_for_differences(place: Place) -> None:
    """The operator's people get the lines in a mail, or nothing at all; also when nothing could be compared."""

    async def alarmed() -> list[EmailMessage]:
        async with PostOffice() as office:
            place.smtp = office.port
            await asyncio.to_thread(place.reconcile, "--alarm")
            assert office.mails() == []
            place.told("c1")
            await asyncio.to_thread(place.reconcile, *HOUR_BEFORE, "--alarm")
            (place.folder / "vorzimmer.csv").rename(place.folder / "away")
            (place.folder / "vorzimmer.csv").mkdir()
            await asyncio.to_thread(place.reconcile, "--alarm")
            return office.mails()

    differing, failed = asyncio.run(alarmed())
    assert differing["Subject"] == "Vorzimmer: calls differ from Asterisk's records: 1 of 1"
    assert "c1 there is no CDR of this call" in differing.get_content()
    assert failed["To"] == "boss@operator.example"
    assert "Is a directory" in failed.get_content()
