"""Targets become steps: what a client asks for, in the light of what is known of this call."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from vorzimmer.core import acd, office_turns, spoken_time
from vorzimmer.core.announcement import OPENING, Sound
from vorzimmer.core.client import Client, Did
from vorzimmer.core.contact import Treatment
from vorzimmer.core.dialing import Policy, check_number
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import (
    ToAnnouncement,
    ToBack,
    ToCallback,
    ToContact,
    ToGroup,
    ToHangup,
    ToMachine,
    ToMenu,
    ToNumber,
    ToQueue,
)
from vorzimmer.core.media import LEAVE_A_MESSAGE, media
from vorzimmer.core.menu import MenuTarget
from vorzimmer.core.plan import (
    Announce,
    Answer,
    Back,
    CallBack,
    Forward,
    Hangup,
    Machine,
    Media,
    Menu,
    OfficeState,
    Queue,
    RingGroup,
    Skipped,
    Step,
)
from vorzimmer.core.serving import needs_of
from vorzimmer.core.targets import NotAllowed, attempts_at

VIP = 10
"""Before every priority that a client can have."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of the call. `policy`: the client's; `closed`: the sound that stands for `closed` in this state.

    `menus`: those that can be played now. `music`: who waits hears music instead of ringing.
    """

    client: Client
    did: Did
    state: OfficeState
    directory: Directory
    policy: Policy
    pool: acd.Pool
    treatment: Treatment | None
    at: datetime
    closed: Sound
    music: bool
    menus: Container[str]

    def media(self, name: str) -> Media | None:
        """The client's announcement; `closed` stands for what the state has instead."""
        return media(self.client, self.meant(name), self.at)

    def meant(self, name: str) -> str:
        """The name of the announcement that is played."""
        return str(self.closed if name == Sound.CLOSED else name)

    def refusal(self, number: str) -> str | None:
        """Why nobody is forwarded to this number (E.164); None: it may be dialled, as far as is known yet."""
        found = check_number(number, self.policy.countries, self.directory.own_numbers)
        return None if found is None else found.reason

    @property
    def priority(self) -> int:
        """Of the caller in the queue."""
        return VIP if self.treatment is Treatment.VIP else self.client.priority


@dataclass(slots=True)
class Row:
    """Steps in the making, of a chain or of what stands behind a key.

    `of`: what they belong to, for people. `early`: announcements may be played before the call is answered.
    """

    given: Circumstances
    of: str
    answered: bool = False
    early: bool = False
    steps: list[Step] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, n: int, target: MenuTarget) -> None:  # noqa: C901 - an arm for each kind, nothing else
        """The nth target, from 1."""
        reason = self._reason(n)
        match target:
            case ToGroup():
                self._ring(n, target, reason)
            case ToQueue():
                self._queue(target, reason)
            case ToNumber():
                self._forward(n, target, reason)
            case ToContact():
                self._contact(n, target, reason)
            case ToCallback():
                self._call_back(reason)
            case ToAnnouncement():
                self._announce(n, target, reason)
            case ToMenu():
                self._menu(n, target, reason)
            case ToBack():
                self.steps.append(Back(reason))
            case ToMachine():
                self.answer("the machine records on an answered call")
                greeting = self.given.media(Sound.MACHINE) or LEAVE_A_MESSAGE
                self.steps.append(Machine(greeting, target.max_seconds, target.silence, reason))
            case ToHangup():
                self.steps.append(Hangup(target.cause, reason))
            case _:
                assert_never(target)

    def answer(self, reason: str) -> None:
        """From here on the call is answered."""
        if not self.answered:
            self.steps.append(Answer(reason))
            self.answered = True

    def skip(self, n: int, target: MenuTarget, reason: str) -> None:
        """The nth target is left out."""
        self.skipped.append(Skipped(f"target {n} of {self.of} ({target.to})", reason))

    def ends(self) -> bool:
        """Whether nothing can come behind the last step."""
        return bool(self.steps) and isinstance(self.steps[-1], Machine | Hangup | Back)

    def _reason(self, n: int) -> str:
        if n == 1:
            return f"first target of {self.of}"
        return f"target {n} of {self.of}, if those before it did not end the call"

    def _wait_with_music(self) -> None:
        if self.given.music:
            self.answer("the caller hears music while others ring")

    # One kind of target each

    def _ring(self, n: int, target: ToGroup, reason: str) -> None:
        group = self.given.directory.groups.get(target.group)
        if group is None:
            self.skip(n, target, f"there is no group {target.group!r}")
            return
        offer = acd.choose(group.endpoints, self.given.pool)
        if offer.state != "free":
            reason = f"{reason}; {offer.reason} now, asked again when its turn comes"
        self._wait_with_music()
        self.steps.append(
            RingGroup(
                group=group.id,
                endpoints=group.endpoints,
                strategy=group.strategy,
                seconds=target.seconds,
                wait=target.wait,
                music=self.given.music,
                reason=reason,
            )
        )

    def _queue(self, target: ToQueue, reason: str) -> None:
        self._wait_with_music()
        self.steps.append(
            Queue(
                needs=needs_of(self.given.client, target.team),
                priority=self.given.priority,
                at_once=target.at_once,
                seconds=target.seconds,
                wait=target.wait,
                most_waiting=target.most_waiting,
                most_wait=target.most_wait,
                announce_every=target.announce_every,
                callback=target.callback,
                music=self.given.music,
                reason=reason,
            )
        )

    def _forward(self, n: int, target: ToNumber, reason: str) -> None:
        if (refusal := self.given.refusal(target.number)) is not None:
            self.skip(n, target, refusal)
            return
        self._wait_with_music()
        self.steps.append(Forward(target.number, target.to, target.seconds, target.confirm, self.given.music, reason))

    def _contact(self, n: int, target: ToContact, reason: str) -> None:
        """Each telephone that may be dialled, one after another; somebody must press 1, so that no voicemail counts."""
        try:
            tries = attempts_at(target.contact, self.given.client, self.given.at)
        except NotAllowed as error:
            self.skip(n, target, str(error))
            return
        for one in tries:
            if (refusal := self.given.refusal(one.target)) is not None:
                self.skip(n, target, refusal)
                continue
            self._wait_with_music()
            self.steps.append(
                Forward(one.target, "contact", one.seconds, confirm=True, music=self.given.music, reason=reason)
            )

    def _call_back(self, reason: str) -> None:
        """The agents are rung as for the first queue of the client's that says how."""
        self.answer("the caller is told on an answered call that it will be called")
        chains = self.given.client.chains.values()
        like = next((one for chain in chains for one in chain if isinstance(one, ToQueue)), ToQueue(to="queue"))
        needs = needs_of(self.given.client)
        self.steps.append(CallBack(needs, self.given.priority, like.at_once, like.seconds, reason))

    def _menu(self, n: int, target: ToMenu, reason: str) -> None:
        if target.menu not in self.given.menus:
            self.skip(n, target, f"the menu {target.menu!r} has no prompt that can be played now")
            return
        self.answer("keys are pressed on an answered call")
        self.steps.append(Menu(target.menu, reason))

    def _announce(self, n: int, target: ToAnnouncement, reason: str) -> None:
        if self.given.media(target.sound) is None:
            self.skip(n, target, f"the client has no announcement {self.given.meant(target.sound)!r}")
            return
        early = self.early and not self.answered
        if not early:
            self.answer("the announcement is played on an answered call")
        played, missing = self._parts(target)
        self.steps.append(Announce(played, early, reason))
        what = f"part of target {n} of {self.of} ({target.to})"
        self.skipped += [Skipped(what, why) for why in missing]

    def _parts(self, target: ToAnnouncement) -> tuple[tuple[Media, ...], list[str]]:
        """What is played in one go, and why parts of it are not."""
        names: tuple[str, ...] = (target.sound, *target.then)
        words, why = self._opening() if OPENING in target.then else ((), "")
        played: list[Media] = []
        missing: list[str] = []
        for place, name in enumerate(names):
            leads_up = place > 0 and names[place + 1 : place + 2] == (OPENING,)
            if name == OPENING:
                played += words
                missing += [why] if why else []
            elif (part := self.given.media(name)) is None:
                missing.append(f"the client has no announcement {self.given.meant(name)!r}")
            elif not (leads_up and why):
                played.append(part)
        return tuple(played), missing

    def _opening(self) -> tuple[tuple[Media, ...], str]:
        """The next opening in words, or why it cannot be told."""
        client, at = self.given.client, self.given.at
        if self.given.state is OfficeState.OPEN:
            return (), "the office is open, so no opening is told"
        opens = office_turns.next_opening(client, self.given.did, at)
        if opens is None:
            return (), f"the office does not open within {office_turns.DAYS_AHEAD} days"
        local = opens.astimezone(ZoneInfo(client.timezone))
        words = spoken_time.words(local, at.astimezone(local.tzinfo).date(), client.language)
        return (words, "") if words else ((), f"there is no spoken time in the language {client.language.value!r}")
