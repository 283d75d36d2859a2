"""A client's announcements: their names, and which of the approved versions callers hear at an instant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from vorzimmer.core.model import Model, Slug
from vorzimmer.core.plain_text import single_line


class Sound(StrEnum):
    """What an announcement with a fixed meaning is for."""

    GREETING = "greeting"
    CLOSED = "closed"
    LUNCH = "lunch"
    HOLIDAY = "holiday"
    VACATION = "vacation"
    QUEUE = "queue"
    """To who waits, behind the place and the predicted wait."""
    CALLBACK = "callback"
    """The offer to be called back on pressing 1."""
    MACHINE = "machine"
    BLOCKED = "blocked"
    CONSENT = "consent"
    """Asks a caller, in the talk, whether it may be recorded: 1 is yes."""
    WHISPER = "whisper"
    """To the agent alone, before the caller is heard."""


ITEM = re.compile(r"[0-9a-f]{16}")
"""What a converted file is called in the library (`announcements.library`)."""


_KNOWN = [sound.value for sound in Sound]


def _meant(name: str) -> str:
    """A name of the client's own is free, but neither a slip of the pen nor an item of the library."""
    if name not in _KNOWN and name.isalpha() and (near := get_close_matches(name, _KNOWN, 1, 0.8)):
        raise ValueError(f"{name!r} is unknown (did you mean {near[0]!r}?)")
    if ITEM.fullmatch(name):
        raise ValueError(f"{name!r} is no name for an announcement")
    return name


Name = Annotated[Slug, AfterValidator(_meant), Field(examples=_KNOWN)]
"""What an announcement is called: a `Sound`, or a name of the client's own that a chain or a menu plays."""

OPENING = "@opening"
"""In place of a name: the day and the time at which the office opens next (`core.spoken_time`)."""


BYTES = 20 << 20
"""Largest sound file that is taken. Ten minutes as 16-bit mono wav at 16 kHz are 19 MB."""
ENDINGS = (".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".mp4", ".webm")
"""How the names of sound files end that are taken; the last three are what browsers record too."""
ALLOWED = "allowed are wav, mp3, ogg, flac, m4a and webm files with sound, of at most 10 minutes and 20 MB"


def shown(file_name: str) -> str:
    """A file's name as a person may see it again: one line, without the folders before it."""
    return single_line(file_name).replace("\\", "/").rpartition("/")[2].strip()[-120:] or "file"


class Approved(Model):
    """A version that callers hear from an instant on. `item`: its file in the library."""

    item: Annotated[str, Field(pattern=f"^{ITEM.pattern}$")]
    since: AwareDatetime


Versions = Mapping[str, tuple[Approved, ...]]
"""The approved versions of each announcement."""


def heard(versions: Versions, name: str, at: datetime) -> Approved | None:
    """The version that callers hear at `at` (aware): the one that holds since the latest; of two the later named."""
    holding = [one for one in versions.get(name, ()) if one.since <= at]
    return max(reversed(holding), key=lambda one: one.since, default=None)
