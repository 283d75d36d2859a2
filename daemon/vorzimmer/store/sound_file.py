"""The frame of a wav file on our disk: where its samples begin, how many its header claims, how many are there.

A header is not believed: one whose writer was killed claims no samples, one that was cut off claims too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

MAX_CHUNKS = 100
STREAMED = 0x7FFF_0000
"""From here on a claimed size means "not known": programs that write into a pipe put the largest number they have."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The data chunk, in bytes. `byte_rate`: bytes a second; `block`: bytes of one sample of all channels."""

    claimed: int
    present: int
    byte_rate: int
    block: int

    @property
    def cut_off(self) -> bool:
        """Whether the header claims more than the file holds."""
        return self.present < self.claimed < STREAMED

    @property
    def seconds(self) -> Decimal:
        """Length of what is there, by whole samples, to the millisecond."""
        whole = self.present - self.present % self.block
        return (Decimal(whole) / self.byte_rate).quantize(Decimal("0.001"))


def wav_seconds(path: Path) -> Decimal:
    """Length of a recording by what is really there, in seconds; 0 for a file that ends before its first sample.

    Raises:
        ValueError: the file is no wav file.
        OSError: the file cannot be read.
    """
    found = samples(path)
    return found.seconds if found else Decimal("0.000")


def samples(path: Path) -> Samples | None:
    """Find the data chunk of a wav file; None if the file ends before its samples begin.

    Raises:
        ValueError: the file is no wav file.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if not (b"RIFF".startswith(head[:4]) and b"WAVE".startswith(head[8:12])):
            raise ValueError("no wav file")
        return _walk(file, size)


def _walk(file: BinaryIO, size: int) -> Samples | None:
    """Go from chunk to chunk until the samples; the format stands before them."""
    byte_rate = block = 0
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            if not byte_rate or not block:
                raise ValueError("no format before the samples")
            return Samples(length, size - file.tell(), byte_rate, block)
        body = file.tell()
        if name == b"fmt ":
            form = file.read(16)
            byte_rate, block = int.from_bytes(form[8:12], "little"), int.from_bytes(form[12:14], "little")
        file.seek(body + length + length % 2)
    raise ValueError("no samples among the first chunks")
