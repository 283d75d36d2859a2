"""Alarms to the operator, by the settings: how they are sent, and the worker's watch over the service."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from vorzimmer.alarms.signs import Limits
from vorzimmer.alarms.watch import Watch
from vorzimmer.alarms.words import letter
from vorzimmer.core.directory import Directory
from vorzimmer.core.ports import Trouble
from vorzimmer.core.service_alarm import Alarm
from vorzimmer.notify.alarm import send_alarm
from vorzimmer.roles.running import mail_server, now, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import retention
from vorzimmer.store.snapshot import Snapshot

log = structlog.get_logger()


async def send(settings: Settings, subject: str, lines: Iterable[str]) -> dict[str, str]:
    """Tell all whom the settings name; returns what went wrong, by recipient or by the chat service's name."""
    named = f"{settings.house.name}: {subject}"
    to = settings.alarm.to
    return await send_alarm(mail_server(settings), settings.smtp.sender, to, named, lines, chats=settings.alarm.chats)


async def send_or_log(settings: Settings, subject: str, lines: Iterable[str]) -> None:
    """The same; what went wrong stands in the log."""
    for recipient, why in (await send(settings, subject, lines)).items():
        log.error("alarm.not_sent", to=recipient, subject=subject, error=why)


def watch(settings: Settings) -> tuple[Coroutine[Any, Any, None], ...]:
    """What the worker runs beside its messages; nothing where nobody is to be told."""
    if not (settings.alarm.to or settings.alarm.urls):
        return ()
    zone = ZoneInfo(settings.house.timezone)

    async def tell(alarms: Sequence[Alarm]) -> None:
        await send_or_log(settings, *letter(alarms, zone))

    book = Book(settings.paths.state / "book.json", trouble)
    database = retention.connecting(settings.database.dsn.get_secret_value())
    return (Watch(settings.paths.control, book.directory, database, limits(settings), tell, clock=now).run(),)


def limits(settings: Settings) -> Limits:
    """From where on it is trouble."""
    alarm = settings.alarm
    return Limits(
        abandoned_after=alarm.abandoned_after or None,
        waiting=alarm.queue_waiting or None,
        seconds=alarm.queue_seconds or None,
        trunk=settings.trunk.endpoint,
    )


class Book:
    """Clients and agents as the calls process last wrote them to disk; read again when they have changed."""

    def __init__(self, file: Path, trouble: Trouble) -> None:
        self._file = file
        self._snapshot = Snapshot("", file, trouble)
        self._read: float | None = None

    async def directory(self) -> Directory:
        """As they are now; nobody before there is a copy."""
        written = await asyncio.to_thread(_written, self._file)
        if written is not None and written != self._read:
            await self._snapshot.load_copy()
            self._read = written
        return self._snapshot.directory


def _written(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None
