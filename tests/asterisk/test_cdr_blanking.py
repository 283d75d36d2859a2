"""Callers' numbers leave Asterisk's own record of the calls, in its place, while it is written on."""

from __future__ import annotations

import gzip
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asterisk.test_cdr_file import NOON, line, write
from vorzimmer.asterisk import cdr_blanking, cdr_file
from vorzimmer.asterisk.cdr_file import Witness

DAY = timedelta(days=1)


def old(record: Witness) -> bool:
    """Whether it ended before noon."""
    return record.ended_at < NOON


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file and two rotated ones, with a call each before noon and one after."""
    file = tmp_path / "vorzimmer.csv"
    write(file.with_name(f"{file.name}-20261120.gz"), [line("a", NOON - 2 * DAY, diverted="+4989777")], NOON - 2 * DAY)
    write(file.with_name(f"{file.name}.1"), [line("b", NOON - DAY)], NOON - DAY)
    return write(file, [line("c", NOON - timedelta(seconds=1)), line("d")], NOON)


def callers(file: Path) -> dict[str, str]:
    """What stands as the caller of each call."""
    return {record.call_id: record.caller for record in cdr_file.read(file)}


def test_numbers_are_overwritten_and_all_else_stays(file: Path) -> None:
    """In the file, rotated and packed ones; lengths, times and order stay; a second time nothing changes."""
    files = [file, file.with_name(f"{file.name}.1"), file.with_name(f"{file.name}-20261120.gz")]
    before = [(one.stat().st_mtime, one.stat().st_size) for one in files[:2]]
    assert cdr_blanking.numbered(file, NOON) == {"a", "b", "c"}
    assert cdr_blanking.blank(file, old) == 3
    gone = "x" * len("+49301234567")
    assert callers(file) == {"a": gone, "b": gone, "c": gone, "d": "+49301234567"}
    assert b"4989777" not in gzip.decompress(files[2].read_bytes())
    assert [record.did for record in cdr_file.read(file)] == ["+4989123456"] * 4
    assert (files[1].stat().st_mtime, files[1].stat().st_size) == before[1]
    assert file.stat().st_size == before[0][1]
    assert files[2].stat().st_mtime == (NOON - 2 * DAY).timestamp()
    assert cdr_blanking.numbered(file, NOON) == set()
    assert cdr_blanking.blank(file, old) == 0
    assert not [one for one in file.parent.iterdir() if one.name.startswith(".")]


def test_what_is_appended_meanwhile_stays(file: Path) -> None:
    """Asterisk opened the file for appending before we began, and writes after we have read it."""
    asterisk = os.open(file, os.O_WRONLY | os.O_APPEND)

    def due(record: Witness) -> bool:
        if record.call_id == "c":
            os.write(asterisk, line("e") + b"\n" + line("f")[:20])
        return old(record)

    try:
        assert cdr_blanking.blank(file, due) == 3
        os.write(asterisk, line("f")[20:] + b"\n")
    finally:
        os.close(asterisk)
    assert list(callers(file)) == ["a", "b", "c", "d", "e", "f"]


def test_the_order_stays_where_a_time_may_not_be_put_back(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of another owner get new times, all of them, in their order."""
    wrote = os.utime

    def refused(path: Path, **options: object) -> None:
        if options:
            raise PermissionError(1, "Operation not permitted")
        wrote(path)

    packed = file.with_name(f"{file.name}-20261120.gz")
    packed.unlink()
    write(file.with_name(f"{file.name}.2"), [line("a", NOON - 2 * DAY)], NOON - 2 * DAY)
    monkeypatch.setattr("os.utime", refused)
    cdr_blanking.blank(file, lambda record: record.call_id == "a")
    assert list(callers(file)) == ["a", "b", "c", "d"]


def test_a_damaged_line_goes_with_its_neighbour(file: Path) -> None:
    """It cannot be read, so all its digits go as soon as the record before it is due."""
    write(file, [line("c", NOON - DAY), b'"x","+4930123', line("d"), b"+49301234567,torn"])
    cdr_blanking.blank(file, old)
    assert file.read_bytes().splitlines()[1] == b'"x","+xxxxxxx'
    assert file.read_bytes().splitlines()[3] == b"+49301234567,torn"


@given(st.binary(max_size=300))
def test_any_content_keeps_its_length_and_its_lines(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever stands in the file."""
    file = tmp_path_factory.mktemp("cdr") / "vorzimmer.csv"
    whole = line("c", NOON - DAY) + b"\n" + content
    file.write_bytes(whole)
    cdr_blanking.blank(file, old)
    after = file.read_bytes()
    assert (len(after), after.count(b"\n")) == (len(whole), whole.count(b"\n"))
    assert b"+49301234567" not in after[: len(line("c"))]
