"""Versions of announcements in the database: each state by its rules, and what callers hear by their time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.core.examples import make_client
from vorzimmer.core.announcement import heard
from vorzimmer.core.client import Book, Client, Did
from vorzimmer.store import announcement_queue as queue
from vorzimmer.store import announcement_rows, audit, client_change
from vorzimmer.store import announcements as subject
from vorzimmer.store.announcements import Impossible, NoSuchVersion, Sound
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import load_book, save_book
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.snapshot import Snapshot

ANNA = Actor("anna")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)


@pytest.fixture
async def house(conn: Any) -> Any:
    """A connection to a house of two clients."""
    clients = [
        make_client(id=name, dids=[Did(number=f"+498912345{n}")], announcements={"closed": "zu.wav"})
        for n, name in enumerate(("mueller", "meier"))
    ]
    await save_book(conn, Book(client=tuple(clients)))
    return conn


async def add(conn: Any, folder: Path, name: str = "closed", client: str = "mueller", file: str = "a.mp3") -> int:
    """A version whose file has come."""
    uploads = folder / "uploads"
    uploads.mkdir(exist_ok=True)
    source = folder / f"incoming-{name}"
    source.write_bytes(b"sound")
    return await subject.add(conn, client, name, "upload", file, ANNA, file=source, uploads=uploads)


async def draft(conn: Any, folder: Path, item: str, name: str = "closed") -> int:
    """A version that is converted."""
    version = await add(conn, folder, name)
    await queue.converted(conn, version, Sound(item * 16, Decimal("1.5"), Decimal("-23.1"), (0.5, 1.0), None))
    return version


async def approved(conn: Any, folder: Path, item: str, since: datetime = NOW) -> int:
    """A version that callers hear."""
    version = await draft(conn, folder, item)
    await subject.approve(conn, "mueller", version, ANNA, since=since, now=NOW)
    return version


async def heard_at(conn: Any, at: datetime) -> str | None:
    """The first digit of the item that callers hear."""
    _, client = await client_change.load(conn, "mueller")
    found = heard(client.versions, "closed", at)
    return None if found is None else found.item[0]


async def test_a_file_waits_under_its_number_whatever_it_is_called(house: Any, tmp_path: Path) -> None:
    """No name that a person gave becomes a path; the file is moved, not copied; the row says what it was called."""
    version = await add(house, tmp_path, file="..\\x\r\n/../etc/\x1bÜnsere Ansage.MP3")
    assert (tmp_path / "uploads" / str(version) / "original.mp3").read_bytes() == b"sound"
    assert not (tmp_path / "incoming-closed").exists()
    found = await subject.one(house, "mueller", version)
    assert (found.state, found.file_name, found.created_by) == ("waiting", "Ünsere Ansage.MP3", "anna")
    assert len(found.test_code) == 6
    (entry,) = await audit.entries(house)
    assert (entry.what, entry.client, entry.about) == ("announcement.add", "mueller", f"closed {version}")


async def test_nothing_is_kept_of_what_the_disk_does_not_take(house: Any, tmp_path: Path) -> None:
    """A full disk leaves neither row nor file, and the error says so to whoever asked."""
    source = tmp_path / "incoming"
    source.write_bytes(b"sound")
    with pytest.raises(OSError, match="missing"):
        await subject.add(
            house, "mueller", "closed", "upload", "a.mp3", ANNA, file=source, uploads=tmp_path / "missing"
        )
    assert await subject.of_client(house, "mueller") == []
    assert not source.exists()


@pytest.mark.parametrize("name", ["ansage.txt", "mp3", "../../etc/passwd", "a.mp3.exe", ""])
async def test_what_is_no_sound_by_its_name_does_not_wait(house: Any, tmp_path: Path, name: str) -> None:
    """Whoever sends it hears at once what is allowed."""
    with pytest.raises(Impossible, match="is no sound file by its ending; allowed are wav, mp3"):
        await add(house, tmp_path, file=name)
    assert await subject.of_client(house, "mueller") == []


async def test_an_unknown_client_has_no_versions(house: Any, tmp_path: Path) -> None:
    """A file for nobody is refused and gone; another client's version is none."""
    with pytest.raises(NoSuchClient):
        await add(house, tmp_path, client="nobody")
    assert list((tmp_path / "uploads").iterdir()) == []
    version = await add(house, tmp_path)
    for asked in (subject.one(house, "meier", version), subject.delete(house, "meier", version, ANNA)):
        with pytest.raises(NoSuchVersion):
            await asked


async def test_the_worker_takes_files_in_the_order_in_which_they_came(house: Any, tmp_path: Path) -> None:
    """Each once, and none that was deleted meanwhile; what it found out stands in the row."""
    first, gone, second = [await add(house, tmp_path, name) for name in ("closed", "lunch", "greeting")]
    await subject.delete(house, "mueller", gone, ANNA)
    assert (await queue.waiting(house)).id == first  # type: ignore[union-attr]  # a None fails the test too
    await queue.refused(house, first, "a.mp3 is silent")
    assert (await queue.waiting(house)).id == second  # type: ignore[union-attr]  # the same
    assert await queue.converted(
        house, second, Sound("a" * 16, Decimal("1.5"), Decimal("-23.1"), (0.5, 1.0), "clipped")
    )
    assert await queue.waiting(house) is None
    made = await subject.one(house, "mueller", second)
    assert (made.state, made.item, made.seconds, list(made.peaks)) == ("draft", "a" * 16, Decimal("1.5"), [0.5, 1.0])
    assert made.warning == "clipped"
    assert (await subject.one(house, "mueller", first)).refused_because == "a.mp3 is silent"
    assert not await queue.converted(house, gone, Sound("b" * 16, Decimal(1), Decimal(-23), (), None))


async def test_only_approved_versions_are_heard_each_from_its_time(house: Any, tmp_path: Path) -> None:
    """A draft is not; of two the one that holds since later, and an approval cannot reach into the past."""
    await draft(house, tmp_path, "d")
    assert await heard_at(house, LATER) is None
    await approved(house, tmp_path, "a", NOW - timedelta(days=1))
    await approved(house, tmp_path, "b", LATER)
    assert await heard_at(house, NOW - timedelta(seconds=1)) is None
    assert [await heard_at(house, at) for at in (NOW, LATER - timedelta(seconds=1), LATER)] == ["a", "a", "b"]


async def test_a_withdrawn_version_leaves_the_one_before(house: Any, tmp_path: Path) -> None:
    """And without any the file that came with the book; it cannot be approved or withdrawn again."""
    first, second = await approved(house, tmp_path, "a"), await approved(house, tmp_path, "b")
    assert await heard_at(house, NOW) == "b"
    await subject.withdraw(house, "mueller", second, ANNA, now=NOW)
    assert await heard_at(house, NOW) == "a"
    await subject.withdraw(house, "mueller", first, ANNA, now=NOW)
    assert await heard_at(house, NOW) is None
    with pytest.raises(Impossible, match="only what was approved"):
        await subject.withdraw(house, "mueller", first, ANNA, now=NOW)
    with pytest.raises(Impossible, match="withdrawn; upload it again"):
        await subject.approve(house, "mueller", first, ANNA, since=NOW, now=NOW)
    assert [entry.what for entry in await audit.entries(house, most=2)] == ["announcement.withdraw"] * 2


async def test_what_callers_heard_is_not_deleted(house: Any, tmp_path: Path) -> None:
    """Drafts and orders are; approved and withdrawn ones stay as a proof of what was said."""
    version = await approved(house, tmp_path, "a")
    with pytest.raises(Impossible, match="withdraw it instead"):
        await subject.delete(house, "mueller", version, ANNA)
    other = await draft(house, tmp_path, "b")
    await subject.delete(house, "mueller", other, ANNA)
    assert [one.id for one in await subject.of_client(house, "mueller")] == [version]


async def test_an_import_keeps_what_was_approved(house: Any, tmp_path: Path, dsn: str) -> None:
    """The book replaces the client's data, never its versions; the calls see both, from their copy on disk too."""
    snapshot = Snapshot(dsn, tmp_path / "book.json", lambda *_, **__: None)
    await snapshot.load()
    await approved(house, tmp_path, "a")
    renamed = make_client(id="mueller", name="Anders", dids=[Did(number="+4989123450")])
    await save_book(house, Book(client=(renamed,)))
    await snapshot.load()
    again = Snapshot(dsn, tmp_path / "book.json", lambda *_, **__: None)
    await again.load_copy()
    _, book = await load_book(house)
    for client in (snapshot.directory.clients["mueller"], again.directory.clients["mueller"], book.client[-1]):
        assert (client.name, client.versions["closed"][0].item) == ("Anders", "a" * 16)


async def test_an_approval_does_not_hinder_who_edits_the_client(house: Any, tmp_path: Path) -> None:
    """The version that a page saves by is of the data alone; and a change of data keeps the announcements."""
    number, _ = await client_change.load(house, "mueller")
    await approved(house, tmp_path, "a")

    def renamed(client: Client) -> Client:
        return client.model_copy(update={"name": "Anders"})

    await client_change.change(house, "mueller", renamed, actor=ANNA, version=number)
    newer, _ = await client_change.load(house, "mueller")
    assert (await client_change.change(house, "mueller", lambda same: same, actor=ANNA))[0] == newer
    assert await heard_at(house, NOW) == "a"


async def test_a_draft_is_heard_by_its_code_alone(house: Any, tmp_path: Path) -> None:
    """Waiting, refused and withdrawn ones have nothing to hear."""
    waits = await add(house, tmp_path, "lunch")
    version = await draft(house, tmp_path, "d")
    codes = {one.id: one.test_code for one in await subject.of_client(house, "mueller")}
    found = await subject.by_test_code(house, codes[version])
    assert found is not None
    assert (found.client, found.item) == ("mueller", "d" * 16)
    assert await subject.by_test_code(house, codes[waits]) is None
    assert await subject.by_test_code(house, "000000") is None


async def test_an_order_tells_the_studio_and_is_delivered_once(house: Any, tmp_path: Path) -> None:
    """The letter holds the text; a file that was refused may be delivered again, one that came is not replaced."""
    order = await subject.order(
        house, "mueller", "closed", "Wir sind im Urlaub.", "Frau", ANNA, studio=["studio@example.org"], language="de"
    )
    (row,) = await house.fetch("SELECT recipient, payload::jsonb -> 'data' ->> 'text' AS text FROM outbox")
    assert tuple(row) == ("studio@example.org", "Wir sind im Urlaub.")
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    for name in ("broken.wav", "whole.wav"):
        source = tmp_path / name
        source.write_bytes(name.encode())
        await subject.deliver(house, "mueller", order, name, ANNA, file=source, uploads=uploads)
        assert (uploads / str(order) / "original.wav").read_bytes() == name.encode()
        if name == "broken.wav":
            await queue.refused(house, order, "it is silent")
    found = await subject.one(house, "mueller", order)
    assert (found.state, found.production, found.text) == ("waiting", "professional", "Wir sind im Urlaub.")
    source.write_bytes(b"another")
    with pytest.raises(Impossible, match="only once"):
        await subject.deliver(house, "mueller", order, "c.wav", ANNA, file=source, uploads=uploads)
    assert not source.exists()


async def test_two_approvals_at_once_are_both_published(house: Any, tmp_path: Path, dsn: str) -> None:
    """Neither overwrites what the other wrote for the client."""
    one, other = await draft(house, tmp_path, "a"), await draft(house, tmp_path, "b", "greeting")
    second = await asyncpg.connect(dsn)
    try:
        await asyncio.gather(
            subject.approve(house, "mueller", one, ANNA, since=NOW, now=NOW),
            subject.approve(second, "mueller", other, ANNA, since=NOW, now=NOW),
        )
    finally:
        await second.close()
    _, client = await client_change.load(house, "mueller")
    assert sorted(client.versions) == ["closed", "greeting"]


async def test_a_client_cannot_fill_the_disk(house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limits a sentence says what to do; the other clients are not concerned."""
    monkeypatch.setattr(announcement_rows, "MOST_WAITING", 2)
    for _ in range(2):
        await add(house, tmp_path)
    with pytest.raises(Impossible, match="2 files wait to be converted already"):
        await add(house, tmp_path)
    await add(house, tmp_path, client="meier")
    assert len(await subject.of_client(house, "mueller")) == 2


async def test_items_stay_while_anybody_may_hear_them(house: Any, tmp_path: Path) -> None:
    """Approved ones and drafts always; withdrawn ones for a while: a call that has just begun finds its file."""
    await draft(house, tmp_path, "d")
    version = await approved(house, tmp_path, "a")
    await subject.withdraw(house, "mueller", version, ANNA, now=NOW)
    assert await queue.used_items(house, NOW) == {"mueller": {"d" * 16, "a" * 16}}
    assert await queue.used_items(house, NOW + queue.KEPT_WITHDRAWN) == {"mueller": {"d" * 16}}
