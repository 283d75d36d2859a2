"""The library: the folder of announcements that Asterisk plays from.

    LIBRARY/CLIENT/greeting.alaw   -> .store/ITEM/announcement.alaw    what a playback opens; swapped by rename
    LIBRARY/CLIENT/greeting.sln16  -> .store/ITEM/announcement.sln16
    LIBRARY/CLIENT/.store/ITEM/    both forms and original/FILE, never changed once it is there
    LIBRARY/.new-…                 what is being prepared; worth nothing after a crash

    LIBRARY/CLIENT/ITEM.alaw       -> .store/ITEM/announcement.alaw    a version, see `items`

ITEM is made of the original's name and content, so the same file is not converted twice. Links are relative: Asterisk
may see the library under another root.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from vorzimmer.announcements.convert import ALAW, SLN16, TARGET, BadAudio, convert, take
from vorzimmer.core.announcement import ITEM

Wanted = Mapping[str, Mapping[str, Path] | None]
"""For each client's id all its sounds and their files; None: the client goes, with its versions."""

STORE = ".store"
ORIGINAL = "original"
NEW = ".new-"
LOCK = ".lock"
RECIPE = "2"
"""Part of each item's name: raised when conversion changes, so that the next import converts everything anew."""
AT_ONCE = 2
"""Conversions in parallel; the processors belong to the calls."""
ALAW_RATE = 8000
FORMS = {".alaw": ALAW, ".sln16": SLN16}

SLUG = "[a-z0-9][a-z0-9-]{0,62}"
CLIENT = re.compile(SLUG)
LIBRARY_MEDIA = re.compile(f"lib:({SLUG}/{SLUG})")
ASTERISK_MEDIA = re.compile(r"sys:([A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)")


class LibraryBusyError(RuntimeError):
    """Another import is at work in the library."""


def media_uri(library: Path, media: str) -> str:
    """The name of a medium as ARI takes it: "lib:mueller/greeting" is a file of the library, "sys:NAME" Asterisk's own.

    Raises:
        ValueError: it is neither, or would leave the library.
    """
    if match := LIBRARY_MEDIA.fullmatch(media):
        return f"sound:{library}/{match[1]}"
    if match := ASTERISK_MEDIA.fullmatch(media):
        return f"sound:{match[1]}"
    raise ValueError(f"no medium of the library or of Asterisk: {media!r}")


def item_name(file_name: str, digest: str, loudness: float) -> str:
    """What a converted file is called: by its original's name, its content (sha256), and what is made of it (LUFS)."""
    return hashlib.sha256(f"{RECIPE}/{loudness:g}/{file_name}/{digest}".encode()).hexdigest()[:16]


def is_item(link: Path) -> bool:
    """Whether a link in a client's folder is a version's, not a name's: no announcement can be called so."""
    return ITEM.fullmatch(link.stem) is not None


def originals(library: Path, client: str) -> dict[str, tuple[Path, str]]:
    """The files that the client's sounds were made from, and the names under which they came."""
    found: dict[str, tuple[Path, str]] = {}
    for sound, alaw in _sounds(library, client):
        (original,) = alaw.with_name(ORIGINAL).iterdir()
        found[sound] = original, original.name
    return found


def seconds(library: Path, client: str) -> dict[str, Decimal]:
    """How long the client's sounds are."""
    return {sound: Decimal(alaw.stat().st_size) / ALAW_RATE for sound, alaw in _sounds(library, client)}


@dataclass(frozen=True, slots=True)
class Installation:
    """Sounds that are converted and wait for `commit`. `items`: for each client, which item is to be which sound."""

    library: Path
    staging: Path
    items: Mapping[str, Mapping[str, str] | None]

    def commit(self) -> None:
        """Make each client's sounds exactly these. Killed on the way, each sound is whole, old or new.

        What was replaced stays in the store until the next time: a playback may just be opening it.

        Raises:
            OSError: the library cannot be written.
        """
        for client, items in self.items.items():
            folder = self.library / client
            if items or (items is not None and any(map(is_item, folder.glob("*.alaw")))):
                self._fill(folder / STORE, items)
                self._point(folder, items)
            elif folder.exists():
                folder.rename(self.staging / f"gone-{client}")

    def _fill(self, store: Path, items: Mapping[str, str]) -> None:
        """Drop from the store what no name has pointed at since the last time, and add what is new."""
        store.mkdir(parents=True, exist_ok=True)
        used = {link.readlink().parent.name for link in store.parent.iterdir() if link.is_symlink()}
        for item in store.iterdir():
            if item.name not in used and item.name not in items.values():
                shutil.rmtree(item)
        for name in set(items.values()):
            if not (store / name).exists():
                # Linked, not moved: another client may have sent the same file.
                whole = self.staging / f"{name}-{store.parent.name}"
                shutil.copytree(self.staging / name, whole, copy_function=os.link)
                whole.rename(store / name)

    def _point(self, folder: Path, items: Mapping[str, str]) -> None:
        """Point the stable names at their items, and drop the names that are no longer wanted."""
        wanted = {
            f"{sound}{ending}": f"{STORE}/{item}/{form}"
            for sound, item in items.items()
            for ending, form in FORMS.items()
        }
        for name, target in wanted.items():
            new = self.staging / name
            new.symlink_to(target)
            os.replace(new, folder / name)  # noqa: PTH105 - the atomic swap, said by its name
        for link in folder.iterdir():
            if link.is_symlink() and link.name not in wanted and not is_item(link):
                link.unlink()


@asynccontextmanager
async def installation(library: Path, wanted: Wanted, loudness: float = TARGET) -> AsyncIterator[Installation]:
    """Convert all that is new to this loudness (LUFS); the body then commits, or leaves and nothing has changed.

    Clients that `wanted` does not name keep their sounds, and every client its versions.

    Raises:
        BadAudio: a file cannot be played; nothing has changed.
        LibraryBusyError: another import is at work.
        ValueError: a client's id is no id.
    """
    for client in wanted:
        if not CLIENT.fullmatch(client):
            raise ValueError(f"no client's id: {client!r}")
    with staged(library) as staging:
        items, owners = await asyncio.to_thread(_take_all, library, staging, wanted, loudness)
        await _convert_all(staging, owners, loudness)
        yield Installation(library, staging, items)


async def install(library: Path, client: str, sounds: Mapping[str, Path]) -> dict[str, Decimal]:
    """Make one client's sounds exactly these, all or nothing. Returns the seconds of each.

    Raises:
        BadAudio, LibraryBusyError, ValueError: as `installation`; nothing has changed.
    """
    async with installation(library, {client: sounds}) as prepared:
        prepared.commit()
    return seconds(library, client)


def _take_all(
    library: Path, staging: Path, wanted: Wanted, loudness: float
) -> tuple[dict[str, dict[str, str] | None], dict[str, str]]:
    """Copy the originals that are not in the store yet.

    Returns:
        For each client its items, and for each item that must be converted whose it is.
    """
    items: dict[str, dict[str, str] | None] = dict.fromkeys(wanted)
    owners: dict[str, str] = {}
    incoming = staging / ORIGINAL
    for client, sounds in wanted.items():
        if sounds is None:
            continue
        found = items[client] = {}
        for sound, source in sounds.items():
            owner = f"client {client}, announcement {sound}"
            incoming.mkdir()
            with _named(owner):
                digest = take(source, incoming)
            found[sound] = item = item_name(source.name, digest, loudness)
            if item in owners or (library / client / STORE / item).exists():
                shutil.rmtree(incoming)
            else:
                owners[item] = owner
                (staging / item).mkdir()
                incoming.rename(staging / item / ORIGINAL)
    return items, owners


async def _convert_all(staging: Path, owners: Mapping[str, str], loudness: float) -> None:
    """Convert every item, some at once; the first bad one ends them all."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(item: str, owner: str) -> None:
        (original,) = (staging / item / ORIGINAL).iterdir()
        async with turn:
            with _named(owner):
                await convert(original, staging / item, loudness)
            for file in (original, staging / item / ALAW, staging / item / SLN16):
                await asyncio.to_thread(to_disk, file)

    tasks = [asyncio.create_task(one(item, owner)) for item, owner in owners.items()]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def to_disk(file: Path) -> None:
    """Wait until the content stands on the disk: after a power cut a name must not lead to an empty file."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _sounds(library: Path, client: str) -> Iterator[tuple[str, Path]]:
    """The client's sounds and their A-law files in the store."""
    folder = library / client
    for link in sorted(folder.glob("*.alaw")):
        alaw = folder / link.readlink()
        if not is_item(link):
            yield link.stem, alaw


@contextmanager
def _named(owner: str) -> Iterator[None]:
    """Say in an error whose file it is."""
    try:
        yield
    except BadAudio as error:
        raise BadAudio(f"{owner}: {error}") from error


@contextmanager
def staged(library: Path) -> Iterator[Path]:
    """A folder to prepare in, for one import at a time; the lock dies with the process."""
    library.mkdir(parents=True, exist_ok=True)
    with (library / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LibraryBusyError("another import is at work in the library; try again when it is done") from error
        for left_over in library.glob(f"{NEW}*"):
            shutil.rmtree(left_over)
        staging = Path(tempfile.mkdtemp(prefix=NEW, dir=library))
        try:
            yield staging
        finally:
            shutil.rmtree(staging)
