"""Sounds made for the tests, and the measure of how alike two sounds are."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""Samples from -1 to 1."""


def speech(seconds: float, rate: int, *, seed: int = 1, peak: float = 0.3) -> Sound:
    """Something like speech: noise in the telephone band, in syllables of changing loudness. Each seed another text."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(int(seconds * 8000)))
    pitch = np.fft.rfftfreq(int(seconds * 8000), 1 / 8000)
    spectrum[(pitch < 300) | (pitch > 3000)] = 0
    narrow = np.fft.irfft(spectrum)
    syllables = np.repeat(random.uniform(0.1, 1, int(seconds * 5) + 1), 1600)[: len(narrow)]
    times = np.arange(int(seconds * rate)) / rate
    sound: Sound = np.interp(times, np.arange(len(narrow)) / 8000, narrow * syllables)
    scaled: Sound = sound * (peak / float(np.abs(sound).max()))
    return scaled


def wav(sound: Sound, rate: int, channels: int = 1) -> bytes:
    """A 16-bit wav file; every channel holds the same."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(np.repeat(_integers(sound), channels).tobytes())
    return buffer.getvalue()


def mp3(sound: Sound, rate: int, *, length_noted: bool = True, bits: int = 64_000) -> bytes:
    """An mp3 file, mono, with or without the encoder's note of its length."""
    buffer = io.BytesIO()
    options = {} if length_noted else {"write_xing": "0", "id3v2_version": "0"}
    with av.open(buffer, "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=rate)
        stream.layout, stream.bit_rate = "mono", bits
        frame = AudioFrame.from_ndarray(_integers(sound)[None, :], format="s16", layout="mono")
        frame.rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def encoded(sound: Sound, rate: int, container: str, codec: str, **options: str) -> bytes:
    """A file of another kind, mono: FFmpeg's names of container and codec, and options of the container."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.layout = "mono"
        frame = AudioFrame.from_ndarray(_integers(sound)[None, :], format="s16", layout="mono")
        frame.rate = rate
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate, frame_size=stream.frame_size or 4096)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            file.mux(stream.encode(part))
    return buffer.getvalue()


def mp4() -> bytes:
    """A video with sound, as a telephone makes it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for _ in range(10):
            container.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(video.encode(None))
    return buffer.getvalue()


def alaw(path: Path) -> Sound:
    """Decode A-law by its definition (ITU-T G.711)."""
    codes = np.frombuffer(path.read_bytes(), np.uint8).astype(np.int64) ^ 0x55
    segment, mantissa = codes >> 4 & 7, codes & 15
    magnitude = np.where(segment == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.float64) / 32768


def sln16(path: Path) -> Sound:
    """Read 16-bit signed linear."""
    return np.frombuffer(path.read_bytes(), "<i2").astype(np.float64) / 32768


def decoded(path: Path, rate: int) -> Sound:
    """Decode a sound file to mono at `rate`."""
    resampler = av.AudioResampler("s16", "mono", rate)
    with av.open(str(path), "r") as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64) / 32768


def likeness(heard: Sound, reference: Sound) -> float:
    """The largest normalised cross-correlation: 1 for the same sound at any loudness, near 0 for another one.

    It looks between the samples too, by eighths: a delay at one rate is seldom whole at another.
    """
    size = 1 << (len(heard) + len(reference)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    return float(8 * np.abs(np.fft.irfft(product, 8 * size)).max() / np.linalg.norm(heard) / np.linalg.norm(reference))


def _integers(sound: Sound) -> NDArray[np.int16]:
    return (sound * 32767).astype(np.int16)
