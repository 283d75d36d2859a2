"""A client's day over the API: how it is now, the switch, hours, what would happen to a call, people, notifications."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.door import Browser, code_of
from tests.web.portal_house import PortalHouse
from vorzimmer.store import audit


async def get(browser: Browser, path: str) -> Any:
    """The answer of a page that is there."""
    answer = await browser.ask("GET", f"/clients/mueller{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def send(browser: Browser, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """The answer to a change, which must be of this status; of a refusal its error."""
    answer = await browser.ask(method, f"/clients/mueller{path}", body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.is_success else answer.json()["error"]


async def test_the_first_page(portal: PortalHouse) -> None:
    """Open or closed, why, until when; today's calls; who can be reached."""
    await portal.called("today", "mueller", portal.watch.at)
    await portal.called("foreign", "meier", portal.watch.at)
    await portal.called("before", "mueller", portal.watch.at.replace(day=22))
    erika = await portal.inside("erika")
    shown = await get(erika, "")
    assert (shown["name"], shown["state"], shown["reason"]) == ("Kanzlei Müller", "open", "open: Monday 08:00-18:00")
    assert shown["until"] == "2026-11-23T11:00:00Z"
    assert shown["today"] == {"answered": 1}
    assert [one["id"] for one in shown["reachable"]] == ["chief"]
    assert [one["name"] for one in shown["on_duty"]] == ["Frau Müller"]


async def test_the_switch(portal: PortalHouse) -> None:
    """Closed by hand until an instant, back to the hours at once, each told with who did it."""
    erika = await portal.inside("erika")
    closed = await send(erika, "PUT", "/override", {"state": "closed", "until": "2026-11-23T15:00:00+01:00"})
    assert (closed["state"], closed["until"]) == ("closed", "2026-11-23T14:00:00Z")
    assert closed["override"]["state"] == "closed"
    assert (await get(erika, ""))["version"] == closed["version"]
    assert (await send(erika, "DELETE", "/override"))["state"] == "open"
    over = {"state": "closed", "until": "2026-11-23T09:00:00+01:00"}
    assert (await send(erika, "PUT", "/override", over, 422))["fields"] == {"until": "is over already"}
    trail = await audit.entries(portal.conn, client="mueller")
    assert [(one.what, one.actor.name) for one in trail] == [("client.override", "erika")] * 2


async def test_hours_are_edited_as_a_whole(portal: PortalHouse) -> None:
    """What comes back can be sent again; somebody else's newer version is not overwritten; nonsense names its field."""
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    shown = await get(erika, "/hours")
    assert shown["hours"] == {"mon-fri": ["08:00-18:00"]}
    assert shown["next_holidays"][0] == {"date": "2026-12-25", "name": "Erster Weihnachtstag"}
    editable = ("version", "hours", "lunch", "special_days", "vacations", "holidays")
    wanted = {key: shown[key] for key in editable}
    same = await send(erika, "PUT", "/hours", wanted)
    assert same == shown
    wanted["special_days"] = [{"date": "2026-12-24", "name": "Heiligabend", "hours": ["08:00-12:00"]}]
    saved = await send(erika, "PUT", "/hours", wanted)
    assert saved["special_days"] == wanted["special_days"]
    refused = await send(max_, "PUT", "/hours", wanted, 409)
    assert (refused["code"], refused["version"]) == ("newer", saved["version"])
    for bad, field in (
        ({"hours": {"mon": ["8-18"]}}, "hours"),
        ({"lunch": ["12:00-13:00", "12:30-14:00"]}, "lunch"),
        ({"vacations": [{"first": "2026-12-02", "last": "2026-12-01"}]}, "vacations.0"),
        ({"holidays": "DE-XX"}, "holidays"),
        ({"special_days": wanted["special_days"] * 2}, ""),
    ):
        refused = await send(erika, "PUT", "/hours", {**wanted, "version": saved["version"], **bad}, 422)
        assert list(refused["fields"]) == [field], bad
    assert await get(erika, "/hours") == saved


async def test_what_happens_if_someone_calls(portal: PortalHouse) -> None:
    """The function that decides calls answers, in the reader's language, for hours that are only being tried too."""
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    open_ = await send(erika, "POST", "/preview", {"at": "2026-11-24T10:00", "caller": "0170 1234567"})
    assert (open_["state"], open_["at"]) == ("open", "2026-11-24T10:00:00+01:00")
    assert [step["kind"] for step in open_["steps"]] == ["answer", "machine"]
    assert open_["steps"][1]["text"].startswith("Der Anrufbeantworter")
    closed = await send(
        max_, "POST", "/preview", {"at": "2026-11-24T10:00", "draft": {"hours": {"sat": ["10:00-11:00"]}}}
    )
    assert (closed["state"], closed["reason"]) == ("closed", "closed: Tuesday")
    assert closed["steps"][-1]["text"].startswith("The answering machine")
    for body, field in (
        ({"at": "0001-01-01T00:00"}, "at"),
        ({"at": "2026-11-24T10:00", "caller": "abc"}, "caller"),
        ({"at": "2026-11-24T10:00", "did": "+4930987654"}, "did"),
        ({"at": "2026-11-24T10:00", "draft": {"hours": "always", "holidays": "XX"}}, "draft.holidays"),
    ):
        assert list((await send(erika, "POST", "/preview", body, 422))["fields"]) == [field]
    assert (await get(erika, "/hours"))["hours"] == {"mon-fri": ["08:00-18:00"]}


async def test_contacts_and_who_is_on_call(portal: PortalHouse) -> None:
    """Numbers in any writing, a rota of people who exist, and a look at the night before it is saved."""
    erika = await portal.inside("erika")
    shown = await get(erika, "/contacts")
    assert [one["numbers"] for one in shown["contacts"]] == [["089 555001"], ["0170 1112223"]]
    people = [{key: value for key, value in one.items() if key != "refused"} for one in shown["contacts"]]
    people[0]["email"] = "chief@mueller.example"
    people.append({"id": "new", "name": "Neu", "numbers": ["0171 / 7654321", "+81 3 1234 5678"]})
    rota = {"duties": [{"contact": "new"}], "escalate": 20}
    night = {"at": "2026-11-24T03:00"}
    assert (await send(erika, "POST", "/contacts/on-call", night))["on_duty"] == ["night", "chief"]
    tried = await send(erika, "POST", "/contacts/on-call", {**night, "draft": {"contacts": people, "rota": rota}})
    assert (tried["on_duty"], tried["escalate"]) == (["new"], 20)
    wanted = {"version": shown["version"], "contacts": people, "rota": rota}
    saved = await send(erika, "PUT", "/contacts", wanted)
    assert saved["contacts"][2]["numbers"][0] == "0171 7654321"
    assert [one["email"] for one in saved["contacts"]] == ["chief@mueller.example", None, None]
    assert "JP" in saved["contacts"][2]["refused"]
    wanted = {**wanted, "version": saved["version"]}
    bad = {**wanted, "contacts": [*people[:2], {**people[2], "numbers": ["12"]}]}
    assert "contacts.2.numbers.0" in (await send(erika, "PUT", "/contacts", bad, 422))["fields"]
    gone = {**wanted, "contacts": people[:2]}
    assert "there is no contact 'new'" in (await send(erika, "PUT", "/contacts", gone, 422))["text"]


async def test_who_is_told(portal: PortalHouse) -> None:
    """Addresses and kinds; a test goes to those that are saved, and not without end."""
    erika = await portal.inside("erika")
    shown = await get(erika, "/notifications")
    assert shown["to"] == ["kanzlei@mueller.example"]
    wanted = {"version": shown["version"], "to": ["a@mueller.example", "b@mueller.example"], "of": ["message"]}
    saved = await send(erika, "PUT", "/notifications", wanted)
    assert (saved["to"], saved["of"]) == (wanted["to"], ["message"])
    assert await send(erika, "POST", "/notifications/test") == {"to": wanted["to"]}
    [(to, data), (other, _)] = await portal.letters("test_message")
    assert ({to, other}, data["client"]) == (set(wanted["to"]), "Kanzlei Müller")
    answers = [(await erika.ask("POST", "/clients/mueller/notifications/test")).status_code for _ in range(6)]
    assert answers[-1] == 429
    none = await send(erika, "PUT", "/notifications", {"version": saved["version"], "to": []})
    assert none["to"] == []
    portal.watch.pass_by(hours=2)
    assert (await send(erika, "POST", "/notifications/test", None, 409))["code"] == "nobody"
    bad = {"version": none["version"], "to": ["no address"]}
    assert list((await send(erika, "PUT", "/notifications", bad, 422))["fields"]) == ["to.0"]


@pytest.mark.parametrize("path", ["/override", "/hours", "/contacts", "/notifications"])
async def test_a_supervisor_looks_and_changes_nothing(portal: PortalHouse, path: str) -> None:
    """Looking after calls is not deciding for the client."""
    chief = await portal.inside("chief")
    if path != "/override":
        await get(chief, path)
    assert code_of(await chief.ask("PUT", f"/clients/mueller{path}", {})) == (403, "forbidden")
