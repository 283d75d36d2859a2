"""Backup and restore on a real PostgreSQL: nothing is lost, nothing is touched by what is damaged or refused."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import resource
import stat
import tarfile
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.store.books import book
from tests.store.records import Troubles, end, events, write_call
from vorzimmer.core.cdr import build_cdr
from vorzimmer.sandbox.postgres import binaries
from vorzimmer.store import archive, backup, calls, migrate, postgres_programs, restore
from vorzimmer.store.archive import BackupError, Manifest
from vorzimmer.store.backup import Folders
from vorzimmer.store.book import save_book
from vorzimmer.store.journal import Journal, JournalError
from vorzimmer.store.segments import Position
from vorzimmer.store.shipper import Shipper
from vorzimmer.store.whole_file import TakenError

AT = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
WAV = b"RIFF" + bytes(range(256)) * 40


class Place:
    """A database and the folders that go with it."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.folder = folder
        self.folders = Folders(folder / "journal", folder / "calls", folder / "recordings", folder / "library")
        self.file = folder.with_name("backup.tar.gz")

    async def back_up(self, file: Path | None = None, **options: Any) -> Manifest:
        """Make a backup of it."""
        defaults: dict[str, Any] = {"programs": [binaries()], "version": "0.1", "at": AT}
        async with connected(self.dsn) as conn:
            config: dict[str, Path] = options.pop("config", {})
            return await backup.back_up(
                conn, self.dsn, self.folders, config, file or self.file, **{**defaults, **options}
            )

    async def restore(self, file: Path) -> restore.Restored:
        """Bring a backup here, whatever is here."""
        with file.open("rb") as opened, restore.held(self.folders.journal, Troubles()):
            manifest = archive.verify(opened)
            async with connected(self.dsn) as conn:
                return await restore.restore(conn, self.dsn, opened, manifest, self.folders, programs=[binaries()])

    async def ship(self) -> list[str]:
        """Bring the journal into the database; what was reported."""
        troubles = Troubles()
        journal = Journal(self.folders.journal, troubles)
        async with shipping(journal, self.dsn, troubles) as shipper, asyncio.timeout(30):
            await shipper.drained()
        journal.close()
        return troubles.events

    async def query(self, sql: str) -> Any:
        """One value of the database."""
        async with connected(self.dsn) as conn:
            return await conn.fetchval(sql)

    def is_backed_up(self) -> bool:
        """Whether there is a backup, or a part of one."""
        return any(file.name.startswith("backup") for file in self.folder.parent.iterdir())

    def files(self) -> dict[str, bytes | str]:
        """Everything in the folders: bytes of files, targets of links."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_symlink() or path.is_file())
        return {
            str(path.relative_to(self.folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for path in found
        }


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A connection for the body."""
    conn = await asyncpg.connect(dsn)
    try:
        yield conn
    finally:
        await conn.close()


@asynccontextmanager
async def shipping(journal: Journal, dsn: str, troubles: Troubles) -> AsyncIterator[Shipper]:
    """A running shipper."""
    shipper = Shipper(journal, dsn, domain="test.example", trouble=troubles, pause=0.001)
    task = asyncio.create_task(shipper.run())
    try:
        yield shipper
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def old(dsn: str, tmp_path: Path) -> Place:
    """A house with a past: a call in the database, one in the journal only, one that lasts; sounds and messages."""
    place = Place(dsn, tmp_path / "old")
    for folder in ("recordings", "library/mueller/.store/4711/original", "calls"):
        (place.folder / folder).mkdir(parents=True)
    (place.folders.recordings / "message-1.wav").write_bytes(WAV)
    (place.folders.recordings / "message-2.new").write_bytes(b"half")
    store = place.folders.library / "mueller" / ".store" / "4711"
    (store / "announcement.alaw").write_bytes(bytes(8000))
    (store / "original" / "Grüß Gott.mp3").write_bytes(b"mp3")
    (place.folders.library / "mueller" / "greeting.alaw").symlink_to(".store/4711/announcement.alaw")
    (place.folders.library / ".new-x").mkdir()
    (place.folders.library / ".lock").touch()
    (place.folders.away / "77.1.call").write_text("arrived=1772442000\ndid=+498912345\n")
    async with connected(dsn) as conn:
        await save_book(conn, book({"id": "mueller", "dids": ["+498912345"]}), prune=True)
    journal = Journal(place.folders.journal, Troubles())
    write_call(journal, "shipped", "a@example.org")
    async with shipping(journal, dsn, Troubles()) as shipper, asyncio.timeout(30):
        await shipper.drained()
    write_call(journal, "late", "b@example.org")
    for event in events("lasts", 4):
        journal.append(event)
    journal.close()
    return place


@pytest.fixture
def new(empty_dsn: str, tmp_path: Path) -> Place:
    """An empty database, and folders that are not there yet."""
    return Place(empty_dsn, tmp_path / "new")


async def test_everything_comes_back(old: Place, new: Place) -> None:
    """Database, recordings, announcements with their links, notes and journal are the same; locks stay behind."""
    manifest = await old.back_up()
    assert stat.S_IMODE(old.file.stat().st_mode) == 0o600
    assert (manifest.at, dict(manifest.database.rows)) == (AT, {"cdr": 1, "client": 1})
    done = await new.restore(old.file)
    assert (done.waiting, done.older) == (1, False)
    left_behind = {"recordings/message-2.new", "library/.lock"}
    assert new.files() == {name: held for name, held in old.files().items() if name not in left_behind}
    for place in (old, new):
        assert await place.ship() == []
    rows = "SELECT jsonb_agg(row) FROM (SELECT * FROM cdr JOIN cdr_person USING (call_id) ORDER BY call_id) AS row"
    assert (await old.query(rows)).count('"call_id"') == 2
    for table in ("client", "client_number", "call_event", "schema_migration"):
        same = f"SELECT jsonb_agg(t ORDER BY t::text) FROM {table} AS t"  # noqa: S608 - a constant
        assert await new.query(same) == await old.query(same)
    async with connected(new.dsn) as conn:
        assert [await calls.verify_digest(conn, call_id) for call_id in ("shipped", "late")] == [True, True]
        assert [cdr.call_id for cdr in await calls.list_calls(conn)] == ["late", "shipped"]
    journal = Journal(new.folders.journal, Troubles())
    assert {call_id: len(told) for call_id, told in journal.open_calls().items()} == {"lasts": 4}
    journal.close()


async def test_what_is_restored_belongs_to_the_folders_owner(old: Place, new: Place) -> None:
    """Root restores for the daemon's user: every file and folder is its, and open to no more people than before."""
    (old.folders.recordings / "message-1.wav").chmod(0o666)
    await old.back_up()
    new.folder.mkdir(mode=0o755)
    if os.geteuid() == 0:
        os.chown(new.folder, 1234, 1235)
    await new.restore(old.file)
    owner = new.folder.stat()
    for path in new.folder.rglob("*"):
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (owner.st_uid, owner.st_gid), path
    modes = {name: stat.S_IMODE((new.folder / name).stat().st_mode) for name in ("journal", "recordings", "library")}
    assert modes == {"journal": 0o700, "recordings": 0o700, "library": 0o755}
    assert stat.S_IMODE((new.folders.library / "mueller" / ".store").stat().st_mode) == 0o755
    assert stat.S_IMODE((new.folders.recordings / "message-1.wav").stat().st_mode) == 0o644


async def test_the_database_keeps_its_guards(old: Place, new: Place) -> None:
    """After a restore a CDR still cannot be edited, numbers go on where they were, and changes are told of."""
    await old.back_up()
    await new.restore(old.file)
    async with connected(new.dsn) as conn:
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute("UPDATE cdr SET duration = 1")
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute("SET session_replication_role = replica; DELETE FROM cdr")
        heard: asyncio.Queue[str] = asyncio.Queue()
        await conn.add_listener("vorzimmer_book", lambda *told: heard.put_nowait(told[3]))
        before = await conn.fetchval("SELECT version FROM book_version")
        version = await conn.fetchval("UPDATE client SET id = id RETURNING version")
        async with asyncio.timeout(5):
            assert await heard.get() == str(before + 1)
        assert await conn.fetchval("SELECT nextval('book_row_version')") > version
    assert await new.ship() == []
    assert await new.query("SELECT count(DISTINCT id) FROM outbox") == 2
    async with connected(new.dsn) as conn:
        await migrate.require_current(conn)


async def test_a_record_that_leaves_the_journal_meanwhile_is_kept(
    old: Place, new: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shipped, and so leaves the journal, while the dump is made but too late for it, is in the archive."""
    dump = postgres_programs.run

    async def dump_then_ship(*arguments: Any, **options: Any) -> None:
        await dump(*arguments, **options)
        await old.ship()

    monkeypatch.setattr(postgres_programs, "run", dump_then_ship)
    manifest = await old.back_up()
    assert (manifest.database.rows["cdr"], await old.query("SELECT count(*) FROM cdr")) == (1, 2)
    monkeypatch.undo()
    await new.restore(old.file)
    assert await new.ship() == []
    assert await new.query("SELECT array_agg(call_id ORDER BY call_id) FROM cdr") == ["late", "shipped"]


async def test_a_call_that_ends_while_the_journal_is_copied_is_kept(
    old: Place, new: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first segment goes away, its end is written to one that is new, and the database has neither."""
    assert await old.ship() == []
    journal = Journal(old.folders.journal, Troubles())
    copy = backup._add_segment

    def end_then_copy(*arguments: Any, **options: Any) -> None:
        if "lasts" in journal.open_calls():
            journal.append_end(end(build_cdr(events("lasts"))))
            journal.mark_shipped(Position(journal._writer.number, 0), 0)
        copy(*arguments, **options)

    monkeypatch.setattr(backup, "_add_segment", end_then_copy)
    manifest = await old.back_up()
    journal.close()
    assert manifest.count("journal") == 2
    await new.restore(old.file)
    assert await new.ship() == []
    assert "lasts" in await new.query("SELECT array_agg(call_id) FROM cdr")


async def test_calls_that_come_in_meanwhile(old: Place, new: Place) -> None:
    """While calls come in and are shipped, each that had ended when a backup began is in it, once."""
    journal = Journal(old.folders.journal, Troubles(), segment_bytes=3000)
    names = (f"busy-{number}" for number in count())
    ended: list[str] = []
    enough = asyncio.Event()

    async def take_calls() -> None:
        for name in names:
            write_call(journal, name)
            ended.append(name)
            if len(ended) > 50:
                enough.set()
            await asyncio.sleep(0.01)

    async with shipping(journal, old.dsn, Troubles()):
        busy = asyncio.create_task(take_calls())
        await enough.wait()
        before = set(ended)
        await old.back_up()
        busy.cancel()
    journal.close()
    assert len(ended) > len(before)
    await new.restore(old.file)
    assert await new.ship() == []
    found = await new.query("SELECT array_agg(call_id) FROM cdr")
    assert len(found) == len(set(found))
    assert before <= set(found)


async def test_a_half_written_line_is_not_copied(old: Place, new: Place) -> None:
    """What the daemon is writing at that very moment belongs to the next backup, and is no damage in this one."""
    last = max(old.folders.journal.glob("*.jsonl"))
    whole = last.read_bytes()
    last.write_bytes(whole + b'0badbeef {"t":"event","id"')
    await old.back_up()
    await new.restore(old.file)
    assert (new.folders.journal / last.name).read_bytes() == whole


class TestPrograms:
    """Which pg_dump is taken, and what it is told."""

    @staticmethod
    def script(folder: Path, version: str, body: str = "exit 1") -> Path:
        """A pg_dump that tells a version and otherwise does this."""
        folder.mkdir()
        program = folder / "pg_dump"
        program.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version} (Debian)" && exit\n{body}\n'
        )
        program.chmod(0o755)
        return folder

    async def test_the_password_is_on_no_command_line(self, old: Place, tmp_path: Path) -> None:
        """Everybody on the machine can read command lines: the password goes by the environment."""
        body = f'echo "$*" > {tmp_path}/told; echo "$PGPASSWORD" >> {tmp_path}/told; exit 0'
        await old.back_up(programs=[self.script(tmp_path / "bin", "99.1", body)])
        line, password = (tmp_path / "told").read_text().splitlines()
        assert f":{password}@" in old.dsn
        assert password not in line
        assert "--dbname=postgresql://postgres@127.0.0.1:" in line

    @pytest.mark.parametrize(
        ("dsn", "address", "password"),
        [
            ("postgresql://u:p%40%3A@h:1/d", "postgresql://u@h:1/d", "p@:"),
            ("postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=require", None),
            ("postgresql:///d?host=/run/p&password=x%26y&user=u", "postgresql:///d?host=%2Frun%2Fp&user=u", "x&y"),
            ("postgresql://u:@h1:1,h2:2/d", "postgresql://u@h1:1,h2:2/d", ""),
        ],
    )
    def test_every_form_of_password_is_taken_out(self, dsn: str, address: str, password: str | None) -> None:
        """Percent signs, several hosts, a password among the options: libpq gets the rest as it was meant."""
        assert postgres_programs.split_password(dsn) == (address, password)

    async def test_the_nearest_version_is_taken(self, tmp_path: Path) -> None:
        """Never an older one than the server, and no newer one than need be."""
        folders = [self.script(tmp_path / str(major), f"{major}.3") for major in (15, 19, 17)]
        assert (await postgres_programs.find("pg_dump", folders, 16)).path == tmp_path / "17" / "pg_dump"

    async def test_an_old_one_is_refused_in_words(self, old: Place, tmp_path: Path) -> None:
        """A pg_dump older than the server, or none, ends with what to install; nothing is left behind."""
        with pytest.raises(BackupError, match=r"pg_dump 15 .* is too old, it takes 18: apt install"):
            await old.back_up(programs=[self.script(tmp_path / "bin", "15.3")])
        with pytest.raises(BackupError, match="not installed: apt install postgresql-client-18"):
            await old.back_up(programs=[tmp_path / "nowhere"])
        assert not old.is_backed_up()

    async def test_a_failing_one_leaves_nothing_behind(self, old: Place, tmp_path: Path) -> None:
        """What pg_dump said is the reason, and there is no file that looks like a backup."""
        program = self.script(tmp_path / "bin", "18.3", "echo 'pg_dump: error: no luck today' >&2; exit 1")
        with pytest.raises(BackupError, match="pg_dump failed: pg_dump: error: no luck today"):
            await old.back_up(programs=[program])
        assert not old.is_backed_up()


class TestTheFile:
    """The archive as a file."""

    async def test_a_full_disk_leaves_nothing_behind(self, old: Place) -> None:
        """Refused in the middle of writing, the half archive is removed."""
        (old.folders.recordings / "long.wav").write_bytes(os.urandom(4_000_000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                await old.back_up()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not old.is_backed_up()

    async def test_a_file_that_is_there_is_not_replaced(self, old: Place) -> None:
        """A mistyped name costs nobody a file."""
        old.file.write_text("mine")
        with pytest.raises(TakenError, match="exists; name a new file"):
            await old.back_up()
        assert old.file.read_text() == "mine"

    async def test_two_at_once_do_not_mix(self, old: Place) -> None:
        """Of two backups into the same file one is refused, and the other is whole."""
        results = await asyncio.gather(old.back_up(), old.back_up(), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Manifest", "TakenError"]
        with old.file.open("rb") as opened:
            archive.verify(opened)

    async def test_an_announcement_that_leads_nowhere_is_told(self, old: Place) -> None:
        """A link without its sound would be an announcement that is missing after a restore."""
        (old.folders.library / "mueller" / "closed.alaw").symlink_to(".store/gone/announcement.alaw")
        with pytest.raises(BackupError, match=r"library/mueller/closed\.alaw leads nowhere"):
            await old.back_up()

    def test_older_ones_are_removed(self, tmp_path: Path) -> None:
        """The newest stay, the one just made always, other files too; what killed backups left goes."""
        names = [backup.file_name(AT.replace(day=day)) for day in range(1, 8)]
        for name in (*names, f"{names[0]}.new", "vorzimmer-old.tar.gz", "notes.txt"):
            (tmp_path / name).touch()
        kept = tmp_path / names[1]  # made while the clock was wrong
        gone = backup.remove_older(tmp_path, kept, 3)
        assert {file.name for file in gone} == {names[0], names[2], names[3], names[4], f"{names[0]}.new"}
        left = {file.name for file in tmp_path.iterdir()}
        assert left == {names[1], names[5], names[6], "vorzimmer-old.tar.gz", "notes.txt"}


def unpacks_to(packed: bytes, plain: bytes) -> bool:
    """Whether this is still the same content."""
    try:
        return gzip.decompress(packed) == plain
    except (OSError, EOFError, zlib.error):
        return False


class TestDamage:
    """What is not whole is refused before anything is touched."""

    async def test_every_flipped_byte_and_every_cut_is_found(self, old: Place) -> None:
        """Wherever a byte changes or the file ends too early, the check says so."""
        await old.back_up()
        whole = old.file.read_bytes()
        step = len(whole) // 60
        for at in range(12, len(whole), step):
            altered = bytearray(whole)
            altered[at] ^= 0x10
            for content in (bytes(altered), whole[:at]):
                # Some bits between the packed blocks mean nothing: unpacked, nothing has changed.
                if not unpacks_to(content, gzip.decompress(whole)):
                    with pytest.raises(BackupError):
                        archive.verify(io.BytesIO(content))
        with pytest.raises(BackupError):
            archive.verify(io.BytesIO(whole[:-1]))
        with pytest.raises(BackupError, match="no backup"):
            archive.verify(io.BytesIO(b"something else"))

    @staticmethod
    def rewritten(whole: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]) -> Any:
        """The archive with its members changed or left out, and well packed."""
        packed = io.BytesIO()
        with tarfile.open(whole) as source, tarfile.open(fileobj=packed, mode="w:gz") as target:
            for info in source:
                opened = source.extractfile(info) if info.isreg() else None
                if member := change(info, opened.read() if opened else b""):
                    member[0].size = len(member[1])
                    target.addfile(member[0], io.BytesIO(member[1]))
        return packed

    async def test_what_does_not_agree_with_the_manifest_is_found(self, old: Place) -> None:
        """A well packed archive in which a file was exchanged, left out or put in is refused, by its name."""
        await old.back_up()
        name = "recordings/message-1.wav"
        exchanged = self.rewritten(old.file, lambda info, held: (info, b"x" if info.name == name else held))
        with pytest.raises(BackupError, match=f"{name} is not what the manifest says"):
            archive.verify(exchanged)
        left_out = self.rewritten(old.file, lambda info, held: None if info.name == name else (info, held))
        with pytest.raises(BackupError, match=f"{name} is missing"):
            archive.verify(left_out)
        no_manifest = self.rewritten(
            old.file, lambda info, held: None if info.name == "manifest.json" else (info, held)
        )
        with pytest.raises(BackupError, match="its manifest is missing"):
            archive.verify(no_manifest)
        later = self.rewritten(old.file, lambda info, held: (info, held.replace(b'"format": 1', b'"format": 2')))
        with pytest.raises(BackupError, match="of another version or damaged: format"):
            archive.verify(later)

    @pytest.mark.parametrize(
        ("name", "link", "kind"),
        [
            ("../x", None, tarfile.REGTYPE),
            ("/etc/cron.d/x", None, tarfile.REGTYPE),
            ("recordings/../../x", None, tarfile.REGTYPE),
            ("recordings//x", None, tarfile.REGTYPE),
            ("elsewhere/x", None, tarfile.REGTYPE),
            ("library", "/etc", tarfile.SYMTYPE),
            ("library/x", "/etc/passwd", tarfile.SYMTYPE),
            ("library/a/x", "../../../etc", tarfile.SYMTYPE),
            ("library/x", "..", tarfile.SYMTYPE),
            ("library/x", "recordings/message-1.wav", tarfile.LNKTYPE),
            ("recordings/x", None, tarfile.FIFOTYPE),
            ("recordings/x", None, tarfile.CHRTYPE),
            ("recordings/x", None, tarfile.DIRTYPE),
            ("database.dump", "library/x", tarfile.SYMTYPE),
        ],
    )
    async def test_a_hostile_member_is_refused(
        self, old: Place, new: Place, name: str, link: str | None, kind: bytes
    ) -> None:
        """A name or a link that leads out of the backup's own folders, or no file at all: nothing of it is written."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link or ""
            tar.addfile(info)
        old.file.write_bytes(packed.getvalue())
        with pytest.raises(BackupError, match="refused"):
            await new.restore(old.file)
        assert new.files() == {"journal/lock": b""}
        assert await new.query("SELECT to_regclass('cdr')") is None

    async def test_a_file_behind_a_link_is_refused(self, tmp_path: Path) -> None:
        """Two links, each harmless, can lead out together: no member may lie behind another."""
        file = tmp_path / "hostile.tar.gz"
        database = archive.Dumped(server=18, pg_dump=18, migrations={}, rows={})
        with file.open("w+b") as opened:
            with archive.writing(opened) as writer:
                writer.add(archive.DUMP, io.BytesIO(), 0)
                writer.add_link("library/a/b/c/one", "../../../t")
                writer.add_link("library/a/b/c/one/two", "../../../../y")
                writer.finish(version="0.1", at=AT, database=database)
            with pytest.raises(BackupError, match="lies behind"):
                archive.verify(opened)


class TestRefusals:
    """What is there already."""

    async def test_what_would_be_replaced_is_told(self, old: Place, new: Place) -> None:
        """Nothing is told of an empty house; of a full one each part, with what it holds."""
        async with connected(new.dsn) as conn:
            assert await restore.occupied(conn, new.folders) == []
        async with connected(old.dsn) as conn:
            database, *folders = await restore.occupied(conn, old.folders)
        assert database.endswith("1 rows in cdr, 1 rows in client")
        assert folders == [
            f"journal {old.folders.journal}: 2 files",
            f"recordings {old.folders.recordings}: 1 files",
            f"library {old.folders.library}: 3 files",
        ]

    async def test_replacing_leaves_nothing_of_what_was_there(self, old: Place, empty_dsn: str, tmp_path: Path) -> None:
        """Tables, recordings and announcements that the backup does not have are gone; notes of calls are kept."""
        await old.back_up()
        other = Place(empty_dsn, tmp_path / "other")
        await other.restore(old.file)
        async with connected(other.dsn) as conn:
            await conn.execute("CREATE TABLE later (call_id text REFERENCES cdr)")
            await save_book(conn, book({"id": "schulz", "dids": ["+4930999"]}), prune=False)
        (other.folders.recordings / "message-9.wav").write_bytes(WAV)
        (other.folders.away / "88.1.call").write_text("mine")
        (other.folders.away / "77.1.call").write_text("longer by now")
        for _ in range(2):
            await other.restore(old.file)
            assert await other.query("SELECT to_regclass('later')") is None
            assert await other.query("SELECT array_agg(id) FROM client") == ["mueller"]
            assert (
                await other.query("SELECT array_agg(nspname::text) FROM pg_namespace WHERE nspname ~ 'restore'") is None
            )
        assert sorted(file.name for file in other.folders.recordings.iterdir()) == ["message-1.wav"]
        notes = {file.name: file.read_text() for file in other.folders.away.iterdir()}
        assert notes == {"88.1.call": "mine", "77.1.call": "longer by now"}
        again = tmp_path / "again.tar.gz"
        await other.back_up(again)
        await other.restore(again)

    async def test_a_restore_that_fails_changes_nothing(self, old: Place) -> None:
        """With a dump that PostgreSQL refuses, tables and files are what they were."""
        with old.file.open("w+b") as opened, archive.writing(opened) as writer:
            writer.add(archive.DUMP, io.BytesIO(b"PGDMP, but no more"), 10)
            database = archive.Dumped(server=18, pg_dump=18, migrations={}, rows={})
            writer.finish(version="0.1", at=AT, database=database)
        before = old.files()
        with pytest.raises(BackupError, match="pg_restore failed"):
            await old.restore(old.file)
        assert old.files() == before
        async with connected(old.dsn) as conn:
            assert await calls.verify_digest(conn, "shipped")
            await migrate.require_current(conn)

    async def test_a_running_daemon_is_not_robbed(self, old: Place) -> None:
        """While a daemon holds the journal, nothing is restored over it."""
        await old.back_up()
        journal = Journal(old.folders.journal, Troubles())
        with pytest.raises(JournalError, match="another vorzimmer daemon runs on it"):
            await old.restore(old.file)
        journal.close()

    async def test_who_else_is_connected_is_named(self, old: Place) -> None:
        """A worker that still sends would work on tables that vanish: it must be stopped first."""
        await old.back_up()
        worker = await asyncpg.connect(old.dsn, server_settings={"application_name": "a worker"})
        with pytest.raises(BackupError, match="others are connected to the database; stop them first: a worker"):
            await old.restore(old.file)
        await worker.close()
        assert await old.query("SELECT count(*) FROM cdr") == 1

    async def test_what_a_killed_restore_left_is_not_dropped(self, old: Place) -> None:
        """The tables that were put aside may be all there is: a person decides."""
        await old.back_up()
        async with connected(old.dsn) as conn:
            await conn.execute(restore._PUT_ASIDE)
        await old.query("CREATE TABLE anything ()")
        with pytest.raises(BackupError, match="left of a restore that was killed"):
            await old.restore(old.file)
        async with connected(old.dsn) as conn:
            await conn.execute(restore._PUT_BACK)
            assert await calls.verify_digest(conn, "shipped")

    async def test_an_owner_who_is_no_superuser(self, old: Place, new: Place) -> None:
        """The role that owns the new database gets everything, whatever it was called in the old one; twice."""
        await old.back_up()
        name = new.dsn.rpartition("/")[2]
        role = f"owner_of_{name}"
        async with connected(new.dsn) as conn:
            await conn.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x y'; ALTER DATABASE {name} OWNER TO {role}")
        address = new.dsn.rpartition("@")[2]
        owners = Place(f"postgresql://{role}:x%20y@{address}", new.folder)
        for _ in range(2):
            await owners.restore(old.file)
        assert await owners.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'") == role
        await owners.back_up(new.file.with_name("second.tar.gz"))
        async with connected(new.dsn) as conn:
            await conn.execute(f"REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}")
            await conn.execute(f"ALTER DATABASE {name} OWNER TO postgres; DROP ROLE {role}")

    async def test_other_versions_of_the_schema(self, old: Place, new: Place) -> None:
        """A newer one is refused, an edited one too; an older one is restored and said to need migrating."""
        async with connected(old.dsn) as conn:
            latest = await conn.fetchrow("SELECT * FROM schema_migration ORDER BY name DESC LIMIT 1")
            await conn.execute("INSERT INTO schema_migration VALUES ('9999_add_future.sql', '\\x00')")
            await old.back_up()
            with pytest.raises(BackupError, match=r"made by a newer vorzimmer \(0\.1\)"):
                await new.restore(old.file)
            await conn.execute("DELETE FROM schema_migration WHERE name ~ '^9999'")
            await conn.execute("UPDATE schema_migration SET sha256 = '\\x00' WHERE name = $1", latest["name"])
            old.file.unlink()
            await old.back_up()
            with pytest.raises(BackupError, match="other migration files"):
                await new.restore(old.file)
            await conn.execute("DELETE FROM schema_migration WHERE name = $1", latest["name"])
            old.file.unlink()
            await old.back_up()
        assert (await new.restore(old.file)).older


async def test_a_call_that_ended_twice_before_and_after_has_one_cdr(old: Place, new: Place) -> None:
    """A record that is in the journal and in the dump is no second call after the restore."""
    (old.folders.journal / "position").unlink()
    await old.back_up()
    await new.restore(old.file)
    journal = Journal(new.folders.journal, Troubles())
    journal.append_end(end(replace(build_cdr(events("shipped")), cause=99)))
    journal.close()
    assert await new.ship() == []
    assert await new.query("SELECT count(*) FROM cdr") == 2
    assert await new.query("SELECT cause FROM cdr WHERE call_id = 'shipped'") == 16


def test_gzip_reads_it_too(tmp_path: Path) -> None:
    """In an emergency the usual tools open it: it is a tar packed by gzip, named as such."""
    file = tmp_path / "plain.tar.gz"
    with file.open("wb") as opened, archive.writing(opened) as writer:
        writer.add("config/vorzimmer.toml", io.BytesIO(b"x = 1\n"), 6, mode=0o640)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(file.read_bytes()))) as tar:
        [info] = tar
        assert (info.name, info.mode, info.uid, info.uname) == ("config/vorzimmer.toml", 0o640, 0, "")
