"""A call as a template sees it: harmless plain text, with only what the client's rule lets be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import babel.dates

from vorzimmer.core import number
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.notify_rule import Fact
from vorzimmer.notify.noted import Noted, noted
from vorzimmer.notify.plain import DIALLABLE, one_line
from vorzimmer.notify.telling import rule_of, shortens, shown_number, shown_text, tells

LOCALES = {"de": "de", "en": "en_GB", "zh": "zh_Hans"}
"""How dates are written in each language. British English: clients and callers live by European dates and hours."""

Voicemail = Literal["none", "attached", "linked", "missing"]
"""What became of the message that the caller left."""

Link = Callable[[str, str], str | None]
"""From the ids of a call and a client, a URL that needs no login; None: there is none."""


def _no_link(_call: str, _client: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Links:
    """What messages lead to. `recording`: hear the message, for so many `days`; `answer`: mark as done or reply.

    `reply`: not a URL, but the address of a reply by mail.
    """

    recording: Link = _no_link
    answer: Link = _no_link
    reply: Link = _no_link
    days: int = 14


NO_LINKS = Links()


@dataclass(frozen=True, slots=True)
class View:
    """What a template may say of a call. Durations are m:ss; what does not apply, or is not told, is None.

    `caller_told`: the rule lets it be told who called. `caller` is None where the number was withheld or not given.
    `dial` is the number to call back, for a tel: link, and `dial_shown` as it is written: the noted one before the
    caller's; None where numbers are shortened. `name` is a claim of the caller's network. `outgoing`: it was we who
    called.

    `notes`: what agents wrote, the most urgent first; `urgent`: one of them is, told or not. `note_follows`: one is
    still being written. `note_alone`: of the call itself the client was told before, or it was for another client.
    `recording_url` and `answer_url`: see `Links`.
    """

    language: str
    call_id: str
    client: str
    caller_told: bool
    caller: str | None
    dial: str | None
    dial_shown: str | None
    name: str | None
    withheld: bool
    did: str | None
    date: str | None
    time: str | None
    zone: str | None
    disposition: str
    state: str | None
    cause: int
    waited: str | None
    talked: str | None
    forwarded_to: str | None
    duration: str | None
    voicemail: Voicemail
    message_length: str | None
    recording_url: str | None
    answer_url: str | None
    link_days: int
    outgoing: bool
    notes: tuple[Noted, ...]
    urgent: bool
    note_follows: bool
    note_alone: bool


def view(payload: Mapping[str, Any], language: str, region: str, voicemail: Voicemail, links: Links = NO_LINKS) -> View:
    """The payload as a template sees it: only the fields that are needed, so that rows of an older version still go.

    Args:
        payload: as `core.messages.messages_for` and `store.release` made it; its `rule` says what is told.
        language: of the client, or the rule's.
        region: ISO 3166; its numbers are written without the country code.
        voicemail: what became of the recording. `linked` without a link is none.
        links: to the recording and to the answer page.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError: the payload is not one of a call.
    """
    rule, locale = rule_of(payload), LOCALES[language]
    notes = noted(payload, language, locale, region)
    disposition = Disposition(payload["disposition"])
    about = one_line(payload["call_id"], 80), one_line(payload["client"], 80)
    answerable = bool(notes) or disposition in (Disposition.ANSWERED, Disposition.MESSAGE)
    return View(
        language=language,
        call_id=about[0],
        client=one_line(payload["client_name"], 120),
        **_who(payload, notes, region),
        did=_shown(payload["did"], region) if tells(rule, Fact.DID) else None,
        **_when(payload, locale),
        disposition=disposition.value,
        state=payload["office_state"] if tells(rule, Fact.OFFICE) else None,
        cause=int(payload["cause"]),
        **_lengths(payload),
        **_message(payload, voicemail, links.recording(*about)),
        answer_url=links.answer(*about) if answerable else None,
        link_days=links.days,
        outgoing=payload.get("direction") == "out",
        notes=notes,
        urgent=any(bool(note["urgent"]) for note in payload.get("notes", ())),
        note_follows=bool(payload.get("note_follows")) and tells(rule, Fact.NOTE),
        note_alone=bool(payload.get("note_alone")),
    )


def _who(payload: Mapping[str, Any], notes: Sequence[Noted], region: str) -> dict[str, Any]:
    """The caller, whoever is to be called back, and whom the call was put through to."""
    rule = rule_of(payload)
    told, withheld = tells(rule, Fact.CALLER), bool(payload["withheld"])
    caller = payload["caller"] if told and not withheld else None
    name = one_line(payload["caller_name"] or "", 80) if told and not withheld else ""
    dial = None if shortens(rule) else _to_call_back(notes, caller)
    shown, forwarded = _shown(caller, region), _shown(payload["forwarded_to"], region)
    return {
        "caller_told": told,
        "caller": shown and shown_number(shown, rule),
        "dial": dial,
        "dial_shown": _shown(dial, region),
        "name": shown_text(name, rule) or None,
        "withheld": withheld,
        "forwarded_to": forwarded and shown_number(forwarded, rule) if tells(rule, Fact.FORWARDED_TO) else None,
    }


def _to_call_back(notes: Sequence[Noted], caller: str | None) -> str | None:
    """The number that the caller asked for, else the one that was called from, if it can be dialled."""
    noted_down = (entry.dial for note in notes for entry in note.entries if entry.dial is not None)
    known = caller if caller is not None and DIALLABLE.fullmatch(caller) else None
    return next(noted_down, known)


def _when(payload: Mapping[str, Any], locale: str) -> dict[str, Any]:
    began = started(payload)
    if not tells(rule_of(payload), Fact.TIME):
        return {"date": None, "time": None, "zone": None}
    return {
        "date": babel.dates.format_date(began, "full", locale=locale),
        "time": babel.dates.format_time(began, "HH:mm:ss", locale=locale),
        "zone": _zone(began, locale),
    }


def _lengths(payload: Mapping[str, Any]) -> dict[str, Any]:
    """How long what took; nothing, where the call was another client's."""
    if payload["duration"] is None:
        return {"waited": None, "talked": None, "duration": None}
    rule = rule_of(payload)
    disposition = Disposition(payload["disposition"])
    forwarded = Decimal(payload["forwarded"]) + Decimal(payload.get("put_through") or 0)
    talked = {Disposition.ANSWERED: payload["talk"], Disposition.FORWARDED: forwarded}.get(disposition)
    waited = Decimal(payload["ring"]) + Decimal(payload["queue"])
    return {
        "waited": _length(waited) if waited >= 1 and tells(rule, Fact.WAITED) else None,
        "talked": None if talked is None or not tells(rule, Fact.TALKED) else _length(Decimal(talked)),
        "duration": _length(Decimal(payload["duration"])) if tells(rule, Fact.DURATION) else None,
    }


def _message(payload: Mapping[str, Any], voicemail: Voicemail, url: str | None) -> dict[str, Any]:
    """The message that the caller left, and where it is."""
    rule, seconds = rule_of(payload), payload["recording_seconds"]
    told = tells(rule, Fact.MESSAGE)
    if not told or rule.get("recording") == "none" or (voicemail == "linked" and url is None):
        voicemail = "none"
    return {
        "voicemail": voicemail,
        "message_length": _length(Decimal(seconds)) if told and seconds is not None else None,
        "recording_url": url if voicemail == "linked" else None,
    }


def started(payload: Mapping[str, Any]) -> datetime:
    """When the call came, by the client's clock.

    Raises:
        LookupError, TypeError, ValueError: time or zone are missing or wrong.
    """
    return datetime.fromisoformat(payload["started_at"]).astimezone(ZoneInfo(payload["timezone"]))


def _zone(at: datetime, locale: str) -> str:
    """`MEZ` where the language has a short name for the zone, else `GMT+01:00`: two 2:30 in autumn must differ."""
    short: str = babel.dates.get_timezone_name(at, "short", locale=locale)
    return short if short[:1].isalpha() else babel.dates.get_timezone_gmt(at, "long", locale=locale)


def _shown(value: str | None, region: str) -> str | None:
    return None if value is None else one_line(number.show(value, region), 40) or None


def _length(seconds: Decimal) -> str:
    """Minutes and rounded seconds, `0:07`, `75:00`."""
    whole = int(seconds.quantize(Decimal(1), ROUND_HALF_UP))
    return f"{whole // 60}:{whole % 60:02}"
