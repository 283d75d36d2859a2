"""The menu that callers hear first, in a chain of which the client's own people change nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vorzimmer.core.client import Client
from vorzimmer.core.handling import Target, ToAnnouncement, ToMenu

ENTRANCES = ("open", "closed")
"""The states of the office, as the client's fields call them, for which clients choose the first menu themselves."""


def first_menu(chain: Sequence[Target]) -> str | None:
    """The menu that callers hear before anything else but announcements; None: they hear no menu first."""
    _, menu, _ = _parted(chain)
    return menu


def with_first_menu(chain: Sequence[Target], menu: str | None) -> tuple[Target, ...]:
    """The chain with this menu first, in place of the one that is there now; None: with none.

    Announcements at its beginning stay before it, and all else where it is. Nothing is left of a chain of one menu.
    """
    before, _, behind = _parted(chain)
    entered = () if menu is None else (ToMenu(to="menu", menu=menu),)
    return (*before, *entered, *behind)


def first_menus(client: Client) -> dict[str, str | None]:
    """The first menu in each of the `ENTRANCES`."""
    return {name: first_menu(client.chains[name]) for name in ENTRANCES}


def led_into(client: Client, menus: Mapping[str, str | None]) -> Client:
    """The client whose callers hear these menus first, by entrance. Unchecked: see `client_menus.faults_of`."""
    handlings = {name: getattr(client, name) for name in menus}
    chains = {name: with_first_menu(handling.chain, menus[name]) for name, handling in handlings.items()}
    return client.model_copy(update={k: one.model_copy(update={"chain": chains[k]}) for k, one in handlings.items()})


def _parted(chain: Sequence[Target]) -> tuple[Sequence[Target], str | None, Sequence[Target]]:
    """The announcements that lead the chain, the menu right behind them, and the rest."""
    n = next((n for n, target in enumerate(chain) if not isinstance(target, ToAnnouncement)), len(chain))
    entered = chain[n] if n < len(chain) else None
    if isinstance(entered, ToMenu):
        return chain[:n], entered.menu, chain[n + 1 :]
    return chain[:n], None, chain[n:]
