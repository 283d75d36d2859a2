"""The pages of a fax, made by a program of its own: it takes seconds, and reads what strangers wrote."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from vorzimmer.notify.plain import one_line

SECONDS = 60.0
"""The longest that it may take; twenty pages took 14 s on a busy machine."""

NO_FONT = 3
"""How the program ends where there is no font to write with."""


class DrawingError(Exception):
    """The pages cannot be made now; the text says why."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the fax says: whom it is for, what it is about, the text, and the language of what stands around it."""

    client: str
    subject: str
    text: str
    language: str


async def drawn(words: Words, fonts: Sequence[Path] = ()) -> bytes:
    """The pages as TIFF (`fax_pages.make_pages`). `fonts`: before those that Debian has.

    Raises:
        DrawingError: there is no font, or the program failed or took too long.
    """
    told = json.dumps({"words": asdict(words), "fonts": [str(font) for font in fonts]}).encode()
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "vorzimmer.notify.fax_pages"), stdin=pipe, stdout=pipe, stderr=pipe, env={}
    )
    try:
        async with asyncio.timeout(SECONDS):
            tiff, complaint = await process.communicate(told)
    except TimeoutError:
        raise DrawingError(f"the pages took longer than {SECONDS:.0f} s to draw") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
        raise DrawingError(one_line(last if process.returncode == NO_FONT else f"the pages cannot be drawn: {last}"))
    return tiff
