"""The queue of uploads: one at a time, in order, nothing lost by a crash, a restart or a full disk."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.announcements import sounds
from tests.core.examples import make_client
from tests.e2e.house import eventually
from vorzimmer.announcements import intake_queue, items
from vorzimmer.announcements.convert import convert
from vorzimmer.announcements.intake_queue import Intake
from vorzimmer.announcements.library import installation
from vorzimmer.core.client import Book, Did
from vorzimmer.store import announcements
from vorzimmer.store.announcements import Version
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import save_book

ANNA = Actor("anna")
GOOD = sounds.wav(sounds.speech(1, 8000), 8000)


class House:
    """A client, its folders, and the queue."""

    def __init__(self, dsn: str, conn: asyncpg.Connection, folder: Path) -> None:
        self.conn = conn
        self.uploads, self.library = folder / "uploads", folder / "library"
        self.uploads.mkdir()
        self.told: list[str] = []
        self.intake = Intake(
            partial(asyncpg.connect, dsn),
            self.uploads,
            self.library,
            -23.0,
            lambda: datetime.now(UTC),
            lambda event, /, **_: self.told.append(event),
        )

    async def send(self, content: bytes = GOOD, name: str = "a.wav") -> int:
        """A file that waits."""
        file = self.uploads / ".incoming-test"
        file.write_bytes(content)
        return await announcements.add(
            self.conn, "mueller", "closed", "upload", name, ANNA, file=file, uploads=self.uploads
        )

    async def version(self, version: int) -> Version:
        """As it is now."""
        return await announcements.one(self.conn, "mueller", version)

    async def settled(self, *versions: int) -> list[Version]:
        """Wait until none of these waits any more."""

        async def look() -> list[Version]:
            return [await self.version(version) for version in versions]

        return await eventually(look, lambda found: all(one.state != "waiting" for one in found))

    async def emptied(self) -> None:
        """Wait until nothing is left among the uploads."""

        async def look() -> list[Path]:
            return await asyncio.to_thread(lambda: list(self.uploads.iterdir()))

        await eventually(look, lambda left: not left)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The queue is at work while inside."""
        work = asyncio.create_task(self.intake.run())
        try:
            yield
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work


@pytest.fixture
async def house(dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose queue is not at work yet."""
    conn = await asyncpg.connect(dsn)
    await save_book(conn, Book(client=(make_client(id="mueller", dids=[Did(number="+4989123450")]),)))
    yield House(dsn, conn, tmp_path)
    await conn.close()


async def test_what_waited_and_what_comes_is_converted(house: House) -> None:
    """As drafts that Asterisk can play, whatever the daemon's umask is; nothing is left among the uploads."""
    before = await house.send()
    mask = os.umask(0o077)
    try:
        async with house.working():
            await house.settled(before)
            after = await house.send(sounds.wav(sounds.speech(1, 8000, seed=2), 8000))
            found = await house.settled(before, after)
            await house.emptied()
    finally:
        os.umask(mask)
    assert [one.state for one in found] == ["draft", "draft"]
    for one in found:
        played = house.library / "mueller" / f"{one.item}.alaw"
        assert played.is_symlink()
        assert len(played.read_bytes()) == round(float(one.seconds or 0) * 8000)
        for place in (played.resolve(), *played.resolve().parents[:3]):
            assert place.stat().st_mode & 0o004


async def test_one_is_converted_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait, and however many workers there are: the processors belong to the calls."""
    at_work: list[int] = []

    async def counted(*arguments: Any, **more: Any) -> Any:
        at_work.append(at_work[-1] + 1 if at_work else 1)
        try:
            return await convert(*arguments, **more)
        finally:
            at_work.append(at_work[-1] - 1)

    monkeypatch.setattr(intake_queue, "convert", counted)
    versions = [await house.send(sounds.wav(sounds.speech(0.5, 8000, seed=n), 8000)) for n in range(3)]
    async with house.working(), house.working():
        await house.settled(*versions)
    assert at_work == [1, 0] * 3


async def test_a_bad_file_is_refused_and_the_next_is_taken(house: House) -> None:
    """Its sender reads why, by the name that it was sent under."""
    versions = [await house.send(b"Guten Tag" * 99, "Ansage für Mai.mp3"), await house.send()]
    async with house.working():
        bad, good = await house.settled(*versions)
    assert (bad.state, good.state) == ("refused", "draft")
    assert str(bad.refused_because).startswith("Ansage für Mai.mp3 is not an mp3 file; allowed are")
    assert house.told == []


async def test_a_converter_that_dies_refuses_the_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version says so, the operator hears of it, and the queue goes on."""

    async def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the sound converter failed: No module named av")

    monkeypatch.setattr(intake_queue, "convert", broken)
    version = await house.send()
    async with house.working():
        (found,) = await house.settled(version)
    assert found.state == "refused"
    assert found.refused_because == "a.wav could not be converted: the converter gave up on it"
    assert house.told == ["announcements.converter_failed"]


async def test_what_was_under_way_is_done_again_after_a_restart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle, the version still waits, and its file is there."""
    begun = asyncio.Event()

    async def endless(*_: Any, **__: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    version = await house.send()
    with monkeypatch.context() as patched:
        patched.setattr(intake_queue, "convert", endless)
        async with house.working():
            await begun.wait()
    assert (await house.version(version)).state == "waiting"
    async with house.working():
        (found,) = await house.settled(version)
    assert found.state == "draft"


async def test_a_full_disk_refuses_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits goes on waiting, the operator is told once, and with room again it is converted."""
    monkeypatch.setattr(intake_queue, "AGAIN", 0.01)
    tries = asyncio.Semaphore(0)

    def full(*_: Any) -> None:
        tries.release()
        raise OSError(errno.ENOSPC, "No space left on device")

    version = await house.send()
    async with house.working():
        with monkeypatch.context() as patched:
            patched.setattr(items, "add", full)
            for _ in range(2):
                await tries.acquire()
            assert (await house.version(version)).state == "waiting"
        (found,) = await house.settled(version)
    assert found.state == "draft"
    assert house.told == ["announcements.no_room"]
    assert list(house.library.glob(".new-*")) == []


async def test_a_file_that_was_lost_is_asked_for_again(house: House) -> None:
    """Nobody waits for ever for a file that is not there, after a restore for instance."""
    version = await house.send()
    (house.uploads / str(version) / "original.wav").unlink()
    async with house.working():
        (found,) = await house.settled(version)
    assert found.refused_because == "a.wav was lost on our side; please send it again"


async def test_versions_outlive_imports_and_go_when_nobody_needs_them(house: House) -> None:
    """An import of the client without any announcement leaves them; deleted ones are swept, used ones never."""
    kept, gone = await house.send(), await house.send(sounds.wav(sounds.speech(1, 8000, seed=2), 8000))
    async with house.working():
        one, other = await house.settled(kept, gone)
    async with installation(house.library, {"mueller": {}}) as prepared:
        prepared.commit()
    assert one.item is not None
    assert items.original(house.library, "mueller", one.item).read_bytes() == GOOD
    assert items.sweep(house.library, {"mueller": {one.item}}) == 1
    there = {path.name for path in (house.library / "mueller" / ".store").iterdir()}
    assert there == {one.item}
    assert not (house.library / "mueller" / f"{other.item}.sln16").exists()
    async with installation(house.library, {"mueller": None}) as prepared:
        prepared.commit()
    assert not (house.library / "mueller").exists()
