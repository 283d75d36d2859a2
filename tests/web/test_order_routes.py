"""Orders over the API: by the link in a mail, in the portal, and brought on by the house."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest

from tests.orders.house import CLIENT, SETTING_UP, letters, save_client
from tests.store.books import book
from tests.web.door import BOOK, Browser, Door, code_of, door
from vorzimmer.core.directory import Directory
from vorzimmer.store import audit
from vorzimmer.web.routes import order_links, orders

CHOICE = {
    "options": {"extension-professional": {"text": "Willkommen."}, "own-number": {"number": "089 123456"}},
    "factor": "germany",
    "voip": "own",
    "wishes": "Bald.",
}
OTHER = book({"id": "baecker", "dids": ["+4930123456"]}).client[0]


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages of a house that sets clients up, with two clients."""
    async with door(dsn) as opened:
        conn = await asyncpg.connect(dsn)
        await save_client(conn)
        await conn.close()
        directory = Directory((), (CLIENT, OTHER), BOOK.agent)
        opened.parts.directory = lambda: directory
        opened.parts.setting_up = SETTING_UP
        for routes in (orders, order_links):
            opened.app.include_router(routes.router)
        yield opened


@pytest.fixture
async def root(house: Door) -> Browser:
    """An admin."""
    return await house.inside("root")


async def written(house: Door, kind: str | None = None) -> Any:
    """The letters laid out since the last look."""
    conn = await asyncpg.connect(house.dsn)
    try:
        return await letters(conn, kind)
    finally:
        await conn.close()


async def mailed(house: Door, root: Browser) -> str:
    """The token of a link that was mailed."""
    assert (await root.ask("POST", "/clients/mueller/order-links", {})).status_code == 201
    [(_, to, page)] = await written(house, "order_link")
    assert to == "kanzlei@example.org"
    found = re.search(r"https://tel\.example/#order=([\w.-]+)\n", page.text)
    assert found is not None
    return found[1]


async def ok(answer: Any, status: int = 200) -> Any:
    """What a good answer holds."""
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_client_orders_by_a_link(house: Door, root: Browser) -> None:
    """Without a login the mail's link shows client and prices, takes the choice, and tells nothing of the house."""
    somebody, token = await house.browser("203.0.113.7"), await mailed(house, root)
    opened = await ok(await somebody.ask("GET", f"/order-links/{token}"))
    assert (opened["client_name"], opened["language"]) == ("Kanzlei Müller", "de")
    assert opened["prices"]["currency"] == "EUR"
    assert {one["id"]: one["price"] for one in opened["prices"]["options"]} == {
        "extension": "0.00",
        "extension-mp3": "49.90",
        "extension-agent": "99.90",
        "extension-professional": "249.00",
        "own-number": "99.00",
        "country-number": "99.00",
    }
    placed = await ok(await somebody.ask("POST", f"/order-links/{token}", CHOICE), 201)
    assert (placed["client"], placed["total"], placed["voip"]) == ("mueller", "348.00", "own")
    assert {step["answered_by"] for step in placed["steps"]} == {None}
    assert len(await written(house, "order_placed")) == 3
    conn = await asyncpg.connect(house.dsn)
    assert {entry.actor.name for entry in await audit.entries(conn, client="mueller", most=2)} == {"link:1"}
    await conn.close()


async def test_a_link_is_good_once_and_for_two_weeks(house: Door, root: Browser) -> None:
    """Used, late and forged are each told in a sentence of their own, and order nothing."""
    somebody, used, late = await house.browser(), await mailed(house, root), await mailed(house, root)
    await ok(await somebody.ask("POST", f"/order-links/{used}", CHOICE), 201)
    for method, body in (("GET", None), ("POST", CHOICE)):
        answer = await somebody.ask(method, f"/order-links/{used}", body)
        assert code_of(answer) == (410, "link_used")
        assert answer.json()["error"]["text"].startswith("order 1 was placed by this link on 2026-11-22")
    house.watch.pass_by(days=14)
    answer = await somebody.ask("POST", f"/order-links/{late}", CHOICE)
    assert code_of(answer) == (410, "link_expired")
    assert "until 2026-12-06" in answer.json()["error"]["text"]
    for forged in (f"{late}x", "MQ.abc", "1", quote("ä\0"), "%ff", "x" * 200):
        assert code_of(await somebody.ask("GET", f"/order-links/{forged}")) == (404, "forged")
        house.watch.pass_by(hours=1)
    assert await house.sql("SELECT count(*) FROM setup_order") == 1


async def test_two_who_use_a_link_at_once_have_one_order(house: Door, root: Browser) -> None:
    """A double click, or two people with the same mail: the second is told which order there is."""
    somebody, token = await house.browser(), await mailed(house, root)
    both = await asyncio.gather(*(somebody.ask("POST", f"/order-links/{token}", CHOICE) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 410]


async def test_who_makes_tokens_up_has_to_wait(house: Door, root: Browser) -> None:
    """A guesser is slowed down; whoever has a real link may look at it as often as wanted."""
    guesser, token = await house.browser("203.0.113.9"), await mailed(house, root)
    answers = [await guesser.ask("GET", f"/order-links/guess-{n}") for n in range(6)]
    assert code_of(answers[-1]) == (429, "too_often")
    somebody = await house.browser("203.0.113.8")
    for _ in range(10):
        await ok(await somebody.ask("GET", f"/order-links/{token}"))


async def test_a_link_that_failed_can_be_used_again(house: Door, root: Browser) -> None:
    """What cannot be ordered is told with its field, and costs the client neither the link nor a wait."""
    somebody, token = await house.browser(), await mailed(house, root)
    for wrong, field in (
        ({"own-number": {}}, "options.own-number.number"),
        ({"own-number": {"number": "abc"}}, "options.own-number.number"),
        ({"extension": {}, "extension-mp3": {}}, "options"),
        ({"nothing": {}}, "options"),
        ({"country-number": {"country": "Schweiz"}}, "options.country-number.country"),
        ({"extension": {"text": "x"}}, "options.extension"),
        ({}, "options"),
    ):
        answer = await somebody.ask("POST", f"/order-links/{token}", {**CHOICE, "options": wrong})
        assert code_of(answer) == (422, "bad_request")
        assert list(answer.json()["error"]["fields"]) == [field]
    await ok(await somebody.ask("POST", f"/order-links/{token}", CHOICE), 201)


async def test_a_client_orders_and_answers_in_the_portal(house: Door, root: Browser) -> None:
    """The own user orders, sees where it is, and answers what it was asked, and nothing else."""
    kanzlei = await house.inside("kanzlei")
    assert {one["id"] for one in (await ok(await kanzlei.ask("GET", "/setup/options")))["changes"]} == {"agent", "wish"}
    change = {"kind": "change", "change": "agent", "wishes": "Bitte Frau Weber.", "request": str(uuid4())}
    placed = await ok(await kanzlei.ask("POST", "/clients/mueller/orders", change), 201)
    assert await ok(await kanzlei.ask("POST", "/clients/mueller/orders", change), 201) == placed
    again = await kanzlei.ask("POST", "/clients/mueller/orders", {**change, "request": None})
    assert code_of(again) == (409, "ordered_already")
    assert await ok(await kanzlei.ask("GET", "/clients/mueller/orders")) == [placed]
    step = f"/orders/{placed['id']}/steps/1"
    assert code_of(await kanzlei.ask("POST", f"{step}/answer", {"text": "Ja."})) == (404, "unknown")
    await ok(await root.ask("POST", f"{step}/ask", {"of": "client", "question": "Ab wann?"}))
    [(_, to, page)] = await written(house, "step_asked")
    assert (to, "Ab wann?" in page.text) == ("kanzlei@example.org", True)
    seen = await ok(await kanzlei.ask("GET", f"/orders/{placed['id']}"))
    assert seen["steps"][0]["question"] == "Ab wann?"
    answered = await ok(await kanzlei.ask("POST", f"{step}/answer", {"text": "Ab Montag."}))
    assert answered["steps"][0]["state"] == "answered"
    again = await kanzlei.ask("POST", f"{step}/answer", {"text": "Ab Montag."})
    assert code_of(again) == (409, "not_now")
    assert again.json()["error"]["text"] == "step 1 was answered already, by Kanzlei"


async def test_the_house_brings_an_order_on(root: Browser) -> None:
    """Done, dropped, done twice, unknown: the admin sees what became of it and what it costs."""
    placed = await ok(await root.ask("POST", "/clients/mueller/orders", {"kind": "setup", **CHOICE}), 201)
    base = f"/orders/{placed['id']}"
    for n in (1, 2):
        order = await ok(await root.ask("POST", f"{base}/steps/{n}/done"))
    assert [step["state"] for step in order["steps"]] == ["done", "done", "waiting", "open"]
    assert code_of(await root.ask("POST", f"{base}/steps/2/done")) == (409, "not_now")
    assert code_of(await root.ask("POST", f"{base}/steps/9/done")) == (404, "unknown")
    assert code_of(await root.ask("POST", "/orders/77/steps/1/done")) == (404, "unknown")
    await ok(await root.ask("POST", f"{base}/steps/3/drop"))
    found = await ok(await root.ask("GET", base))
    assert (found["state"], [item["had"] for item in found["items"]]) == ("done", [True, False])
    assert [(one["option"], one["net"]) for one in found["charges"]] == [("extension-professional", "249.00")]
    assert code_of(await root.ask("POST", f"{base}/cancel")) == (409, "not_now")
    assert [one["id"] for one in await ok(await root.ask("GET", "/orders?state=done"))] == [placed["id"]]
    assert await ok(await root.ask("GET", f"/orders?before={placed['id']}")) == []


async def test_nobody_sees_another_clients_orders(house: Door) -> None:
    """To a client, another's order is like none; agents and supervisors change nothing."""
    others = {"kind": "change", "change": "wish", "wishes": "x"}
    conn = await asyncpg.connect(house.dsn)
    await conn.execute(
        "INSERT INTO setup_order"
        " (client_id, client_name, kind, language, mail, currency, items, wishes, placed_by, placed_at)"
        " VALUES ('baecker', 'B', 'change', 'de', '{}', 'EUR', '[]', '', 'x', now())"
    )
    await conn.close()
    kanzlei, chief, anna = [await house.inside(name) for name in ("kanzlei", "chief", "anna")]
    missing = await kanzlei.ask("GET", "/orders/77")
    for method, path, body in (
        ("GET", "/orders/1", None),
        ("POST", "/orders/1/steps/1/answer", {"text": "x"}),
    ):
        foreign = await kanzlei.ask(method, path, body)
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert code_of(await kanzlei.ask("GET", "/clients/baecker/orders")) == (404, "unknown_client")
    assert code_of(await kanzlei.ask("POST", "/clients/baecker/orders", others)) == (404, "unknown_client")
    await ok(await chief.ask("GET", "/orders/1"))
    for person in (kanzlei, chief, anna):
        for method, path, body in (
            ("GET", "/orders", None),
            ("POST", "/clients/mueller/order-links", {}),
            ("POST", "/orders/1/steps/1/done", None),
            ("POST", "/orders/1/steps/1/ask", {"of": "it"}),
            ("POST", "/orders/1/cancel", None),
        ):
            assert code_of(await person.ask(method, path, body)) == (403, "forbidden")


async def test_a_client_without_mail_needs_an_address(house: Door, root: Browser) -> None:
    """The admin says where the link goes, or is told that nobody would get it."""
    directory = Directory((), (CLIENT.model_copy(update={"mail": None}),), ())
    house.parts.directory = lambda: directory
    assert code_of(await root.ask("POST", "/clients/mueller/order-links", {})) == (409, "no_mail")
    sent = await ok(await root.ask("POST", "/clients/mueller/order-links", {"to": ["chef@example.org"]}), 201)
    assert (sent["to"], sent["expires_at"][:10]) == (["chef@example.org"], "2026-12-06")
