"""Who changed what, as the client and the admin read it; and the operator's side of the clients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.door import Browser, code_of
from tests.web.portal_house import MARK, PortalHouse


async def get(browser: Browser, path: str) -> Any:
    """The answer of a page that is there."""
    answer = await browser.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changed(house: PortalHouse) -> None:
    """Erika, and root in several ways, change something of two clients."""
    erika, root = await house.inside("erika"), await house.inside("root")
    await erika.ask("PUT", "/clients/mueller/override", {"state": "closed"})
    settings = await get(root, "/clients/mueller/settings")
    wanted = {**settings, "greeting": "Kanzlei Müller, guten Tag", "briefing": "nur für Agenten"}
    assert (await root.ask("PUT", "/clients/mueller/settings", wanted)).status_code == 200
    assert (await root.ask("PUT", "/clients/meier/override", {"state": "closed"})).status_code == 200
    await root.ask("POST", "/impersonation", {"user": "erika"})
    await root.ask("DELETE", "/clients/mueller/override")


async def test_a_client_reads_its_own_trail(portal: PortalHouse) -> None:
    """In words, with its own people's names; of the operator that it was the operator, and nothing of its own."""
    await changed(portal)
    found = await get(await portal.inside("erika"), "/clients/mueller/audit")
    told = [(one["by"], one["text"]) for one in found["changes"]]
    assert told == [
        ("Test (als Erika)", "Erreichbarkeit umgeschaltet"),
        ("Test (als Erika)", "Seiten eines Benutzers geöffnet"),
        ("Test", "Einstellungen geändert"),
        ("Erika", "Erreichbarkeit umgeschaltet"),
    ]
    assert found["changes"][2]["after"] == {"greeting": "Kanzlei Müller, guten Tag"}
    english = await get(await portal.inside("max"), "/clients/mueller/audit")
    assert english["changes"][3]["text"] == "switched open or closed"


async def test_an_admin_reads_the_whole_trail(portal: PortalHouse) -> None:
    """Filtered by client, actor, kind and time, page by page."""
    await changed(portal)
    root = await portal.inside("root")
    everything = (await get(root, "/audit"))["changes"]
    assert [one["client"] for one in everything] == ["mueller", "mueller", "meier", "mueller", "mueller"]
    assert everything[1]["acting_as"] == "erika"
    assert everything[3]["after"]["briefing"] == "nur für Agenten"
    for query, count in (
        ("client=meier", 1),
        ("actor=erika", 1),
        ("what=client.", 4),
        ("what=client.settings", 1),
        ("since=2000-01-01T00:00:00Z", 5),
        ("until=2000-01-01T00:00:00Z", 0),
        (f"before={everything[1]['id']}", 3),
    ):
        assert len((await get(root, f"/audit?{query}"))["changes"]) == count, query
    for who in ("chief", "anna", "erika"):
        assert code_of(await (await portal.inside(who)).ask("GET", "/audit")) == (403, "forbidden")


async def test_the_clients_at_a_glance(portal: PortalHouse) -> None:
    """State and calls of each, found by name or number, for admins."""
    await portal.called("today", "meier", portal.watch.at)
    root = await portal.inside("root")
    found = (await get(root, "/admin/clients"))["clients"]
    assert [(one["id"], one["state"], one["calls_today"]) for one in found] == [
        ("meier", "open", 1),
        ("mueller", "open", 0),
    ]
    for query, ids in (
        ("q=M%C3%9CLLER", ["mueller"]),
        ("q=0987", ["meier"]),
        ("after=meier", ["mueller"]),
        ("q=zz", []),
    ):
        assert [one["id"] for one in (await get(root, f"/admin/clients?{query}"))["clients"]] == ids
    assert code_of(await (await portal.inside("chief")).ask("GET", "/admin/clients")) == (403, "forbidden")


async def test_a_client_is_added(portal: PortalHouse) -> None:
    """With its number, open on weekdays; never over another, and nobody's number twice."""
    root = await portal.inside("root")
    new = {"id": "schulz", "name": "Schulz", "number": "040 123456"}
    assert (await root.ask("POST", "/clients", new)).status_code == 201
    await portal.refresh()
    shown = await get(root, "/clients/schulz")
    assert (shown["name"], shown["state"]) == ("Schulz", "open")
    for again in (new, {**new, "id": "schulz2"}, {**new, "id": "schulz3", "number": "040 1", "group": "g"}):
        answer = await root.ask("POST", "/clients", again)
        assert answer.status_code in (409, 422), answer.text
    group = {**new, "id": "schulz4", "number": "040 1234567", "rings": "group", "group": "nowhere"}
    assert code_of(await root.ask("POST", "/clients", group)) == (409, "taken")
    assert code_of(await (await portal.inside("erika")).ask("POST", "/clients", new)) == (403, "forbidden")


async def test_settings_come_and_go(portal: PortalHouse) -> None:
    """What is read can be sent back unchanged; forms are kinds or written out; clients' users do not see them."""
    root = await portal.inside("root")
    shown = await get(root, "/clients/meier/settings")
    assert shown["briefing"] == MARK
    assert (await root.ask("PUT", "/clients/meier/settings", shown)).json() == shown
    wanted = {**shown, "forms": ["message", "order"], "team": "office", "priority": 9}
    saved = (await root.ask("PUT", "/clients/meier/settings", wanted)).json()
    assert (saved["forms"], saved["team"], saved["priority"]) == (["message", "order"], "office", 9)
    late = await root.ask("PUT", "/clients/meier/settings", wanted)
    assert code_of(late) == (409, "newer")
    for bad in ({"priority": 10}, {"timezone": "Mars/Olympus"}, {"name": "=?x"}):
        answer = await root.ask("PUT", "/clients/meier/settings", {**saved, **bad})
        assert list(answer.json()["error"]["fields"]) == list(bad), answer.text
    for who in ("erika", "fremd", "chief"):
        assert code_of(await (await portal.inside(who)).ask("GET", "/clients/meier/settings")) == (403, "forbidden")


@pytest.mark.parametrize("kind", ["write", "delete"])
async def test_notices_leave_a_trace(portal: PortalHouse, kind: str) -> None:
    """Whoever wrote one or took one back."""
    erika = await portal.inside("erika")
    until = "2026-11-23T15:00:00+01:00"
    notice = (await erika.ask("POST", "/clients/mueller/notices", {"text": "bei Gericht", "until": until})).json()
    if kind == "delete":
        await erika.ask("DELETE", f"/clients/mueller/notices/{notice['id']}")
    latest = (await get(erika, "/clients/mueller/audit"))["changes"][0]
    assert (latest["what"], latest["by"]) == (f"notice.{kind}", "Erika")
