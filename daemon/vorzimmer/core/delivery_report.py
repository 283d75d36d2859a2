"""Delivery reports of text messages, as each gateway words them, in our few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vorzimmer.core.plain_text import single_line

DELIVERED, UNDELIVERED = "delivered", "undelivered"

LONGEST = 64
"""Characters of an id (SMPP 3.4, 5.2.23) or of a status."""

SEVEN = {"DELIVERED": DELIVERED} | dict.fromkeys(("NOTDELIVERED", "EXPIRED", "REJECTED", "FAILED"), UNDELIVERED)
"""https://docs.seven.io/en/rest-api/endpoints/status-reports"""

TWILIO = dict.fromkeys(("delivered", "read"), DELIVERED) | dict.fromkeys(
    ("undelivered", "failed", "canceled"), UNDELIVERED
)
"""https://www.twilio.com/docs/messaging/api/message-resource#message-status-values"""

SMPP = {"DELIVRD": DELIVERED} | dict.fromkeys(("EXPIRED", "DELETED", "UNDELIV", "REJECTD"), UNDELIVERED)
"""SMPP 3.4, appendix B; ACCEPTD, ENROUTE and UNKNOWN stay what they are."""


@dataclass(frozen=True, slots=True)
class Form:
    """Where a report says what. `words`: what a status means; a word that is not among them stays itself."""

    id: str
    status: str
    words: Mapping[str, str] = field(default_factory=dict)


FORMS = {"seven": Form("msg_id", "status", SEVEN), "twilio": Form("MessageSid", "MessageStatus", TWILIO)}
"""sipgate sends none for text messages."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says of a message. `word`: `delivered`, `undelivered`, or its own, in small letters."""

    provider_id: str
    word: str


def read(form: Form, fields: Mapping[str, Any]) -> Report | None:
    """The report in what a gateway sent; None: there is none in it."""
    provider_id, status = _plain(fields.get(form.id)), _plain(fields.get(form.status))
    if not provider_id or not status:
        return None
    return Report(provider_id, in_our_words(form.words, status))


def in_our_words(words: Mapping[str, str], status: str) -> str:
    """What a status means. One that is not known stays itself, and is never taken for one of ours."""
    known = words.get(status)
    own = status.lower()
    return known or (f"{own}?" if own in (DELIVERED, UNDELIVERED) else own)


def _plain(value: Any) -> str:
    """A short text or a number; anything else is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = single_line(str(value)).strip()
    return text if len(text) <= LONGEST else ""
