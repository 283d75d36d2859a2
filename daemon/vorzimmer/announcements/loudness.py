"""One loudness for all announcements: measured by EBU R128, corrected by a single gain, peaks held by a limiter.

A plain gain keeps the speech as it was spoken. Frames are mono, 16 kHz, 32-bit float.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

TARGET = -20.0
"""LUFS. Telephone speech lies around here: loud enough beside a ringing tone, with room for peaks."""
MOST_GAIN = 30.0
"""dB up or down. More would lift the noise of a recording that is nearly silent."""
SILENCE = -60.0
"""dB below full scale: a file whose highest peak is lower holds nothing that a caller could hear."""
TOO_SHORT = -70.0
"""LUFS that the meter shows when it has not heard 0.4 s above its own gate."""
RATE = 16_000
FORMAT = "flt"


def measure(frames: Iterable[AudioFrame]) -> float | None:
    """Loudness in LUFS (of a very short sound its mean level); None for silence."""
    statistics = "metadata=1:measure_perchannel=none:measure_overall=Peak_level+RMS_level"
    heard: dict[str, str] = {}
    for frame in _through(frames, ("ebur128", "metadata=1"), ("astats", statistics)):
        heard |= frame.metadata  # not every frame carries every figure; each shows the sum so far
    peak = float(heard.get("lavfi.astats.Overall.Peak_level", "-inf"))
    if not peak > SILENCE:
        return None
    loudness = float(heard.get("lavfi.r128.I", TOO_SHORT))
    return loudness if loudness > TOO_SHORT else float(heard["lavfi.astats.Overall.RMS_level"])


def adjust(frames: Iterable[AudioFrame], loudness: float) -> Iterator[AudioFrame]:
    """Bring frames of that loudness to the target, as 16-bit samples."""
    gain = max(-MOST_GAIN, min(MOST_GAIN, TARGET - loudness))
    limiter = "limit=0.8:level=false:latency=true"
    return _through(frames, ("volume", f"{gain:.2f}dB"), ("alimiter", limiter), ("aformat", "sample_fmts=s16"))


def _through(frames: Iterable[AudioFrame], *filters: tuple[str, str]) -> Iterator[AudioFrame]:
    """Send frames through a chain of FFmpeg's filters."""
    graph = Graph()
    source = graph.add_abuffer(format=FORMAT, sample_rate=RATE, layout="mono", time_base=Fraction(1, RATE))
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
