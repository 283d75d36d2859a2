"""What a client's rules make of a finished call: whether it is told, to whom, and when. Pure.

To whom is decided when the call ends (`recipients`), for the rota goes by that hour. Which rule holds, and when the
message may go, is decided when the note is there or its time is over (`choose`, `due`), for only then is it known
whether the call has a note and whether it is urgent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core import number as numbers
from vorzimmer.core.cdr import Cdr, Disposition
from vorzimmer.core.client import Client
from vorzimmer.core.contact import Contact
from vorzimmer.core.notify_rule import CONTACT, ON_CALL, Channel, Kind, Rule
from vorzimmer.core.office_hours import covers
from vorzimmer.core.targets import on_duty

KINDS: Mapping[Disposition, Kind] = {
    Disposition.ANSWERED: Kind.ANSWERED,
    Disposition.FORWARDED: Kind.PUT_THROUGH,
    Disposition.MESSAGE: Kind.MESSAGE,
    Disposition.ANNOUNCED: Kind.ANNOUNCED,
    Disposition.ABANDONED: Kind.MISSED,
    Disposition.UNREACHED: Kind.MISSED,
    Disposition.FAILED: Kind.MISSED,
    Disposition.BLOCKED: Kind.BLOCKED,
    Disposition.CALLBACK: Kind.CALLBACK,
}

WITH_NOTE = frozenset({Kind.NOTED, Kind.URGENT})
"""Kinds of which a call is by what its notes say."""

MOBILE = (numbers.NumberKind.MOBILE, numbers.NumberKind.FIXED_OR_MOBILE)
"""Kinds of numbers that take an SMS."""

SEARCHED = 8
"""Days in which the end of quiet hours is looked for: a week, and the rest of a day."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a message may go (aware), and whether it waits for the others of its digest."""

    at: datetime
    digest: bool


def kinds_of(cdr: Cdr) -> frozenset[Kind]:
    """The kinds of a call, without what its notes say."""
    put_through = {Kind.PUT_THROUGH} if cdr.put_through else set()
    return frozenset({KINDS[cdr.disposition], *put_through})


def kinds_of_payload(payload: Mapping[str, Any]) -> frozenset[Kind]:
    """The kinds of a call as its message has it (`core.messages`), its notes included.

    Raises:
        LookupError, ValueError: the payload is not one of a call.
    """
    found = {KINDS[Disposition(payload["disposition"])]}
    if float(payload.get("put_through") or 0) > 0:
        found.add(Kind.PUT_THROUGH)
    if notes := payload.get("notes"):
        found.add(Kind.NOTED)
        if any(note["urgent"] for note in notes):
            found.add(Kind.URGENT)
    return frozenset(found)


def choose(rules: Iterable[Rule], kinds: frozenset[Kind]) -> Rule | None:
    """The first rule that wants a call of these kinds; one that names none wants all but blocked ones."""
    return next((rule for rule in rules if wants(rule, kinds)), None)


def wants(rule: Rule, kinds: frozenset[Kind]) -> bool:
    """Whether the rule is about a call of these kinds."""
    return bool(kinds & set(rule.of)) if rule.of else Kind.BLOCKED not in kinds


def may_want(rule: Rule, kinds: frozenset[Kind]) -> bool:
    """Whether it may be about a call of these kinds once there is a note."""
    return wants(rule, kinds) or (Kind.ANSWERED in kinds and bool(WITH_NOTE & set(rule.of)))


def due(rule: Rule, at: datetime, timezone: str, *, urgent: bool) -> Due:
    """When a message that is ready at `at` (aware) may go by this rule. What is urgent goes at once.

    A digest whose time falls into quiet hours is sent at their end.
    """
    if urgent:
        return Due(at, digest=False)
    zone = ZoneInfo(timezone)
    planned = _next_of(rule.digest, at, zone) if rule.digest else at
    return Due(_after_quiet(rule, planned, zone), digest=bool(rule.digest))


def _next_of(times: Sequence[time], at: datetime, zone: ZoneInfo) -> datetime:
    """The first of these times of day after `at`. One that the clock skips is at the jump."""
    local = at.astimezone(zone)
    days = (local.date(), local.date() + timedelta(days=1))
    return min(moment for day in days for one in times if (moment := _at(day, one, zone)) > at)


def _at(day: date, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, moment, zone).astimezone(ZoneInfo("UTC"))


def _after_quiet(rule: Rule, at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on that is not quiet; quiet hours without an end end at once."""
    if rule.quiet is None or not covers(rule.quiet, at.astimezone(zone)):
        return at
    for day in range(SEARCHED + 1):
        date_there = at.astimezone(zone).date() + timedelta(days=day)
        for interval in sorted(_ends(rule, date_there)):
            moment = _at(date_there, time(interval // 60, interval % 60), zone)
            if moment > at and not covers(rule.quiet, moment.astimezone(zone)):
                return moment
    return at


def _ends(rule: Rule, day: date) -> set[int]:
    """The minutes of this day at which a quiet interval ends."""
    if rule.quiet is None:
        return set()
    today, before = rule.quiet.days[day.weekday()], rule.quiet.days[(day.weekday() - 1) % 7]
    midnight = 24 * 60
    same = {one.end for one in today if one.end < midnight}
    return same | {one.end - midnight for one in before if one.end >= midnight}


def recipients(rule: Rule, client: Client, at: datetime) -> tuple[str, ...]:
    """The addresses of a rule at this instant, contacts and the rota resolved. Whoever has none is left out."""
    found: dict[str, str] = {}
    for one in rule.to:
        for address in _resolved(rule.channel, one, client, at):
            found.setdefault(address.casefold(), address)
    return tuple(found.values())


def _resolved(channel: Channel, to: str, client: Client, at: datetime) -> tuple[str, ...]:
    if to == ON_CALL:
        people = on_duty(client, at)
    elif to.startswith(CONTACT):
        contact = client.contact(to.removeprefix(CONTACT))
        people = () if contact is None else (contact,)
    else:
        return (to,)
    return tuple(address for one in people if (address := _address(channel, one)) is not None)


def _address(channel: Channel, contact: Contact) -> str | None:
    """How a contact is reached: an SMS goes to the first mobile number. A contact has neither fax nor URL."""
    match channel:
        case Channel.EMAIL:
            return contact.email
        case Channel.SMS:
            return next((one for one in contact.numbers if numbers.kind(one) in MOBILE), None)
        case Channel.FAX | Channel.WEBHOOK:
            return None
