"""A message being recorded by Asterisk, and how it becomes a file of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.exchange import Exchange
from vorzimmer.core.ledger import Kind
from vorzimmer.store.sound_file import samples, wav_seconds

log = structlog.get_logger()

SHORTEST = Decimal(1)
"""Seconds; what is shorter is somebody who hung up at the beep, and no message."""

FINISH_LAG = 5.0
"""Seconds that Asterisk may take to finish the file once the caller has gone."""


class Recording:
    """One live recording. Register it before the request that starts it."""

    def __init__(self, ari: Ari, name: str, spool: Path, folder: Path, record: Callable[..., None]) -> None:
        self._ari = ari
        self.name = name
        self._source = spool / f"{name}.wav"
        self._target = folder / f"{name}.wav"
        self._record = record
        self.finished = asyncio.Event()
        self._settling: asyncio.Task[None] | None = None
        ari.on_event(name, self._on_event)

    def _on_event(self, event: events.Event) -> None:
        if isinstance(event, events.RecordingFinished):
            self.finished.set()

    def is_there(self) -> bool:
        """Whether there is a file of it."""
        return self._source.exists() or self._target.exists()

    def forget(self) -> None:
        """Nobody waits for it."""
        self._ari.forget(self.name)

    async def found(self) -> bool:
        """Whether Asterisk records it, or has done so: another process had asked for it."""
        if await self._ari.recordings.live(self.name):
            return True
        if self.is_there():
            self.finished.set()
        return self.finished.is_set()

    async def settle(self) -> None:
        """Wait for Asterisk to finish the file, then keep it if it holds a message.

        Runs once, and to its end: the message may be finished and the caller gone in the same instant, and whoever
        waits here is cancelled then.
        """
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle())
        await asyncio.shield(self._settling)

    async def _settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_LAG):
                await self.finished.wait()
        self._ari.forget(self.name)
        try:
            if await asyncio.to_thread(is_void, self._source):
                log.warning("recording.void", file=str(self._source))
                self._record(Kind.PROBLEM, what="Asterisk could write nothing", file=self._source.name)
            seconds = await asyncio.to_thread(keep, self._source, self._target)
        except OSError as error:
            await self._leave(error)
            return
        if seconds is not None:
            self._record(Kind.RECORDED, file=self._target.name, seconds=str(seconds))

    async def _leave(self, error: OSError) -> None:
        """Our folder does not take the message: it counts all the same, and stays where it is until `keep_left`."""
        log.warning("recording.not_kept", file=str(self._source), error=str(error))
        self._record(Kind.PROBLEM, what="recording not kept", file=self._source.name, error=str(error))
        length = {}
        try:
            length["seconds"] = str(await asyncio.to_thread(wav_seconds, self._source))
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            log.warning("recording.not_measured", file=str(self._source))
        self._record(Kind.RECORDED, file=self._target.name, **length)


class Recorded(Protocol):
    """What is needed of the call."""

    id: str
    exchange: Exchange

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        """Write to the ledger."""


def recording_of(call: Recorded) -> Recording:
    """The call's message: a call has one."""
    exchange = call.exchange
    return Recording(exchange.ari, f"message-{call.id}", exchange.spool, exchange.recordings, call.record)


def is_void(source: Path) -> bool:
    """Whether the file ends before its first sample, as on a full disk: even the shortest recording has a header.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return source.exists() and samples(source) is None
    except ValueError:
        return False


def keep(source: Path, target: Path) -> Decimal | None:
    """Move a recorded message to our folder; its length in seconds, or None where there is no message.

    Repeatable: a file that was moved before is found at its target. What is no wav file stays where it is, for a
    person to look at.

    Raises:
        OSError: it cannot be read or moved; it still stands where it was.
    """
    if not source.exists():
        return wav_seconds(target) if target.exists() else None
    try:
        seconds = wav_seconds(source)
    except ValueError as error:
        log.warning("recording.unreadable", file=str(source), error=str(error))
        return None
    if seconds < SHORTEST:
        source.unlink()
        return None
    move(source, target)
    return seconds


def move(source: Path, target: Path) -> None:
    """Move a file, over file systems too; the target appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError:
        fresh = target.with_suffix(".new")
        try:
            fresh.write_bytes(source.read_bytes())
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        source.unlink()


def keep_left(spool: Path, folder: Path, busy: Collection[str]) -> list[str]:
    """Move the messages that `folder` did not take when their calls ended; returns their names.

    `busy`: ids of the calls that may still be recording, or are about to keep their message themselves.
    """
    kept = []
    for source in spool.glob("message-*.wav"):
        if source.stem.removeprefix("message-") in busy:
            continue
        with contextlib.suppress(OSError, ValueError):  # told when its call ended; tried again
            if wav_seconds(source) >= SHORTEST:
                move(source, folder / source.name)
                kept.append(source.name)
    return kept
