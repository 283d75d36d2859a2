"""The decision: what happens to a call, from the call, the clients and the time alone.

The daemon carries the plan out; `vorzimmer route` prints it. Caps on trunk legs and who is free are asked again when a
step's turn comes, for both change while a call waits.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import assert_never

from vorzimmer.core import acd, office_hours
from vorzimmer.core.client import Client
from vorzimmer.core.contact import CallerRule, Treatment
from vorzimmer.core.dialing import Policy, check_number, policy_for
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import (
    Greet,
    Handling,
    Sound,
    Target,
    ToAnnouncement,
    ToGroup,
    ToHangup,
    ToMachine,
    ToNumber,
    ToQueue,
)
from vorzimmer.core.plan import (
    Announce,
    Answer,
    Forward,
    Hangup,
    Incoming,
    Machine,
    Media,
    OfficeState,
    Plan,
    Queue,
    RingGroup,
    Skipped,
    Step,
)
from vorzimmer.core.serving import needs_of

NO_SERVICE: Media = "sys:ss-noservice"
NOBODY_AVAILABLE: Media = "sys:vm-nobodyavail"
LEAVE_A_MESSAGE: Media = "sys:vm-intro"
BLOCKED: Media = "sys:followme/sorry"

VIP = 10
"""Before every priority that a client can have."""

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
    chain = _Chain(match.client, opening.state, directory, policy, pool, rule)
    chain.build()
    return Plan(
        client=match.client,
        did=match.did,
        state=opening.state,
        reason=f"{opening.reason}; client found {match.reason}",
        steps=tuple(chain.steps),
        skipped=tuple(chain.skipped),
        decided_at=at,
        treatment=rule.treatment if rule else None,
    )


def fallback_media(client: Client) -> Media:
    """What the dialplan plays before it records on its own, while the daemon is away."""
    return media(client, Sound.MACHINE) or media(client, Sound.CLOSED) or LEAVE_A_MESSAGE


def media(client: Client, sound: Sound) -> Media | None:
    """The library's name of the client's announcement; None if the client has none."""
    return f"lib:{client.id}/{sound.value}" if sound in client.announcements else None


def _unknown(at: datetime) -> Plan:
    return Plan(
        client=None,
        did=None,
        state=None,
        reason="no client has this number",
        steps=(
            Announce(NO_SERVICE, early=True, reason="an unknown number is told so before the call costs anything"),
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
    """Turns one client's handling into steps, keeping track of whether the caller was answered on the way."""

    def __init__(
        self,
        client: Client,
        state: OfficeState,
        directory: Directory,
        policy: Policy,
        pool: acd.Pool,
        rule: CallerRule | None,
    ) -> None:
        self.client = client
        self.state = state
        self.directory = directory
        self.policy = policy_for(client.forwarding, policy)
        self.pool = pool
        self.rule = rule
        self.handling, self.name, self.closed_sound = _handling(client, state)
        self.steps: list[Step] = []
        self.skipped: list[Skipped] = []
        self.answered = False

    def build(self) -> None:
        """Fill `steps` and `skipped`."""
        if self._is(Treatment.BLOCK):
            self._block()
            return
        self._put_through_at_once()
        self._begin()
        targets = deque(enumerate(self.handling.chain, 1))
        while targets and not self._ended():
            self._add(*targets.popleft())
        self._finish()
        for n, target in targets:
            self._skip(n, target, "the chain has ended before it")

    def _is(self, treatment: Treatment) -> bool:
        return self.rule is not None and self.rule.treatment is treatment

    def _block(self) -> None:
        """As early media where there is any: a blocked caller shall not cost, and is not rung through to anybody."""
        reason = "the client blocks this caller"
        self.steps.append(Announce(media(self.client, Sound.BLOCKED) or BLOCKED, early=True, reason=reason))
        self.steps.append(Hangup(CALL_REJECTED, reason))

    def _put_through_at_once(self) -> None:
        """Inside the hours, to the contact that the client named for this caller; nobody there: as everybody."""
        if self.rule is None or self.rule.contact is None or self.state is not OfficeState.OPEN:
            return
        contact = self.client.contact(self.rule.contact)
        for number in contact.numbers if contact else ():
            refusal = check_number(number, self.policy.countries, self.directory.own_numbers)
            if contact is None or refusal is not None:
                continue
            reason = f"the client puts this caller through to {contact.name} at once"
            self.steps.append(Forward(number, "contact", contact.seconds, confirm=True, music=False, reason=reason))

    def _begin(self) -> None:
        """Answer if so set, and greet; a closed office's announcement, first in its chain, is greeting enough."""
        if self.handling.begin is Greet.RING:
            return
        if self.handling.begin is Greet.ANSWER:
            self._answer(f"calls are answered at once ({self.name})")
        announces = isinstance(self.handling.chain[0], ToAnnouncement)
        greeting = media(self.client, Sound.GREETING)
        if greeting is not None and (self.state is OfficeState.OPEN or not announces):
            self.steps.append(Announce(greeting, early=not self.answered, reason=f"the greeting ({self.name})"))

    def _add(self, n: int, target: Target) -> None:
        reason = self._reason(n)
        match target:
            case ToGroup():
                self._ring(n, target, reason)
            case ToQueue():
                self._queue(target, reason)
            case ToNumber():
                self._forward(n, target, reason)
            case ToAnnouncement():
                self._announce(n, target, reason)
            case ToMachine():
                self._answer("the machine records on an answered call")
                greeting = media(self.client, Sound.MACHINE) or LEAVE_A_MESSAGE
                self.steps.append(Machine(greeting, target.max_seconds, target.silence, reason))
            case ToHangup():
                self.steps.append(Hangup(target.cause, reason))
            case _:
                assert_never(target)

    def _ring(self, n: int, target: ToGroup, reason: str) -> None:
        group = self.directory.groups.get(target.group)
        if group is None:
            self._skip(n, target, f"there is no group {target.group!r}")
            return
        offer = acd.choose(group.endpoints, self.pool)
        if offer.state != "free":
            reason = f"{reason}; {offer.reason} now, asked again when its turn comes"
        self._music()
        self.steps.append(
            RingGroup(
                group=group.id,
                endpoints=group.endpoints,
                strategy=group.strategy,
                seconds=target.seconds,
                wait=target.wait,
                music=self.handling.music,
                reason=reason,
            )
        )

    def _queue(self, target: ToQueue, reason: str) -> None:
        self._music()
        self.steps.append(
            Queue(
                needs=needs_of(self.client),
                priority=VIP if self._is(Treatment.VIP) else self.client.priority,
                at_once=target.at_once,
                seconds=target.seconds,
                wait=target.wait,
                most_waiting=target.most_waiting,
                most_wait=target.most_wait,
                announce_every=target.announce_every,
                callback=target.callback,
                music=self.handling.music,
                reason=reason,
            )
        )

    def _forward(self, n: int, target: ToNumber, reason: str) -> None:
        refusal = check_number(target.number, self.policy.countries, self.directory.own_numbers)
        if refusal is not None:
            self._skip(n, target, refusal.reason)
            return
        self._music()
        self.steps.append(
            Forward(target.number, target.to, target.seconds, target.confirm, self.handling.music, reason)
        )

    def _announce(self, n: int, target: ToAnnouncement, reason: str) -> None:
        sound = self.closed_sound if target.sound is Sound.CLOSED else target.sound
        name = media(self.client, sound)
        if name is None:
            self._skip(n, target, f"the client has no announcement {sound.value!r}")
            return
        early = self.handling.begin is Greet.EARLY and not self.answered
        if not early:
            self._answer("the announcement is played on an answered call")
        self.steps.append(Announce(name, early, reason))

    def _music(self) -> None:
        if self.handling.music:
            self._answer("the caller hears music while others ring")

    def _answer(self, reason: str) -> None:
        if not self.answered:
            self.steps.append(Answer(reason))
            self.answered = True

    def _skip(self, n: int, target: Target, reason: str) -> None:
        self.skipped.append(Skipped(f"target {n} of the {self.name} chain ({target.to})", reason))

    def _ended(self) -> bool:
        return bool(self.steps) and isinstance(self.steps[-1], Machine | Hangup)

    def _finish(self) -> None:
        """Hang up where the chain does not, and never leave a caller in silence because of what was skipped."""
        if not self._ended():
            cause = NORMAL if self.answered else NO_ANSWER
            self.steps.append(Hangup(cause, f"end of the {self.name} chain, nobody answered"))
        if self.skipped and all(isinstance(step, Answer | Hangup) for step in self.steps):
            reason = "all that the caller could have heard was skipped"
            self.steps.insert(-1, Announce(NOBODY_AVAILABLE, early=not self.answered, reason=reason))

    def _reason(self, n: int) -> str:
        if n == 1:
            return f"first target of the {self.name} chain"
        return f"target {n} of the {self.name} chain, if those before it did not end the call"


def _handling(client: Client, state: OfficeState) -> tuple[Handling, str, Sound]:
    """The handling of a state, its name for people, and the sound that stands for `closed` in it."""
    if state is OfficeState.OPEN:
        return client.open, "open", Sound.CLOSED
    if state is OfficeState.CLOSED:
        return client.closed, "closed", Sound.CLOSED
    key, sound = _FALLBACKS[state]
    own: Handling | None = getattr(client, key)
    if own is not None:
        return own, str(state), Sound.CLOSED
    return client.closed, "closed", sound if sound in client.announcements else Sound.CLOSED
