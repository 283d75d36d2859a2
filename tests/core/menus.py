"""Menus, and the clients and plans that have them."""

from __future__ import annotations

from typing import Any

from tests.core.examples import DID, HOUSE, START, make_client, make_groups
from vorzimmer.core.acd import Pool
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.menu import Menu, names_in
from vorzimmer.core.plan import Incoming, Plan
from vorzimmer.core.routing import decide

QUEUE = {"to": "queue"}
GROUP = {"to": "group", "group": "first"}
MACHINE = {"to": "machine"}
CALLBACK = {"to": "callback"}
BACK = {"to": "back"}
HANGUP = {"to": "hangup"}
SAY = {"to": "announcement", "sound": "closed"}
MAIN = {"to": "menu", "menu": "main"}


def to(menu: str) -> dict[str, str]:
    """Into a menu."""
    return {"to": "menu", "menu": menu}


def menu(name: str, keys: dict[str, list[dict[str, Any]]], *otherwise: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A menu that is asked under its own name."""
    return {"id": name, "title": name.title(), "prompt": name, "keys": keys, "otherwise": otherwise, **more}


def with_menus(*menus: dict[str, Any], chain: tuple[dict[str, Any], ...] = (MAIN, MACHINE), **fields: Any) -> Client:
    """A client that is always open, with these menus and a sound for everything they play."""
    names = names_in(Menu.model_validate(one) for one in menus)
    return make_client(
        hours="always",
        open={"chain": list(chain)},
        menus=menus,
        announcements={**dict.fromkeys(names, "x.wav"), **fields.pop("announcements", {})},
        **fields,
    )


def planned(client: Client, **call: Any) -> Plan:
    """The plan of a call for this client."""
    directory = Directory(make_groups("first"), (client,))
    return decide(Incoming(**{"dialled": DID, **call}), directory, HOUSE, Pool(), START)
