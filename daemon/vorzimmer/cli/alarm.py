"""Mails from a command to the operator's people, through the house's mail server."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from vorzimmer.notify.alarm import send_alarm
from vorzimmer.roles.running import mail_server
from vorzimmer.settings import Settings

log = structlog.get_logger()


async def alarm(settings: Settings, subject: str, lines: Iterable[str]) -> None:
    """Tell everyone in `alarm.to`; whom the mail server does not take it for stands in the log. Raises nothing."""
    named = f"{settings.house.name}: {subject}"
    failed = await send_alarm(mail_server(settings), settings.smtp.sender, settings.alarm.to, named, lines)
    for recipient, why in failed.items():
        log.error("alarm.not_sent", to=recipient, subject=subject, error=why)
