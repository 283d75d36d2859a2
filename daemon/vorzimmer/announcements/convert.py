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
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

BYTES = 20 << 20
"""Largest file taken. Ten minutes as 16-bit mono wav at 16 kHz are 19 MB."""
ENDINGS = (".wav", ".mp3")
WALL_SECONDS = 120.0
"""Longest a conversion may take; ten minutes of mp3 take about 3 s."""
BLOCK = 1 << 16

ALAW = "announcement.alaw"
SLN16 = "announcement.sln16"
ALLOWED = "allowed are wav and mp3 files with sound, of at most 10 minutes and 20 MB"


class BadAudio(ValueError):
    """A file that will not be played. Its text names the file, what is wrong with it, and what is allowed."""


def take(source: Path, folder: Path) -> str:
    """Copy a file into `folder` under its own name, so that what is checked is what is used later.

    Returns:
        The sha256 of its content, in hex.

    Raises:
        BadAudio: it is missing, no plain file, empty, larger than 20 MB, or has another ending.
    """
    if source.suffix not in ENDINGS:
        raise BadAudio(f"{source.name} does not end in .wav or .mp3; {ALLOWED}")
    try:
        with open(source, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BadAudio(f"{source.name} is no file; {ALLOWED}")
            content = file.read(BYTES + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadAudio(f"{source.name} is a link; {ALLOWED}") from error
        raise BadAudio(f"{source.name} cannot be read ({error.strerror}); {ALLOWED}") from error
    if not content:
        raise BadAudio(f"{source.name} is empty; {ALLOWED}")
    if len(content) > BYTES:
        raise BadAudio(f"{source.name} is too large; {ALLOWED}")
    (folder / source.name).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


async def convert(source: Path, folder: Path) -> Decimal:
    """Write both forms of a sound into `folder`, at the common loudness; nothing stays there after an error.

    Returns:
        Its length in seconds.

    Raises:
        BadAudio: the file is not what its ending says, damaged, cut off, silent or too long.
    """
    targets = folder / ALAW, folder / SLN16
    try:
        return await transcode("announcement", source, *targets)
    except BaseException:
        for target in targets:
            target.unlink(missing_ok=True)
        raise


async def transcode(job: str, source: Path, *targets: Path, allowed: str = ALLOWED) -> Decimal:
    """Run a job of the program `transcode` on a file that nobody trusts yet. Returns seconds of sound.

    Raises:
        BadAudio: the file was refused, or broke the limits or the decoder.
        RuntimeError: the program itself failed, so nothing is known about the file.
    """
    # An empty environment: a decoder that is taken over finds no password there.
    program = [sys.executable, "-I", "-m", "vorzimmer.announcements.transcode"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *program, job, source, *targets, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env={}
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            output, complaint = await process.communicate()
            code = await process.wait()
    except TimeoutError:
        raise BadAudio(f"{source.name} takes too long to decode; {allowed}") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code < 0:
        raise BadAudio(f"{source.name} breaks the decoder (signal {-code}); {allowed}")
    if code:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise RuntimeError(f"the sound converter failed: {last}")
    answer = json.loads(output)
    if "refused" in answer:
        raise BadAudio(f"{source.name} {answer['refused']}; {allowed}")
    return Decimal(answer["seconds"])


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe put in its place must not hold us up, nor a link lead to what is not the client's."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
