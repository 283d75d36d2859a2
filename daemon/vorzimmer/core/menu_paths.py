"""How a client's chains and voice menus lead to one another, whoever presses what."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from vorzimmer.core.handling import ToBack, ToHangup, ToMachine, ToMenu
from vorzimmer.core.menu import Menu, MenuTarget, targets_in

Chains = Mapping[str, Sequence[MenuTarget]]
"""The chains of the client's handlings, by the name of each."""


class Paths:
    """`entered`: the menus to which a chain leads; `parents`: by menu, the other menus from which it is entered."""

    def __init__(self, menus: Iterable[Menu], chains: Chains) -> None:
        self.menus = {menu.id: menu for menu in menus}
        self.chains = chains
        self.entered = {target.menu for chain in chains.values() for target in chain if isinstance(target, ToMenu)}
        self.parents: dict[str, list[str]] = {name: [] for name in self.menus}
        for menu, _, _, target in targets_in(self.menus.values()):
            if isinstance(target, ToMenu) and target.menu in self.menus and target.menu != menu.id:
                self.parents[target.menu].append(menu.id)

    def levels(self) -> dict[str, int]:
        """The menus that can be reached, and how many a caller has heard by then at least, this one counted."""
        found = {name: 1 for name in self.menus if name in self.entered}
        ahead = deque(found)
        while ahead:
            name = ahead.popleft()
            for _, _, _, target in targets_in([self.menus[name]]):
                for following in self._following(name, target):
                    if following not in found:
                        found[following] = found[name] + 1
                        ahead.append(following)
        return found

    def circles(self) -> Iterator[list[str]]:
        """The menus that lead back to where they began although nothing is pressed: one circle for each way back."""
        done: set[str] = set()
        for start in self.menus:
            way = [] if start in done else [start]
            ahead = [iter(self._silent(name)) for name in way]
            while way:
                following = next(ahead[-1], None)
                if following is None:
                    ahead.pop()
                    done.add(way.pop())
                elif following in way:
                    yield way[way.index(following) :]
                elif following not in done:
                    way.append(following)
                    ahead.append(iter(self._silent(following)))

    def traps(self) -> list[str]:
        """The menus from which nothing but menus can be reached, and the end of the call."""
        out: set[str] = set()
        behind: set[str] = set()
        while True:
            more_behind = {name for name in self.menus if name not in behind and self._is_way_behind(name, out, behind)}
            more_out = {name for name in self.menus if name not in out and self._is_way_out(name, out, behind)}
            if not more_behind | more_out:
                return [name for name in self.levels() if name not in out]
            behind |= more_behind
            out |= more_out

    def _silent(self, name: str) -> list[str]:
        """Where a caller may be next who presses nothing."""
        return [one for target in self.menus[name].otherwise for one in self._following(name, target)]

    def _following(self, name: str, target: MenuTarget) -> Collection[str]:
        """The menus in which a caller may be next by a target of this menu."""
        if isinstance(target, ToMenu):
            return (target.menu,) if target.menu in self.menus else ()
        return self.parents[name] if isinstance(target, ToBack) else ()

    def _is_way_out(self, name: str, out: Collection[str], behind: Collection[str]) -> bool:
        branches = [branch for _, branch in self.menus[name].branches]
        if any(self._serves(branch, out, self.parents[name]) for branch in branches):
            return True
        return name in behind and any(not ends(branch, name) for branch in branches)

    def _is_way_behind(self, name: str, out: Collection[str], behind: Collection[str]) -> bool:
        """Whether somebody is there for who is not served in the menu, where it is entered."""
        for chain in self.chains.values():
            if any(self._serves(rest, out, ()) for rest in _behind(chain, name)):
                return True
        for menu in self.menus.values():
            for _, branch in menu.branches:
                for rest in _behind(branch, name):
                    if self._serves(rest, out, self.parents[menu.id]):
                        return True
                    if menu.id in behind and not ends(rest, menu.id):
                        return True
        return False

    def _serves(self, branch: Iterable[MenuTarget], out: Collection[str], before: Collection[str]) -> bool:
        """Whether a person, a sound or the answering machine is among these targets, or a menu that leads there.

        `before`: the menus to which one goes back from there.
        """
        for target in branch:
            match target:
                case ToHangup():
                    return False
                case ToBack():
                    return any(one in out for one in before)
                case ToMenu():
                    if target.menu in out:
                        return True
                case _:
                    return True
        return False


def is_last(target: MenuTarget, menu: str) -> bool:
    """Whether nothing behind it is ever done: it ends the call, or leaves for a menu in which the caller is already."""
    return isinstance(target, ToMachine | ToHangup | ToBack) or (isinstance(target, ToMenu) and target.menu == menu)


def ends(branch: Iterable[MenuTarget], menu: str) -> bool:
    """Whether nobody who is not served there goes on behind the menu."""
    return any(is_last(target, menu) for target in branch)


def _behind(branch: Sequence[MenuTarget], menu: str) -> Iterator[Sequence[MenuTarget]]:
    """What follows wherever the menu is entered."""
    return (branch[n:] for n, target in enumerate(branch, 1) if isinstance(target, ToMenu) and target.menu == menu)
