"""What the dialplan needs when the daemon is away: one folder per number that is answered.

    FALLBACK/did/49891234            -> ../.versions/49891234.DIGEST      of a dialled number
    FALLBACK/did/49891234-4930555    -> ../.versions/…                    of a diverting number at a shared one

A folder holds `announcement.alaw` (if the client has one; else the dialplan plays Asterisk's own), the empty mark
`record` (if a message may be recorded), and `language`, `max_seconds`, `silence` as text for the dialplan's `FILE()`.
Asterisk finds all of it with `STAT()` on the number's digits, so nothing has to be told or reloaded.

The public name is a link to a complete folder that never changes; a change is a new folder and a swap of the link. The
digest of the contents stands in the link, so what is unchanged is recognised without opening anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

DIDS = "did"
VERSIONS = ".versions"
NEW = ".new-"
LOCK = ".lock"
ANNOUNCEMENT = "announcement.alaw"
RECORD = "record"
NOTES = "notes"
E164 = re.compile(r"\+([1-9][0-9]{1,14})")


@dataclass(frozen=True, slots=True)
class FallbackEntry:
    """How a number is answered without the daemon.

    `did`, `diverted_from`: E.164. `media_file`: an A-law file, or None. Seconds in `max_seconds` (of the longest
    message) and `silence` (that ends it).
    """

    did: str
    diverted_from: str | None
    media_file: Path | None
    record: bool
    language: str
    max_seconds: int
    silence: int

    @property
    def name(self) -> str:
        """The folder's name: digits, and behind a hyphen those of the diverting number."""
        numbers = [self.did] if self.diverted_from is None else [self.did, self.diverted_from]
        return "-".join(map(_digits, numbers))


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a run did, in folders. `missing`: names of folders whose announcement should exist and does not."""

    written: int
    kept: int
    removed: int
    missing: tuple[str, ...]


def render(fallback: Path, entries: Iterable[FallbackEntry]) -> Rendered:
    """Make the tree say exactly this; only what has changed is touched. It blocks: call it in a thread.

    Killed at any point, each public name still leads to a complete folder, and the next run finishes the work.

    Raises:
        ValueError: a number is not E.164; nothing has changed.
        OSError: the folder cannot be written.
    """
    wanted = {entry.name: entry for entry in entries}
    media = {entry.media_file: _identity(entry.media_file) for entry in wanted.values()}
    targets = {name: _target(entry, media[entry.media_file]) for name, entry in wanted.items()}
    dids = fallback / DIDS
    dids.mkdir(parents=True, exist_ok=True)
    (fallback / VERSIONS).mkdir(exist_ok=True)
    with (fallback / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with os.scandir(dids) as links:
            current = {link.name: str(Path(link.path).readlink()) for link in links}
        _sweep(fallback, set(current.values()))
        changed = {name: target for name, target in targets.items() if current.get(name) != target}
        if changed:
            _replace(fallback, {name: (wanted[name], target) for name, target in changed.items()})
        gone = current.keys() - wanted.keys()
        for name in gone:
            (dids / name).unlink()
    missing = tuple(name for name, entry in wanted.items() if entry.media_file and not media[entry.media_file])
    return Rendered(len(changed), len(wanted) - len(changed), len(gone), missing)


def _digits(number: str) -> str:
    """E.164 without the plus; the only thing that becomes part of a path."""
    match = E164.fullmatch(number)
    if not match:
        raise ValueError(f"not a number in E.164: {number!r}")
    return match[1]


def _identity(media: Path | None) -> tuple[int, ...] | None:
    """What tells one announcement from another without reading it; None where there is none.

    A missing file is no error: Asterisk's own announcement is better than numbers without any fallback.
    """
    try:
        found = media.stat() if media else None
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else None


def _target(entry: FallbackEntry, media: tuple[int, ...] | None) -> str:
    """What the public link says: where the folder lies that holds just this."""
    contents = (media, entry.record, entry.language, entry.max_seconds, entry.silence)
    return f"../{VERSIONS}/{entry.name}.{hashlib.sha256(repr(contents).encode()).hexdigest()[:16]}"


def _sweep(fallback: Path, used: set[str]) -> None:
    """Remove what an earlier run replaced or left unfinished.

    What this run replaces stays until the next: a call may just be opening it.
    """
    for unfinished in fallback.glob(f"{NEW}*"):
        shutil.rmtree(unfinished)
    with os.scandir(fallback / VERSIONS) as versions:
        for version in versions:
            if f"../{VERSIONS}/{version.name}" not in used:
                shutil.rmtree(version.path)


def _replace(fallback: Path, changed: Mapping[str, tuple[FallbackEntry, str]]) -> None:
    """Build the new folders, see them on the disk, then swap the links."""
    staging = Path(tempfile.mkdtemp(prefix=NEW, dir=fallback))
    notes = staging / NOTES
    notes.mkdir()
    for entry, target in changed.values():
        _build(staging / Path(target).name, entry, notes)
    # Once for all, not a file at a time: after a power cut no name may lead to empty files.
    os.sync()
    for name, (_, target) in changed.items():
        folder = Path(target).name
        (staging / folder).rename(fallback / VERSIONS / folder)
        (staging / name).symlink_to(target)
        os.replace(staging / name, fallback / DIDS / name)  # noqa: PTH105 - the atomic swap, said by its name
    shutil.rmtree(staging)


def _build(folder: Path, entry: FallbackEntry, notes: Path) -> None:
    """Fill one folder. Its small files are links to one note of each kind: making a file costs ten times a link."""
    folder.mkdir()
    if entry.media_file and entry.media_file.exists():
        _link_or_copy(entry.media_file.resolve(), folder / ANNOUNCEMENT)
    texts = {"language": entry.language, "max_seconds": str(entry.max_seconds), "silence": str(entry.silence)}
    for name, text in (texts | {RECORD: ""} if entry.record else texts).items():
        note = notes / f"{name}={text}"
        if not note.exists():
            note.write_text(text)
        _link_or_copy(note, folder / name)


def _link_or_copy(source: Path, target: Path) -> None:
    """Share a file that never changes; copy it from another disk, or when it has as many names as a file can have."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
