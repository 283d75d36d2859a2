"""A voice menu as data: what is said, which key leads where, and what happens when none is pressed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from vorzimmer.core.announcement import OPENING, Name
from vorzimmer.core.handling import Target, ToAnnouncement, ToBack
from vorzimmer.core.model import Model, Slug

MOST_MENUS = 50
"""Of one client. Every call of a client with menus has all of them in its plan."""

MenuTarget = Annotated[Target | ToBack, Field(discriminator="to")]

Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
"""What a telephone has."""

Targets = Annotated[tuple[MenuTarget, ...], Field(max_length=5)]
"""One after another, until the caller is served."""

KEYPAD = "1234567890*#"


def _in_order(keys: dict[str, Targets]) -> dict[str, Targets]:
    """As on a telephone, in whatever order they were written or the database gives them back."""
    return dict(sorted(keys.items(), key=lambda one: KEYPAD.index(one[0])))


OTHERWISE = "otherwise"
"""In place of a key: none of the menu's was pressed, however often it was asked for."""


class Menu(Model):
    """What callers are asked. `title`: for people; `prompt`: the announcement that names the keys.

    Who presses none of the `keys` within `timeout` seconds of the prompt's end, or a wrong one, hears the prompt again,
    `repeats` times at most; then comes `otherwise`. `wrong`: the announcement after a wrong key; none: Asterisk's own.
    Who is not served there goes on behind the menu.
    """

    id: Slug
    title: Annotated[str, Field(min_length=1, max_length=80)]
    prompt: Name
    wrong: Name | None = None
    timeout: Annotated[int, Field(ge=1, le=60)] = 5
    repeats: Annotated[int, Field(ge=0, le=5)] = 2
    keys: Annotated[dict[Key, Targets], AfterValidator(_in_order)] = Field(default={})
    otherwise: Targets = ()

    @property
    def branches(self) -> Iterator[tuple[str, tuple[MenuTarget, ...]]]:
        """What stands behind each key, and last behind none."""
        yield from self.keys.items()
        yield OTHERWISE, self.otherwise


Menus = Annotated[tuple[Menu, ...], Field(max_length=MOST_MENUS)]


def targets_in(menus: Iterable[Menu]) -> Iterator[tuple[Menu, str, int, MenuTarget]]:
    """Every target in these menus: whose, behind which key, and which one there from 1."""
    for menu in menus:
        for key, branch in menu.branches:
            for n, target in enumerate(branch, 1):
                yield menu, key, n, target


def names_in(menus: Iterable[Menu]) -> set[str]:
    """The names of announcements that these menus play."""
    everyone = tuple(menus)
    said = {name for menu in everyone for name in (menu.prompt, menu.wrong) if name is not None}
    for _, _, _, target in targets_in(everyone):
        if isinstance(target, ToAnnouncement):
            said |= {name for name in (target.sound, *target.then) if name != OPENING}
    return said
