"""The archive of a backup: a gzipped tar whose last member, `manifest.json`, says what must be in it.

    journal/…  away/…  database.dump  recordings/…  library/…  config/…  manifest.json

Files and relative links only, under these names; whatever else stands in an archive is refused before anything of it
is written. The manifest is last because it holds the SHA-256 of every member: an archive without it was cut off.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import posixpath
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

FORMAT: Literal[1] = 1
DUMP = "database.dump"
MANIFEST = "manifest.json"
PARTS = ("journal", "away", "recordings", "library", "config")

_LEVEL = 1
"""Of gzip: higher ones take twice the processor's time for one hundredth less; the processor belongs to the calls."""

_PIECE = 2**20


class BackupError(Exception):
    """A backup cannot be made, read or restored; the message says why and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Strict):
    """A file with its bytes and their SHA-256 in hex, or a link with what it points at."""

    name: str
    size: int = 0
    sha256: str | None = None
    link: str | None = None


class Dumped(_Strict):
    """The database in `database.dump`.

    `server`, `pg_dump`: major versions. `migrations`: names and SHA-256 in hex. `rows`: of tables that are counted
    again after a restore, as the dump's own snapshot saw them.
    """

    server: int
    pg_dump: int
    migrations: Mapping[str, str]
    rows: Mapping[str, int]


class Manifest(_Strict):
    """What an archive holds. `at`: when the backup began; what came later may be in it or not."""

    format: Literal[1]
    version: str
    at: AwareDatetime
    database: Dumped
    members: tuple[Member, ...]

    def count(self, part: str) -> int:
        """How many files a part has."""
        return sum(member.name.startswith(f"{part}/") and member.link is None for member in self.members)


class Writer:
    """An archive being written. Members are hashed as they pass."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._members: dict[str, Member] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def add_file(self, name: str, source: Path) -> bool:
        """Add a file as long as it is now; False if it has gone away meanwhile."""
        try:
            file = source.open("rb")
        except FileNotFoundError:
            return False
        with file:
            status = os.fstat(file.fileno())
            self.add(name, file, status.st_size, mode=status.st_mode & 0o777, changed=int(status.st_mtime))
        return True

    def add_link(self, name: str, target: str) -> None:
        """Add a relative link."""
        info = tarfile.TarInfo(_written(name))
        info.type, info.linkname = tarfile.SYMTYPE, _written(target)
        self._tar.addfile(info)
        self._members[name] = Member(name=name, link=target)

    def add(self, name: str, content: IO[bytes], size: int, *, mode: int = 0o600, changed: int = 0) -> None:
        """Add so many bytes.

        Raises:
            BackupError: there are fewer.
        """
        info = tarfile.TarInfo(_written(name))
        info.size, info.mode, info.mtime = size, mode, changed
        hashing = _Hashing(content)
        try:
            self._tar.addfile(info, hashing)
        except OSError as error:
            if error.errno is not None:
                raise
            raise BackupError(f"{name} was cut while it was being copied; try again") from error
        self._members[name] = Member(name=name, size=size, sha256=hashing.digest.hexdigest())

    def finish(self, *, version: str, at: datetime, database: Dumped) -> Manifest:
        """Add the manifest; nothing may be added after it."""
        members = tuple(self._members.values())
        manifest = Manifest(format=FORMAT, version=version, at=at, database=database, members=members)
        written = manifest.model_dump_json(exclude_none=True, indent=1).encode()
        self.add(MANIFEST, BytesIO(written), len(written))
        return manifest


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As the file's own."""
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


@contextlib.contextmanager
def writing(file: IO[bytes]) -> Iterator[Writer]:
    """Write an archive into an open file; at the end of the body it is complete."""
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file) as packed,
        tarfile.TarFile(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, copybufsize=_PIECE) as tar,
    ):
        yield Writer(tar)


def verify(file: IO[bytes]) -> Manifest:
    """Read a whole archive and compare every byte with its manifest; it is rewound before.

    Raises:
        BackupError: it is damaged, cut off, of another format, or holds what no backup holds.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    with readable():
        for info, content in read(file):
            if info.name in found or manifest is not None:
                raise BackupError(f"refused: {info.name!r} stands twice in the archive, or behind its end")
            if content is None:
                found[info.name] = Member(name=info.name, link=info.linkname)
            elif info.name == MANIFEST:
                manifest = _read_manifest(content.read())
            else:
                found[info.name] = _measured(info, content)
    if manifest is None:
        raise BackupError("damaged: the archive was cut off, its manifest is missing")
    _compare(found, {member.name: member for member in manifest.members})
    _require_no_link_above(found)
    return manifest


def read(file: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    """Every member with its content (None: a link), from the beginning to the last byte. Use it inside `readable`.

    Raises:
        BackupError: a name or a link leads elsewhere than a backup's do.
    """
    file.seek(0)
    with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
        with tarfile.open(fileobj=unpacked, mode="r:") as tar:
            for info in tar:
                _require_harmless(info)
                yield info, tar.extractfile(info) if info.isreg() else None
        while unpacked.read(_PIECE):
            pass  # what follows is padding; behind it stands the checksum of everything


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Say in words what goes wrong where an archive, or a member of it, is read inside."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BackupError(f"damaged, or no backup: {error}") from error


def _require_harmless(info: tarfile.TarInfo) -> None:
    """Refuse names that leave the archive's own folders, and whatever is neither file nor link.

    tarfile's data filter does the same and would do, but Debian 12's Python has none.
    """
    name = info.name
    inside = posixpath.normpath(name) == name and name.partition("/")[0] in PARTS and "/" in name
    if name not in (DUMP, MANIFEST) and not inside:
        raise BackupError(f"refused: a backup holds nothing under the name {name!r}")
    if info.issym() and inside:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), info.linkname))
        if posixpath.isabs(info.linkname) or not target.startswith(f"{name.partition('/')[0]}/"):
            raise BackupError(f"refused: the link {name!r} leads out of its folder, to {info.linkname!r}")
    elif not info.isreg():
        raise BackupError(f"refused: {name!r} is neither a file nor a link")


def _require_no_link_above(found: Mapping[str, Member]) -> None:
    """Refuse a file behind a link: it would not be written where its name says."""
    for name in found:
        for above in PurePosixPath(name).parents:
            if str(above) in found:
                raise BackupError(f"refused: {name!r} lies behind {str(above)!r}, which is no folder")


def _measured(info: tarfile.TarInfo, content: IO[bytes]) -> Member:
    digest = hashlib.sha256()
    while piece := content.read(_PIECE):
        digest.update(piece)
    return Member(name=info.name, size=info.size, sha256=digest.hexdigest())


def _read_manifest(written: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BackupError(f"{MANIFEST} is of another version or damaged: {where}: {first['msg']}") from error


def _compare(found: Mapping[str, Member], told: Mapping[str, Member]) -> None:
    if missing := sorted(told.keys() - found.keys()):
        raise BackupError(f"damaged: {missing[0]} is missing")
    if unknown := sorted(found.keys() - told.keys()):
        raise BackupError(f"damaged: {unknown[0]} does not stand in the manifest")
    for name, member in told.items():
        if found[name] != member:
            raise BackupError(f"damaged: {name} is not what the manifest says")
    if DUMP not in told:
        raise BackupError(f"damaged: {DUMP} is missing")


def _written(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise BackupError(f"the name of a file is not UTF-8: {name!r}; rename it") from None
    return name
