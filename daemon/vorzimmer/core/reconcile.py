"""Asterisk's own records against our CDRs: what differs, and what is the likely cause.

Not a difference: a channel that did not pass our dialplan (no call id: faxes, phones among themselves, an INVITE that
Asterisk refused), a call that is still on its way to the database, and a start up to `TRIES` later than Asterisk's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vorzimmer.core.cdr import Cdr, Disposition
from vorzimmer.core.witness import Witness

TOLERANCE = timedelta(seconds=2)
"""Between two notes of the same instant. What the dialplan notes while the daemon is away has whole seconds."""

TRIES = timedelta(seconds=10)
"""How much later than Asterisk's a call may begin in our ledger: the dialplan offers it once a second, eight times,
until the daemon takes it."""


class Kind(StrEnum):
    """In what the two sides differ."""

    MISSING = "missing"
    """Asterisk has a record, we have none."""
    REFUSED = "refused"
    """The same, and the database refused ours: it was set aside whole."""
    UNWITNESSED = "unwitnessed"
    """We have a record, Asterisk has none."""
    ANSWER = "answer"
    """Answered for one side only."""
    TIMES = "times"
    """An instant differs by more than the tolerance."""


@dataclass(frozen=True, slots=True)
class Window:
    """The calls that ended at `since` or later and before `until`, both aware; by Asterisk's clock where it knows."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Underway:
    """What is known of calls that are not in the database.

    Args:
        living: calls that stand in the journal or in a note of the dialplan, with their end if they have ended: they
            live, or are on their way to the database.
        begun: calls of which the database has events.
        refused: calls whose record the database refused.
    """

    living: Mapping[str, datetime | None]
    begun: Collection[str] = ()
    refused: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `at` is when the call ended; `what` and `cause` are parts of a sentence."""

    call_id: str
    kind: Kind
    at: datetime
    what: str
    cause: str

    def __str__(self) -> str:
        return f"{self.what}; likely cause: {self.cause}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it: `checked` calls were compared, `postponed` are on their way (call ids).

    Everything that ended before `judged_until` was compared: the next comparison begins there.
    """

    checked: int
    findings: tuple[Finding, ...]
    postponed: frozenset[str]
    judged_until: datetime

    @property
    def differing(self) -> frozenset[str]:
        """The calls with a finding."""
        return frozenset(finding.call_id for finding in self.findings)


def compare(theirs: Mapping[str, Witness], ours: Mapping[str, Cdr], window: Window, underway: Underway) -> Comparison:
    """Compare all calls that ended in the window. Both sides are by call id, and may hold calls beyond the window."""
    ends = {call_id: cdr.ended_at for call_id, cdr in ours.items()}
    ends |= {call_id: witness.ended_at for call_id, witness in theirs.items()}
    unstored = {call_id: at for call_id, at in underway.living.items() if call_id not in ours}
    ends = {call_id: at for call_id, at in unstored.items() if at is not None} | ends
    judged = {call_id: at for call_id, at in ends.items() if window.holds(at)}
    postponed = judged.keys() & unstored.keys()
    findings = [
        finding
        for call_id in sorted(judged.keys() - postponed, key=lambda call_id: (judged[call_id], call_id))
        for finding in _differences(call_id, theirs.get(call_id), ours.get(call_id), underway)
    ]
    return Comparison(
        checked=len(judged) - len(postponed),
        findings=tuple(findings),
        postponed=frozenset(postponed),
        judged_until=min((judged[call_id] for call_id in postponed), default=window.until),
    )


def _differences(call_id: str, witness: Witness | None, cdr: Cdr | None, underway: Underway) -> Iterator[Finding]:
    if witness is not None and cdr is not None:
        yield from _of_both(witness, cdr)
    elif witness is not None:
        yield _missing(witness, underway)
    elif cdr is not None and cdr.disposition is not Disposition.UNREACHED:  # nobody need have been dialled
        what = f"Asterisk has no record of this call ({cdr.disposition})"
        cause = "Asterisk was killed before it wrote it, or its file was rotated away or damaged"
        yield Finding(call_id, Kind.UNWITNESSED, cdr.ended_at, what, cause)


def _missing(witness: Witness, underway: Underway) -> Finding:
    answered = "was not answered" if witness.answered_at is None else "was answered"
    seconds = (witness.ended_at - witness.started_at).total_seconds()
    what = f"there is no CDR of this call to {witness.did or 'an unknown number'}, which {answered} ({seconds:.1f} s)"
    kind, cause = _why_missing(witness, underway)
    return Finding(witness.call_id, kind, witness.ended_at, what, cause)


def _why_missing(witness: Witness, underway: Underway) -> tuple[Kind, str]:
    if witness.call_id in underway.refused:
        return Kind.REFUSED, "the database refused the record; it stands in the journal's rejected.jsonl"
    if witness.call_id in underway.begun:
        return Kind.MISSING, "the journal was lost after the call's beginning had reached the database"
    if witness.application == "Stasis":
        return Kind.MISSING, "the journal was lost before it reached the database"
    if witness.application in ("Set", "GotoIf", "ExecIf") and witness.answered_at is None:
        return Kind.MISSING, "the caller left before Asterisk could hand the call over"
    return Kind.MISSING, "the dialplan answered alone, and its note was lost or could not be read"


def _of_both(witness: Witness, cdr: Cdr) -> Iterator[Finding]:
    late = cdr.started_at - witness.started_at
    # Of a call that we make Asterisk's record is the agent's, once both have talked, and the caller's if not.
    is_theirs = cdr.direction == "in"
    if is_theirs and not -TOLERANCE <= late <= TRIES:
        cause = "the daemon was away when the call came, and took it later" if late > TRIES else _CLOCK
        yield _apart(witness, "begins", late, cause)
    if (cdr.answered_at is None) != (witness.answered_at is None):
        yield _half_answered(witness, cdr)
    elif is_theirs and cdr.answered_at is not None and witness.answered_at is not None:
        late = cdr.answered_at - witness.answered_at
        if abs(late) > TOLERANCE:
            yield _apart(witness, "is answered", late, _LATE if late > TOLERANCE else _CLOCK)
    late = cdr.ended_at - witness.ended_at
    if abs(late) > TOLERANCE:
        cause = _LATE if late > TOLERANCE else "the daemon was not there at the end, and took the last it knew for it"
        yield _apart(witness, "ends", late, cause)


_CLOCK = "the machine's clock was set during the call"
_LATE = "the daemon's line to Asterisk was down, and it learnt of this late"


def _apart(witness: Witness, what: str, late: timedelta, cause: str) -> Finding:
    seconds = late.total_seconds()
    words = f"the call {what} {abs(seconds):.1f} s {'later' if seconds > 0 else 'earlier'} in our CDR than for Asterisk"
    return Finding(witness.call_id, Kind.TIMES, witness.ended_at, words, cause)


def _half_answered(witness: Witness, cdr: Cdr) -> Finding:
    if cdr.answered_at is None:
        what = f"Asterisk answered the call, our CDR says that nobody did ({cdr.disposition})"
        cause = "the daemon died, or its line to Asterisk broke, before it could write the answer down"
    else:
        what = f"our CDR says that the call was answered ({cdr.disposition}), Asterisk that it was not"
        cause = "the caller had left in the same moment"
    return Finding(witness.call_id, Kind.ANSWER, witness.ended_at, what, cause)
