"""Alarms to the operator's own people, by mail and chat: something was lost, differs, or has been away for long.

They go straight to the mail server and not by the outbox, for the database may be what is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid
from typing import Any

import aiosmtplib

from vorzimmer.notify.chat import send_chat
from vorzimmer.notify.email import WIRE, wire_address
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.smtp import AWAY, Lines, Server

MOST_LINES = 200
"""A mail tells so many findings and how many more there are."""

LONGEST_LINE = 900
"""Characters; SMTP allows 998 bytes, base64 hides the rest."""


async def send_alarm(
    server: Server, sender: str, to: Sequence[str], subject: str, lines: Iterable[str], chats: Sequence[str] = ()
) -> dict[str, str]:
    """Send these lines to everyone in `to` and by every chat service, and wait for their answers.

    Returns what went wrong, by recipient or by the service's name (`chat.names`); empty if all were taken (or there is
    nobody). Raises nothing for what the others do or are: who alarms has something more urgent to do.

    Args:
        server: where the mail goes.
        sender: address of From and of the envelope.
        to: addresses.
        subject: one line.
        lines: the text. It may hold what came from outside: it is cleaned.
        chats: addresses as apprise wants them.
    """
    told = list(lines)
    by_mail, by_chat = await asyncio.gather(_mail(server, sender, to, subject, told), send_chat(chats, subject, told))
    return by_mail | by_chat


async def _mail(server: Server, sender: str, to: Sequence[str], subject: str, told: Sequence[str]) -> dict[str, str]:
    """A mail to each; what went wrong, by recipient."""
    failed: dict[str, str] = {}
    try:
        connections = Lines(server, _told_below, most=1, idle=0)
    except OSError as error:
        return dict.fromkeys(to, _why(error))
    async with connections:
        for recipient in to:
            try:
                mail = compose_alarm(sender, recipient, subject, told, datetime.now(UTC))
                address = wire_address(recipient)
                options = () if address.isascii() else ("SMTPUTF8",)
                async with connections.line() as line:
                    await line.send(wire_address(sender), address, mail, options)
            except (*AWAY, ValueError) as error:
                failed[recipient] = _why(error)
    return failed


def compose_alarm(sender: str, recipient: str, subject: str, lines: Sequence[str], at: datetime) -> bytes:
    """The mail, ready for the wire; `at` becomes its Date.

    Raises:
        ValueError: an address is none.
    """
    shown = [one_line(line, LONGEST_LINE) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {len(lines) - MOST_LINES} more")
    mail = MIMEText("\r\n".join([*shown, ""]), "plain", "utf-8", policy=WIRE)
    address, to = wire_address(sender), wire_address(recipient)
    mail["From"] = address
    # An international mailbox cannot be written in ASCII; the envelope knows it (RFC 5322, 3.6.3).
    mail["To"] = to if to.isascii() else "undisclosed-recipients:;"
    mail["Subject"] = Header(one_line(subject, 150), "utf-8", header_name="Subject").encode(linesep="\n")
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    return mail.as_bytes()


def _told_below(event: str, /, **about: Any) -> None:
    """What goes wrong is returned."""


def _why(error: Exception) -> str:
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused]):
            return one_line(f"refused: {refused.code} {refused.message}")
        case _:
            return one_line(str(error) or type(error).__name__)
