"""Music for waiting callers, made on the spot: a slow walk over one chord, so that no recording has to be licensed."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

RATE = 8000
_NOTE_SECONDS = 0.75
_FADE_SECONDS = 0.12
_LOUDNESS = 5000  # of 32767: background, not a signal
_MELODY = (262, 330, 392, 523, 440, 392, 330, 392, 349, 440, 523, 440, 392, 330, 294, 247)  # hertz


def write(file: Path) -> None:
    """Write the melody as a wav file, 8 kHz, 16 bit, mono; it ends where it began and can be repeated."""
    samples = array("h")
    for pitch in _MELODY:
        samples.extend(_note(pitch))
    with wave.open(str(file), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(samples.tobytes())


def _note(pitch: int) -> array[int]:
    """One note with a soft overtone, faded in and out so that it does not click."""
    count, fade = int(RATE * _NOTE_SECONDS), int(RATE * _FADE_SECONDS)
    step = 2 * math.pi * pitch / RATE
    return array(
        "h",
        (
            round(
                _LOUDNESS
                * min(1.0, place / fade, (count - place) / fade)
                * (math.sin(step * place) + 0.25 * math.sin(2 * step * place))
            )
            for place in range(count)
        ),
    )
