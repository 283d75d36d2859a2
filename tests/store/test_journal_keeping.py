"""What holds numbers leaves the disk of the calls process: the journal soon, what was set aside in time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.store.records import Troubles, events, write_call
from vorzimmer.store import journal_keeping, segments
from vorzimmer.store.journal import Journal

CALLER = b"+491701234567"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal, closed at the end."""
    journal = Journal(tmp_path, Troubles())
    yield journal
    journal.close()


def held(folder: Path) -> bytes:
    """All that stands in the journal's files."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("*.jsonl")))


def ship(journal: Journal) -> None:
    """All of it is in the database."""
    bodies, position = journal.unshipped(1000)
    journal.mark_shipped(position, len(bodies))


def test_what_is_shipped_leaves_the_disk_without_another_call(journal: Journal) -> None:
    """A turn is enough; what comes afterwards is written and found as ever."""
    write_call(journal, "c.1")
    ship(journal)
    assert CALLER in held(journal.folder)
    journal.turn()
    assert held(journal.folder) == b""
    write_call(journal, "c.2")
    assert {orjson.loads(body).get("call_id", "c.2") for body in journal.unshipped(1000)[0]} == {"c.2"}


def test_what_is_not_shipped_stays(journal: Journal) -> None:
    """However often it turns."""
    write_call(journal, "c.1")
    journal.turn()
    journal.turn()
    write_call(journal, "c.2")
    found = len(journal.unshipped(1000)[0])
    assert found == journal.lag == 2 * (len(events("x")) + 1)


def test_a_call_that_goes_on_is_still_known(journal: Journal) -> None:
    """Its events stay on disk until it has ended."""
    for event in events("c.1", upto=4):
        journal.append(event)
    ship(journal)
    journal.turn()
    assert [len(known) for known in journal.open_calls().values()] == [4]
    assert CALLER in held(journal.folder)


def test_what_was_set_aside_goes_in_time(tmp_path: Path) -> None:
    """Damaged segments, notes that cannot be read, refused records: the older ones; the younger stay for a person."""
    away = tmp_path / "calls"
    away.mkdir()
    for days in (5, 200):
        for file in (tmp_path / f"{days:08}.damaged", away / f"{days}.unreadable"):
            file.write_bytes(CALLER)
            at = (NOW - timedelta(days=days)).timestamp()
            os.utime(file, (at, at))
    before = NOW - timedelta(days=180)
    assert journal_keeping.forget(tmp_path, away, before) == 2
    assert sorted(file.name for file in (*tmp_path.glob("*.damaged"), *away.iterdir())) == [
        "00000005.damaged",
        "5.unreadable",
    ]
    refused = tmp_path / "rejected.jsonl"
    assert journal_keeping.forget_rejected(refused, before) == 0
    lines = [
        orjson.dumps({"at": NOW - timedelta(days=days), "why": "x", "record": {"n": days}}) + b"\n" for days in (200, 5)
    ]
    refused.write_bytes(b"".join([*lines, b"torn"]))
    assert journal_keeping.forget_rejected(refused, before) == 1
    assert refused.read_bytes() == lines[1] + b"torn"
    assert segments.numbers(tmp_path) == []
