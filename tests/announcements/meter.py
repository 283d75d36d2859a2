"""A loudness meter by the letter of ITU-R BS.1770-4 and EBU R128, apart from the one that the product uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.announcements.sounds import Sound


def loudness(sound: Sound, rate: int) -> float:
    """LUFS of a mono sound: integrated with both gates; below 3 seconds the loudest moment."""
    if len(sound) < 3 * rate:
        return max(_moments(np.pad(sound, int(rate * 0.4)), rate))
    moments = np.array(_moments(sound, rate))
    heard = moments[moments > -70]
    gate = _mean(heard) - 10
    return _mean(heard[heard > gate])


def _mean(moments: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(10 ** (moments / 10))))


def _moments(sound: Sound, rate: int) -> list[float]:
    """LUFS of each 0.4 seconds, every 0.1 seconds."""
    weighted = _weighted(sound, rate)
    power = np.concatenate([[0.0], np.cumsum(weighted**2)])
    size, step = int(rate * 0.4), int(rate * 0.1)
    starts = range(0, len(sound) - size + 1, step)
    means = [max((power[start + size] - power[start]) / size, 1e-12) for start in starts]
    return [float(-0.691 + 10 * np.log10(mean)) for mean in means]


def _weighted(sound: Sound, rate: int) -> Sound:
    """K-weighting, by the frequency response of its two filters; the silence behind takes what rings on."""
    size = len(sound) + rate
    z = np.exp(-1j * 2 * np.pi * np.fft.rfftfreq(size))
    spectrum = np.fft.rfft(sound, size) * _shelf(z, rate) * _high_pass(z, rate)
    weighted: Sound = np.fft.irfft(spectrum, size)[: len(sound)]
    return weighted


def _shelf(z: NDArray[np.complex128], rate: int) -> NDArray[np.complex128]:
    """The head's lift of high pitches."""
    k, q = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    zeros = (high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k)
    poles = (1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k)
    response: NDArray[np.complex128] = _polynomial(zeros, z) / _polynomial(poles, z)
    return response


def _high_pass(z: NDArray[np.complex128], rate: int) -> NDArray[np.complex128]:
    """The ear's deafness to the lowest."""
    k, q = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    scale = 1 + k / q + k * k
    poles = (1, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale)
    response: NDArray[np.complex128] = _polynomial((1, -2, 1), z) / _polynomial(poles, z)
    return response


def _polynomial(factors: tuple[float, ...], z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    total: NDArray[np.complex128] = factors[0] + factors[1] * z + factors[2] * z**2
    return total
