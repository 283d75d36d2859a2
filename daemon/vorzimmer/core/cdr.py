"""The call detail record: one per call, computed from the ledger, with a digest that survives erasure."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from vorzimmer.core.contact import Treatment
from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase, phases


class Disposition(StrEnum):
    """How the call ended for the caller."""

    ANSWERED = "answered"
    """An agent talked."""
    FORWARDED = "forwarded"
    """A partner or the client talked, over the trunk."""
    MESSAGE = "message"
    """The answering machine took a message."""
    ANNOUNCED = "announced"
    """Only an announcement or the machine's greeting was heard."""
    ABANDONED = "abandoned"
    """The caller left before any of these, perhaps out of a menu in which nothing was heard but what it asks."""
    BLOCKED = "blocked"
    """The client wants no calls of this caller: the polite announcement was all there was."""
    CALLBACK = "callback"
    """The caller left the line to be called back."""
    UNREACHED = "unreached"
    """We called, or were to call, and nobody was reached."""
    FAILED = "failed"
    """We could not serve the call: see cause and problems."""


@dataclass(frozen=True, slots=True)
class Cdr:
    """One call. Seconds are Decimal with milliseconds; times are aware.

    `direction`: "in", or "out" for one that we made: `did` is what was shown then, and `caller` who was called.

    Personal values (`caller`, `caller_name`, `diverted_from`, `forwarded_to`) are stored apart. `hold`, `put_through`
    and `overflow` (why the caller left the queue for something else) are None in records from before they were told.
    """

    call_id: str
    client: str | None
    did: str
    direction: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    duration: Decimal
    ring: Decimal
    announcement: Decimal
    queue: Decimal
    talk: Decimal
    forwarded: Decimal
    machine: Decimal
    disposition: Disposition
    cause: int
    hung_up_by: str
    answered_by: str | None
    office_state: str | None
    reason: str
    recording: str | None
    recording_seconds: Decimal | None
    withheld: bool
    caller: str | None
    caller_name: str | None
    diverted_from: str | None
    forwarded_to: str | None
    hold: Decimal | None = None
    put_through: Decimal | None = None
    overflow: str | None = None


NAMES = tuple(field.name for field in fields(Cdr))
"""The fields in the order of the class; they are the names of the database's columns too."""

PERSONAL = ("caller", "caller_name", "diverted_from", "forwarded_to")
"""Fields that stand in the digest only as HMAC under the row's own key, so that they can be erased."""

LATER = ("hold", "put_through", "overflow")
"""Fields younger than the first records: they stand in the digest only where there is a value, so old ones hold."""


def build_cdr(events: Sequence[CallEvent]) -> Cdr:
    """Compute the CDR from a call's events.

    Raises:
        ValueError: the events hold no arrival or no end.
    """
    ordered = sorted(events, key=lambda e: e.seq)
    first = {kind: next((e for e in ordered if e.kind is kind), None) for kind in Kind}
    arrived = first[Kind.ARRIVED]
    if arrived is None:
        raise ValueError("a CDR needs the call's arrival and its end")
    routed = _data(first[Kind.ROUTED])
    answered = first[Kind.ANSWERED]
    recorded = _data(first[Kind.RECORDED])
    hangup = _data(first[Kind.HANGUP])
    end = over_at(ordered)
    spent = phases(ordered, end)
    talks = [e for e in ordered if e.kind in (Kind.TALKING, Kind.FORWARDED)]
    outside = [e.data.get("number") for e in ordered if e.kind in (Kind.FORWARDED, Kind.PUT_THROUGH)]
    numbers = [str(number) for number in outside if number]
    overflows = [str(e.data["reason"]) for e in ordered if e.kind is Kind.OVERFLOWED and e.data.get("reason")]
    return Cdr(
        call_id=arrived.call_id,
        client=routed.get("client"),
        did=str(arrived.data["dialled"]),
        direction=str(arrived.data.get("direction", "in")),
        started_at=arrived.at,
        answered_at=answered.at if answered else None,
        ended_at=max(end, arrived.at),
        duration=sum(spent.values(), Decimal(0)),
        ring=spent[Phase.RING],
        announcement=spent[Phase.ANNOUNCEMENT],
        queue=spent[Phase.QUEUE],
        talk=spent[Phase.TALK],
        forwarded=spent[Phase.FORWARDED],
        machine=spent[Phase.MACHINE],
        disposition=_disposition(ordered, routed, hangup),
        cause=int(hangup.get("cause", 0)),
        hung_up_by=str(hangup.get("by", "system")),
        answered_by=str(talks[-1].data["by"]) if talks else None,
        office_state=routed.get("state"),
        reason=str(routed.get("reason", "")),
        recording=recorded.get("file"),
        recording_seconds=Decimal(str(recorded["seconds"])) if "seconds" in recorded else None,
        withheld=bool(arrived.data.get("withheld", False)),
        caller=arrived.data.get("caller"),
        caller_name=arrived.data.get("caller_name"),
        diverted_from=arrived.data.get("diverted_from"),
        forwarded_to=numbers[-1] if numbers else None,
        hold=spent[Phase.HOLD],
        put_through=spent[Phase.PUT_THROUGH],
        overflow="; ".join(overflows) or None,
    )


def over_at(events: Sequence[CallEvent]) -> datetime:
    """When the call was over: whoever hung up, and however long taking everything down took. That is nobody's talk.

    Raises:
        ValueError: the events hold no end.
    """
    ends = [event.at for event in events if event.kind is Kind.ENDED]
    if not ends:
        raise ValueError("a CDR needs the call's arrival and its end")
    return min(ends + [event.at for event in events if event.kind is Kind.HANGUP][:1])


def _data(event: CallEvent | None) -> Mapping[str, Any]:
    return event.data if event is not None else {}


def _disposition(events: Sequence[CallEvent], routed: Mapping[str, Any], hangup: Mapping[str, Any]) -> Disposition:
    kinds = {e.kind for e in events}
    for kind, disposition in _REACHED:
        if kind in kinds:
            return disposition
    if routed.get("treatment") == Treatment.BLOCK:
        return Disposition.BLOCKED
    if any(event.data.get("direction") == "out" for event in events if event.kind is Kind.ARRIVED):
        return Disposition.UNREACHED
    if hangup.get("by") == "caller" and _waiting_at_the_end(events):
        return Disposition.ABANDONED
    if kinds & {Kind.ANNOUNCING, Kind.RECORDING}:
        return Disposition.ANNOUNCED
    return Disposition.FAILED


_REACHED = (
    (Kind.TALKING, Disposition.ANSWERED),
    (Kind.FORWARDED, Disposition.FORWARDED),
    (Kind.PUT_THROUGH, Disposition.FORWARDED),
    (Kind.RECORDED, Disposition.MESSAGE),
    (Kind.CALLBACK_ASKED, Disposition.CALLBACK),
)


def _waiting_at_the_end(events: Sequence[CallEvent]) -> bool:
    """Whether the last phase was waiting for a person, or for what a menu leads to, whatever had been heard before."""
    entered = [e for e in events if e.kind in ENTERS]
    if ENTERS[entered[-1].kind] in (Phase.RING, Phase.QUEUE):
        return True
    asked = next((n for n, e in enumerate(entered) if "menu" in e.data), len(entered))
    told = any(e.kind is Kind.ANNOUNCING and "menu" not in e.data for e in entered[asked:])
    return "menu" in entered[-1].data and not told


def canonical(cdr: Cdr, key: bytes) -> bytes:
    """The bytes the digest is taken of, with personal values as HMAC-SHA256 under `key`."""
    return canonical_of(cdr, personal_macs(cdr, key))


def canonical_of(cdr: Cdr, macs: Mapping[str, str | None]) -> bytes:
    """The bytes the digest is taken of: JSON (sorted keys, no blanks), personal values replaced by `macs` of them.

    Times are UTC with milliseconds, decimals plain with three places: independent of zone and of how a
    database prints them.
    """
    told = [name for name in NAMES if name not in LATER or getattr(cdr, name) is not None]
    values = {name: _plain(getattr(cdr, name)) for name in told} | {name: macs[name] for name in PERSONAL}
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def personal_macs(cdr: Cdr, key: bytes) -> dict[str, str | None]:
    """The HMAC of each personal value under the row's key, by the field's name."""
    return {name: personal_mac(name, getattr(cdr, name), key) for name in PERSONAL}


def personal_mac(name: str, value: str | None, key: bytes) -> str | None:
    """HMAC of one personal value, hexadecimal; None stays None. The field's name keeps equal values apart."""
    if value is None:
        return None
    return hmac.new(key, f"{name}={value}".encode(), hashlib.sha256).hexdigest()


def digest(cdr: Cdr, key: bytes) -> bytes:
    """SHA-256 of the canonical bytes, with the personal values under the row's key."""
    return digest_of(cdr, personal_macs(cdr, key))


def digest_of(cdr: Cdr, macs: Mapping[str, str | None]) -> bytes:
    """The digest from macs that were kept: it can be checked after the personal values are erased."""
    return hashlib.sha256(canonical_of(cdr, macs)).digest()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="milliseconds")
        case Decimal():
            return f"{value:.3f}"
        case _:
            return value


def to_json(cdr: Cdr) -> dict[str, Any]:
    """The CDR as plain JSON values: times ISO 8601 in UTC, decimals as text."""
    return {name: _json(getattr(cdr, name)) for name in NAMES}


def _json(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


def from_json(values: Mapping[str, Any]) -> Cdr:
    """The inverse of `to_json`.

    Raises:
        ValueError, KeyError, TypeError: the fields are not those of a CDR.
    """
    found = dict(values)
    for name in ("started_at", "answered_at", "ended_at"):
        if found[name] is not None:
            found[name] = datetime.fromisoformat(found[name])
    for name in (*Phase, "duration", "recording_seconds"):
        if found.get(name) is not None:
            found[name] = Decimal(found[name])
    found["disposition"] = Disposition(found["disposition"])
    return Cdr(**found)
