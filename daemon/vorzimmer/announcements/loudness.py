"""One loudness for all announcements: measured by EBU R128, brought about by a single gain, peaks held by a limiter.

A plain gain keeps the speech as it was spoken. What is shorter than three seconds has no loudness over its length that
an ear would agree with: there the loudest 0.4 seconds count (the maximum momentary loudness of EBU R128).

Frames are mono, 32-bit float.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

from vorzimmer.announcements.decoding import FORMAT, Refused

SHORT = 3
"""Seconds of sound below which the loudest moment counts."""
MOMENT = Fraction(2, 5)
"""Seconds of a moment."""
MOST_GAIN = 45.0
"""dB. More would make the hiss of a recording as loud as speech."""
HEADROOM = 0.8
"""The highest peak, of full scale: what a codec on the way adds must not clip."""
CLOSE = 0.3
"""LU from the target that are near enough; where the limiter works, loudness does not follow the gain exactly."""
TRIES = 8
FLOAT = ("aformat", f"sample_fmts={FORMAT}")
"""Some filters change the form of samples; this one changes it back."""
UNHEARD = -70.0
"""LUFS: the meter's own gate."""


def measure(frames: list[AudioFrame], rate: int) -> float:
    """Loudness in LUFS; -70 for what the meter does not hear."""
    short = Fraction(sum(frame.samples for frame in frames), rate) < SHORT
    # Behind a short sound silence, so that its loudest moment is over before the sound is.
    heard = [*frames, sound(bytes(4 * int(rate * MOMENT)), rate)] if short else frames
    moments, whole = [UNHEARD], UNHEARD
    for frame in through(heard, rate, ("ebur128", "metadata=1")):
        moments.append(float(frame.metadata.get("lavfi.r128.M", UNHEARD)))
        whole = float(frame.metadata.get("lavfi.r128.I", whole))
    return max(moments) if short else whole


def bring(frames: list[AudioFrame], rate: int, peak: float, target: float) -> tuple[list[AudioFrame], float]:
    """The sound at the target (LUFS), no peak above `HEADROOM`, and how loud it is.

    Args:
        frames: the sound.
        rate: samples a second.
        peak: the highest of all samples, of full scale; above 0.
        target: in LUFS.

    Raises:
        Refused: it is too quiet, or has nothing but clicks that could be made louder.
    """
    scaled = list(through(frames, rate, ("volume", f"{0.5 / peak:.6f}")))  # into the meter's range
    found = measure(scaled, rate)
    gain = target - found
    most = MOST_GAIN - 20 * math.log10(0.5 / peak)
    if found <= UNHEARD or gain > most:
        raise Refused("is too quiet")
    for _ in range(TRIES):
        if gain > most:
            break
        if 0.5 * 10 ** (gain / 20) <= HEADROOM:
            return list(through(scaled, rate, ("volume", f"{gain:.3f}dB"))), target  # nothing to limit
        made = list(through(scaled, rate, ("volume", f"{gain:.3f}dB"), ("alimiter", _LIMITER), FLOAT))
        found = measure(made, rate)
        if abs(target - found) <= CLOSE:
            return made, found
        gain += target - found
    raise Refused("is loud only for moments, and silent between them")


_LIMITER = f"limit={HEADROOM}:level=false:latency=true"


def sound(samples: bytes, rate: int) -> AudioFrame:
    """One frame of 32-bit float samples."""
    frame = AudioFrame(format=FORMAT, layout="mono", samples=len(samples) // 4)
    frame.planes[0].update(samples)
    frame.rate = rate
    return frame


def through(frames: Iterable[AudioFrame], rate: int, *filters: tuple[str, str]) -> Iterator[AudioFrame]:
    """Send frames through a chain of FFmpeg's filters."""
    graph = Graph()
    source = graph.add_abuffer(format=FORMAT, sample_rate=rate, layout="mono", time_base=Fraction(1, rate))
    graph.link_nodes(source, *(graph.add(name, options) for name, options in filters), graph.add("abuffersink"))
    graph.configure()
    for frame in [*frames, None]:
        graph.push(frame)
        while True:
            try:
                pulled = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                break
            if isinstance(pulled, AudioFrame):
                yield pulled
