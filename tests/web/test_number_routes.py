"""The stock of numbers at the admin's page, and a client's own numbers at the client's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.store.records import Troubles
from tests.web.portal_house import PortalHouse
from vorzimmer.control.commands import NumberCheck, Refused
from vorzimmer.control.server import Server
from vorzimmer.core.client import Client
from vorzimmer.store import audit, client_change
from vorzimmer.store.audit import Actor

NUMBER, OWN, DID = "+498955501", "+498977766", "+4989123456"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and sentence."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["text"]


async def forward(portal: PortalHouse, *numbers: str) -> None:
    """Let the client have own numbers."""
    own = [{"number": number, "did": DID} for number in numbers]

    def changed(was: Client) -> Client:
        return Client.model_validate({**was.model_dump(), "own_numbers": own})

    await client_change.change(portal.conn, "mueller", changed, actor=Actor("test"))
    await portal.refresh()


@contextlib.asynccontextmanager
async def calls_process(portal: PortalHouse) -> AsyncIterator[list[NumberCheck]]:
    """While inside somebody rings numbers: all but one are forwarded, which is being rung by somebody else."""
    asked: list[NumberCheck] = []

    async def check(command: NumberCheck) -> dict[str, Any]:
        asked.append(command)
        if command.number != OWN:
            raise Refused("not_now", f"{command.number} is being checked at this moment")
        found = {"client": command.client, "number": OWN, "did": DID, "at": portal.watch().isoformat()}
        return {**found, "verdict": "wrong_did", "reason": "forwarded elsewhere", "seen": [NUMBER], "seconds": 1.25}

    # By this clock no command is ever too late: the pages' own is not that of the house.
    server = Server(portal.folder / "control.sock", {NumberCheck: check}, lambda: LONG_AGO, Troubles())
    running = asyncio.create_task(server.run())
    try:
        await server.listening.wait()
        yield asked
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_an_admin_keeps_the_stock(portal: PortalHouse) -> None:
    """Added in national writing, reserved, assigned, released, ported: each answers with the number as it is then."""
    root = await portal.inside("root")
    added = await root.ask("POST", "/numbers", {"numbers": ["089 55501", "089 55502", "+49 89 55501"], "country": "DE"})
    assert (added.status_code, [one["number"] for one in added.json()["numbers"]]) == (201, [NUMBER, "+498955502"])
    until = (portal.watch() + timedelta(days=3)).isoformat()
    held = await root.ask("POST", f"/numbers/{NUMBER}/reserve", {"client": "mueller", "order": "7", "until": until})
    assert {"state": "reserved", "client": "mueller", "order": "7", "clients": []}.items() <= held.json().items()
    other = await root.ask("POST", f"/numbers/{NUMBER}/assign", {"client": "meier"})
    assert refused(other)[:2] == (409, "not_possible")
    assert "is reserved for client 'mueller' (7)" in refused(other)[2]
    given = await root.ask("POST", f"/numbers/{NUMBER}/assign", {"client": "mueller"})
    assert (given.json()["state"], given.json()["clients"]) == ("with_client", ["mueller"])
    resting = await root.ask("POST", f"/numbers/{NUMBER}/release", {})
    assert (resting.json()["state"], resting.json()["client"]) == ("cooling", "mueller")
    gone = await root.ask("POST", f"/numbers/{NUMBER}/port", {"direction": "out"})
    assert gone.json()["state"] == "ported"
    back = await root.ask("POST", f"/numbers/{NUMBER}/port", {"direction": "in", "client": "meier"})
    assert (back.json()["state"], back.json()["client"]) == ("reserved", "meier")
    listed = (await root.ask("GET", "/numbers?country=DE&state=free")).json()["numbers"]
    assert [one["number"] for one in listed] == ["+498955502"]
    entries = await audit.entries(portal.conn, actor="root")
    assert {entry.what for entry in entries} >= {"number.add", "number.reserve", "number.assign", "number.release"}


@pytest.mark.parametrize("user", ["chief", "anna", "erika"])
async def test_the_stock_is_for_admins(portal: PortalHouse, user: str) -> None:
    """Nobody else sees or changes it."""
    browser = await portal.inside(user)
    for method, path, body in (
        ("GET", "/numbers", None),
        ("POST", "/numbers", {"numbers": [NUMBER]}),
        *(("POST", f"/numbers/{NUMBER}/{what}", {"client": "mueller"}) for what in ("reserve", "assign")),
        ("POST", f"/numbers/{NUMBER}/release", {}),
        ("POST", f"/numbers/{NUMBER}/port", {"direction": "out"}),
    ):
        assert refused(await browser.ask(method, path, body))[:2] == (403, "forbidden")


async def test_what_cannot_be_done_with_a_number_is_said(portal: PortalHouse) -> None:
    """Wrong numbers and countries, unknown numbers and clients, and what is in the stock already."""
    root = await portal.inside("root")
    for body, text in (
        ({"numbers": ["089 55501", "abc"]}, "is not a telephone number"),
        ({"numbers": ["+49 89 55501"], "country": "AT"}, "is a number of DE, not of AT"),
        ({"numbers": ["+1 555 555 0000"]}, "say which one it is"),
    ):
        status, code, said = refused(await root.ask("POST", "/numbers", body))
        assert (status, code) == (422, "bad_request")
        assert text in said
    for what, wish in (("assign", {"client": "mueller"}), ("release", {}), ("port", {"direction": "out"})):
        answer = await root.ask("POST", f"/numbers/{NUMBER}/{what}", wish)
        assert refused(answer) == (404, "unknown", f"{NUMBER} is not in the stock; add it first")
    await root.ask("POST", "/numbers", {"numbers": [NUMBER]})
    again = await root.ask("POST", "/numbers", {"numbers": [NUMBER, "+498955509"]})
    assert refused(again)[:2] == (409, "not_possible")
    nobody = await root.ask("POST", f"/numbers/{NUMBER}/assign", {"client": "nobody"})
    assert refused(nobody)[:2] == (404, "unknown_client")
    assert len((await root.ask("GET", "/numbers")).json()["numbers"]) == 1


async def test_a_client_checks_its_own_number(portal: PortalHouse) -> None:
    """It is rung at once, the verdict is shown and kept; the client sees it among its numbers later."""
    await forward(portal, OWN, "+498977777")
    erika = await portal.inside("erika")
    before = (await erika.ask("GET", "/clients/mueller/numbers")).json()
    assert before["numbers"] == [{"number": DID, "diverted_from": []}]
    assert [(one["number"], one["did"], one["last_check"]) for one in before["own"]] == [
        (OWN, DID, None),
        ("+498977777", DID, None),
    ]
    async with calls_process(portal) as asked:
        checked = await erika.ask("POST", f"/clients/mueller/own-numbers/{OWN}/check")
        busy = await erika.ask("POST", "/clients/mueller/own-numbers/+498977777/check")
    assert (checked.json()["verdict"], checked.json()["seen"], checked.json()["seconds"]) == (
        "wrong_did",
        [NUMBER],
        1.25,
    )
    assert refused(busy)[:2] == (409, "not_now")
    assert asked[0].actor.startswith("page:erika")
    after = (await erika.ask("GET", "/clients/mueller/numbers")).json()
    assert (after["own"][0]["last_check"], after["checks"]) == (checked.json(), [checked.json()])
    away = await erika.ask("POST", f"/clients/mueller/own-numbers/{OWN}/check")
    assert refused(away)[:2] == (503, "calls_away")


async def test_nobody_rings_other_peoples_numbers(portal: PortalHouse) -> None:
    """Not another client's, not one that is no own number: both are unknown, and nothing is dialled."""
    await forward(portal, OWN)
    stranger, erika, chief = await portal.inside("fremd"), await portal.inside("erika"), await portal.inside("chief")
    async with calls_process(portal) as asked:
        for browser, path, expected in (
            (stranger, f"/clients/mueller/own-numbers/{OWN}/check", (404, "unknown_client")),
            (stranger, f"/clients/meier/own-numbers/{OWN}/check", (404, "unknown")),
            (erika, f"/clients/mueller/own-numbers/{DID}/check", (404, "unknown")),
            (chief, f"/clients/mueller/own-numbers/{OWN}/check", (403, "forbidden")),
        ):
            assert refused(await browser.ask("POST", path))[:2] == expected
    assert asked == []
    assert refused(await stranger.ask("GET", "/clients/mueller/numbers"))[:2] == (404, "unknown_client")


async def test_an_admin_says_which_numbers_are_forwarded(portal: PortalHouse) -> None:
    """In any writing, as a whole; what does not fit is said, somebody else's change is not overwritten."""
    root, erika = await portal.inside("root"), await portal.inside("erika")
    version = (await root.ask("GET", "/clients/mueller/numbers")).json()["version"]
    wanted = {"version": version, "own": [{"number": "089 77766", "did": "089/123456", "tell_client": True}]}
    assert refused(await erika.ask("PUT", "/clients/mueller/own-numbers", wanted))[:2] == (403, "forbidden")
    saved = (await root.ask("PUT", "/clients/mueller/own-numbers", wanted)).json()
    assert [(one["number"], one["did"], one["tell_client"]) for one in saved["own"]] == [(OWN, DID, True)]
    assert refused(await root.ask("PUT", "/clients/mueller/own-numbers", wanted))[:2] == (409, "newer")
    for number, did, text in ((OWN, NUMBER, "is not among the client's dids"), ("xyz", DID, "not a telephone number")):
        body = {"version": saved["version"], "own": [{"number": number, "did": did}]}
        status, code, said = refused(await root.ask("PUT", "/clients/mueller/own-numbers", body))
        assert (status, code) == (422, "bad_request")
        assert text in said
