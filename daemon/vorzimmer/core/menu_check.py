"""What is wrong with voice menus before any caller is in them: dead ends, endless circles, menus that nobody reaches.

A circle is endless if it needs no key: whoever presses nothing must get out of every menu. What passes here ends for
every caller, whatever is pressed, once nothing more is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from vorzimmer.core.announcement import OPENING
from vorzimmer.core.handling import ToAnnouncement, ToBack, ToContact, ToGroup, ToMenu
from vorzimmer.core.menu import OTHERWISE, Menu, MenuTarget, targets_in
from vorzimmer.core.menu_paths import Chains, Paths, is_last

ON_CALL = "rota"
"""In place of a contact: whoever is on call."""

MOST_LEVELS = 5
"""Menus one behind another; who has listened to so many shall not have to listen to one more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence for people. `menu` and `key` (or `otherwise`) say where, if it is in one."""

    text: str
    menu: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What exists beside the menus, by id; None: not known here, so nothing is said about it.

    `on_call`: whether there is a rota. `sounds`: announcements that callers can hear.
    """

    contacts: Container[str] = ()
    on_call: bool = False
    groups: Container[str] | None = None
    sounds: Container[str] | None = None


def faults(menus: Sequence[Menu], chains: Chains, known: Known) -> tuple[Fault, ...]:
    """Everything that keeps these menus from being saved, in the order of the menus; nothing is good."""
    if not menus and not any(isinstance(target, ToMenu | ToContact) for chain in chains.values() for target in chain):
        return ()  # as most clients are, of whom a start reads thousands
    paths = Paths(menus, chains)
    found = [
        *_repeated(menus),
        *_in_chains(chains, paths.menus, known),
        *_ends(menus),
        *_missing(menus, paths.menus, known),
        *_nowhere_back(paths),
        *_circles(paths),
        *_unreached(paths),
        *_trapped(paths),
    ]
    order = {menu.id: n for n, menu in enumerate(menus)}
    return tuple(sorted(dict.fromkeys(found), key=lambda fault: order.get(fault.menu or "", -1)))


def require_faultless(menus: Sequence[Menu], chains: Chains, known: Known) -> None:
    """Raises ValueError with all faults, if there is one."""
    if found := faults(menus, chains, known):
        raise ValueError("; ".join(fault.text for fault in found))


# Each menu on its own


def _repeated(menus: Iterable[Menu]) -> Iterator[Fault]:
    for name, times in Counter(menu.id for menu in menus).items():
        if times > 1:
            yield Fault(f"menu {name!r} stands {times} times", name)


def _ends(menus: Iterable[Menu]) -> Iterator[Fault]:
    for menu in menus:
        if not menu.keys:
            yield Fault(f"menu {menu.id!r} has no keys", menu.id)
        for key, branch in menu.branches:
            if not branch and key != OTHERWISE:
                yield _at(menu, key, "leads to nothing")
            last = next((n for n, target in enumerate(branch, 1) if is_last(target, menu.id)), len(branch))
            if last < len(branch):
                yield _at(menu, key, f"nobody gets behind {branch[last - 1].to!r}, so what stands there is for nobody")


def _in_chains(chains: Chains, menus: Container[str], known: Known) -> Iterator[Fault]:
    for name, chain in chains.items():
        for n, target in enumerate(chain, 1):
            missing = _missing_of(target, menus, known) if isinstance(target, ToMenu | ToContact) else None
            if missing is not None:
                yield Fault(f"{name}.chain[{n}]: {missing}")


def _missing(menus: Sequence[Menu], ids: Container[str], known: Known) -> Iterator[Fault]:
    for menu in menus:
        for what, name in (("prompt", menu.prompt), ("sound for a wrong key", menu.wrong)):
            if name is not None and known.sounds is not None and name not in known.sounds:
                yield Fault(f"menu {menu.id!r}: its {what}, the announcement {name!r}, has no sound yet", menu.id)
    for menu, key, _, target in targets_in(menus):
        if (missing := _missing_of(target, ids, known)) is not None:
            yield _at(menu, key, missing)


def _missing_of(target: MenuTarget, menus: Container[str], known: Known) -> str | None:
    match target:
        case ToMenu() if target.menu not in menus:
            return f"there is no menu {target.menu!r}"
        case ToContact() if target.contact == ON_CALL and ON_CALL not in known.contacts:
            return None if known.on_call else "there is no rota"
        case ToContact() if target.contact not in known.contacts:
            return f"there is no contact {target.contact!r}"
        case ToGroup() if known.groups is not None and target.group not in known.groups:
            return f"there is no group {target.group!r}"
        case ToAnnouncement() if known.sounds is not None:
            names = [name for name in (target.sound, *target.then) if name != OPENING]
            silent = next((name for name in names if name not in known.sounds), None)
            return None if silent is None else f"the announcement {silent!r} has no sound yet"
        case _:
            return None


# All menus together


def _nowhere_back(paths: Paths) -> Iterator[Fault]:
    for menu, key, _, target in targets_in(paths.menus.values()):
        if isinstance(target, ToBack) and (menu.id in paths.entered or not paths.parents[menu.id]):
            yield _at(menu, key, "there is no menu before this one to go back to")


def _circles(paths: Paths) -> Iterator[Fault]:
    for first, *others in paths.circles():
        over = f"goes in a circle over {', '.join(map(repr, others))}" if others else "asks the same again"
        yield _at(paths.menus[first], OTHERWISE, f"it {over}, so that who presses nothing never gets out")


def _unreached(paths: Paths) -> Iterator[Fault]:
    levels = paths.levels()
    for name in paths.menus:
        if name not in levels:
            yield Fault(f"menu {name!r}: no chain and no key leads to it", name)
        elif levels[name] > MOST_LEVELS:
            yield Fault(f"menu {name!r} lies behind {levels[name] - 1} others; at most {MOST_LEVELS - 1} may", name)


def _trapped(paths: Paths) -> Iterator[Fault]:
    for name in paths.traps():
        yield Fault(f"menu {name!r}: whatever is pressed, there is no way out but hanging up", name)


def _at(menu: Menu, key: str, what: str) -> Fault:
    where = "when nothing is pressed" if key == OTHERWISE else f"key {key}"
    return Fault(f"menu {menu.id!r}, {where}: {what}", menu.id, key)
