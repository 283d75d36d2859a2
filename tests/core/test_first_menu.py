"""The menu that callers hear first is put into a chain, and taken out of it, and nothing else there moves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.menus import CALLBACK, HANGUP, MACHINE, MAIN, QUEUE, SAY, menu, to, with_menus
from vorzimmer.core.client_menus import faults_of
from vorzimmer.core.first_menu import first_menu, first_menus, led_into, with_first_menu
from vorzimmer.core.handling import Handling, Target, ToMenu

OTHER = to("other")


def chain_of(*targets: dict[str, Any]) -> tuple[Target, ...]:
    """As it is in a client."""
    return Handling.model_validate({"chain": targets}).chain


@pytest.mark.parametrize(
    ("before", "first", "after"),
    [
        ((QUEUE, MACHINE), "main", (MAIN, QUEUE, MACHINE)),
        ((SAY, SAY, MACHINE), "main", (SAY, SAY, MAIN, MACHINE)),
        ((SAY,), "main", (SAY, MAIN)),
        ((SAY, OTHER, QUEUE), "main", (SAY, MAIN, QUEUE)),
        ((MAIN, QUEUE), "main", (MAIN, QUEUE)),
        ((SAY, MAIN, QUEUE), None, (SAY, QUEUE)),
        # Who is not served by the queue comes into that menu: it is not heard first.
        ((QUEUE, MAIN), None, (QUEUE, MAIN)),
        ((QUEUE, MAIN), "other", (OTHER, QUEUE, MAIN)),
    ],
)
def test_a_menu_goes_behind_the_greeting(
    before: tuple[dict[str, Any], ...], first: str | None, after: tuple[dict[str, Any], ...]
) -> None:
    """In place of the one that was first; without one the chain begins with what stood behind it."""
    changed = with_first_menu(chain_of(*before), first)
    assert changed == chain_of(*after)
    assert first_menu(changed) == first


_targets = st.sampled_from([QUEUE, MACHINE, SAY, CALLBACK, HANGUP, MAIN, OTHER])
_chains = st.lists(_targets, min_size=1, max_size=8).map(lambda targets: chain_of(*targets))


@given(_chains, st.sampled_from([None, "main", "new"]))
def test_everything_else_stays(chain: tuple[Target, ...], menu: str | None) -> None:
    """In its order; saying again what holds changes nothing; who changes the mind is where it began."""
    was = first_menu(chain)
    changed = with_first_menu(chain, menu)
    others, kept = list(chain), list(changed)
    if was is not None:
        others.remove(ToMenu(to="menu", menu=was))
    if menu is not None:
        kept.remove(ToMenu(to="menu", menu=menu))
        assert first_menu(changed) == menu
        assert with_first_menu(changed, was) == chain
    assert kept == others
    assert with_first_menu(chain, was) == chain


def test_each_entrance_has_its_own() -> None:
    """The closed hours keep theirs; a chain that would be empty and one to no menu are told of."""
    client = with_menus(menu("main", {"1": [QUEUE]}), chain=(MAIN,))
    assert first_menus(client) == {"open": "main", "closed": None}
    both = led_into(client, {"open": "main", "closed": "main"})
    assert (both.open, both.closed.chain[1:]) == (client.open, chain_of(MAIN, MACHINE))
    assert faults_of(both) == ()
    none = led_into(client, {"open": None, "closed": None})
    assert [fault.text for fault in faults_of(none)] == [
        "open.chain: nothing is left in it for callers",
        "menu 'main': no chain and no key leads to it",
    ]
