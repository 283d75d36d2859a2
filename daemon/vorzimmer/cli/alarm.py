"""Mails from a command to the operator's people, through the house's mail server."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from vorzimmer.notify.alarm import send_alarm
from vorzimmer.notify.smtp import Server
from vorzimmer.settings import Settings

log = structlog.get_logger()


def mail_server(settings: Settings) -> Server:
    """The mail server of the settings."""
    smtp = settings.smtp
    return Server(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        ca_file=smtp.ca_file,
        user=smtp.user,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout=smtp.timeout,
    )


def mail_domain(settings: Settings) -> str:
    """What the Message-IDs of our mails end with: the sender's domain."""
    return settings.smtp.sender.rpartition("@")[2] or "vorzimmer"


async def alarm(settings: Settings, subject: str, lines: Iterable[str]) -> None:
    """Tell everyone in `alarm.to`; whom the mail server does not take it for stands in the log. Raises nothing."""
    named = f"{settings.house.name}: {subject}"
    failed = await send_alarm(mail_server(settings), settings.smtp.sender, settings.alarm.to, named, lines)
    for recipient, why in failed.items():
        log.error("alarm.not_sent", to=recipient, subject=subject, error=why)
