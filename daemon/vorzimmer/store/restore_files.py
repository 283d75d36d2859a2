"""The files of a restore: unpacked beside their places first, then put there by renames."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from tarfile import TarInfo
from typing import IO

from vorzimmer.store import archive
from vorzimmer.store.backup import PASSING, UNPACKING, Folders

MODES = {"journal": 0o700, "recordings": 0o700, "library": 0o755, "away": 0o770}
"""Of folders that have to be made. Asterisk plays from the library and writes its notes."""


def unpack(
    stack: contextlib.ExitStack, file: IO[bytes], folders: Folders
) -> tuple[IO[bytes], dict[str, tuple[Path, Path]]]:
    """Unpack all but the configuration: the dump into a file without a name, each part into a folder in its place.

    Returns:
        The dump, and of each part its place and where it is now. The stack removes what then still is there.
    """
    unpacked = {}
    for part, folder in {**replaceable(folders), "away": folders.away}.items():
        make_folder(folder, MODES[part])
        for left_over in folder.glob(f"{UNPACKING}*"):
            shutil.rmtree(left_over)
        staging = stack.enter_context(tempfile.TemporaryDirectory(prefix=UNPACKING, dir=folder))
        unpacked[part] = folder, Path(staging)
    dump: IO[bytes] = tempfile.TemporaryFile(dir=folders.journal)  # noqa: SIM115 - the stack closes it
    stack.enter_context(dump)
    with archive.readable():
        for info, content in archive.read(file):
            part, _, below = info.name.partition("/")
            if info.name == archive.DUMP and content is not None:
                shutil.copyfileobj(content, dump)
            elif part in unpacked:
                folder, staging_folder = unpacked[part]
                path = staging_folder / below
                _make_below(path.parent, folder)
                _write(path, info, content, folder)
    dump.flush()
    dump.seek(0)
    os.sync()
    return dump, unpacked


def change_places(unpacked: Mapping[str, tuple[Path, Path]], folders: Folders) -> None:
    """Remove what is there and put there what was unpacked; notes that are there stay."""
    for part, (folder, staging) in unpacked.items():
        if folder != folders.away:
            for old in list(present(part, folder)):
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for new in staging.iterdir():
            if folder != folders.away or not (folder / new.name).exists():
                new.rename(folder / new.name)
    os.sync()


def replaceable(folders: Folders) -> dict[str, Path]:
    """The folders whose content is replaced, by their part of the archive."""
    return {"journal": folders.journal, "recordings": folders.recordings, "library": folders.library}


def present(part: str, folder: Path) -> Iterator[Path]:
    """What is in a folder, but for locks and what is being made."""
    if folder.is_dir():
        for entry in folder.iterdir():
            if not any(fnmatch(entry.name, pattern) for pattern in PASSING[part]):
                yield entry


def make_folder(folder: Path, mode: int | None = None) -> None:
    """Make a folder and those above it, as open as the nearest existing one and its owner's, or of this mode."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700)
        folder.chmod(folder.parent.stat().st_mode & 0o777 if mode is None else mode)
        give(folder, folder.parent)


def _make_below(folder: Path, like: Path) -> None:
    """Make a folder and those above it, open to the same people as `like`."""
    if not folder.is_dir():
        _make_below(folder.parent, like)
        folder.mkdir()
        folder.chmod(like.stat().st_mode & 0o777)
        give(folder, like)


def _write(path: Path, info: TarInfo, content: IO[bytes] | bytes | None, like: Path) -> None:
    """Write a new file or link with the archive's mode and time, for the owner of `like`."""
    if content is None:
        path.symlink_to(info.linkname)
    else:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                shutil.copyfileobj(content, file)
        path.chmod(info.mode & 0o755 | 0o600)
        os.utime(path, (info.mtime, info.mtime))
    give(path, like)


def give(path: Path, like: Path) -> None:
    """What root restores belongs to the daemon's user, as its folders do."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def restore_config(file: IO[bytes], places: Mapping[str, Path]) -> Iterator[tuple[str, Path | None]]:
    """Write the configuration where none is; what is there is never touched, the archive's is put beside it.

    Args:
        file: the archive, verified.
        places: where each file or folder of `config` belongs. Beside `a.toml` is `a.toml.restored`, beside a file of
            the folder `a` is one of the folder `a.restored`.

    Yields:
        Each file's name in the archive, and where it was written; None: it is there already, the same.
    """
    for info, content in archive.read(file):
        part, _, name = info.name.partition("/")
        top, _, below = name.partition("/")
        if part != "config" or content is None or top not in places:
            continue
        written, place = content.read(), places[top]
        path = place / below
        if path.exists():
            if path.read_bytes() == written:
                yield info.name, None
                continue
            path = place.with_name(f"{place.name}.restored") / below
            path.unlink(missing_ok=True)
        make_folder(path.parent, 0o700 if top == "credentials" else None)
        _write(path, info, written, path.parent)
        yield info.name, path
