"""Voice menus drawn: stations and the keys that lead from one to the next, for a picture; and as a tree of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vorzimmer.core.handling import ToBack, ToMenu
from vorzimmer.core.menu import Menu, MenuTarget
from vorzimmer.core.menu_check import Fault
from vorzimmer.core.menu_paths import Chains, Paths

Label = Callable[[str, MenuTarget | None], str]
"""What stands at a station: of a kind of target, and the target itself; or of a chain, by its name."""


@dataclass(frozen=True, slots=True)
class Node:
    """A station. `kind`: `start` where a chain begins, else as a target's `to`. `problem`: what is wrong there."""

    id: str
    kind: str
    label: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A way. `key`: by which it is gone, `otherwise` if by none; empty: by itself, when nobody was served before."""

    source: str
    target: str
    key: str


@dataclass(slots=True)
class Picture:
    """Every station once, and the ways between them."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def picture(menus: Sequence[Menu], chains: Chains, faults: Iterable[Fault], label: Label) -> Picture:
    """The menus, and the chains that lead to them. What does not exist is not drawn."""
    paths = Paths(menus, chains)
    drawing = _Drawing(paths, tuple(faults), label)
    for name, chain in chains.items():
        if any(isinstance(target, ToMenu) for target in chain):
            drawing.made.nodes.append(Node(name, "start", label(name, None)))
            drawing.row(name, name, "", chain, ())
    for menu in paths.menus.values():
        text = drawing.wrong_with(menu.id, None)
        drawing.made.nodes.append(Node(_id(menu.id), "menu", menu.title, text))
        for key, branch in menu.branches:
            drawing.row(_id(menu.id), f"{menu.id}/{key}", key, branch, paths.parents[menu.id])
    return drawing.made


@dataclass(slots=True)
class _Drawing:
    paths: Paths
    faults: tuple[Fault, ...]
    label: Label
    made: Picture = field(default_factory=Picture)

    def row(self, begin: str, name: str, key: str, targets: Iterable[MenuTarget], before: Iterable[str]) -> None:
        """Targets one after another, from a station on. `before`: the menus to which one goes back."""
        menu, _, pressed = name.partition("/")
        problem = self.wrong_with(menu, pressed) if pressed else None
        here = begin
        for n, target in enumerate(targets, 1):
            if isinstance(target, ToMenu | ToBack):
                leads = [target.menu] if isinstance(target, ToMenu) else [*before]
                known = [_id(one) for one in leads if one in self.paths.menus]
                self.made.edges += [Edge(here, one, key) for one in known]
                here = known[0] if known else here
            else:
                station = f"{name}/{n}"
                self.made.nodes.append(Node(station, target.to, self.label(target.to, target), problem))
                self.made.edges.append(Edge(here, station, key))
                here = station
            key = ""

    def wrong_with(self, menu: str, key: str | None) -> str | None:
        """What is wrong behind a key of a menu; None: with the menu, also behind keys that have no station."""
        branches = self.paths.menus[menu].branches if menu in self.paths.menus else ()
        drawn = {one for one, branch in branches if any(not isinstance(target, ToMenu | ToBack) for target in branch)}
        texts = [
            fault.text
            for fault in self.faults
            if fault.menu == menu and (fault.key if fault.key in drawn else None) == key
        ]
        return "; ".join(texts) or None


def tree(menus: Sequence[Menu], chains: Chains, label: Label) -> Iterator[str]:
    """The menus as indented lines, from each chain that leads to some; a menu that was told above is only named."""
    known = {menu.id: menu for menu in menus}
    told: set[str] = set()
    for name, chain in chains.items():
        if any(isinstance(target, ToMenu) for target in chain):
            yield label(name, None)
            yield from _branch(chain, known, told, label, "  ")


def _branch(
    targets: Iterable[MenuTarget], known: dict[str, Menu], told: set[str], label: Label, indent: str
) -> Iterator[str]:
    for target in targets:
        menu = known.get(target.menu) if isinstance(target, ToMenu) else None
        if menu is None:
            yield f"{indent}{label(target.to, target)}"
        elif menu.id in told:
            yield f"{indent}{label(target.to, target)}, as above"
        else:
            told.add(menu.id)
            yield f"{indent}{label(target.to, target)}: {menu.title}"
            for key, branch in menu.branches:
                yield f"{indent}  {key}{'' if branch else ': on behind the menu'}"
                yield from _branch(branch, known, told, label, f"{indent}    ")


def _id(menu: str) -> str:
    return f"menu:{menu}"
