"""What was heard, compared with what should have been: A-law, files, made-up speech, correlation.

Sound is a numpy array of int16 samples, mono, 8,000 a second, everywhere in this package.
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second."""

Samples = NDArray[np.int16]

SILENCE = np.zeros(0, dtype=np.int16)
"""No sound at all."""

ALAW_SILENCE = 0xD5
"""The A-law byte nearest to zero."""


class Match(NamedTuple):
    """Where a reference fits best into what was heard.

    `score` is 1 for the same sound at any loudness and near 0 for another one; a reference of which only a part of
    the energy was heard scores the square root of that part. `at` is in seconds from the start of the heard sound.
    """

    score: float
    at: float


def _alaw_table() -> Samples:
    """Expand every A-law byte as ITU-T G.711 section 3.1 says, to the full 16 bits."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _nearest_codes(table: Samples) -> NDArray[np.uint8]:
    """Give for each of the 65,536 samples the A-law byte whose value is nearest."""
    order = np.argsort(table)
    levels = table[order].astype(np.int32)
    borders = (levels[1:] + levels[:-1]) / 2
    return order[np.searchsorted(borders, np.arange(-32768, 32768))].astype(np.uint8)


_DECODED = _alaw_table()
_ENCODED = _nearest_codes(_DECODED)


def decode_alaw(data: bytes) -> Samples:
    """Turn A-law bytes into samples."""
    return _DECODED[np.frombuffer(data, dtype=np.uint8)]


def encode_alaw(samples: Samples) -> bytes:
    """Turn samples into A-law bytes."""
    return _ENCODED[samples.astype(np.int32) + 32768].tobytes()


def announcement(seed: int, seconds: float = 3.0) -> Samples:
    """Make a sound with the rhythm and the band of speech, the same for the same seed, unlike any of another seed.

    Syllables are bursts of noise in the telephone band, each with its own colour: noise, because two voices with
    harmonics resemble each other far more than two noises do, and the comparison should be sharp.
    """
    dice = np.random.default_rng(seed)
    count = int(seconds * RATE)
    sound = np.zeros(count)
    at = 0
    while at < count:
        length = int(dice.integers(RATE // 8, RATE // 4))
        spectrum = np.fft.rfft(dice.standard_normal(length))
        pitch = np.fft.rfftfreq(length, 1 / RATE)
        colour = np.exp(-(((pitch - dice.uniform(700, 2500)) / 1200) ** 2))
        syllable = np.fft.irfft(spectrum * colour * ((pitch > 300) & (pitch < 3400)), length) * np.hanning(length)
        part = syllable[: count - at]
        sound[at : at + len(part)] += part
        at += int(length * dice.uniform(0.7, 1.2))
    loud: Samples = (sound / np.abs(sound).max() * 14000).astype(np.int16)
    return loud


def write_wav(path: Path, samples: Samples) -> Path:
    """Write samples as a 16-bit mono wav of 8 kHz and return the path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def load(path: Path) -> Samples:
    """Read a reference: raw .alaw and .sln (8 kHz), raw .sln16 (16 kHz), or a file with a header (wav, mp3 …).

    Raises:
        OSError: the file is missing.
        av.FFmpegError: it holds no sound that can be decoded.
    """
    match path.suffix:
        case ".alaw":
            return decode_alaw(path.read_bytes())
        case ".sln":
            return np.fromfile(path, dtype="<i2").astype(np.int16)
        case ".sln16":
            return _halve_rate(np.fromfile(path, dtype="<i2").astype(np.int16))
        case _:
            return _decode(path)


def _halve_rate(samples: Samples) -> Samples:
    """Resample 16 kHz to 8 kHz by keeping the lower half of the spectrum."""
    count = len(samples) // 2
    if not count:
        return SILENCE
    spectrum = np.fft.rfft(samples[: count * 2])[: count // 2 + 1]
    return np.clip(np.fft.irfft(spectrum, count) / 2, -32768, 32767).astype(np.int16)


def _decode(path: Path) -> Samples:
    parts = [SILENCE]
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in (*container.decode(audio=0), None):
            parts += [piece.to_ndarray().reshape(-1).astype(np.int16) for piece in resampler.resample(frame)]
    return np.concatenate(parts)


def locate(heard: Samples, reference: Samples) -> Match:
    """Find the place where the reference fits best, by normalised cross-correlation over the FFT.

    The search runs over both ends, so that a resampler's delay or a cut-off start costs only what is missing.
    """
    if not len(heard) or not np.any(reference):
        return Match(0.0, 0.0)
    pad = len(reference) - 1
    size = 1 << (len(heard) + 2 * pad).bit_length()
    padded = np.pad(heard.astype(np.float64), pad)
    products = np.fft.irfft(np.fft.rfft(padded, size) * np.conj(np.fft.rfft(reference, size)), size)
    products = products[: len(heard) + pad]
    sums = np.concatenate(([0.0], np.cumsum(padded**2)))
    energies = sums[len(reference) :][: len(products)] - sums[: len(products)]
    # A window of near silence would divide rounding errors by nothing: it counts as one of faint noise.
    energies = np.maximum(energies, len(reference) * 1.0)
    scores = products / np.sqrt(energies * float(np.sum(reference.astype(np.float64) ** 2)))
    best = int(np.argmax(scores))
    return Match(float(scores[best]), (best - pad) / RATE)


def similarity(heard: Samples, reference: Samples) -> float:
    """Say how well the reference can be heard: 1 entirely, near 0 not at all (see `Match`)."""
    return locate(heard, reference).score


_PIECE, _SLIP = RATE // 2, RATE // 2
"""Samples of which a machine under load may send some late: half a second each way for each half a second of sound."""


def recognised(heard: Samples, reference: Samples) -> float:
    """Say how well the reference can be heard piece by piece, in order, each a little early or late.

    As `similarity`, but a telephone line that halts for a moment in the middle of a sound does not make it another one.
    """
    whole = locate(heard, reference)
    start = round(whole.at * RATE)
    found = total = 0.0
    for at in range(0, len(reference), _PIECE):
        piece = reference[at : at + _PIECE]
        energy = float(np.sum(piece.astype(np.float64) ** 2))
        near = heard[max(start + at - _SLIP, 0) : max(start + at + len(piece) + _SLIP, 0)]
        found += energy * max(locate(near, piece).score, 0.0) ** 2
        total += energy
    return max(whole.score, float(np.sqrt(found / total)) if total else 0.0)


def find(heard: Samples, references: Mapping[str, Samples]) -> tuple[str, float]:
    """Name the reference that is heard best, with its score; the caller says what score is enough."""
    scores = {name: similarity(heard, reference) for name, reference in references.items()}
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]
