"""The chain over append-only rows: whoever changes, adds or takes away one breaks it, and it is seen where.

Rows have digests of their own (`core.cdr.digest_of`, `core.charge_row`), which bind their keys too. A sealer takes
those that are committed, in batches; a batch's seal is a hash over the seal before it and the digests of its rows. So
concurrent writers and late rows do not matter, and the last seal, printed on every statement, stands for all there was.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

GENESIS = bytes(32)
"""Before the first seal."""

DIGEST = 32
"""Bytes of a digest."""

SEPARATOR = "\x1f"
"""Between the parts of a charge's key: call, turn, position."""

_VERSION = b"vorzimmer seal 1"
_TURN = re.compile(r"[0-9]{1,9}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told_before(before: bytes, number: int, source: str, at: datetime) -> bytes:
    """What a seal is taken of, without its rows: version, seal before, number, microseconds since 1970, table's name.

    Numbers have eight bytes, the first the highest. Only the name has no fixed length, and nothing but the 32 bytes of
    the rows' hash follows it: no two batches read alike.
    """
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    return b"".join(
        (_VERSION, before, number.to_bytes(8, "big"), microseconds.to_bytes(8, "big", signed=True), source.encode())
    )


def seal_of(before: bytes, number: int, source: str, at: datetime, digests: bytes) -> bytes:
    """The seal of a batch behind the seal before it; `digests`: those of its rows, one behind the other."""
    return hashlib.sha256(told_before(before, number, source, at) + hashlib.sha256(digests).digest()).digest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch as it was sealed: its number from 1, its rows' table, their keys and digests in order, and its seal."""

    number: int
    source: str
    at: datetime
    keys: tuple[str, ...]
    digests: bytes
    seal: bytes

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Key and digest of each."""
        for place, key in enumerate(self.keys):
            yield key, self.digests[place * DIGEST : (place + 1) * DIGEST]


class What(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    """A row is not as it was sealed."""
    MISSING = "missing"
    """A sealed row is gone."""
    ADDED = "added"
    """A row is in no seal, though the sealer has been past it."""
    TWICE = "twice"
    """A row is in two seals."""
    GAP = "gap"
    """Seals are gone."""
    BROKEN = "broken"
    """A seal does not fit its rows, or the seal before it."""
    FOREIGN = "foreign"
    """There are seals behind the sealer's last."""
    HEAD = "head"
    """A seal that somebody kept is not in the chain: its end was cut off, or all of it was written anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first thing that is wrong. `number`: of the seal; `source` and `key`: the row; `whose`: who kept the head."""

    what: What
    number: int
    source: str = ""
    key: str = ""
    whose: str = ""

    def __str__(self) -> str:
        row = told_row(self.source, self.key)
        told = {
            What.CHANGED: f"seal {self.number}: {row} is changed",
            What.MISSING: f"seal {self.number}: {row} is missing",
            What.ADDED: f"{row} was added behind the sealer's back, or its seal is gone",
            What.TWICE: f"{row} is in two seals",
            What.GAP: f"seal {self.number} is missing",
            What.BROKEN: f"seal {self.number} does not fit its rows, or the seal before it",
            What.FOREIGN: f"seal {self.number} is none of the sealer's",
            What.HEAD: f"the head {self.whose} is none of the chain's {self.number} seals: "
            "its end was cut off, or it was written anew",
        }
        return told[self.what]


def told_row(source: str, key: str) -> str:
    """A row in words."""
    if (charge := charge_key(key)) is not None and source == "charge":
        call, turn, position = charge
        return f"the charge of call {call}, turn {turn}, position {position or '(none)'}"
    return f"the {source} row {key!r}" if source != "cdr" else f"the record of call {key}"


def charge_key(key: str) -> tuple[str, int, str] | None:
    """Call, turn and position; None: it is no charge's key."""
    parts = key.rsplit(SEPARATOR, 2)
    if len(parts) != 3 or not _TURN.fullmatch(parts[1]):
        return None
    return parts[0], int(parts[1]), parts[2]


class Chain:
    """Is led through all batches, oldest first.

    Args:
        kept: seals that somebody kept, and who: such as those on statements.
    """

    def __init__(self, kept: Mapping[bytes, str]) -> None:
        self.number = 0
        self.head = GENESIS
        self._kept = {head: whose for head, whose in kept.items() if head != GENESIS}

    def follow(self, batch: Sealed) -> Found | None:
        """Hold a batch against those before it; None: it is the next one."""
        number = self.number + 1
        if batch.number != number:
            return Found(What.GAP, number)
        if len(batch.digests) != DIGEST * len(batch.keys):
            return Found(What.BROKEN, number)
        if batch.seal != seal_of(self.head, number, batch.source, batch.at, batch.digests):
            return Found(What.BROKEN, number)
        self.number, self.head = number, batch.seal
        self._kept.pop(batch.seal, None)
        return None

    def end(self) -> Found | None:
        """After the last batch: a seal that was kept, and has not come."""
        for whose in self._kept.values():
            return Found(What.HEAD, self.number, whose=whose)
        return None


def against(batch: Sealed, now: Mapping[str, bytes]) -> Found | None:
    """Hold a batch against the digests computed from the rows that are there now, by key."""
    for key, digest in batch.rows():
        if key not in now:
            return Found(What.MISSING, batch.number, batch.source, key)
        if now[key] != digest:
            return Found(What.CHANGED, batch.number, batch.source, key)
    return None
