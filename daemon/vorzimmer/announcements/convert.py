"""Intake of a sound file: take a private copy, check it, and have it converted in a process of its own.

Two forms are written, both without a header, as Asterisk reads them: `announcement.alaw` (8 kHz, what most trunks
speak) and `announcement.sln16` (16 kHz, for wide-band phones).
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from vorzimmer.core.announcement import ALLOWED, BYTES, ENDINGS

TARGET = -23.0
"""LUFS of what is converted where a house sets nothing else: EBU R128."""

WALL_SECONDS = 120.0
"""Longest a conversion may take; ten minutes of mp3 take about 3 s."""
BLOCK = 1 << 16

ALAW = "announcement.alaw"
SLN16 = "announcement.sln16"


class BadAudio(ValueError):
    """A file that will not be played. Its text names the file, what is wrong with it, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What callers will hear. Seconds; `loudness` in LUFS; `peaks` of its waveform, at most 400 numbers from 0 to 1.

    `warning`: what is wrong with it although it can be played, as the end of a sentence.
    """

    seconds: Decimal
    loudness: Decimal
    peaks: tuple[float, ...]
    warning: str | None


def take(source: Path, folder: Path, called: str = "") -> str:
    """Copy a file into `folder` under its own name, so that what is checked is what is used later.

    `called`: what it is called in an error; its own name without.

    Returns:
        The sha256 of its content, in hex.

    Raises:
        BadAudio: it is missing, no plain file, empty, larger than 20 MB, or has another ending.
    """
    name = called or source.name
    if source.suffix not in ENDINGS:
        raise BadAudio(f"{name} does not end in {', '.join(ENDINGS)}; {ALLOWED}")
    try:
        with open(source, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadAudio(f"{name} is no file; {ALLOWED}")
            content = file.read(BYTES + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadAudio(f"{name} is a link; {ALLOWED}") from error
        raise BadAudio(f"{name} cannot be read ({error.strerror}); {ALLOWED}") from error
    if not content:
        raise BadAudio(f"{name} is empty; {ALLOWED}")
    if len(content) > BYTES:
        raise BadAudio(f"{name} is too large; {ALLOWED}")
    (folder / source.name).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


async def convert(source: Path, folder: Path, loudness: float = TARGET, *, called: str = "") -> Prepared:
    """Write both forms of a sound into `folder`; nothing stays there after an error.

    Args:
        source: the file; its ending says what it is (`formats`), in lower case.
        folder: for `announcement.alaw` and `announcement.sln16`.
        loudness: in LUFS.
        called: what the file is called in an error; its own name without.

    Raises:
        BadAudio: the file is not what its ending says, damaged, cut off, silent, too long, a film.
        OSError: it cannot be read, or there is no room.
        RuntimeError: the converter itself failed.
    """
    targets = folder / ALAW, folder / SLN16
    try:
        made = await transcode("announcement", source, *targets, str(loudness), called=called)
        return Prepared(Decimal(made["seconds"]), Decimal(made["loudness"]), tuple(made["peaks"]), made["warning"])
    except BaseException:
        for target in targets:
            target.unlink(missing_ok=True)
        raise


async def transcode(
    job: str, source: Path, *rest: Path | str, allowed: str = ALLOWED, called: str = ""
) -> Mapping[str, Any]:
    """Run a job of the program `transcode` on a file that nobody trusts yet. Returns its answer.

    Raises:
        BadAudio: the file was refused, or broke the limits or the decoder.
        OSError: the file cannot be read, or there is no room for what is made of it.
        RuntimeError: the program itself failed, so nothing is known about the file.
    """
    # An empty environment: a decoder that is taken over finds no password there.
    program = [sys.executable, "-I", "-m", "vorzimmer.announcements.transcode"]
    pipe = asyncio.subprocess.PIPE
    name = called or source.name
    process = await asyncio.create_subprocess_exec(
        *program, job, source, *rest, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env={}
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            output, complaint = await process.communicate()
            code = await process.wait()
    except TimeoutError:
        raise BadAudio(f"{name} takes too long to decode; {allowed}") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code < 0:
        raise BadAudio(f"{name} breaks the decoder (signal {-code}); {allowed}")
    if code:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"the sound converter failed: {last}")
    answer: Mapping[str, Any] = json.loads(output)
    if "refused" in answer:
        raise BadAudio(f"{name} {answer['refused']}; {allowed}")
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]), str(source))
    return answer


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe put in its place must not hold us up, nor a link lead to what is not the client's."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
