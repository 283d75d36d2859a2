"""`vorzimmer menu`: a client's menus as a tree, and what has become wrong with them."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from tests.core.menus import BACK, GROUP, MACHINE, MAIN, QUEUE, menu, to
from tests.store.books import book
from vorzimmer.store.book import BookConflict, save_book

MENUS = [
    menu("main", {"1": [{**QUEUE, "team": "orders"}, GROUP], "5": [to("dates")]}, MACHINE),
    menu("dates", {"0": [BACK], "9": [to("main")], "2": [{"to": "mobile", "number": "+491701112223"}]}),
]
CLIENT = {
    "id": "mueller",
    "dids": ["+4989123456"],
    "open": {"chain": [MAIN, MACHINE]},
    "menus": MENUS,
    "announcements": {"main": "x.wav", "dates": "x.wav"},
}


async def saved(dsn: str, *statements: str) -> None:
    """A house with a client that has menus, and one that has none."""
    conn = await asyncpg.connect(dsn)
    try:
        await save_book(conn, book(CLIENT, {"id": "plain", "dids": ["+4930123456"]}, groups=("first",)))
        for statement in statements:
            await conn.execute(statement)
    finally:
        await conn.close()


def test_the_tree(vorzimmer: Vorzimmer, dsn: str) -> None:
    """Each menu where a caller comes to it first, its keys, and what stands behind them."""
    asyncio.run(saved(dsn))
    shown = vorzimmer("menu", "show", "mueller")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        "Open",
        "  Menu: main: Main",
        "    1",
        "      To us: orders",
        "      Group: first",
        "    5",
        "      Menu: dates: Dates",
        "        2",
        "          Mobile: 0170 1112223",
        "        9",
        "          Menu: main, as above",
        "        0",
        "          Back",
        "        otherwise: on behind the menu",
        "    otherwise",
        "      Answering machine",
        "  Answering machine",
    ]
    assert vorzimmer("menu", "show", "plain").stdout == "no menus\n"
    assert "no client 'nobody'" in vorzimmer("menu", "show", "nobody").stderr


def test_what_has_become_wrong(vorzimmer: Vorzimmer, dsn: str) -> None:
    """A group or a sound that has gone since the menus were saved is told, and the exit code says so."""
    asyncio.run(saved(dsn))
    assert vorzimmer("menu", "check").exit_code == 0
    asyncio.run(saved(dsn, "DELETE FROM client_group", "UPDATE client SET data = data - 'announcements'"))
    told = vorzimmer("menu", "check", "mueller")
    assert told.exit_code == 1
    assert told.stderr.splitlines() == [
        "mueller: menu 'main': its prompt, the announcement 'main', has no sound yet",
        "mueller: menu 'main', key 1: there is no group 'first'",
        "mueller: menu 'dates': its prompt, the announcement 'dates', has no sound yet",
    ]
    assert vorzimmer("menu", "check", "plain").exit_code == 0


def test_the_route_tells_the_menus(vorzimmer: Vorzimmer, dsn: str) -> None:
    """What a caller is asked, what each key does, and what is left out now."""
    asyncio.run(saved(dsn))
    shown = vorzimmer("route", "+4989123456", "--at", "2026-03-02T10:00")
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert "2  menu main" in lines
    assert "menu main (Main)" in lines
    assert "lib:mueller/main; 5 s for a key, asked 3 times at most" in lines
    assert any(line.startswith("key 1: queue for up to 300 s") and "of team orders" in line for line in lines)
    assert "key 0: back to the menu before" in lines
    as_json = json.loads(vorzimmer("route", "+4989123456", "--json").stdout)
    assert as_json["menus"]["main"]["keys"]["5"][0]["menu"] == "dates"
    assert as_json["menus"]["main"]["otherwise"][0]["step"] == "Machine"


def test_a_menu_without_a_sound_is_not_saved(dsn: str) -> None:
    """Neither by a file nor by a page; one that was approved beside the book counts."""
    asyncio.run(saved(dsn))
    silent = book({**CLIENT, "announcements": {"main": "x.wav"}}, groups=("first",))

    async def again(*statements: str) -> None:
        conn = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await conn.execute(statement)
            await save_book(conn, silent)
        finally:
            await conn.close()

    with pytest.raises(BookConflict, match="client 'mueller': menu 'dates': its prompt"):
        asyncio.run(again())
    version = '{"dates": [{"item": "0123456789abcdef", "since": "2026-11-01T00:00:00+00:00"}]}'
    asyncio.run(again(f"UPDATE client SET versions = '{version}' WHERE id = 'mueller'"))  # noqa: S608 - this test's own
