"""The forwarding watchdog: which own number of a client is rung when, and what is to be made of what was seen.

A client's callers dial a number of its own, and its telephone company is to forward it to a DID of ours. Whether it
does shows only when somebody dials it; so we do, before the office opens, from a number of ours, and expect that call
back on the right DID. It is never answered.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from vorzimmer.core.client import Client, Did
from vorzimmer.core.office_hours import state
from vorzimmer.core.office_turns import next_opening
from vorzimmer.core.own_number import OwnNumber
from vorzimmer.core.plan import OfficeState

RETRY = timedelta(minutes=5)
"""Between a bad check and the second one, which alone alarms: a busy line or a slow exchange is no alarm."""

ATTEMPTS = 2
"""Checks before one opening, at most."""

LATE = timedelta(minutes=30)
"""How long after an opening it is still checked, if it could not be before: what is wrong then is so all day."""

BREAK = timedelta(hours=3)
"""An office that was closed for less than that does not open anew: nobody redirects a telephone for lunch."""

ROUND_THE_CLOCK = time(8)
"""The opening of an office that never closes, in its own zone."""


class Verdict(StrEnum):
    """What a check found. The values stand in the database."""

    FORWARDED = "forwarded"
    NOT_FORWARDED = "not_forwarded"
    WRONG_DID = "wrong_did"
    LOOP = "loop"
    NOT_CHECKED = "not_checked"
    """It could not be dialled, for a reason that is ours: this says nothing of the client's number."""

    @property
    def is_bad(self) -> bool:
        """Whether callers of the client do not reach us as they should."""
        return self in (Verdict.NOT_FORWARDED, Verdict.WRONG_DID, Verdict.LOOP)


@dataclass(frozen=True, slots=True)
class Return:
    """One call that came back. `marked`: it bears our leg's mark; `diverted`: it says that it was forwarded."""

    did: str
    marked: bool = False
    diverted: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one check.

    `returns` in the order in which they came. `answered`: somebody or something answered our leg. `cause`: why it ended
    (Q.850), None if we ended it. `seconds`: from dialling to the first return, the answer or the end.
    """

    returns: tuple[Return, ...] = ()
    answered: bool = False
    cause: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict, and a sentence that explains it."""

    verdict: Verdict
    reason: str


OUR_SIDE = frozenset({3, 20, 27, 34, 38, 41, 42, 44, 47, 58, 102})
"""Q.850 causes that speak of the way out of our house rather than of the number that was dialled: no route, no circuit,
network or exchange out of order, no answer from the carrier."""

_CAUSES = {
    1: "the number is not in service",
    17: "it is busy",
    18: "nobody answers there",
    19: "nobody answers there",
    21: "the call is refused there",
    22: "the number has changed",
    28: "the number is not complete",
}

UNKNOWN_CAUSE = "the call ended there (cause {cause})"


def judge(did: str, seen: Seen) -> Finding:
    """What the check of a number says that is to be forwarded to `did`."""
    if len(seen.returns) > 1:
        places = ", ".join(one.did for one in seen.returns)
        return Finding(Verdict.LOOP, f"the call came back {len(seen.returns)} times: on {places}")
    if seen.returns:
        return _of_one(did, seen.returns[0], seen.seconds)
    if seen.answered:
        what = f"somebody or something answered after {seen.seconds:.0f} s; we hung up at once"
        return Finding(Verdict.NOT_FORWARDED, f"not forwarded: {what}")
    if seen.cause in OUR_SIDE:
        return Finding(Verdict.NOT_CHECKED, f"our line did not carry the call (cause {seen.cause})")
    if seen.cause is None:
        return Finding(Verdict.NOT_FORWARDED, f"not forwarded: nothing came back within {seen.seconds:.0f} s")
    why = _CAUSES.get(seen.cause, UNKNOWN_CAUSE.format(cause=seen.cause))
    return Finding(Verdict.NOT_FORWARDED, f"not forwarded: {why}, and nothing came back")


def _of_one(did: str, came: Return, seconds: float) -> Finding:
    if came.marked and not came.diverted:
        # Who forwards a call begins a new one, or at least says that he did.
        return Finding(Verdict.LOOP, f"our own call was sent back to us on {came.did}: nobody forwarded it")
    if came.did != did:
        return Finding(Verdict.WRONG_DID, f"forwarded to {came.did} instead of {did}")
    return Finding(Verdict.FORWARDED, f"came back on {did} after {seconds:.1f} s")


# When


@dataclass(frozen=True, slots=True)
class Rules:
    """`before`: how long before the opening it begins. Budgets: calls a day, of the house and for one client."""

    before: timedelta
    per_day: int
    per_client: int


@dataclass(frozen=True, slots=True)
class Done:
    """A check that was made: `opening` is None where a person asked for it."""

    client: str
    number: str
    at: datetime
    verdict: Verdict
    opening: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A number that is to be rung now. `attempt`: 1 for the first one before this opening."""

    client: str
    own: OwnNumber
    opening: datetime
    at: datetime
    attempt: int


def due(clients: Iterable[Client], done: Collection[Done], rules: Rules, at: datetime, today: datetime) -> list[Due]:
    """What is to be rung at `at`, the longest due first, within the budgets.

    Args:
        clients: those with own numbers.
        done: all checks since `today`, and of the openings that may be near at least the last day's.
        rules: the house's.
        at: now, aware.
        today: the instant with which the house's day began, by which budgets are counted.
    """
    spent = Counter(one.client for one in done if one.at >= today and one.verdict is not Verdict.NOT_CHECKED)
    house = spent.total()
    made: dict[tuple[str, str, datetime], list[Done]] = {}
    for one in done:
        if one.opening is not None:
            made.setdefault((one.client, one.number, one.opening), []).append(one)
    found = []
    for wanted in sorted(_wanted(clients, made, rules, at), key=lambda one: (one.at, one.client, one.own.number)):
        if house < rules.per_day and spent[wanted.client] < rules.per_client:
            house += 1
            spent[wanted.client] += 1
            found.append(wanted)
    return found


def _wanted(
    clients: Iterable[Client],
    made: Mapping[tuple[str, str, datetime], Sequence[Done]],
    rules: Rules,
    at: datetime,
) -> Iterator[Due]:
    for client in clients:
        for own in client.own_numbers:
            opening = _opening(client, own, rules, at) if own.watch else None
            if opening is None:
                continue
            before = made.get((client.id, own.number, opening), ())
            moment = _moment(client.id, own.number, opening, before, rules)
            if moment is not None and moment <= at:
                yield Due(client.id, own, opening, moment, len(before) + 1)


def _moment(client: str, number: str, opening: datetime, before: Sequence[Done], rules: Rules) -> datetime | None:
    """When the next check before this opening is due; None: there is none."""
    if not before:
        return opening - rules.before + spread(client, number, opening, rules.before)
    if len(before) >= ATTEMPTS or any(one.verdict is Verdict.FORWARDED for one in before):
        return None
    return max(one.at for one in before) + RETRY


def spread(client: str, number: str, opening: datetime, before: timedelta) -> timedelta:
    """How much later than the first possible instant a number is rung: the same for the same opening, whoever asks.

    So hundreds of clients who open at eight do not ring in one minute; and behind the last of them there is time for a
    second attempt before the opening.
    """
    room = max(before - ATTEMPTS * RETRY, timedelta())
    drawn = zlib.crc32(f"{client} {number} {opening.astimezone(UTC).isoformat()}".encode())
    return room * drawn / 2**32


def _opening(client: Client, own: OwnNumber, rules: Rules, at: datetime) -> datetime | None:
    """The opening before (or shortly after) which this number may be rung at `at`; UTC."""
    did = next((did for did in client.dids if did.number == own.did), None)
    if did is None:
        return None
    since = at - LATE
    if state(client, did, since).state is OfficeState.OPEN:
        opening = _round_the_clock(client, did, rules, at)
    else:
        opening = next_opening(client, did, since, days=1)
        if opening is not None and state(client, did, opening - BREAK).state is OfficeState.OPEN:
            return None
    return opening.astimezone(UTC) if opening is not None and opening - rules.before <= at else None


def _round_the_clock(client: Client, did: Did, rules: Rules, at: datetime) -> datetime | None:
    """The instant that counts as the opening of an office that has been open for a day."""
    zone = ZoneInfo(client.timezone)
    last = at + rules.before
    opening = datetime.combine(last.astimezone(zone).date(), ROUND_THE_CLOCK, zone)
    if not at - LATE <= opening <= last:
        return None
    hours = (opening - timedelta(hours=n) for n in range(24))
    return opening if all(state(client, did, hour).state is OfficeState.OPEN for hour in hours) else None


# What to tell


class Told(StrEnum):
    """What is mailed because of a check. The values stand in the database."""

    ALARM = "alarm"
    CLEAR = "clear"


def to_tell(last: Told | None, verdict: Verdict, attempt: int | None) -> Told | None:
    """What follows from a check, after what was told last of this number.

    Each change is told once. `attempt`: of a check that nobody watches, whose alarm waits for the last one; None: a
    person has asked, and sees the verdict without a mail.
    """
    if verdict.is_bad:
        return Told.ALARM if attempt is not None and attempt >= ATTEMPTS and last is not Told.ALARM else None
    return Told.CLEAR if verdict is Verdict.FORWARDED and last is Told.ALARM else None
