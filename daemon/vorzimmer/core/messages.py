"""What to tell whom once a call has ended; and the end-of-call record that carries it through the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vorzimmer.core.call_segments import Segment, plain
from vorzimmer.core.cdr import Cdr, Disposition, to_json
from vorzimmer.core.client import Client


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to send. `payload` holds all that rendering needs, so that no later change of data alters it."""

    channel: str
    recipient: str
    language: str
    payload: Mapping[str, Any]


def messages_for(cdr: Cdr, client: Client | None) -> tuple[Message, ...]:
    """The messages that a finished call causes: one per recipient, none for an unknown client.

    An address that stands twice in the client's list, in whatever case, gets one mail. Of a caller whom the client
    blocked it hears only if it asked to.
    """
    if client is None or client.mail is None:
        return ()
    if cdr.disposition is Disposition.BLOCKED and not client.mail.of:
        return ()
    if client.mail.of and cdr.disposition.value not in client.mail.of:
        return ()
    payload = {**to_json(cdr), "client_name": client.name, "timezone": client.timezone}
    recipients = {recipient.casefold(): recipient for recipient in reversed(client.mail.to)}
    return tuple(Message("email", to, client.language.value, payload) for to in reversed(recipients.values()))


def end_record(cdr: Cdr, messages: Sequence[Message], segments: Iterable[Segment] = ()) -> dict[str, Any]:
    """The record that closes a call: the CDR, what it consisted of and what follows from it, as plain JSON."""
    told = [
        {
            "channel": message.channel,
            "recipient": message.recipient,
            "language": message.language,
            "payload": dict(message.payload),
        }
        for message in messages
    ]
    return {"cdr": to_json(cdr), "segments": plain(segments), "messages": told}
