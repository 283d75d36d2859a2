"""A sound as numbers: where it begins and ends, how it looks, and whether it was overdriven when it was recorded."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from vorzimmer.announcements.decoding import RATE

BLOCK = RATE // 100
"""Samples of a hundredth of a second."""
MARGIN = 10
"""Blocks of silence that stay before and behind the sound."""
FLOOR = 10 ** (-60 / 20)
"""Of full scale: what is lower no caller could hear."""
BELOW = 10 ** (-45 / 20)
"""Of the loudest block: what is lower is the room, not the voice."""

FULL = 10 ** (-1 / 20)
"""Of full scale: a recording whose peaks do not come near was not overdriven."""
OFTEN = 0.2
"""The share of a sound's blocks that reach its highest peak (within 1 dB) where it was cut by the recorder. Of a voice
that was not, a few in a hundred do."""

POINTS = 400


def block_peaks(samples: array[float]) -> list[float]:
    """The highest value of each hundredth of a second."""
    return [highest(block) for block in _blocks(samples, BLOCK)]


def highest(samples: array[Any]) -> Any:
    """The highest value, up or down. There must be samples."""
    return max((max(samples), -min(samples)))


def sounding(peaks: Sequence[float]) -> slice | None:
    """The blocks from the first to the last sound, with a margin; None: all is silent."""
    loudest = max(peaks, default=0.0)
    if loudest <= FLOOR:
        return None
    heard = [n for n, peak in enumerate(peaks) if peak > max(FLOOR, BELOW * loudest)]
    return slice(max(heard[0] - MARGIN, 0), heard[-1] + 1 + MARGIN)


def is_overdriven(peaks: Sequence[float]) -> bool:
    """Whether so much of it stands at the limit that it must have been cut there."""
    loudest = max(peaks)
    heard = [peak for peak in peaks if peak > BELOW * loudest]
    return loudest >= FULL and sum(peak >= FULL * loudest for peak in heard) > OFTEN * len(heard)


def drawn(samples: array[int]) -> list[float]:
    """At most 400 numbers from 0 to 1 that show the sound from its beginning to its end. `samples`: 16-bit."""
    step = max(-(-len(samples) // POINTS), 1)
    return [round(highest(block) / 32768, 3) for block in _blocks(samples, step)]


def _blocks(samples: array[Any], size: int) -> list[array[Any]]:
    return [samples[start : start + size] for start in range(0, len(samples), size)]
