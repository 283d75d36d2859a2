"""What a webhook says: JSON that is the same at every attempt, for the client's own programs.

Unlike other channels it tells values and not words: times with their offset, lengths in seconds, numbers in E.164.
What the client's rule leaves out is not in it; a value that is not known is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.delivery import kinds_of_payload
from vorzimmer.core.notify_rule import Fact
from vorzimmer.notify.render import RenderError
from vorzimmer.notify.telling import rule_of, shown_number, shown_text, tells
from vorzimmer.store.outbox import Leased

Payload = Mapping[str, Any]

Link = Callable[[str, str], str]
"""Where the recording of a call (its id) of a client (its id) is heard; the same address whenever it is asked."""


def message_id(message: Leased) -> str:
    """By which the receiver knows a repetition: of the message, not of the attempt."""
    return f"msg_{message.message_id.strip('<>').partition('@')[0]}"


def body(message: Leased, link: Link) -> bytes:
    """The JSON.

    Raises:
        RenderError: the payload lacks something.
    """
    payload = message.payload
    try:
        several = payload.get("digest")
        kind = "calls.digest" if several is not None else "note.finished" if payload.get("note_alone") else "call.ended"
        data = _told(payload, link) if several is None else _digest(message, several, link)
        return orjson.dumps(
            {
                "id": message_id(message),
                "type": kind,
                "timestamp": message.created_at.astimezone(ZoneInfo(payload["timezone"])),
                "data": {"client": message.client_id, "client_name": payload["client_name"], **data},
            }
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error


def _digest(message: Leased, calls: list[Payload], link: Link) -> dict[str, Any]:
    """Several calls, the oldest first, all by the digest's own rule."""
    shared = {key: message.payload[key] for key in ("rule", "timezone") if key in message.payload}
    return {"calls": [_told({**call, **shared}, link) for call in calls]}


def _told(payload: Payload, link: Link) -> dict[str, Any]:
    """A call and what was noted about it."""
    rule = rule_of(payload)
    notes = payload.get("notes") or []
    noted = {"notes": [_note(note, rule) for note in notes], "note_follows": bool(payload.get("note_follows"))}
    return {
        "call": _call(payload, rule, link),
        "urgent": any(note["urgent"] for note in notes),
        **(noted if tells(rule, Fact.NOTE) else {}),
    }


def _call(payload: Payload, rule: Payload, link: Link) -> dict[str, Any]:
    told: dict[Fact, Callable[[], dict[str, Any]]] = {
        Fact.CALLER: lambda: _caller(payload, rule),
        Fact.DID: lambda: {"did": payload["did"]},
        Fact.TIME: lambda: {name: _time(payload, name) for name in ("started_at", "answered_at", "ended_at")},
        Fact.OFFICE: lambda: {"office_state": payload["office_state"]},
        Fact.FORWARDED_TO: lambda: {"forwarded_to": _number(payload["forwarded_to"], rule)},
        Fact.WAITED: lambda: {"waited_seconds": _sum(payload, "ring", "queue")},
        Fact.TALKED: lambda: {"talked_seconds": _talked(payload)},
        Fact.DURATION: lambda: {"duration_seconds": _sum(payload, "duration")},
        Fact.MESSAGE: lambda: {"message": _message(payload, rule, link)},
    }
    known = {
        "id": payload["call_id"],
        "direction": payload.get("direction", "in"),
        "disposition": Disposition(payload["disposition"]).value,
        "kinds": sorted(kind.value for kind in kinds_of_payload(payload)),
    }
    for fact, values in told.items():
        if tells(rule, fact):
            known |= values()
    return known


def _caller(payload: Payload, rule: Payload) -> dict[str, Any]:
    withheld = bool(payload["withheld"])
    return {
        "withheld": withheld,
        "caller": None if withheld else _number(payload["caller"], rule),
        "caller_name": None if withheld else payload["caller_name"],
    }


def _number(value: str | None, rule: Payload) -> str | None:
    return None if value is None else shown_number(value, rule)


def _time(payload: Payload, name: str) -> datetime | None:
    """By the client's clock, with its offset."""
    value = payload[name]
    return None if value is None else datetime.fromisoformat(value).astimezone(ZoneInfo(payload["timezone"]))


def _sum(payload: Payload, *phases: str) -> float | None:
    """Seconds; None, where the call was another client's."""
    if payload["duration"] is None:
        return None
    return float(sum(Decimal(payload.get(phase) or 0) for phase in phases))


def _talked(payload: Payload) -> float | None:
    """Seconds in which somebody talked with the caller: an agent, or whoever the call was put through to."""
    return _sum(payload, "talk", "forwarded", "put_through")


def _message(payload: Payload, rule: Payload, link: Link) -> dict[str, Any] | None:
    """What the caller left: its length, and where it is heard."""
    if payload["recording"] is None:
        return None
    seconds = payload["recording_seconds"]
    told: dict[str, Any] = {"seconds": None if seconds is None else float(seconds)}
    if rule.get("recording") != "none":
        told["url"] = link(payload["call_id"], payload["client"])
    return told


def _note(note: Payload, rule: Payload) -> dict[str, Any]:
    return {
        "title": note["title"],
        "kind": note.get("kind"),
        "name": note["name"],
        "urgent": bool(note["urgent"]),
        "corrected": bool(note.get("corrected")),
        "author": note["author"],
        "fields": [
            {"label": field["label"], "type": field["type"], "value": _value(field["value"], rule)}
            for field in note["fields"]
        ],
    }


def _value(value: Any, rule: Payload) -> Any:
    return shown_text(value, rule) if isinstance(value, str) else value
