"""Where in its plan a call is, and where it goes from there: down the chain, into menus, and out of them again.

A menu is entered where the chain or a key names it. What stands behind the key that the caller presses is done next;
whoever is not served there goes on behind the place where the menu was entered. A menu in which the caller is already
is not entered a second time: the caller is asked there again, and what was begun since is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vorzimmer.core.menu import OTHERWISE
from vorzimmer.core.plan import Ask, Back, Deed, Menu, Plan, Step

OUT = "out"
"""In place of a key: the caller has been asked often enough, and goes on behind all menus."""

MOST_ASKED = 40
"""Menus that a caller is asked in one call; a telephone that presses keys for ever gets no further."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A menu that the caller is in. `key`: what was pressed there, None while it is asked for; `n`: the step there."""

    menu: str
    key: str | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a plan: the nth step of the chain, and the menus entered there, the outermost first."""

    n: int
    turns: tuple[Turn, ...] = ()


def begin(plan: Plan, n: int = 0) -> Place | None:
    """The first place at which there is something to do, from the nth step of the chain on; None: there is nothing."""
    return _settled(plan, Place(n))


def deed_at(plan: Plan, place: Place) -> Deed:
    """What is to be done there. The place is one of those that this module gives out for this plan."""
    if place.turns and place.turns[-1].key is None:
        return plan.menus[place.turns[-1].menu]
    deed = _row(plan, place)[_index(place)]
    if isinstance(deed, Menu | Back):
        raise TypeError("nothing is done at a place where a menu is entered or left")
    return deed


def onward(plan: Plan, place: Place, pressed: str = OTHERWISE) -> Place | None:
    """Where the call goes on when it was not served there; None: nowhere. `pressed`: what a menu's answer was."""
    if not _is_asked(place):
        return _settled(plan, _next(place))
    if pressed == OUT:
        return begin(plan, place.n + 1)
    *outer, asked = place.turns
    key = pressed if pressed in plan.menus[asked.menu].keys else OTHERWISE
    return _settled(plan, Place(place.n, (*outer, Turn(asked.menu, key))))


def places(plan: Plan) -> Iterator[tuple[Place, Deed]]:
    """Every place where something is done: the chain's, then those in menus, each as if its menu were the first."""
    entered = None
    for n, step in enumerate(plan.steps):
        if isinstance(step, Menu):
            entered = n if entered is None else entered
        elif not isinstance(step, Back):
            yield Place(n), step
    if entered is None:
        return
    for ask in plan.menus.values():
        yield Place(entered, (Turn(ask.menu),)), ask
        for key in (*ask.keys, OTHERWISE):
            for n, step in enumerate(branch(ask, key)):
                if not isinstance(step, Menu | Back):
                    yield Place(entered, (Turn(ask.menu, key, n),)), step


def branch(ask: Ask, key: str) -> tuple[Step, ...]:
    """What is done when the key was pressed, or none."""
    return ask.otherwise if key == OTHERWISE else ask.keys[key]


def still(plan: Plan, place: Place) -> Place | None:
    """The place in a plan whose menus may be others by now. Where they end, the caller is asked in the last of them."""
    kept: list[Turn] = []
    turns = place.turns if isinstance(_nth(plan.steps, place.n), Menu) else ()
    for turn, inner in zip(turns, (*turns[1:], None), strict=False):
        if turn.menu not in plan.menus:
            break
        kept.append(turn)
        if not _leads_on(plan.menus[turn.menu], turn, inner):
            kept[-1] = Turn(turn.menu)
            break
    if kept and kept[-1].key is None:
        return Place(place.n, tuple(kept))
    return _settled(plan, Place(place.n, tuple(kept)))


def _leads_on(ask: Ask, turn: Turn, inner: Turn | None) -> bool:
    """Whether there is still something at this turn of the menu, and the next menu, if there is one."""
    if turn.key is None:
        return True
    step = _nth(branch(ask, turn.key), turn.n) if turn.key in (*ask.keys, OTHERWISE) else None
    return step is not None and (inner is None or (isinstance(step, Menu) and step.menu == inner.menu))


# What the ledger says of a place


def told(place: Place) -> dict[str, Any]:
    """As the ledger says it: `n`, and the menus as lists of menu, key and how far behind it, if there are any."""
    turns = [[turn.menu, turn.key, turn.n] for turn in place.turns]
    return {"n": place.n, **({"menus": turns} if turns else {})}


def read(data: Mapping[str, Any]) -> Place:
    """The inverse of `told`; of what another version may have written as much as can be read."""
    return Place(int(data.get("n", 0)), tuple(Turn(str(menu), key, int(n)) for menu, key, n in data.get("menus", ())))


# The steps among which a place counts


def _is_asked(place: Place) -> bool:
    return bool(place.turns) and place.turns[-1].key is None


def _row(plan: Plan, place: Place) -> tuple[Step, ...]:
    if not place.turns:
        return plan.steps
    last = place.turns[-1]
    return branch(plan.menus[last.menu], last.key or OTHERWISE)


def _index(place: Place) -> int:
    return place.turns[-1].n if place.turns else place.n


def _nth(steps: Sequence[Step], n: int) -> Step | None:
    return steps[n] if 0 <= n < len(steps) else None


def _next(place: Place) -> Place:
    if not place.turns:
        return Place(place.n + 1)
    *outer, last = place.turns
    return Place(place.n, (*outer, replace(last, n=last.n + 1)))


def _settled(plan: Plan, place: Place) -> Place | None:
    """The place itself if something is done there; else the menu that is entered, or what stands behind an end."""
    while True:
        step = _nth(_row(plan, place), _index(place))
        if isinstance(step, Menu):
            return _entered(place, step.menu)
        if isinstance(step, Back):
            return _back(place)
        if step is not None:
            return place
        if not place.turns:
            return None
        place = _next(Place(place.n, place.turns[:-1]))


def _entered(place: Place, menu: str) -> Place:
    inside = [turn.menu for turn in place.turns]
    outer = place.turns[: inside.index(menu)] if menu in inside else place.turns
    return Place(place.n, (*outer, Turn(menu)))


def _back(place: Place) -> Place:
    """The menu before this one; without one this menu again."""
    turns = place.turns[:-1] or place.turns
    return Place(place.n, (*turns[:-1], Turn(turns[-1].menu)))
