r"""The journal's files: append-only segments of lines, each `CRC32 JSON\n`, the checksum as eight hex digits.

A segment is `00000001.jsonl`, counting up. Only the last one is written to, and every start begins a new one, so
a line that a crash left unfinished stays where it is and is never continued.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.ledger import CallEvent, Kind

_NAME = re.compile(r"^(\d{8})\.jsonl$")
_CHECKSUM = 9
"""Bytes before the JSON: eight digits and a blank."""

EVENT_PREFIX = b'{"t":"event"'
END_PREFIX = b'{"t":"end"'
AGENT_PREFIX = b'{"t":"agent"'
"""How the JSON of a call's event, of its end and of an agent's event begins; `t` is always written first.

What begins in another way was written by a later version, and is left to that.
"""


class Position(NamedTuple):
    """Where the next line begins: the segment's number and an offset in bytes."""

    segment: int
    offset: int


START = Position(0, 0)
"""Before the first line of the first segment."""

OnDamage = Callable[[Position, str], None]
"""Told of a line that cannot be read: where it begins and what is wrong with it."""


def path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / f"{number:08}.jsonl"


def numbers(folder: Path) -> list[int]:
    """The segments that exist, in order."""
    return sorted(int(match.group(1)) for file in folder.iterdir() if (match := _NAME.match(file.name)))


def render(record: Mapping[str, Any]) -> bytes:
    """The JSON of a record. What JSON or PostgreSQL cannot hold is cleaned, not refused: a call must not end for it.

    NUL characters and lone surrogates leave the text; a value of a foreign type is written as text.
    """
    try:
        body = orjson.dumps(record, default=str)
    except TypeError:
        body = orjson.dumps(_clean(record))
    return orjson.dumps(_clean(record)) if b"\\u0000" in body else body


def encode(record: Mapping[str, Any]) -> bytes:
    """One line, with its JSON as by `render`."""
    body = render(record)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def body_of(line: bytes) -> bytes | None:
    """The JSON of a line, or None if the line is unfinished or altered."""
    body = line[_CHECKSUM:-1]
    if line[-1:] != b"\n" or line[: _CHECKSUM - 1] != b"%08x" % zlib.crc32(body):
        return None
    return body


def read_bodies(
    folder: Path, position: Position, on_damage: OnDamage, *, being_written: bool = True
) -> Iterator[tuple[bytes, Position]]:
    """Each line's JSON from `position` on, with the position behind it. Damaged lines are told and skipped.

    `being_written`: an unfinished line at the very end is then not damage, but not yet there.
    """
    found = [number for number in numbers(folder) if number >= position.segment]
    for number in found:
        offset = position.offset if number == position.segment else 0
        with path(folder, number).open("rb") as file:
            file.seek(offset)
            for line in file:
                start, offset = offset, offset + len(line)
                body = body_of(line)
                if body is not None:
                    yield body, Position(number, offset)
                elif line[-1:] == b"\n":
                    on_damage(Position(number, start), "a line was altered")
                elif number != found[-1] or not being_written:
                    on_damage(Position(number, start), "a line was left unfinished by a crash")


def event_record(event: CallEvent) -> dict[str, Any]:
    """An event as a journal record."""
    return {
        "t": "event",
        "id": event.id,
        "call_id": event.call_id,
        "seq": event.seq,
        "at": event.at,
        "kind": event.kind,
        "data": event.data,
    }


def agent_record(event: AgentEvent) -> dict[str, Any]:
    """An agent's event as a journal record."""
    return {
        "t": "agent",
        "id": event.id,
        "agent": event.agent,
        "at": event.at,
        "state": event.state,
        "reason": event.reason,
        "call": event.call,
        "phone": event.phone,
    }


def event_of(record: Mapping[str, Any]) -> CallEvent:
    """The inverse of `event_record`, from what was read.

    Raises:
        KeyError, ValueError: the record is no event of a known kind.
    """
    return CallEvent(
        id=record["id"],
        call_id=record["call_id"],
        seq=record["seq"],
        at=datetime.fromisoformat(record["at"]),
        kind=Kind(record["kind"]),
        data=record["data"],
    )


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "").encode(errors="replace").decode()
        case Mapping():
            return {_clean(str(key)): _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case None | bool() | float():
            return value
        case int() if abs(value) < 2**63:
            return value
        case _:
            return _clean(str(value))
