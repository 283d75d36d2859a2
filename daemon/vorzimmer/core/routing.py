"""The decision: what happens to a call, from the call, the clients and the time alone.

The daemon carries the plan out; `vorzimmer route` prints it. Caps on trunk legs and who is free are asked again when a
step's turn comes, for both change while a call waits.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from vorzimmer.core import acd, office_hours
from vorzimmer.core.announcement import Sound
from vorzimmer.core.client import Client
from vorzimmer.core.contact import Treatment
from vorzimmer.core.dialing import Policy, policy_for
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import Greet, Handling, ToAnnouncement
from vorzimmer.core.media import BLOCKED, NO_SERVICE, NOBODY_AVAILABLE, fallback_media, media
from vorzimmer.core.menu_steps import menus_behind, playable
from vorzimmer.core.plan import Announce, Answer, Forward, Hangup, Incoming, OfficeState, Plan
from vorzimmer.core.row import Circumstances, Row

__all__ = ["decide", "fallback_media", "media"]

UNALLOCATED, NORMAL, USER_BUSY, NO_ANSWER, CALL_REJECTED = 1, 16, 17, 19, 21
"""Q.850 causes."""


def decide(call: Incoming, directory: Directory, policy: Policy, pool: acd.Pool, at: datetime) -> Plan:
    """The plan for a call that arrives at `at` (aware). `policy` is the house's; never raises."""
    match = directory.find(call.dialled, call.diverted_from)
    if call.looped:
        client, did = (match.client, match.did) if match else (None, None)
        busy = Hangup(USER_BUSY, "a loop is ended as busy, so that no leg is dialled again")
        return Plan(client, did, None, "loop: the call comes from a leg of our own", (busy,), decided_at=at)
    if match is None:
        return _unknown(at)
    opening = office_hours.state(match.client, match.did, at)
    rule = None if call.withheld else match.client.rule_for(call.caller)
    handling, name, closed = _handling(match.client, opening.state, at)
    given = Circumstances(
        client=match.client,
        did=match.did,
        state=opening.state,
        directory=directory,
        policy=policy_for(match.client.forwarding, policy),
        pool=pool,
        treatment=rule.treatment if rule else None,
        at=at,
        closed=closed,
        music=handling.music,
        menus=playable(match.client, at),
    )
    chain = _Chain(given, handling, name, rule.contact if rule else None)
    chain.build()
    menus, left_out = menus_behind(chain.row.steps, given)
    return Plan(
        client=match.client,
        did=match.did,
        state=opening.state,
        reason=f"{opening.reason}; client found {match.reason}",
        steps=tuple(chain.row.steps),
        skipped=(*chain.row.skipped, *left_out),
        decided_at=at,
        treatment=given.treatment,
        menus=menus,
    )


def _unknown(at: datetime) -> Plan:
    return Plan(
        client=None,
        did=None,
        state=None,
        reason="no client has this number",
        steps=(
            Announce((NO_SERVICE,), early=True, reason="an unknown number is told so before the call costs anything"),
            Hangup(UNALLOCATED, "unallocated number"),
        ),
        decided_at=at,
    )


_FALLBACKS = {
    OfficeState.LUNCH: ("at_lunch", Sound.LUNCH),
    OfficeState.HOLIDAY: ("on_holiday", Sound.HOLIDAY),
    OfficeState.VACATION: ("on_vacation", Sound.VACATION),
}
"""States that may have a chain of their own, else use the closed one with a sound of their own."""


class _Chain:
    """Turns one client's handling into steps: how the call begins, the chain, and an end in any case."""

    def __init__(self, given: Circumstances, handling: Handling, name: str, contact: str | None) -> None:
        self.given = given
        self.handling = handling
        self.name = name
        self.contact = contact
        self.row = Row(given, f"the {name} chain", early=handling.begin is Greet.EARLY)

    def build(self) -> None:
        """Fill the row."""
        if self.given.treatment is Treatment.BLOCK:
            self._block()
            return
        self._put_through_at_once()
        self._begin()
        targets = deque(enumerate(self.handling.chain, 1))
        while targets and not self.row.ends():
            self.row.add(*targets.popleft())
        self._finish()
        for n, target in targets:
            self.row.skip(n, target, "the chain has ended before it")

    def _block(self) -> None:
        """As early media where there is any: a blocked caller shall not cost, and is not rung through to anybody."""
        reason = "the client blocks this caller"
        self.row.steps.append(Announce((self.given.media(Sound.BLOCKED) or BLOCKED,), early=True, reason=reason))
        self.row.steps.append(Hangup(CALL_REJECTED, reason))

    def _put_through_at_once(self) -> None:
        """Inside the hours, to the contact that the client named for this caller; nobody there: as everybody."""
        if self.contact is None or self.given.state is not OfficeState.OPEN:
            return
        contact = self.given.client.contact(self.contact)
        for number in contact.numbers if contact else ():
            if contact is None or self.given.refusal(number) is not None:
                continue
            reason = f"the client puts this caller through to {contact.name} at once"
            self.row.steps.append(Forward(number, "contact", contact.seconds, confirm=True, music=False, reason=reason))

    def _begin(self) -> None:
        """Answer if so set, and greet; a closed office's announcement, first in its chain, is greeting enough."""
        if self.handling.begin is Greet.RING:
            return
        if self.handling.begin is Greet.ANSWER:
            self.row.answer(f"calls are answered at once ({self.name})")
        announces = isinstance(self.handling.chain[0], ToAnnouncement)
        greeting = self.given.media(Sound.GREETING)
        if greeting is not None and (self.given.state is OfficeState.OPEN or not announces):
            reason = f"the greeting ({self.name})"
            self.row.steps.append(Announce((greeting,), early=not self.row.answered, reason=reason))

    def _finish(self) -> None:
        """Hang up where the chain does not, and never leave a caller in silence because of what was skipped."""
        row = self.row
        if not row.ends():
            cause = NORMAL if row.answered else NO_ANSWER
            row.steps.append(Hangup(cause, f"end of the {self.name} chain, nobody answered"))
        if row.skipped and all(isinstance(step, Answer | Hangup) for step in row.steps):
            reason = "all that the caller could have heard was skipped"
            row.steps.insert(-1, Announce((NOBODY_AVAILABLE,), early=not row.answered, reason=reason))


def _handling(client: Client, state: OfficeState, at: datetime) -> tuple[Handling, str, Sound]:
    """The handling of a state, its name for people, and the sound that stands for `closed` in it."""
    if state is OfficeState.OPEN:
        return client.open, "open", Sound.CLOSED
    if state is OfficeState.CLOSED:
        return client.closed, "closed", Sound.CLOSED
    key, sound = _FALLBACKS[state]
    own: Handling | None = getattr(client, key)
    if own is not None:
        return own, str(state), Sound.CLOSED
    return client.closed, "closed", sound if media(client, sound, at) else Sound.CLOSED
