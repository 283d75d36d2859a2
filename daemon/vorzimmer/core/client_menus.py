"""A client's voice menus beside everything else that it has: what is wrong with them, and other ones in their place."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from vorzimmer.core.announcement import Sound
from vorzimmer.core.client import Client, names_played
from vorzimmer.core.menu import Menu
from vorzimmer.core.menu_check import Fault, Known, faults


def faults_of(
    client: Client,
    menus: Sequence[Menu] | None = None,
    *,
    groups: Container[str] | None = None,
    versions: Iterable[str] = (),
) -> tuple[Fault, ...]:
    """What is wrong with the client's menus, or with these in their place.

    `groups`: of the house, by id; None: not asked. `versions`: names of announcements of which a version is approved
    that the client's own `versions` do not tell of.
    """
    known = Known(
        contacts={contact.id for contact in client.contacts},
        on_call=client.rota is not None,
        groups=groups,
        sounds={*client.announcements, *client.versions, *versions},
    )
    empty = [name for name, chain in client.chains.items() if not chain]
    nothing = (Fault(f"{name}.chain: nothing is left in it for callers") for name in empty)
    return (*nothing, *faults(client.menus if menus is None else menus, client.chains, known))


def with_menus(client: Client, menus: Sequence[Menu]) -> Mapping[str, Any]:
    """The fields of the client that change with these menus: files that nothing plays any more go with them."""
    played = names_played({**dict(client), "menus": menus})
    kept = {name: file for name, file in client.announcements.items() if name in list(Sound) or name in played}
    return {"menus": [menu.model_dump() for menu in menus], "announcements": kept}
