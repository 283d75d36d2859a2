"""Recorded sound as an answer: whole or the part that a player asks for (Range), never read at once.

A talk is kept as two files, what the caller said and what the caller heard; a listener gets them as one wav with the
caller on the left and the other side on the right, put together while it is read.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi.responses import StreamingResponse

from vorzimmer.store.sound_file import samples
from vorzimmer.web.problems import Problem

SAMPLE = 2
"""Bytes of a sample of what Asterisk records; each side is one channel."""

AT_ONCE = 64 * 1024
"""Bytes that are read in one go."""

_HEADER = 44
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Track:
    """16-bit samples in a file: from byte `offset` on, `size` bytes."""

    file: Path
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A wav file to be heard: of one track, or of two side by side. `rate`: samples a second."""

    tracks: tuple[Track, ...]
    rate: int

    @property
    def length(self) -> int:
        """Bytes, header and all."""
        return _HEADER + self._frames * self._frame

    @property
    def _frame(self) -> int:
        return SAMPLE * len(self.tracks)

    @property
    def _frames(self) -> int:
        return max(track.size for track in self.tracks) // SAMPLE

    def read(self, start: int, stop: int) -> bytes:
        """The bytes [`start`, `stop`) of it.

        Raises:
            OSError: a file is gone.
        """
        head = self._header()[start:stop] if start < _HEADER else b""
        first, last = max(start - _HEADER, 0), stop - _HEADER
        if last <= first:
            return head
        begin, end = first // self._frame, -(-last // self._frame)
        body = self._interleaved(begin, end)
        skip = first - begin * self._frame
        return head + body[skip : skip + last - first]

    def _interleaved(self, begin: int, end: int) -> bytes:
        """Frames, each with a sample of every track; a track that is over is silent."""
        size = SAMPLE * (end - begin)
        body = bytearray(size * len(self.tracks))
        for n, track in enumerate(self.tracks):
            part = _part(track, SAMPLE * begin, size).ljust(size, b"\0")
            for byte in range(SAMPLE):
                body[SAMPLE * n + byte :: self._frame] = part[byte::SAMPLE]
        return bytes(body)

    def _header(self) -> bytes:
        channels, data = len(self.tracks), self._frames * self._frame
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, self.rate, self.rate * self._frame, self._frame, 16)
        return struct.pack("<4sI4s", b"RIFF", 36 + data, b"WAVE") + form + struct.pack("<4sI", b"data", data)


def _part(track: Track, offset: int, size: int) -> bytes:
    size = min(size, track.size - offset)
    if size <= 0:
        return b""
    with track.file.open("rb") as file:
        file.seek(track.offset + offset)
        return file.read(size)


def opened(folder: Path, names: Sequence[str]) -> Sound | None:
    """What these files of a folder hold, side by side; None: one of them is gone, or is no wav file of ours."""
    tracks, rates = [], set()
    for name in names:
        file = folder / name
        if file.name != name:
            return None
        try:
            found, size = samples(file), file.stat().st_size
        except (OSError, ValueError):
            return None
        if found is None or found.block != SAMPLE:
            return None
        rates.add(found.byte_rate // SAMPLE)
        tracks.append(Track(file, size - found.present, found.present - found.present % SAMPLE))
    return Sound(tuple(tracks), rates.pop()) if len(rates) == 1 else None


def answer(sound: Sound, asked: str | None, name: str, *, download: bool) -> StreamingResponse:
    """The sound, or the part of it that the header Range asks for; of several parts none, but the whole.

    Raises:
        Problem: 416 `no_such_part`.
    """
    start, stop, status = _bounds(asked, sound.length)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Length": str(stop - start),
        "Content-Disposition": f'{"attachment" if download else "inline"}; filename="{name}"',
    }
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{sound.length}"

    async def parts() -> AsyncIterator[bytes]:
        for begin in range(start, stop, AT_ONCE):
            yield await asyncio.to_thread(sound.read, begin, min(begin + AT_ONCE, stop))

    return StreamingResponse(parts(), status, headers, media_type="audio/wav")


def _bounds(asked: str | None, length: int) -> tuple[int, int, int]:
    """From where to where, and with which status."""
    found = _RANGE.fullmatch(asked.strip()) if asked is not None else None
    if found is None or found.groups() == ("", ""):
        return 0, length, 200
    first, last = found.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, length) if last else length
    else:
        start, stop = max(length - int(last), 0), length
    if not start < stop:
        text = f"there are {length} bytes"
        raise Problem(416, "no_such_part", text, headers={"Content-Range": f"bytes */{length}"})
    return start, stop, 206
