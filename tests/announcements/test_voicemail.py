"""Recordings of callers: the mp3 that the client gets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.announcements import sounds
from vorzimmer.announcements.convert import BadAudio
from vorzimmer.announcements.voicemail import to_mp3

SPOKEN = sounds.speech(4, 8000)
RECORDED = sounds.wav(SPOKEN, 8000)
UNFINISHED = RECORDED[:4] + bytes(4) + RECORDED[8:40] + bytes(4) + RECORDED[44:]
"""What lies on the disk when Asterisk was killed while recording: no length in the header."""


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [RECORDED, UNFINISHED])
async def test_the_client_hears_what_the_caller_said(tmp_path: Path, content: bytes) -> None:
    """The mp3 holds the whole message in a small file, also if the recording was never finished."""
    (tmp_path / "m.wav").write_bytes(content)
    assert await to_mp3(tmp_path / "m.wav", tmp_path / "m.mp3") == Decimal("4.000")
    heard = sounds.decoded(tmp_path / "m.mp3", 8000)
    assert sounds.likeness(heard, SPOKEN) >= 0.95
    assert len(heard) / 8000 == pytest.approx(4, abs=0.1)
    assert (tmp_path / "m.mp3").stat().st_size <= 4 * 64_000 / 8
    assert _names(tmp_path) == ["m.mp3", "m.wav"]


@pytest.mark.parametrize("content", [b"", RECORDED[:44], b"no sound at all" * 10, RECORDED[:12] + RECORDED[36:]])
async def test_what_holds_no_message_leaves_the_target_alone(tmp_path: Path, content: bytes) -> None:
    """An empty or foreign file is an error in words; an mp3 that is already there stays as it was."""
    (tmp_path / "m.wav").write_bytes(content)
    (tmp_path / "m.mp3").write_bytes(b"earlier")
    with pytest.raises(BadAudio, match=r"^m\.wav (holds no sound|is not a wav file); a recording is a wav file"):
        await to_mp3(tmp_path / "m.wav", tmp_path / "m.mp3")
    assert (tmp_path / "m.mp3").read_bytes() == b"earlier"
    assert _names(tmp_path) == ["m.mp3", "m.wav"]


async def test_a_missing_recording_is_said_to_be_missing(tmp_path: Path) -> None:
    """Whoever asks for it can tell a recording that is gone from one that is bad."""
    with pytest.raises(FileNotFoundError):
        await to_mp3(tmp_path / "m.wav", tmp_path / "m.mp3")
