"""Music on hold is a plain wav file that Asterisk plays."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

from vorzimmer.sandbox import music


def test_is_soft_and_can_be_repeated(tmp_path: Path) -> None:
    """8 kHz, 16 bit, mono; never near full scale; silent at both ends, so that the loop does not click."""
    music.write(tmp_path / "walk.wav")
    with wave.open(str(tmp_path / "walk.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8000, 2, 1)
        samples = array("h", file.readframes(file.getnframes()))
    assert 1000 < max(samples) < 8000
    assert abs(samples[0]) < 20
    assert abs(samples[-1]) < 20
