"""Decode one sound file and write it in another form: the program that runs in a process of its own.

`python -m vorzimmer.announcements.transcode JOB SOURCE …` answers with one line of JSON on its output: what it made,
such as `{"seconds": "3.250"}`, or `{"refused": "is cut off"}`, or `{"errno": 28}`, the number of an error of the disk.
The input is hostile until it is decoded, so the process limits itself first, takes the file's format from its checked
ending and never from its content, and counts what comes out. Started by `convert`, which also sets the time limit of
the wall clock.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from vorzimmer.announcements import loudness, waveform
from vorzimmer.announcements.decoding import FORMAT, RATE, Refused, checked, decode, seconds
from vorzimmer.announcements.formats import FORMATS

CPU_SECONDS = 60
MEMORY = 2 << 30
"""Address space in bytes; FFmpeg does not load in less than one gigabyte."""
WRITTEN = 64 << 20
"""Largest file in bytes that the process can write."""

ANNOUNCEMENT_SECONDS = 600
MESSAGE_SECONDS = 3600
NARROW = 8_000
MP3_BITS = 32_000

RUMBLE = 50
"""Hz; what is lower no telephone carries, and silence would not be found under it."""

OVERDRIVEN = "it was recorded too loud, so that it sounds distorted"


def announcement(source: Path, alaw: Path, sln16: Path, target: str) -> dict[str, Any]:
    """Write the sound at the target (LUFS) without the silence around it: A-law at 8 kHz, signed linear at 16 kHz."""
    decoded = decode(source, checked(source), ANNOUNCEMENT_SECONDS)
    recorded = _numbers(decoded)
    whole = _numbers(loudness.through(decoded, RATE, *_clean(recorded)))
    peaks = waveform.block_peaks(whole)
    heard = waveform.sounding(peaks)
    if heard is None:
        raise Refused("is silent")
    samples = whole[heard.start * waveform.BLOCK : heard.stop * waveform.BLOCK]
    wide = [loudness.sound(samples[n : n + RATE].tobytes(), RATE) for n in range(0, len(samples), RATE)]
    narrow, level = _narrow(wide, float(target))
    wide, _ = loudness.bring(wide, RATE, max(peaks), float(target))
    plain = _whole(narrow, NARROW)
    _write(alaw, _alaw(plain))
    _write(sln16, (_samples(frame, 2) for frame in _whole(wide, RATE)))
    return {
        "seconds": str(seconds(plain, NARROW)),
        "loudness": f"{level:.1f}",
        "peaks": waveform.drawn(array("h", b"".join(_samples(frame, 2) for frame in plain))),
        "warning": OVERDRIVEN if waveform.is_overdriven(waveform.block_peaks(recorded)) else None,
    }


def message(source: Path, mp3: Path) -> dict[str, Any]:
    """Write a recording as mp3, mono, 16 kHz: every mail program plays that, not all play 8 kHz.

    The lengths in the recording's header are not believed: whoever wrote it may have been killed.
    """
    frames = decode(source, FORMATS[".wav"], MESSAGE_SECONDS, {"ignore_length": "1"})
    with av.open(str(mp3), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.layout, stream.bit_rate = "mono", MP3_BITS
        for frame in [*frames, None]:
            container.mux(stream.encode(frame))
    return {"seconds": str(seconds(frames))}


def _clean(recorded: array[float]) -> tuple[tuple[str, str], ...]:
    """The filters that take away a constant offset, without a thump where it begins, and what rumbles."""
    offset = sum(recorded) / len(recorded)
    return ("dcshift", f"shift={-offset:.6f}"), ("highpass", f"f={RUMBLE}"), loudness.FLOAT


def _narrow(wide: list[AudioFrame], target: float) -> tuple[list[AudioFrame], float]:
    """What a telephone carries of the sound, as loud as it shall be there, and how loud it is."""
    resampler = AudioResampler(FORMAT, "mono", NARROW)
    frames = [narrow for frame in [*wide, None] for narrow in resampler.resample(frame)]
    peak = waveform.highest(_numbers(frames))
    if peak <= waveform.FLOOR:
        raise Refused("holds nothing that a telephone carries")
    return loudness.bring(frames, NARROW, peak, target)


def _whole(frames: list[AudioFrame], rate: int) -> list[AudioFrame]:
    """The same in 16-bit samples."""
    return list(loudness.through(frames, rate, ("aformat", "sample_fmts=s16")))


def _alaw(frames: Iterable[AudioFrame]) -> Iterator[bytes]:
    """Encode 16-bit samples at 8 kHz as A-law."""
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = NARROW, "mono", "s16"
    for frame in [*frames, None]:
        yield from map(bytes, encoder.encode(frame))


def _numbers(frames: Iterable[AudioFrame]) -> array[float]:
    """All samples of frames in 32-bit float."""
    return array("f", b"".join(_samples(frame, 4) for frame in frames))


def _samples(frame: AudioFrame, size: int) -> bytes:
    """The samples of a frame, each of so many bytes, without the padding of its buffer."""
    return bytes(frame.planes[0])[: frame.samples * size]


def _write(target: Path, parts: Iterable[bytes]) -> None:
    target.write_bytes(b"".join(parts))


def _limit_myself() -> None:
    """Bound what a hostile file can cost; and give way to the calls."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    allowed = [limit for limit in resource.getrlimit(resource.RLIMIT_FSIZE) if limit != resource.RLIM_INFINITY]
    written = min(WRITTEN, *allowed) if allowed else WRITTEN
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


def main(job: str, source: str, *rest: str) -> None:
    """Do one job and answer."""
    _limit_myself()
    jobs: dict[str, Callable[..., dict[str, Any]]] = {
        "announcement": lambda alaw, sln16, target: announcement(Path(source), Path(alaw), Path(sln16), target),
        "message": lambda mp3: message(Path(source), Path(mp3)),
    }
    try:
        answer = jobs[job](*rest)
    except Refused as refused:
        answer = {"refused": str(refused)}
    except OSError as error:
        answer = {"errno": error.errno}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
