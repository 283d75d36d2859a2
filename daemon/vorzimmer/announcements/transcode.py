"""Decode one sound file and write it in another form: the program that runs in a process of its own.

`python -m vorzimmer.announcements.transcode JOB SOURCE TARGET…` answers with one line of JSON on its output, either
`{"seconds": "3.250"}` or `{"refused": "is cut off"}`. The input is hostile until it is decoded, so the process limits
itself first, takes the file's format from its checked ending and never from its content, and counts what comes out.
Started by `convert`, which also sets the time limit of the wall clock.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from vorzimmer.announcements import loudness, mpeg
from vorzimmer.store import sound_file

CPU_SECONDS = 60
MEMORY = 2 << 30
"""Address space in bytes; FFmpeg does not load in less than one gigabyte."""
WRITTEN = 64 << 20
"""Largest file in bytes that the process can write."""

ANNOUNCEMENT_SECONDS = 600
MESSAGE_SECONDS = 3600
SHORTEST = Decimal("0.1")
RATES = range(4_000, 192_001)
NARROW = 8_000
MP3_BITS = 32_000
CODECS = {"wav": ("pcm_", "adpcm_", "gsm_ms"), "mp3": ("mp3",)}
MISSING = Fraction(1, 5)
"""Seconds that may be missing against the header: encoders disagree about a frame or two at the ends."""
FAILED = 2
"""Packets that may fail: a tag behind the last frame is often taken for one."""


class Refused(Exception):
    """What is wrong with the file, as the rest of a sentence that begins with its name."""


def announcement(source: Path, alaw: Path, sln16: Path) -> Decimal:
    """Write the sound at the common loudness, as A-law at 8 kHz and signed linear at 16 kHz. Seconds."""
    if source.suffix == ".mp3" and not mpeg.begins(source):
        raise Refused("is not an mp3 file")
    if source.suffix == ".wav":
        _check_wav(source)
    frames = _decode(source, ANNOUNCEMENT_SECONDS, {})
    level = loudness.measure(frames)
    if level is None:
        raise Refused("is silent")
    wide = list(loudness.adjust(frames, level))
    sln16.write_bytes(b"".join(map(_samples, wide)))
    alaw.write_bytes(b"".join(_alaw(wide)))
    return _seconds(wide)


def message(source: Path, mp3: Path) -> Decimal:
    """Write a recording as mp3, mono, 16 kHz: every mail program plays that, not all play 8 kHz. Seconds.

    The lengths in the recording's header are not believed: whoever wrote it may have been killed.
    """
    frames = _decode(source, MESSAGE_SECONDS, {"ignore_length": "1"})
    with av.open(str(mp3), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=loudness.RATE)
        stream.layout, stream.bit_rate = "mono", MP3_BITS
        for frame in [*frames, None]:
            container.mux(stream.encode(frame))
    return _seconds(frames)


def _check_wav(source: Path) -> None:
    """Refuse what gives itself away before anything is decoded."""
    try:
        samples = sound_file.samples(source)
    except ValueError as error:
        raise Refused("is not a wav file") from error
    if samples is None or samples.cut_off:
        raise Refused("is cut off")


def _decode(source: Path, longest: int, options: dict[str, str]) -> list[AudioFrame]:
    """Decode to mono at 16 kHz; the format is forced, so no reader of playlists or videos ever sees the file."""
    form = source.suffix.removeprefix(".")
    try:
        with source.open("rb") as file, av.open(file, "r", format=form, options=options) as container:
            stream = _only_audio(container, form)
            claimed = _claimed_seconds(stream, source)
            if claimed > longest:
                raise Refused("is too long")
            frames = list(_frames(container, stream, longest))
    except av.FFmpegError as error:
        raise Refused("cannot be decoded") from error
    decoded = _seconds(frames)
    if decoded < SHORTEST:
        raise Refused("holds no sound")
    if form == "mp3" and claimed - Fraction(decoded) > MISSING:
        raise Refused("is cut off")
    return frames


def _only_audio(container: InputContainer, form: str) -> AudioStream:
    """The one audio stream, of a kind that belongs into such a file. A cover picture beside it does no harm."""
    streams = container.streams.audio
    if len(streams) != 1 or not streams[0].codec_context.name.startswith(CODECS[form]):
        raise Refused(f"is not plain {form} audio")
    if streams[0].codec_context.sample_rate not in RATES:
        raise Refused("has an impossible sampling rate")
    return streams[0]


def _claimed_seconds(stream: AudioStream, source: Path) -> Fraction:
    """How long the file says it is; 0 if it does not (then FFmpeg's figure is a guess from the bit rate)."""
    if source.suffix == ".mp3" and not mpeg.states_length(source):
        return Fraction(0)
    return stream.duration * stream.time_base if stream.duration and stream.time_base else Fraction(0)


def _frames(container: InputContainer, stream: AudioStream, longest: int) -> Iterator[AudioFrame]:
    """Decode packet by packet, counting seconds and failures."""
    resampler = AudioResampler(loudness.FORMAT, "mono", loudness.RATE)
    seconds, failed, last = Fraction(0), 0, b""
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
            seconds += Fraction(frame.samples, frame.sample_rate)
            if seconds > longest:
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


def _alaw(frames: Iterable[AudioFrame]) -> Iterator[bytes]:
    """Encode as A-law at 8 kHz."""
    resampler = AudioResampler("s16", "mono", NARROW)
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = NARROW, "mono", "s16"
    for frame in [*frames, None]:
        for narrow in resampler.resample(frame):
            yield from map(bytes, encoder.encode(narrow))
    yield from map(bytes, encoder.encode(None))


def _samples(frame: AudioFrame) -> bytes:
    """The 16-bit samples of a frame, without the padding of its buffer."""
    return bytes(frame.planes[0])[: frame.samples * 2]


def _seconds(frames: Iterable[AudioFrame]) -> Decimal:
    """Length of frames at 16 kHz, to the millisecond."""
    return (Decimal(sum(frame.samples for frame in frames)) / loudness.RATE).quantize(Decimal("0.001"))


def _limit_myself() -> None:
    """Bound what a hostile file can cost; and give way to the calls."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (WRITTEN, WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


def main(job: str, source: str, *targets: str) -> None:
    """Do one job and answer."""
    _limit_myself()
    jobs: dict[str, Callable[..., Decimal]] = {"announcement": announcement, "message": message}
    try:
        seconds = jobs[job](Path(source), *map(Path, targets))
    except Refused as refused:
        answer = {"refused": str(refused)}
    else:
        answer = {"seconds": str(seconds)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
