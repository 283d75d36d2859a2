"""Asterisk's own record of calls, read from its file and the rotated ones."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.asterisk import cdr_file
from vorzimmer.asterisk.cdr_file import Witness, ended, latest, parse, read

REAL = (
    b'"vz77d7dfb1-1795329285.3","vz77d7dfb1-1795329285.3","vz77d7dfb1-1795329285.3","PJSIP/trunk-00000002",'
    b'"+4989123456","","+49301234567","1795329285.382447","0.000000","1795329286.697082","FAILED","Stasis"'
)
"""A line as Asterisk wrote it."""

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def line(call_id: str, at: datetime = NOON, **changed: str) -> bytes:
    """A line of a call of one second that ended at `at`."""
    values = {
        "call_id": call_id,
        "channel_id": call_id,
        "linked_id": call_id,
        "channel": "PJSIP/trunk-00000001",
        "did": "+4989123456",
        "diverted": "",
        "caller": "+49301234567",
        "started": f"{at.timestamp() - 1:.6f}",
        "answered": "0.000000",
        "ended": f"{at.timestamp():.6f}",
        "disposition": "NO ANSWER",
        "application": "Stasis",
    }
    quoted = (value.replace('"', '""') for value in (values | changed).values())
    return b'"%s"' % '","'.join(quoted).encode()


def write(file: Path, lines: Iterable[bytes], written: datetime = NOON) -> Path:
    """A file of these lines, last written to at that time."""
    content = b"".join(each + b"\n" for each in lines)
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    os.utime(file, (written.timestamp(), written.timestamp()))
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the file is, once it is written."""
    return tmp_path / "vorzimmer.csv"


def ids(found: Iterable[Witness]) -> list[str]:
    """The calls, in order."""
    return [record.call_id for record in found]


def test_line_becomes_a_record() -> None:
    """Every column has its name; instants keep their microseconds; 0 is never."""
    assert parse(REAL) == Witness(
        call_id="vz77d7dfb1-1795329285.3",
        channel_id="vz77d7dfb1-1795329285.3",
        linked_id="vz77d7dfb1-1795329285.3",
        channel="PJSIP/trunk-00000002",
        did="+4989123456",
        diverted="",
        caller="+49301234567",
        started_at=datetime(2026, 11, 22, 6, 34, 45, 382447, UTC),
        answered_at=None,
        ended_at=datetime(2026, 11, 22, 6, 34, 46, 697082, UTC),
        disposition="FAILED",
        application="Stasis",
    )


def test_a_caller_who_was_called_back_is_found(file: Path) -> None:
    """Asterisk writes one record of two channels that it made for us, and joins their ids with a semicolon."""
    call_id = "vz1-1795329285.3-back1"
    write(file, [line(f";{call_id}")])
    assert ids(read(file)) == [call_id]
    assert ended(file, [call_id], NOON) == {call_id: NOON}


def test_quotes_and_commas_stay_in_their_field() -> None:
    """What a name or a number holds moves no column."""
    found = parse(line("c1", channel='PJSIP/a","b', caller='""'))
    assert found is not None
    assert (found.channel, found.caller, found.application) == ('PJSIP/a","b', '""', "Stasis")


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        REAL[:-1],
        REAL[1:],
        REAL[:120],
        REAL.replace(b"vz77d7dfb1", b"../vz77d7dfb1", 1),
        REAL + b',"more"',
        REAL.replace(b'"', b""),
        REAL.replace(b"Stasis", b"St\xffsis"),
        REAL.replace(b"1795329285.382447", b"1795329285"),
        REAL.replace(b"1795329285.382447", b"0.000000"),
        REAL.replace(b"0.000000", b""),
        REAL.replace(b"0.000000", b"soon"),
        REAL.replace(b"1795329286.697082", b"1795329284.697082"),
        REAL.replace(b"1795329286.697082", b"179532928600.697082"),
        REAL.replace(b"1795329286.697082", "\u0661795329286.697082".encode()),
    ],
)
def test_damaged_line_is_no_record(damaged: bytes) -> None:
    """Cut, foreign or impossible lines give nothing rather than something wrong, and never an exception."""
    assert parse(damaged) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(noise: bytes) -> None:
    """No line can raise."""
    parse(noise)
    parse(REAL[: len(noise)] + noise)


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: text.strip('",\r\n')))
def test_no_line_can_be_smuggled_in(text: str) -> None:
    """Line breaks in a field end the line and make none: what a caller sends never becomes a record of its own."""
    written = line(
        "real", caller=text + "\n" + line("forged").decode() + "\n" + line("forged").decode().replace('"', "")
    )
    records = [parse(part) for part in written.split(b"\n")]
    assert [record for record in records if record] == []


def test_rotated_files_are_read_first(file: Path) -> None:
    """Oldest first, whatever logrotate calls them, packed or not; other files beside them are none of these."""
    for days, name in enumerate(["", ".1", ".2.gz", "-20261119.gz"]):
        write(
            file.with_name(file.name + name),
            [line(f"call{days}", NOON - timedelta(days=days))],
            NOON - timedelta(days=days),
        )
    write(file.with_name(f"{file.name}.save"), [line("other")])
    assert ids(read(file)) == ["call3", "call2", "call1", "call0"]


def test_old_files_are_not_opened(file: Path) -> None:
    """A rotated file last written to before `since` is left alone; of the others only what ended later counts."""
    write(file.with_name(f"{file.name}.2.gz"), [], NOON - timedelta(days=2)).write_bytes(b"not even gzip")
    os.utime(file.with_name(f"{file.name}.2.gz"), (0, 0))
    write(file.with_name(f"{file.name}.1"), [line("before", NOON - timedelta(hours=2)), line("edge"), line("after")])
    assert ids(read(file, NOON)) == ["edge", "after"]


def test_missing_file_is_empty(file: Path) -> None:
    """Before the first call, and where the folder is missing, there is nothing."""
    assert list(read(file)) == []
    assert list(read(file.parent / "none" / "vorzimmer.csv")) == []
    assert latest(file, ["c1"], NOON) == {}


def test_damaged_lines_are_skipped_and_counted(file: Path) -> None:
    """What is damaged costs only itself, and a line in the log says how many."""
    write(file, [line("a"), b"\0" * 50, b"x" * 200_000 + line("hidden"), line("b"), line("c")[:-9]])
    with structlog.testing.capture_logs() as logs:
        assert ids(read(file)) == ["a", "b"]
    assert [(entry["event"], entry["lines"]) for entry in logs] == [("cdr_file.damaged", 3)]


def test_last_line_being_written_is_not_there_yet(file: Path) -> None:
    """Asterisk may be in the middle of a line: that is no damage."""
    file.write_bytes(line("a") + b"\n" + line("b")[:40])
    with structlog.testing.capture_logs() as logs:
        assert ids(read(file)) == ["a"]
    assert logs == []


def test_packed_file_that_ends_early_gives_what_it_has(file: Path) -> None:
    """A disk that was full while logrotate packed costs the rest of that file only, and is said."""
    packed = write(file.with_name(f"{file.name}.1.gz"), [os.urandom(40).hex().encode() for _ in range(2000)])
    packed.write_bytes(packed.read_bytes()[:-2000])
    write(file, [line("a")])
    with structlog.testing.capture_logs() as logs:
        assert ids(read(file)) == ["a"]
    assert "cdr_file.unreadable" in [entry["event"] for entry in logs]


def test_latest_record_of_each_call(file: Path) -> None:
    """Of several records of a call the last counts; calls that were not asked for are left out."""
    write(file, [line("a", disposition="FAILED"), line("b"), line("a", disposition="ANSWERED"), line("c")])
    found = latest(file, ["a", "c", "unknown"], NOON)
    assert {call_id: record.disposition for call_id, record in found.items()} == {"a": "ANSWERED", "c": "NO ANSWER"}
    assert ended(file, ["a"], NOON) == {"a": NOON}


def test_latest_looks_into_rotated_files(file: Path) -> None:
    """A file rotated a moment ago, packed or not, is looked into too, but none written to before `since`."""
    write(file.with_name(f"{file.name}.2.gz"), [line("a")], NOON + timedelta(seconds=1))
    write(file.with_name(f"{file.name}.1"), [line("b")], NOON + timedelta(seconds=2))
    write(file.with_name(f"{file.name}.3"), [line("c")], NOON - timedelta(seconds=1))
    assert latest(file, ["a", "b", "c"], NOON).keys() == {"a", "b"}


@pytest.mark.parametrize("block", [1, 7, 100, 4096])
def test_reading_backwards_misses_no_line(file: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Wherever a block happens to begin, every record is seen once."""
    monkeypatch.setattr(cdr_file, "BLOCK", block)
    names = [f"call{n}" for n in range(20)]
    write(file, [line(name) for name in names])
    assert latest(file, names, NOON).keys() == set(names)
    file.write_bytes(file.read_bytes() + line("unfinished")[:30])
    assert latest(file, [*names, "unfinished"], NOON).keys() == set(names)


def test_latest_reads_only_the_tail(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost follows the time asked for, not the file's size: lines long before `since` are not looked at."""
    old = [line(f"old{n}", NOON - timedelta(days=1)) for n in range(5000)]
    write(file, [*old, line("new")])
    seen: list[bytes] = []

    def watched(each: bytes) -> Witness | None:
        seen.append(each)
        return parse(each)

    monkeypatch.setattr(cdr_file, "BLOCK", 1000)
    monkeypatch.setattr(cdr_file, "parse", watched)
    assert latest(file, ["new", "never"], NOON).keys() == {"new"}
    assert len(seen) < 20
