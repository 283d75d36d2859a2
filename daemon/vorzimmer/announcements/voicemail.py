"""Recordings of callers: how long they are, and their mp3 for the client's mail."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from vorzimmer.announcements import riff
from vorzimmer.announcements.convert import BadAudio, transcode

ALLOWED = "a recording is a wav file with sound, of at most one hour"


def wav_seconds(path: Path) -> Decimal:
    """Length of a recording by what is really there: the header of a killed writer claims nothing. Seconds.

    A file that ends before its first sample has 0 seconds.

    Raises:
        BadAudio: it is no wav file.
        OSError: it cannot be read.
    """
    try:
        samples = riff.samples(path)
    except ValueError as error:
        raise BadAudio(f"{path.name} is not a wav file; {ALLOWED}") from error
    return samples.seconds if samples else Decimal("0.000")


async def to_mp3(wav: Path, target: Path) -> Decimal:
    """Write a recording as mp3 (mono, 32 kbit/s). `target` appears whole or not at all. Returns seconds.

    Raises:
        BadAudio: the recording is empty or no wav file.
        OSError: it cannot be read, or `target` cannot be written.
        RuntimeError: the converter itself failed.
    """
    if not wav_seconds(wav):
        raise BadAudio(f"{wav.name} holds no sound; {ALLOWED}")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        seconds = await transcode("message", wav, unfinished, allowed=ALLOWED)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return seconds
