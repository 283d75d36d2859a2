"""A look into the journal of a daemon that may be running, from another process: no lock is taken, nothing is changed.

Which calls it holds is what `reconcile` must know: they live, or are on their way to the database.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson

from vorzimmer.store import segments
from vorzimmer.store.segments import START, Position


def calls_in(folder: Path) -> dict[str, datetime | None]:
    """Every call that stands in the journal, with its end if its end record stands there too.

    Shipped ones may be among them. Damaged lines are skipped: the daemon tells of them. No folder: no calls.

    Raises:
        OSError: a file may not be read.
    """
    while folder.is_dir():
        found: dict[str, datetime | None] = {}
        try:
            for body, _ in segments.read_bodies(folder, START, _skip):
                _note(body, found)
        except FileNotFoundError:
            continue  # shipped and removed at this moment: what it held is in the database, the rest is read anew
        return found
    return {}


def refused_in(folder: Path) -> frozenset[str]:
    """The calls of which the database refused a record; a person must look at it."""
    try:
        lines = (folder / "rejected.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return frozenset()
    found: dict[str, datetime | None] = {}
    for line in lines:
        try:
            _note(orjson.dumps(orjson.loads(line)["record"]), found)
        except (ValueError, KeyError, TypeError):
            continue  # left unfinished by a crash
    return frozenset(found)


def _note(body: bytes, found: dict[str, datetime | None]) -> None:
    record = orjson.loads(body)
    if body.startswith(segments.EVENT_PREFIX):
        found.setdefault(record["call_id"], None)
    elif body.startswith(segments.END_PREFIX):
        cdr = record["record"]["cdr"]
        found[cdr["call_id"]] = datetime.fromisoformat(cdr["ended_at"])


def _skip(_position: Position, _what: str) -> None:
    """Damage is for the daemon to tell."""
