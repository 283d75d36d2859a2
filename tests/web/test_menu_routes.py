"""Voice menus over the API: read, tried, saved whole or not at all, and drawn."""

from __future__ import annotations

from typing import Any

from tests.core.menus import BACK, CALLBACK, MACHINE, MAIN, QUEUE, menu, to
from tests.store.books import book
from tests.web.portal_house import PortalHouse
from tests.web.test_client_day import get, send
from vorzimmer.core.model import STORED
from vorzimmer.store import audit
from vorzimmer.store.book import load_book, save_book

CHIEF = {"to": "contact", "contact": "chief"}
MAIN_MENU = menu("main", {"1": [QUEUE, CHIEF], "5": [to("dates")]}, CALLBACK)
DATES = menu("dates", {"0": [BACK], "2": [QUEUE]})


async def furnished(portal: PortalHouse) -> None:
    """Kanzlei Müller's callers come into a menu, and then to the machine."""
    _, now = await load_book(portal.conn)
    client = next(one for one in now.client if one.id == "mueller")
    sounds = {"main": "x.wav", "dates": "x.wav"}
    changed = {"open": {"chain": [MAIN, MACHINE]}, "menus": [MAIN_MENU, DATES], "announcements": sounds}
    await save_book(portal.conn, book({**client.model_dump(mode="json"), **changed}))
    await portal.refresh()


async def test_menus_are_read_and_drawn(portal: PortalHouse) -> None:
    """Every station once, in the reader's language, with the keys that lead there."""
    await furnished(portal)
    shown = await get(await portal.inside("erika"), "/menus")
    assert [one["id"] for one in shown["menus"]] == ["main", "dates"]
    assert shown["menus"][0]["keys"]["5"] == [to("dates")]
    assert shown["problems"] == []
    labels = {node["id"]: node["label"] for node in shown["picture"]["nodes"]}
    assert labels == {
        "open": "Geöffnet",
        "open/2": "Anrufbeantworter",
        "menu:main": "Main",
        "main/1/1": "Zu uns",
        "main/1/2": "Ansprechpartner: Frau Müller",
        "main/otherwise/1": "Rückruf",
        "menu:dates": "Dates",
        "dates/2/1": "Zu uns",
    }
    ways = {(edge["from"], edge["key"], edge["to"]) for edge in shown["picture"]["edges"]}
    assert {
        ("open", "", "menu:main"),
        ("menu:main", "", "open/2"),
        ("menu:main", "1", "main/1/1"),
        ("main/1/1", "", "main/1/2"),
        ("menu:main", "5", "menu:dates"),
        ("menu:dates", "0", "menu:main"),
        ("menu:main", "otherwise", "main/otherwise/1"),
    } < ways
    english = await get(await portal.inside("max"), "/menus")
    assert {"Open", "Call back", "Contact: Frau Müller"} < {node["label"] for node in english["picture"]["nodes"]}


async def test_what_is_wrong_is_said_before_it_is_saved(portal: PortalHouse) -> None:
    """At the station where it is wrong; and a change with a fault is not saved, whoever sends it."""
    await furnished(portal)
    erika = await portal.inside("erika")
    shown = await get(erika, "/menus")
    faulty = {**MAIN_MENU, "keys": {"1": [{"to": "contact", "contact": "x"}], "7": []}, "prompt": "unspoken"}
    tried = await send(erika, "POST", "/menus/check", {"menus": [faulty, DATES]})
    assert tried["problems"] == [
        {"text": "menu 'main', key 7: leads to nothing", "menu": "main", "key": "7"},
        {
            "text": "menu 'main': its prompt, the announcement 'unspoken', has no sound yet",
            "menu": "main",
            "key": None,
        },
        {"text": "menu 'main', key 1: there is no contact 'x'", "menu": "main", "key": "1"},
        {
            "text": "menu 'dates', key 0: there is no menu before this one to go back to",
            "menu": "dates",
            "key": "0",
        },
        {"text": "menu 'dates': no chain and no key leads to it", "menu": "dates", "key": None},
    ]
    wrong = {node["id"]: node["problem"] for node in tried["picture"]["nodes"] if node["problem"]}
    assert wrong["main/1/1"] == "menu 'main', key 1: there is no contact 'x'"
    assert "key 7: leads to nothing; menu 'main': its prompt" in wrong["menu:main"]
    refused = await send(erika, "PUT", "/menus", {"version": shown["version"], "menus": [faulty, DATES]}, 422)
    assert (refused["code"], refused["problems"]) == ("faulty_menus", tried["problems"])
    assert await get(erika, "/menus") == shown
    malformed = {**MAIN_MENU, "keys": {"11": [QUEUE]}}
    assert (await send(erika, "POST", "/menus/check", {"menus": [malformed]}, 422))["code"] == "bad_request"


async def test_menus_are_changed(portal: PortalHouse) -> None:
    """By the client's own people, not over somebody else's change, and with a trail; an approved version is a sound."""
    await furnished(portal)
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    shown = await get(erika, "/menus")
    fewer = [{**MAIN_MENU, "keys": {"1": [QUEUE], "#": [MAIN]}, "wrong": "again"}]
    approved = '{"again": [{"item": "0123456789abcdef", "since": "2026-11-01T00:00:00+00:00"}]}'
    wanted = {"version": shown["version"], "menus": fewer}
    assert (await send(erika, "PUT", "/menus", wanted, 422))["code"] == "faulty_menus"
    await portal.conn.execute("UPDATE client SET versions = $1 WHERE id = 'mueller'", approved)
    saved = await send(erika, "PUT", "/menus", wanted)
    assert list(saved["menus"][0]["keys"]) == ["1", "#"]
    assert (await send(max_, "PUT", "/menus", wanted, 409))["code"] == "newer"
    _, now = await load_book(portal.conn)
    client = next(one for one in now.client if one.id == "mueller")
    assert list(client.announcements) == ["main"]
    assert client.model_validate_json(client.model_dump_json(), context=STORED).menus == client.menus
    (entry,) = await audit.entries(portal.conn, client="mueller")
    assert (entry.what, entry.actor.name) == ("client.menus", "erika")


async def test_a_first_menu_is_drawn_and_led_to_at_once(portal: PortalHouse) -> None:
    """It is saved together with the way to it, in one change; tried before; and taken away together with it."""
    erika = await portal.inside("erika")
    approved = '{"dates": [{"item": "0123456789abcdef", "since": "2026-11-01T00:00:00+00:00"}]}'
    await portal.conn.execute("UPDATE client SET versions = $1 WHERE id = 'mueller'", approved)
    shown = await get(erika, "/menus")
    assert (shown["menus"], shown["first"]) == ([], {"open": None, "closed": None})
    drawn: dict[str, Any] = {"menus": [menu("dates", {"2": [QUEUE]})]}
    assert [one["menu"] for one in (await send(erika, "POST", "/menus/check", drawn))["problems"]] == ["dates"]
    drawn["first"] = {"open": None, "closed": "dates"}
    tried = await send(erika, "POST", "/menus/check", drawn)
    assert tried["problems"] == []
    assert {"closed", "menu:dates"} < {node["id"] for node in tried["picture"]["nodes"]}
    saved = await send(erika, "PUT", "/menus", {"version": shown["version"], **drawn})
    assert (saved["first"], saved["picture"]) == (drawn["first"], tried["picture"])
    _, now = await load_book(portal.conn)
    client = next(one for one in now.client if one.id == "mueller")
    assert [target.to for target in client.closed.chain] == ["announcement", "menu", "machine"]

    wanted: dict[str, Any] = {"version": saved["version"], "menus": [], "first": drawn["first"]}
    refused = await send(erika, "PUT", "/menus", wanted, 422)
    assert [one["text"] for one in refused["problems"]] == ["closed.chain[2]: there is no menu 'dates'"]
    gone = await send(erika, "PUT", "/menus", {**wanted, "first": shown["first"]})
    assert (gone["menus"], gone["first"]) == (shown["menus"], shown["first"])
    assert [entry.what for entry in await audit.entries(portal.conn, client="mueller")] == ["client.menus"] * 2


async def test_nobody_elses_menus(portal: PortalHouse) -> None:
    """Another client's user finds nothing; a supervisor reads and does not change."""
    await furnished(portal)
    fremd, chief = await portal.inside("fremd"), await portal.inside("chief")
    wanted: dict[str, Any] = {"version": 1, "menus": []}
    assert (await send(fremd, "POST", "/menus/check", {"menus": []}, 404))["code"] == "unknown_client"
    assert (await send(fremd, "PUT", "/menus", wanted, 404))["code"] == "unknown_client"
    assert (await get(chief, "/menus"))["menus"][0]["id"] == "main"
    assert (await send(chief, "PUT", "/menus", wanted, 403))["code"] == "forbidden"
