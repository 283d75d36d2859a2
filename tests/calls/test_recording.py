"""How a recorded message becomes a file of ours."""

from __future__ import annotations

import errno
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.sipp.sound import write_wav
from vorzimmer.calls.recording import is_void, keep, keep_left, move


def record(file: Path, seconds: float) -> bytes:
    """A recording of so many seconds."""
    return write_wav(file, np.ones(int(seconds * 8000), dtype=np.int16)).read_bytes()


def test_a_message_is_moved_and_measured(tmp_path: Path) -> None:
    """What a caller said lies in our folder, made if missing, and nowhere else; its seconds are told."""
    content = record(tmp_path / "m.wav", 2.5)
    assert keep(tmp_path / "m.wav", tmp_path / "kept" / "m.wav") == Decimal("2.500")
    assert (tmp_path / "kept" / "m.wav").read_bytes() == content
    assert not (tmp_path / "m.wav").exists()


def test_keeping_again_finds_what_was_kept(tmp_path: Path) -> None:
    """After a crash the same message is kept a second time: it is found at its target, with the same length."""
    record(tmp_path / "m.wav", 2)
    first = keep(tmp_path / "m.wav", tmp_path / "kept.wav")
    assert keep(tmp_path / "m.wav", tmp_path / "kept.wav") == first == Decimal(2)


@pytest.mark.parametrize("seconds", [0, 0.5, 0.99])
def test_who_hung_up_at_the_beep_left_no_message(tmp_path: Path, seconds: float) -> None:
    """Less than a second is thrown away: no client gets a mail with silence, now or at a second look."""
    record(tmp_path / "m.wav", seconds)
    assert keep(tmp_path / "m.wav", tmp_path / "kept.wav") is None
    assert list(tmp_path.iterdir()) == []
    assert keep(tmp_path / "m.wav", tmp_path / "kept.wav") is None


def test_where_nothing_was_recorded_there_is_no_message(tmp_path: Path) -> None:
    """A call without a recording is no error."""
    assert keep(tmp_path / "m.wav", tmp_path / "kept.wav") is None


def test_what_is_no_wav_file_is_not_thrown_away(tmp_path: Path) -> None:
    """A damaged file may hold somebody's words: it stays for a person to look at."""
    (tmp_path / "m.wav").write_bytes(b"words, but no wav file")
    assert keep(tmp_path / "m.wav", tmp_path / "kept.wav") is None
    assert (tmp_path / "m.wav").read_bytes() == b"words, but no wav file"


def test_moving_replaces_what_was_there(tmp_path: Path) -> None:
    """A target that is already there is replaced whole."""
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"older")
    move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"new"
    assert not (tmp_path / "a").exists()


def test_moving_works_from_one_disk_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rename cannot reach (the spool on another file system) the sound is copied, and the source goes."""
    source = tmp_path / "m.wav"
    content = record(source, 1)
    rename = Path.replace

    def on_one_disk(file: Path, target: Path) -> Path:
        if file == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(file, target)

    monkeypatch.setattr(Path, "replace", on_one_disk)
    move(source, tmp_path / "kept" / "m.wav")
    assert (tmp_path / "kept" / "m.wav").read_bytes() == content
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["m.wav"]


def test_what_cannot_be_moved_stays(tmp_path: Path) -> None:
    """With the target's folder not to be had, the message still lies where Asterisk wrote it."""
    content = record(tmp_path / "m.wav", 2)
    (tmp_path / "kept").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="kept"):
        keep(tmp_path / "m.wav", tmp_path / "kept" / "m.wav")
    assert (tmp_path / "m.wav").read_bytes() == content


def test_a_move_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Neither a broken target nor the copy that should have become one stays in our folder."""
    record(tmp_path / "m.wav", 2)
    (tmp_path / "kept" / "m.wav").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        keep(tmp_path / "m.wav", tmp_path / "kept" / "m.wav")
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["m.wav"]


def test_what_a_full_disk_left_of_a_recording(tmp_path: Path) -> None:
    """A file without even a header was written on a full disk; one that ends at the beep, or none, was not."""
    record(tmp_path / "beep.wav", 0)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "other.wav").write_bytes(b"words, but no wav file")
    names = ("beep", "empty", "other", "none")
    assert [is_void(tmp_path / f"{name}.wav") for name in names] == [False, True, False, False]


def test_what_was_left_is_kept_later(tmp_path: Path) -> None:
    """Messages whose calls are over are moved; nothing of a living call, of another's, or that is no message."""
    for name, seconds in (("message-1.1", 2), ("message-1.2", 2), ("message-1.3", 0.5), ("greeting", 2)):
        record(tmp_path / f"{name}.wav", seconds)
    (tmp_path / "message-1.4.wav").write_bytes(b"words, but no wav file")
    folder = tmp_path / "kept"
    assert keep_left(tmp_path, folder, {"1.2"}) == ["message-1.1.wav"]
    assert [file.name for file in folder.iterdir()] == ["message-1.1.wav"]
    assert len(list(tmp_path.glob("*.wav"))) == 4


def test_what_is_left_waits_while_there_is_no_room(tmp_path: Path) -> None:
    """A folder that still cannot be had costs nothing: the message stays where it is, for the next look."""
    record(tmp_path / "message-1.1.wav", 2)
    (tmp_path / "kept").write_text("no folder")
    assert keep_left(tmp_path, tmp_path / "kept", ()) == []
    assert (tmp_path / "message-1.1.wav").exists()
