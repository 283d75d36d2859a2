"""What to tell whom once a call has ended; and the end-of-call record that carries it through the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vorzimmer.core.call_segments import Segment, plain
from vorzimmer.core.cdr import Cdr, Disposition, to_json
from vorzimmer.core.client import Client
from vorzimmer.core.delivery import WITH_NOTE, kinds_of, may_want, recipients
from vorzimmer.core.ledger import Phase
from vorzimmer.core.notify_rule import Rule, as_json


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to send. `payload` holds all that rendering needs, so that no later change of data alters it.

    `hold_seconds`: how long after the call's end it waits for the agent's note; None: not at all, and no note joins it.
    A payload with `rules` is always held, be it for no time: `store.release` chooses the rule and the instant.
    """

    channel: str
    recipient: str
    language: str
    payload: Mapping[str, Any]
    hold_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a note is told to: the client's id and name, its language and time zone, and its addresses."""

    client: str
    name: str
    language: str
    timezone: str
    recipients: tuple[str, ...]


def messages_for(cdr: Cdr, client: Client | None) -> tuple[Message, ...]:
    """The messages that a finished call causes: one per channel and address, none for an unknown client.

    An address that stands twice in the client's list, in whatever case, gets one mail. Of a caller whom the client
    blocked it hears only if it asked to.
    """
    if client is None:
        return ()
    payload = {**to_json(cdr), "client_name": client.name, "timezone": client.timezone}
    plain = _mails(cdr, client, payload)
    taken = {(message.channel, message.recipient.casefold()) for message in plain}
    ruled = _by_rules(cdr, client, payload)
    return (*plain, *(message for message in ruled if (message.channel, message.recipient.casefold()) not in taken))


def _mails(cdr: Cdr, client: Client, payload: Mapping[str, Any]) -> tuple[Message, ...]:
    """What `client.mail` asks for."""
    mail = client.mail
    if mail is None or not (
        cdr.disposition.value in mail.of if mail.of else cdr.disposition is not Disposition.BLOCKED
    ):
        return ()
    hold = client.note_wait if client.forms and cdr.disposition is Disposition.ANSWERED else None
    return tuple(Message("email", to, client.language.value, payload, hold) for to in _each_once(mail.to))


def _by_rules(cdr: Cdr, client: Client, payload: Mapping[str, Any]) -> tuple[Message, ...]:
    """What `client.notify` may ask for: each held, with the rules among which is chosen when the note is there."""
    kinds = kinds_of(cdr)
    wanted = [rule for rule in client.notify if may_want(rule, kinds)]
    notes = bool(client.forms) or any(WITH_NOTE & set(rule.of) for rule in wanted)
    hold = client.note_wait if notes and cdr.disposition is Disposition.ANSWERED else 0
    found: dict[tuple[str, str], tuple[str, list[Rule]]] = {}
    for rule in wanted:
        for to in recipients(rule, client, cdr.ended_at):
            found.setdefault((rule.channel.value, to.casefold()), (to, []))[1].append(rule)
    return tuple(
        Message(channel, to, client.language.value, {**payload, "rules": as_json(rules)}, hold)
        for (channel, _), (to, rules) in found.items()
    )


def note_messages(cdr: Cdr, note: Mapping[str, Any], to: Addressee) -> tuple[Message, ...]:
    """The messages about a note that is told by itself, for those about its call have gone: one per recipient.

    Args:
        cdr: the call. Where it was for another client, and the note has come to this one by a correction, nothing is
            told of the call but who called and when.
        note: what the client reads of it (`core.notes.words`).
        to: whom.
    """
    known = {**to_json(cdr), "recording": None, "recording_seconds": None}
    if cdr.client != to.client:
        known |= {"client": to.client, "reason": "", **dict.fromkeys(_OF_THE_OTHER)}
    payload = {**known, "client_name": to.name, "timezone": to.timezone, "notes": [dict(note)], "note_alone": True}
    return tuple(Message("email", address, to.language, payload) for address in _each_once(to.recipients))


_OF_THE_OTHER = (
    *("did", "diverted_from", "forwarded_to", "office_state", "overflow", "answered_by", "duration"),
    *(phase.value for phase in Phase),
)
"""What a CDR tells of the client that the call was for, and of what was done for it."""


def _each_once(addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses without those that stand there before, in whatever case."""
    once: dict[str, str] = {}
    for address in addresses:
        once.setdefault(address.casefold(), address)
    return tuple(once.values())


def end_record(cdr: Cdr, messages: Sequence[Message], segments: Iterable[Segment] = ()) -> dict[str, Any]:
    """The record that closes a call: the CDR, what it consisted of and what follows from it, as plain JSON."""
    told = [
        {
            "channel": message.channel,
            "recipient": message.recipient,
            "language": message.language,
            "payload": dict(message.payload),
            "hold_seconds": message.hold_seconds,
        }
        for message in messages
    ]
    return {"cdr": to_json(cdr), "segments": plain(segments), "messages": told}
