"""Decoding one sound file that nobody trusts yet, with limits, to mono at 16 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from vorzimmer.announcements import mpeg
from vorzimmer.announcements.formats import FORMATS, Format

RATE = 16_000
FORMAT = "flt"
"""Samples while they are worked on: 32-bit float, mono."""

SHORTEST = Decimal("0.1")
RATES = range(4_000, 192_001)
MISSING = Fraction(1, 5)
"""Seconds that may be missing against the header: encoders disagree about a frame or two at the ends."""
FAILED = 2
"""Packets that may fail: a tag behind the last frame is often taken for one."""


class Refused(Exception):
    """What is wrong with the file, as the rest of a sentence that begins with its name."""


def checked(source: Path) -> Format:
    """The file's format, by its ending; refuse what gives itself away before anything is decoded."""
    form = FORMATS[source.suffix]
    if not form.begins(source):
        raise Refused(f"is not {'an' if form.name[0] in 'aeimo' else 'a'} {form.name} file")
    if not form.whole(source):
        raise Refused("is cut off")
    return form


def decode(source: Path, form: Format, longest: int, options: dict[str, str] | None = None) -> list[AudioFrame]:
    """The whole sound. `longest`: seconds of it that are taken; `options`: of FFmpeg's reader.

    Raises:
        Refused: it is no such file, damaged, cut off, too long, too short, or holds a film.
    """
    try:
        with source.open("rb") as file, av.open(file, "r", format=form.demuxer, options=options or {}) as container:
            stream = _only_audio(container, form)
            claimed = _claimed_seconds(container, stream, source)
            if claimed > longest:
                raise Refused("is too long")
            frames = list(_frames(container, stream, longest))
    except av.FFmpegError as error:
        raise Refused("cannot be decoded") from error
    decoded = seconds(frames)
    if decoded < SHORTEST:
        raise Refused("holds no sound")
    if form.tells_length and claimed - Fraction(decoded) > MISSING:
        raise Refused("is cut off")
    return frames


def seconds(frames: Iterable[AudioFrame], rate: int = RATE) -> Decimal:
    """Length of frames, to the millisecond."""
    return (Decimal(sum(frame.samples for frame in frames)) / rate).quantize(Decimal("0.001"))


def _only_audio(container: InputContainer, form: Format) -> AudioStream:
    """The one audio stream, of a kind that belongs into such a file. A cover picture beside it does no harm."""
    if any(Disposition.attached_pic not in video.disposition for video in container.streams.video):
        raise Refused("is a video")
    streams = container.streams.audio
    if len(streams) != 1 or not streams[0].codec_context.name.startswith(form.codecs):
        raise Refused(f"is not plain {form.name} audio")
    if streams[0].codec_context.sample_rate not in RATES:
        raise Refused("has an impossible sampling rate")
    return streams[0]


def _claimed_seconds(container: InputContainer, stream: AudioStream, source: Path) -> Fraction:
    """How long the file says it is; 0 if it does not (then FFmpeg's figure is a guess from the bit rate)."""
    if source.suffix == ".mp3" and not mpeg.states_length(source):
        return Fraction(0)
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    return Fraction(container.duration or 0, av.time_base)


def _frames(container: InputContainer, stream: AudioStream, longest: int) -> Iterator[AudioFrame]:
    """Decode packet by packet, counting seconds and failures."""
    resampler = AudioResampler(FORMAT, "mono", RATE)
    length, failed, last = Fraction(0), 0, b""
    for packet in container.demux(stream):
        last = bytes(packet) or last
        try:
            decoded = stream.codec_context.decode(packet)
        except av.InvalidDataError:
            failed += 1
            if failed > FAILED:
                raise Refused("is damaged") from None
            continue
        for frame in decoded:
            length += Fraction(frame.samples, frame.sample_rate)
            if length > longest:
                raise Refused("is too long")
            yield from _mono(resampler, frame)
    if stream.codec_context.name.startswith("mp3") and len(last) < (mpeg.frame_length(last) or 0):
        raise Refused("is cut off")
    yield from resampler.resample(None)


def _mono(resampler: AudioResampler, frame: AudioFrame) -> list[AudioFrame]:
    """Resample one frame."""
    try:
        return resampler.resample(frame)
    except ValueError as error:  # the resampler's word for a file that changes in the middle
        raise Refused("changes its sampling rate or channels midway") from error
