"""The folder of faxes under way."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vorzimmer.asterisk import fax_files
from vorzimmer.core.fax import Ended, Kind

BUSY = "dial=BUSY|at=1|cause=17\n"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_pages_lie_there_whole_and_for_asterisk_s_group(tmp_path: Path) -> None:
    """No draft is left, the group reads it, and nobody else does."""
    fax_files.put_pages(tmp_path, "ab", b"old")
    fax_files.put_pages(tmp_path, "ab", b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["ab.tiff"]
    file = tmp_path / "ab.tiff"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.stat().st_gid == tmp_path.stat().st_gid
    assert fax_files.pages(tmp_path, "ab") == b"new"
    assert fax_files.pages(tmp_path, "cd") is None


def test_each_call_s_end_is_counted_once(tmp_path: Path) -> None:
    """The result of the last call stands apart; another call moves it to those before, once."""
    assert fax_files.result(tmp_path, "ab") is None
    assert fax_files.put_by(tmp_path, "ab") == ()
    (tmp_path / "ab.result").write_text(BUSY)
    assert fax_files.result(tmp_path, "ab") == Ended(Kind.BUSY, cause=17)
    assert fax_files.tries(tmp_path, "ab") == ()
    assert fax_files.put_by(tmp_path, "ab") == (Kind.BUSY,)
    assert fax_files.put_by(tmp_path, "ab") == (Kind.BUSY,)
    assert fax_files.result(tmp_path, "ab") is None
    assert fax_files.tries(tmp_path, "cd") == ()


def test_a_result_that_is_being_written_is_none_yet(tmp_path: Path) -> None:
    """Nor is an empty file."""
    for text in ("", BUSY[:-1]):
        (tmp_path / "ab.result").write_text(text)
        assert fax_files.result(tmp_path, "ab") is None


def test_what_is_old_is_deleted(tmp_path: Path) -> None:
    """Files only, by their last change."""
    (tmp_path / "folder").mkdir()
    for name, age in (("old", 2), ("young", 1)):
        (tmp_path / name).touch()
        at = (NOW - timedelta(days=age)).timestamp()
        os.utime(tmp_path / name, (at, at))
    assert fax_files.sweep(tmp_path, NOW - timedelta(days=1, hours=12)) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "young"]
