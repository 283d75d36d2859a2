"""The length of a recording, whatever became of its writer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.sipp.sound import write_wav
from vorzimmer.store.sound_file import wav_seconds

HEADER = 44
"""Bytes before the samples of a plain wav file."""


@pytest.fixture
def recorded(tmp_path: Path) -> bytes:
    """A finished recording of four seconds."""
    return write_wav(tmp_path / "whole.wav", np.ones(4 * 8000, dtype=np.int16)).read_bytes()


@pytest.fixture
def unfinished(recorded: bytes) -> bytes:
    """What lies on the disk when Asterisk was killed while recording: no length in the header."""
    return recorded[:4] + bytes(4) + recorded[8:40] + bytes(4) + recorded[HEADER:]


def seconds_of(content: bytes, folder: Path) -> Decimal:
    """The length of a file with this content."""
    (folder / "m.wav").write_bytes(content)
    return wav_seconds(folder / "m.wav")


def test_the_length_is_what_is_there(tmp_path: Path, recorded: bytes, unfinished: bytes) -> None:
    """A message's length is never taken from the header: a killed recording is not 0 s long, half a one not whole."""
    assert seconds_of(recorded, tmp_path) == Decimal("4.000")
    assert seconds_of(unfinished, tmp_path) == Decimal("4.000")
    assert seconds_of(unfinished[:-32_001], tmp_path) == Decimal("2.000")
    assert seconds_of(recorded[:12] + b"LIST\x03\0\0\0abc\0" + recorded[12:], tmp_path) == Decimal("4.000")


@pytest.mark.parametrize("kept", [0, 3, 20, HEADER])
def test_a_file_without_samples_has_no_length(tmp_path: Path, recorded: bytes, kept: int) -> None:
    """Cut off anywhere before the first sample it is an empty recording, not a broken one."""
    assert seconds_of(recorded[:kept], tmp_path) == Decimal("0.000")


@pytest.mark.parametrize("content", [b"no sound at all" * 10, b"ID3\x04" + bytes(60)])
def test_another_kind_of_file_has_no_length_at_all(tmp_path: Path, content: bytes) -> None:
    """What is no wav file is an error, so that nobody takes it for a message of 0 s and throws it away."""
    with pytest.raises(ValueError, match="no wav file"):
        seconds_of(content, tmp_path)
