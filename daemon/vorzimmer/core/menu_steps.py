"""The menus of a plan: those to which its steps lead, with what stands behind each key as steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from vorzimmer.core.client import Client
from vorzimmer.core.media import NOT_UNDERSTOOD, media
from vorzimmer.core.menu import OTHERWISE, Menu, MenuTarget
from vorzimmer.core.plan import Ask, Skipped, Step
from vorzimmer.core.plan import Menu as Enter
from vorzimmer.core.row import Circumstances, Row


def playable(client: Client, at: datetime) -> frozenset[str]:
    """The menus whose prompt has a sound at `at` (aware). The others are left out: nobody can know their keys."""
    return frozenset(menu.id for menu in client.menus if media(client, menu.prompt, at) is not None)


def menus_behind(steps: Iterable[Step], given: Circumstances) -> tuple[dict[str, Ask], list[Skipped]]:
    """The menus that callers can come to from these steps, by id; and what is left out in them."""
    known = {menu.id: menu for menu in given.client.menus}
    found: dict[str, Ask] = {}
    skipped: list[Skipped] = []
    ahead = deque(_entered(steps))
    while ahead:
        name = ahead.popleft()
        if name in found:
            continue
        ask, left_out = _ask(known[name], given)
        found[name] = ask
        skipped += left_out
        ahead += [one for branch in (*ask.keys.values(), ask.otherwise) for one in _entered(branch)]
    return found, skipped


def _entered(steps: Iterable[Step]) -> list[str]:
    return [step.menu for step in steps if isinstance(step, Enter)]


def _ask(menu: Menu, given: Circumstances) -> tuple[Ask, list[Skipped]]:
    branches: dict[str, tuple[Step, ...]] = {}
    skipped: list[Skipped] = []
    for key, targets in menu.branches:
        where = f"menu {menu.id!r}, {'no key' if key == OTHERWISE else f'key {key}'}"
        branches[key], left_out = _steps(targets, where, given)
        skipped += left_out
    prompt = media(given.client, menu.prompt, given.at)
    wrong = media(given.client, menu.wrong, given.at) if menu.wrong is not None else None
    return Ask(
        menu=menu.id,
        title=menu.title,
        prompt=(prompt,) if prompt is not None else (),
        wrong=(wrong or NOT_UNDERSTOOD,),
        timeout=menu.timeout,
        repeats=menu.repeats,
        otherwise=branches.pop(OTHERWISE),
        keys=branches,
        reason=f"the caller is asked for a key of menu {menu.id!r}",
    ), skipped


def _steps(targets: Iterable[MenuTarget], where: str, given: Circumstances) -> tuple[tuple[Step, ...], list[Skipped]]:
    """Who presses a key has been answered."""
    row = Row(given, where, answered=True)
    for n, target in enumerate(targets, 1):
        row.add(n, target)
    return tuple(row.steps), row.skipped
