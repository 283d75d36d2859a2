"""The ear of the harness: without it a wrong announcement would pass for the right one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sipp import sound


def test_alaw_survives_the_round_trip() -> None:
    """Every A-law byte decodes to a value that encodes to the same byte: nothing is lost on the wire's side."""
    every = bytes(range(256))
    assert sound.encode_alaw(sound.decode_alaw(every)) == every


@pytest.mark.parametrize(("byte", "sample"), [(0xD5, 8), (0x55, -8), (0xAA, 32256), (0x2A, -32256), (0x85, 4224)])
def test_alaw_follows_the_standard(byte: int, sample: int) -> None:
    """Known pairs of G.711 decode as printed there: a table that is only consistent with itself would be no proof."""
    assert int(sound.decode_alaw(bytes([byte]))[0]) == sample


def test_same_announcement_scores_one_and_others_nothing() -> None:
    """Quieter, later and coded as A-law it is still the same announcement, and another seed is another one."""
    reference = sound.announcement(1)
    quiet = np.concatenate([np.zeros(4321, dtype=np.int16), reference // 3, np.zeros(99, dtype=np.int16)])
    heard = sound.decode_alaw(sound.encode_alaw(quiet))
    match = sound.locate(heard, reference)
    assert match.score > 0.99
    assert match.at == pytest.approx(4321 / sound.RATE)
    assert all(sound.similarity(heard, sound.announcement(seed)) < 0.1 for seed in range(2, 12))
    name, score = sound.find(heard, {"right": reference, "wrong": sound.announcement(2)})
    assert (name, score > 0.99) == ("right", True)


def test_half_heard_scores_the_root_of_a_half() -> None:
    """A caller who hangs up in the middle has not heard the announcement, and the score says how much was heard."""
    reference = sound.announcement(3, seconds=4)
    half = sound.similarity(reference[: len(reference) // 2], reference)
    assert half == pytest.approx(0.5**0.5, abs=0.1)


@pytest.mark.parametrize("heard", [sound.SILENCE, np.zeros(8000, dtype=np.int16), np.full(8000, 8, dtype=np.int16)])
def test_silence_resembles_nothing(heard: sound.Samples) -> None:
    """Dead air never passes for an announcement, neither do zeros nor A-law's idle level."""
    assert sound.similarity(heard, sound.announcement(1)) < 0.1


def test_files_of_every_kind_give_the_same_sound(tmp_path: Path) -> None:
    """A reference compares alike from wav, A-law and 16 kHz raw: what an operator has at hand can be expected."""
    made = sound.announcement(5, seconds=1)
    twice = np.fft.irfft(np.fft.rfft(made), 2 * len(made)) * 2
    (tmp_path / "x.alaw").write_bytes(sound.encode_alaw(made))
    (tmp_path / "x.sln").write_bytes(made.astype("<i2").tobytes())
    (tmp_path / "x.sln16").write_bytes(twice.astype("<i2").tobytes())
    sound.write_wav(tmp_path / "x.wav", made)
    scores = [sound.similarity(sound.load(path), made) for path in sorted(tmp_path.iterdir())]
    assert len(scores) == 4
    assert min(scores) > 0.95


def test_a_torn_sound_is_the_same() -> None:
    """A line that halts for a moment in the middle of a sound sends it in two parts; half of it stays half."""
    reference = sound.announcement(6, seconds=3)
    torn = np.concatenate([reference[:11000], np.zeros(1600, dtype=np.int16), reference[11000:]])
    assert sound.similarity(torn, reference) < 0.9
    assert sound.recognised(torn, reference) > 0.95
    assert sound.recognised(reference[: len(reference) // 2], reference) == pytest.approx(0.5**0.5, abs=0.1)
    assert all(sound.recognised(torn, sound.announcement(seed, seconds=3)) < 0.25 for seed in range(7, 17))
    assert sound.recognised(sound.SILENCE, reference) < 0.1
