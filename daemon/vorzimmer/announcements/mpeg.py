"""The frame of an mp3 file, as far as it tells whether the file is one and whether it is whole."""

from __future__ import annotations

from pathlib import Path

TAG = 10
FRAME_HEAD = 4
LENGTH_MARKS = (b"Xing", b"Info", b"VBRI")
LENGTH_MARK_WITHIN = 64
"""An encoder's note on the file's length stands in the first frame, within these bytes."""
BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = (44_100, 48_000, 32_000)
DIVISORS = {3: 1, 2: 2, 0: 4}
"""How far the version bits (MPEG 1, 2, 2.5) divide the sampling rate."""


def begins(path: Path) -> bool:
    """Whether the file begins as mp3 does: a whole frame header, behind an ID3v2 tag if there is one."""
    return frame_length(_first_frame(path)) is not None


def states_length(path: Path) -> bool:
    """Whether the encoder noted how long the file is; without it a reader can only guess from the bit rate."""
    head = _first_frame(path)
    return any(mark in head for mark in LENGTH_MARKS)


def frame_length(head: bytes) -> int | None:
    """Bytes of the layer III frame that begins with `head`; None if none begins there."""
    if len(head) < FRAME_HEAD or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in DIVISORS or bitrate in {0, 15} or rate == 3:
        return None
    first = version == 3
    bits = BITRATES[1 if first else 2][bitrate] * 1000
    return (144 if first else 72) * bits * DIVISORS[version] // RATES[rate] + (head[2] >> 1 & 1)


def _first_frame(path: Path) -> bytes:
    """The first bytes behind the ID3v2 tags (there may be several) and the zeros that some taggers leave."""
    with path.open("rb") as file:
        start = 0
        while len(tag := file.read(TAG)) == TAG and tag[:3] == b"ID3":
            start += TAG + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
            file.seek(start)
        file.seek(start)
        return file.read(4096).lstrip(b"\0")[:LENGTH_MARK_WITHIN]
