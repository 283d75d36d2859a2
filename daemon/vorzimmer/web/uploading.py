"""A sound file on its way in: streamed to the disk, never held in memory, gone again if it does not come whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import Request
from starlette.requests import ClientDisconnect

from vorzimmer.core.announcement import BYTES
from vorzimmer.store.upload_files import INCOMING
from vorzimmer.web.problems import Problem

PATIENCE = 300.0
"""Seconds in which a file must have come: 20 MB at half a megabit a second."""


@contextlib.asynccontextmanager
async def received(request: Request, folder: Path) -> AsyncIterator[Path]:
    """The request's body as a file in `folder`; gone afterwards, unless it was moved from there.

    Raises:
        Problem: 413 `too_long`, 408 `too_slow`, 400 `cut_off`, 422 `empty`, 507 `no_room`: nothing is kept.
    """
    try:
        handle, name = await asyncio.to_thread(tempfile.mkstemp, prefix=INCOMING, dir=folder)
    except OSError:
        raise no_room() from None
    file = Path(name)
    try:
        if not await _whole(request, handle):
            raise Problem(422, "empty", "the file is empty")
        yield file
    finally:
        await asyncio.to_thread(file.unlink, missing_ok=True)


async def _whole(request: Request, handle: int) -> int:
    """As `_receive`; what goes wrong on the way becomes a sentence for whoever sends."""
    try:
        return await _receive(request, handle)
    except TimeoutError:
        raise Problem(408, "too_slow", f"the file did not come within {PATIENCE:g} seconds") from None
    except ClientDisconnect:
        raise Problem(400, "cut_off", "the file did not come whole") from None
    except OSError:
        raise no_room() from None


async def _receive(request: Request, handle: int) -> int:
    """Write the body down. Returns its bytes."""
    size = 0
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BYTES:
                    raise Problem(413, "too_long", f"a sound file has at most {BYTES >> 20} MB")
                await asyncio.to_thread(_write, handle, chunk)
    finally:
        os.close(handle)
    return size


def no_room() -> Problem:
    """The disk is full, or cannot be written."""
    return Problem(507, "no_room", "there is no room for the file on our side; nothing was kept, try again later")


def _write(handle: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(handle, rest) :]
