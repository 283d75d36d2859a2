"""The journal on a real disk: crashes, refusals and rotation."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.store.records import START, Troubles, end, events, write_call
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.store import segments
from vorzimmer.store.journal import Journal, JournalError


@pytest.fixture
def troubles() -> Troubles:
    """Collects what the journal reports."""
    return Troubles()


@contextmanager
def opened(folder: Path, troubles: Troubles, **options: Any) -> Iterator[Journal]:
    """A journal that is closed at the end."""
    journal = Journal(folder, troubles, **options)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def disk_full(beyond: int) -> Iterator[None]:
    """Let the kernel refuse to write a file beyond so many bytes, in the middle of a line if need be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def seqs(journal: Journal) -> list[int]:
    """The sequence numbers of all events that can be read."""
    return [record["seq"] for record, _ in journal.read_from() if record["t"] == "event"]


def test_records_are_read_back_as_written(tmp_path: Path, troubles: Troubles) -> None:
    """Order, text, times and the end record survive; positions lead to what follows them."""
    with opened(tmp_path, troubles) as journal:
        cdr = write_call(journal, "c1")
        read = list(journal.read_from())
        assert [record["t"] for record, _ in read] == ["event"] * 7 + ["end"]
        assert segments.event_of(read[0][0]).data["caller_name"] == "Jürgen Groß"
        assert segments.event_of(read[0][0]).at == START
        assert read[-1][0]["record"] == end(cdr, "office@example.org")
        assert list(journal.read_from(read[6][1])) == read[7:]
        assert journal.lag == 8


def test_what_json_cannot_hold_is_cleaned_not_refused(tmp_path: Path, troubles: Troubles) -> None:
    """Raw text of the network (NUL, lone surrogates) or a foreign type never ends a call; PostgreSQL can take it."""
    data = {"name": "a\0b\ud800", "huge": 2**80, "price": Decimal("1.5"), "list": ["\0"], "set": {1}}
    with opened(tmp_path, troubles) as journal:
        journal.append(CallEvent("e", "c", 0, START, Kind.PROBLEM, data))
        ((record, _),) = journal.read_from()
    assert record["data"]["name"] == "ab?"
    assert record["data"]["huge"] == str(2**80)
    assert record["data"]["price"] == "1.5"
    assert record["data"]["list"] == [""]


def test_a_killed_process_loses_nothing_it_wrote(tmp_path: Path, troubles: Troubles) -> None:
    """SIGKILL right after `append` returned: the record is there, and the call shows as open."""
    script = (
        "import os, pathlib, signal, sys\n"
        "from tests.store.records import Troubles, events\n"
        "from vorzimmer.store.journal import Journal\n"
        "journal = Journal(pathlib.Path(sys.argv[1]), Troubles())\n"
        "for event in events('c1', 4): journal.append(event)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    paths = os.pathsep.join(sys.path)
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env={**os.environ, "PYTHONPATH": paths}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with opened(tmp_path, troubles) as journal:
        assert [event.kind for event in journal.open_calls()["c1"]] == [
            Kind.ARRIVED,
            Kind.ROUTED,
            Kind.RINGING,
            Kind.ANSWERED,
        ]
    assert troubles.events == []


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_torn_tail_is_told_and_left_out(tmp_path: Path, troubles: Troubles, cut: int) -> None:
    """A line that a power cut left unfinished costs that line alone; what is written next can be read."""
    with opened(tmp_path, troubles) as journal:
        for event in events("c1", 3):
            journal.append(event)
    file = segments.path(tmp_path, 1)
    os.truncate(file, file.stat().st_size - cut)
    with opened(tmp_path, troubles) as journal:
        journal.append(events("c1", 4)[3])
        assert seqs(journal) == [0, 1, 3]
        assert journal.lag == 3
    ((told, about),) = troubles.reported
    assert told == "journal.damaged"
    assert about["file"] == str(file)


def test_an_altered_line_is_told_once_and_its_file_kept(tmp_path: Path, troubles: Troubles) -> None:
    """A flipped bit is recognised by the checksum; the file is set aside when all else is shipped."""
    with opened(tmp_path, troubles) as journal:
        write_call(journal, "c1")
    file = segments.path(tmp_path, 1)
    raw = bytearray(file.read_bytes())
    raw[40] ^= 1
    file.write_bytes(raw)
    with opened(tmp_path, troubles) as journal:
        assert seqs(journal) == [1, 2, 3, 4, 5, 6]
        write_call(journal, "c2")
        bodies, position = journal.unshipped(100)
        journal.mark_shipped(position, len(bodies))
    assert troubles.events == ["journal.damaged"]
    assert file.with_suffix(".damaged").read_bytes() == raw


def test_segments_rotate_and_shipped_ones_go(tmp_path: Path, troubles: Troubles) -> None:
    """Files stay small; a shipped one is deleted unless a call in it is still open."""
    with opened(tmp_path, troubles, segment_bytes=1000) as journal:
        journal.append(events("open", 1)[0])
        for n in range(10):
            write_call(journal, f"c{n}")
        assert len(segments.numbers(tmp_path)) > 10
        bodies, position = journal.unshipped(1000)
        assert len(bodies) == 81
        journal.mark_shipped(position, len(bodies))
        assert segments.numbers(tmp_path)[0] == 1
        journal.append_end(end(build_cdr(events("open"))))
        bodies, position = journal.unshipped(1000)
        journal.mark_shipped(position, len(bodies))
        assert segments.numbers(tmp_path) == [position.segment]
        assert journal.lag == 0


def test_a_restart_goes_on_from_the_saved_position(tmp_path: Path, troubles: Troubles) -> None:
    """What was shipped is not offered again; with the position lost, everything is."""
    with opened(tmp_path, troubles) as journal:
        write_call(journal, "c1")
        bodies, position = journal.unshipped(5)
        journal.mark_shipped(position, len(bodies))
    with opened(tmp_path, troubles) as journal:
        assert journal.lag == 3
        assert len(journal.unshipped(100)[0]) == 3
    (tmp_path / "position").unlink()
    with opened(tmp_path, troubles) as journal:
        assert journal.lag == 8


def test_a_full_disk_keeps_records_in_memory_in_order(tmp_path: Path, troubles: Troubles) -> None:
    """Calls go on while the disk refuses; once it takes writes again, all records follow in order, and both is said."""
    with opened(tmp_path, troubles, sync_seconds=0.01) as journal, disk_full(beyond=500):
        write_call(journal, "c1")
        assert len(seqs(journal)) < 7
        assert journal.lag == 8
    with opened(tmp_path, troubles) as journal:
        assert seqs(journal) == [0, 1, 2, 3, 4, 5, 6]
        assert journal.open_calls() == {}
    assert troubles.events == ["journal.write_refused", "journal.written_again"]


def test_memory_is_bounded_but_ends_are_kept(tmp_path: Path, troubles: Troubles) -> None:
    """A disk that stays full cannot eat all memory: events on top are lost, and said; CDRs are never dropped."""
    with opened(tmp_path, troubles, memory_lines=3) as journal, disk_full(beyond=0):
        write_call(journal, "c1")
        write_call(journal, "c2")
        assert journal.waiting == 5
        assert journal.lost == 11
    with opened(tmp_path, troubles) as journal:
        kinds = [record["t"] for record, _ in journal.read_from()]
    assert kinds == ["event"] * 3 + ["end"] * 2
    assert troubles.events == ["journal.write_refused", "journal.write_refused", "journal.written_again"]
    assert troubles.reported[-1][1]["lost"] == 11


def test_the_oldest_unshipped_record_is_known(tmp_path: Path, troubles: Troubles) -> None:
    """Whoever watches sees since when the database lacks something, across a restart too."""
    with opened(tmp_path, troubles) as journal:
        assert journal.oldest_unshipped() is None
        cdr = write_call(journal, "c1")
        assert journal.oldest_unshipped() == cdr.started_at
        _, position = journal.unshipped(7)
        journal.mark_shipped(position, 7)
    with opened(tmp_path, troubles) as journal:
        assert journal.oldest_unshipped() == cdr.ended_at
        _, position = journal.unshipped(1)
        journal.mark_shipped(position, 1)
        assert journal.oldest_unshipped() is None


def test_two_daemons_cannot_share_a_journal(tmp_path: Path, troubles: Troubles) -> None:
    """The second process is refused with a sentence instead of mixing its records in."""
    with opened(tmp_path, troubles), pytest.raises(JournalError, match="another vorzimmer daemon"):
        Journal(tmp_path, troubles)


def test_the_end_of_a_call_wakes_the_shipper(tmp_path: Path, troubles: Troubles) -> None:
    """Only end records call `on_end`: events alone may wait for the next poll."""
    woken: list[int] = []
    with opened(tmp_path, troubles) as journal:
        journal.on_end = lambda: woken.append(1)
        write_call(journal, "c1")
    assert woken == [1]
