"""What Asterisk wrote down about a call on its own, and the ledger that can be made of it where ours is lost.

Asterisk knows when a call began, whether and when it was answered, and when it ended. It does not know what the caller
heard, nor whether anybody talked. So this is the rule for what is put down:

- What our ledger still knows stays. What was under way at its last event is taken to have lasted until the end that
  Asterisk wrote down.
- Of a call of which our ledger knows nothing, the seconds after the answer count as queue: the caller was in our hands,
  and no second is claimed as talk, because a talk that nobody can prove must never be charged. Unless a message of it
  is found, it counts as failed, so that it is looked at; hung up by the system, with the unknown cause 0.
- An unanswered call counts as abandoned: whatever else happened, the caller left without being served.
- A `call.problem` says that it was made up so, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming, Plan

REASON = "completed from Asterisk's own record"

Happened = tuple[datetime, Kind, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Witness:
    """What Asterisk wrote down about one channel of a call. Times are aware, UTC, to the microsecond.

    `call_id` is empty for a channel that did not pass our dialplan. `did`, `diverted` and `caller` are as the dialplan
    cleaned them, in any national form. `answered_at` is when Asterisk answered, whoever or whatever the caller heard
    then. `application` is what the dialplan was at last.
    """

    call_id: str
    channel_id: str
    linked_id: str
    channel: str
    did: str
    diverted: str
    caller: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    disposition: str
    application: str


@dataclass(frozen=True, slots=True)
class Voicemail:
    """A message that was found on disk: the name of its file in the folder of recordings, and its length in seconds."""

    file: str
    seconds: Decimal


def by_call(records: Iterable[Witness]) -> dict[str, Witness]:
    """One record a call, without those that did not pass our dialplan. Several of a call span from first to last."""
    found: dict[str, Witness] = {}
    for record in records:
        if record.call_id:
            before = found.get(record.call_id)
            found[record.call_id] = record if before is None else _joined(before, record)
    return found


def _joined(one: Witness, other: Witness) -> Witness:
    answers = [at for at in (one.answered_at, other.answered_at) if at is not None]
    return replace(
        max(one, other, key=lambda record: record.ended_at),
        started_at=min(one.started_at, other.started_at),
        answered_at=min(answers, default=None),
    )


def events_of(
    witness: Witness, incoming: Incoming, plan: Plan, cause: str, voicemail: Voicemail | None
) -> list[CallEvent]:
    """The ledger of a call of which ours knows nothing, by the rule above.

    `incoming` and `plan` are those of the moment it arrived, `cause` is why it has to be made up.
    """
    arrival = {
        "dialled": incoming.dialled,
        "caller": incoming.caller,
        "caller_name": incoming.caller_name,
        "withheld": incoming.withheld,
        "diverted_from": incoming.diverted_from,
    }
    routed = {
        "client": plan.client.id if plan.client else None,
        "state": plan.state.value if plan.state else None,
        "reason": REASON,
    }
    happened: list[Happened] = [
        (witness.started_at, Kind.ARRIVED, arrival),
        (witness.started_at, Kind.ROUTED, routed),
    ]
    if witness.answered_at is not None:
        happened += [(witness.answered_at, Kind.ANSWERED, {}), (witness.answered_at, Kind.WAITING, {})]
    happened += _closing(witness, cause, voicemail)
    return _numbered(witness.call_id, 0, happened)


def closing_events(
    witness: Witness, known: Sequence[CallEvent], cause: str, voicemail: Voicemail | None
) -> list[CallEvent]:
    """What is missing from a ledger that breaks off, by the rule above. `known` holds at least the arrival."""
    ordered = sorted(known, key=lambda event: event.seq)
    kinds = {event.kind for event in ordered}
    happened: list[Happened] = []
    if witness.answered_at is not None and Kind.ANSWERED not in kinds:
        happened.append((witness.answered_at, Kind.ANSWERED, {}))
    happened += _closing(witness, cause, None if Kind.RECORDED in kinds else voicemail)
    missing = [(at, kind, data) for at, kind, data in happened if kind not in kinds or kind is Kind.PROBLEM]
    return _numbered(witness.call_id, ordered[-1].seq + 1, missing)


def _closing(witness: Witness, cause: str, voicemail: Voicemail | None) -> list[Happened]:
    end = witness.ended_at
    happened: list[Happened] = []
    if voicemail is not None:
        begun = max(end - timedelta(seconds=float(voicemail.seconds)), witness.answered_at or witness.started_at)
        recorded = {"file": voicemail.file, "seconds": str(voicemail.seconds)}
        happened += [(begun, Kind.RECORDING, {}), (end, Kind.RECORDED, recorded)]
    by, code = ("caller", 16) if witness.answered_at is None else ("system", 0)
    return [
        *happened,
        (end, Kind.PROBLEM, {"what": f"{REASON}: {cause}"}),
        (end, Kind.HANGUP, {"by": by, "cause": code}),
        (end, Kind.ENDED, {}),
    ]


def _numbered(call_id: str, first: int, happened: Iterable[Happened]) -> list[CallEvent]:
    """Ids follow from the call's id, so completing a call twice doubles nothing."""
    return [
        CallEvent(str(uuid5(NAMESPACE_URL, f"{call_id}/witness/{seq}")), call_id, seq, at, kind, data)
        for seq, (at, kind, data) in enumerate(happened, first)
    ]
