"""Recordings of callers: their mp3 for the client's mail."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

from vorzimmer.announcements.convert import BadAudio, transcode
from vorzimmer.store.sound_file import wav_seconds

ALLOWED = "a recording is a wav file with sound, of at most one hour"


async def to_mp3(wav: Path, target: Path) -> Decimal:
    """Write a recording as mp3 (mono, 32 kbit/s). `target` appears whole or not at all. Returns seconds.

    Raises:
        BadAudio: the recording is empty or no wav file.
        OSError: it cannot be read, or `target` cannot be written.
        RuntimeError: the converter itself failed.
    """
    try:
        spoken = wav_seconds(wav)
    except ValueError as error:
        raise BadAudio(f"{wav.name} is not a wav file; {ALLOWED}") from error
    if not spoken:
        raise BadAudio(f"{wav.name} holds no sound; {ALLOWED}")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        made = await transcode("message", wav, unfinished, allowed=ALLOWED)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return Decimal(made["seconds"])
