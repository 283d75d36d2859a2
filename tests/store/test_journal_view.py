"""A look into the journal from another process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.store.records import Troubles, events, write_call
from vorzimmer.store import segments
from vorzimmer.store.journal import Journal
from vorzimmer.store.journal_view import calls_in, refused_in


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """The journal of a daemon that runs."""
    journal = Journal(tmp_path / "journal", Troubles())
    yield journal
    journal.close()


def test_calls_of_a_running_daemon(journal: Journal) -> None:
    """Open calls have no end, ended ones theirs, shipped or not; the daemon's lock is in nobody's way."""
    cdr = write_call(journal, "ended")
    for event in events("open", upto=5):
        journal.append(event)
    assert calls_in(journal.folder) == {"ended": cdr.ended_at, "open": None}
    _, position = journal.unshipped(100)
    journal.mark_shipped(position, 13)
    assert calls_in(journal.folder).keys() == {"ended", "open"}


def test_damage_is_passed_over(journal: Journal) -> None:
    """A line that was altered, and one that is being written, hide no other call."""
    write_call(journal, "first")
    file = segments.path(journal.folder, segments.numbers(journal.folder)[0])
    with file.open("ab") as end:
        end.write(b"00000000 {}\n")
    write_call(journal, "second")
    with file.open("ab") as end:
        end.write(b"0000")
    assert calls_in(journal.folder).keys() == {"first", "second"}


def test_segment_that_goes_meanwhile_is_no_error(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipper removes what is in the database, also while somebody looks: the rest is still seen."""
    write_call(journal, "ended")
    listed = segments.numbers

    def numbers(folder: Path) -> list[int]:
        monkeypatch.setattr(segments, "numbers", listed)
        return [0, *listed(folder)]

    monkeypatch.setattr(segments, "numbers", numbers)
    assert calls_in(journal.folder).keys() == {"ended"}


def test_house_without_a_journal(tmp_path: Path) -> None:
    """Before the daemon's first start there is no call, and nothing was refused."""
    assert calls_in(tmp_path / "journal") == {}
    assert refused_in(tmp_path / "journal") == frozenset()


def test_refused_records_name_their_calls(tmp_path: Path) -> None:
    """Events and end records alike; a line left unfinished by a crash hides no other."""
    event: dict[str, Any] = segments.event_record(events("refused")[0])
    lines = [orjson.dumps({"why": "no", "record": event}), b'{"why": "no", "rec', b"{}", b"[]"]
    (tmp_path / "rejected.jsonl").write_bytes(b"\n".join(lines))
    assert refused_in(tmp_path) == {"refused"}
