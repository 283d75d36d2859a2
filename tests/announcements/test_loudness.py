"""Every announcement is as loud as every other, whatever it was made of, measured on what a telephone hears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.announcements import meter, sounds
from tests.announcements.sounds import Sound, speech
from vorzimmer.announcements.convert import ALAW, SLN16, BadAudio, Prepared, convert

RATE = 16_000
TIMES = np.arange(4 * RATE) / RATE


def within(sound: Sound, at: float, seconds: float) -> Sound:
    """The sound in the middle of silence."""
    padded = np.zeros(int(seconds * RATE))
    padded[int(at * RATE) : int(at * RATE) + len(sound)] = sound
    return padded


CLICKS = np.concatenate([within(np.full(8, 0.9), 0.1, 1) for _ in range(5)])
MATERIAL = {
    "speech": speech(5, RATE),
    "quiet": speech(5, RATE, peak=0.004),
    "loud": speech(5, RATE, peak=0.99),
    "clipped": np.clip(speech(5, RATE, peak=0.9) * 5, -1, 1),
    "a word": speech(0.3, RATE),
    "a sentence": speech(2.9, RATE),
    "just over three seconds": speech(3.05, RATE),
    "tone": 0.1 * np.sin(2 * np.pi * 440 * TIMES),
    "square": 0.9 * np.sign(np.sin(2 * np.pi * 300 * TIMES)),
    "noise": 0.1 * np.random.default_rng(1).standard_normal(4 * RATE).clip(-1, 1),
    "hiss over a murmur": 0.3 * np.sin(2 * np.pi * 6000 * TIMES) + 0.01 * np.sin(2 * np.pi * 500 * TIMES),
    "clicks in a murmur": speech(5, RATE, peak=0.02) + CLICKS,
    "words with pauses": np.concatenate([within(speech(0.3, RATE, seed=n), 0.2, 2) for n in range(5)]),
    "loud, then quiet": np.concatenate([speech(3, RATE, peak=0.9), speech(3, RATE, peak=0.01, seed=3)]),
    "beside zero": 0.5 + speech(5, RATE),
}


async def _made(folder: Path, sound: Sound, target: float = -23.0) -> tuple[Prepared, Sound, Sound]:
    """What is made of a sound: told, as narrow and as wide telephones hear it."""
    (folder / "a.wav").write_bytes(sounds.wav(sound, RATE))
    told = await convert(folder / "a.wav", folder, target)
    return told, sounds.alaw(folder / ALAW), sounds.sln16(folder / SLN16)


@pytest.mark.parametrize("name", MATERIAL)
async def test_all_announcements_are_equally_loud(tmp_path: Path, name: str) -> None:
    """A caller need not turn the receiver up or down: within 1 LU of the target, and no peak is cut off."""
    told, narrow, wide = await _made(tmp_path, MATERIAL[name])
    assert meter.loudness(narrow, 8000) == pytest.approx(-23, abs=1)
    assert meter.loudness(wide, RATE) == pytest.approx(-23, abs=1)
    assert float(told.loudness) == pytest.approx(meter.loudness(narrow, 8000), abs=0.2)
    assert max(np.abs(narrow).max(), np.abs(wide).max()) < 0.9


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seconds=st.floats(0.2, 6),
    peak=st.floats(0.01, 1),
    drive=st.floats(1, 6),
    seed=st.integers(1, 1000),
    target=st.sampled_from([-31.0, -23.0, -16.0]),
)
async def test_whatever_is_spoken_has_the_house_s_loudness(
    tmp_path: Path, seconds: float, peak: float, drive: float, seed: int, target: float
) -> None:
    """Short or long, quiet or overdriven, at whatever the house has set."""
    spoken = np.clip(speech(seconds, RATE, seed=seed, peak=peak) * drive, -1, 1)
    _, narrow, _ = await _made(tmp_path, spoken, target)
    assert meter.loudness(narrow, 8000) == pytest.approx(target, abs=1)


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [
        (speech(3, RATE, peak=0.0015), "is too quiet"),
        (CLICKS, "is loud only for moments"),
        (0.5 * np.sin(2 * np.pi * 6000 * TIMES), "(is too quiet|is loud only for moments)"),
    ],
)
async def test_what_cannot_be_made_equally_loud_is_refused(tmp_path: Path, sound: Sound, wrong: str) -> None:
    """Instead of hiss, of clicks or of nothing a caller hears the announcement before, and the sender why."""
    with pytest.raises(BadAudio, match=wrong):
        await _made(tmp_path, sound)


async def test_an_offset_makes_no_thump(tmp_path: Path) -> None:
    """A cheap sound card's constant voltage is taken away, and is not heard going away either."""
    _, narrow, _ = await _made(tmp_path, MATERIAL["beside zero"])
    assert np.abs(narrow[:400]).max() < 0.5
    assert abs(narrow.mean()) < 0.001


async def test_silence_around_the_words_is_cut(tmp_path: Path) -> None:
    """A tenth of a second stays before and behind, so that no soft beginning is lost."""
    told, narrow, _ = await _made(tmp_path, within(speech(2, RATE), 3, 10))
    assert 2.15 <= float(told.seconds) <= 2.25
    assert sounds.likeness(narrow, speech(2, 8000)) >= 0.95
    assert np.abs(narrow[:600]).max() < 0.01 < np.abs(narrow[:1200]).max()


async def test_an_overdriven_recording_is_taken_with_a_warning(tmp_path: Path) -> None:
    """Distorted words are better than none, but whoever approves them is told; a good recording is not blamed."""
    assert (await _made(tmp_path, MATERIAL["clipped"]))[0].warning == (
        "it was recorded too loud, so that it sounds distorted"
    )
    assert (await _made(tmp_path, MATERIAL["loud"]))[0].warning is None


async def test_the_waveform_shows_the_sound(tmp_path: Path) -> None:
    """At most 400 numbers from 0 to 1, high where it is loud."""
    told, _, _ = await _made(tmp_path, MATERIAL["loud, then quiet"])
    assert 300 < len(told.peaks) <= 400
    assert 0 <= min(told.peaks) <= max(told.peaks) <= 1
    half = len(told.peaks) // 2
    assert max(told.peaks[half + 5 :]) < 0.1 * max(told.peaks[:half])
