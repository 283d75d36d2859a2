"""Callers who pressed a key to be called back: what is remembered of each, and whether now is the time.

The rules:

- Called only while the client's office is open for that number. Whoever asked more than an hour ago is not called at
  night either, for a client that is open around the clock.
- A wish holds five days: one of Maundy Thursday's evening is still served on the Tuesday after Easter.
- Whoever does not answer is called once more after some minutes, and then no more.
- Whoever calls again meanwhile and is served needs no call any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import Enum, auto
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from vorzimmer.core import office_hours, resume
from vorzimmer.core.cdr import Cdr, Disposition
from vorzimmer.core.dialing import Policy, Refusal, check_number, policy_for
from vorzimmer.core.directory import Directory, Match
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming, OfficeState, Plan

LIFE = timedelta(days=5)

ATTEMPTS = 2

AGAIN = timedelta(minutes=5)
"""Until the second attempt: most calls that made the line busy are over then, and whoever was out of reach is back."""

AWAKE = timedelta(hours=1)
"""Whoever asked so recently is not asleep."""

MORNING, EVENING = time(8), time(21)
"""Between them everybody may be called, by the client's clock."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Somebody who is to be called back. Numbers are E.164, times are aware.

    `asked_in`: the call in which the key was pressed; `did` is what was dialled there, `diverted_from` and `name` as it
    arrived. `since`: when that caller began to wait, which keeps the place. `at_once`, `seconds`: how agents are rung.
    `attempts`: calls that did not reach the caller; `not_before`: the next one. `team`: whose agents call; None: the
    client's.
    """

    asked_in: str
    client: str
    did: str
    diverted_from: str | None
    number: str
    name: str | None
    asked_at: datetime
    since: datetime
    priority: int
    at_once: int
    seconds: int
    last_agent: str | None = None
    attempts: int = 0
    not_before: datetime | None = None
    team: str | None = None

    @property
    def id(self) -> str:
        """Follows from the call in which it was asked for: asked for twice there, it is one."""
        return f"{self.asked_in}-back"

    @property
    def call_id(self) -> str:
        """The call that is made next, or being made."""
        return f"{self.id}{self.attempts + 1}"

    @property
    def incoming(self) -> Incoming:
        """The call as if the caller had made it: so everything that is known of callers holds for it."""
        return Incoming(self.did, caller=self.number, caller_name=self.name, diverted_from=self.diverted_from)


_FORM = TypeAdapter(Callback)


def as_data(callback: Callback) -> dict[str, Any]:
    """What the ledger says of a callback: everything, so that it can be made of the ledger alone."""
    found: dict[str, Any] = _FORM.dump_python(callback, mode="json")
    return found


def asked_in(events: Iterable[CallEvent]) -> list[Callback]:
    """The callbacks that were asked for in a call, by its ledger; what cannot be read is left out."""
    found = []
    for event in events:
        if event.kind is Kind.CALLBACK_ASKED:
            with contextlib.suppress(ValidationError):
                found.append(_FORM.validate_python(event.data))
    return found


class Standing(Enum):
    """What is to be done about a callback."""

    NOW = auto()
    LATER = auto()
    EXPIRED = auto()


def standing(callback: Callback, directory: Directory, at: datetime) -> Standing:
    """Whether the caller may be called at `at` (aware). Expired too: the number is not the client's any more."""
    found = match(callback, directory)
    if found is None or at >= callback.asked_at + LIFE:
        return Standing.EXPIRED
    if callback.not_before is not None and at < callback.not_before:
        return Standing.LATER
    if office_hours.state(found.client, found.did, at).state is not OfficeState.OPEN:
        return Standing.LATER
    clock = at.astimezone(ZoneInfo(found.client.timezone)).time()
    is_day = MORNING <= clock < EVENING
    return Standing.NOW if is_day or at < callback.asked_at + AWAKE else Standing.LATER


def match(callback: Callback, directory: Directory) -> Match | None:
    """The client and its number that the caller had dialled, if they still belong together."""
    found = directory.find(callback.did, callback.diverted_from)
    return found if found is not None and found.client.id == callback.client else None


def refusal(incoming: Incoming, found: Match, house: Policy, directory: Directory) -> Refusal | str | None:
    """Why a caller cannot be called back; None: it is possible. `found`: whom the call is for."""
    if incoming.caller is None:
        return "no number was given"
    return check_number(incoming.caller, policy_for(found.client.forwarding, house).countries, directory.own_numbers)


def unreached(callback: Callback, at: datetime) -> Callback | None:
    """What follows from a call that did not reach the caller; None: it was the last."""
    attempts = callback.attempts + 1
    return replace(callback, attempts=attempts, not_before=at + AGAIN) if attempts < ATTEMPTS else None


def is_served_by(callback: Callback, cdr: Cdr) -> bool:
    """Whether the caller has called again meanwhile and said what there was to say."""
    return (
        cdr.direction == "in"
        and (cdr.client, cdr.caller) == (callback.client, callback.number)
        and cdr.disposition in (Disposition.ANSWERED, Disposition.FORWARDED, Disposition.MESSAGE)
    )


def unmade(callback: Callback, plan: Plan, why: str, at: datetime) -> list[CallEvent]:
    """The ledger of a callback that ends without another call: as a call that did not come about.

    `plan` is what would be done for the caller now.
    """
    arrived = {**resume.arrival(callback.incoming), "direction": "out", "asked_in": callback.asked_in}
    routed = {**resume.routed(plan), "client": callback.client, "reason": f"the caller was not called back: {why}"}
    happened: list[tuple[Kind, dict[str, Any]]] = [
        (Kind.ARRIVED, arrived),
        (Kind.ROUTED, routed),
        (Kind.CALLBACK_ENDED, {"why": why}),
        (Kind.HANGUP, {"by": "system", "cause": 0}),
        (Kind.ENDED, {}),
    ]
    return [resume.made_up(callback.call_id, seq, at, kind, data) for seq, (kind, data) in enumerate(happened)]
