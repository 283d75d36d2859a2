"""Delivery reports as gateways send them, and strangers who come to the same door."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from tests.web.door import BASE, Watch
from vorzimmer.core.delivery_report import FORMS, Form
from vorzimmer.web import app
from vorzimmer.web.database import Database
from vorzimmer.web.parts import Parts
from vorzimmer.web.report_door import ReportDoor
from vorzimmer.web.routes import delivery_reports
from vorzimmer.web.throttle import Throttle

SECRET = "s3cret-that-nobody-guesses"
TOKEN = "twilio-token"
FORM = "application/x-www-form-urlencoded"
SEVEN = {
    "data": {"msg_id": "p1", "status": "DELIVERED", "timestamp": "2021-08-24 08:08:00.000000"},
    "webhook_event": "dlr",
    "webhook_timestamp": "2021-08-24T08:08:00+02:00",
}


@dataclass
class Hooks:
    """The application with a door for reports."""

    dsn: str
    application: FastAPI
    parts: Any
    troubles: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def trouble(self, event: str, /, **about: Any) -> None:
        """Keep what was told."""
        self.troubles.append((event, about))

    def door(self, gateway: str, form: Form | None = None, signed_with: str = "") -> None:
        """Listen to this gateway."""
        self.parts.reports = ReportDoor(gateway, SECRET, form or FORMS[gateway], self.trouble, signed_with)

    async def post(
        self,
        fields: Any,
        gateway: str = "seven",
        secret: str = SECRET,
        address: str = "195.201.160.143",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Come with a report: JSON where `fields` is not text."""
        transport = httpx.ASGITransport(app=self.application, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            body = {"content": fields} if isinstance(fields, str) else {"json": fields}
            more = {"Content-Type": FORM} if isinstance(fields, str) else {}
            return await client.post(f"/hooks/sms/{gateway}/{secret}", headers=more | dict(headers or {}), **body)

    async def sent(self, provider_id: str = "p1") -> None:
        """Let a message have gone."""
        conn = await asyncpg.connect(self.dsn)
        await conn.execute(
            "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, provider_id,"
            " state) VALUES ('c1', 'mueller', 'sms', '+49151', 'de', '{}', $1, $1, 'sent')",
            provider_id,
        )
        await conn.close()

    async def report(self, provider_id: str = "p1") -> str | None:
        """What is known of it."""
        conn = await asyncpg.connect(self.dsn)
        try:
            found: str | None = await conn.fetchval("SELECT report FROM outbox WHERE provider_id = $1", provider_id)
            return found
        finally:
            await conn.close()


@pytest.fixture
async def hooks(dsn: str) -> AsyncIterator[Hooks]:
    """A door for seven.io's reports, and one message that has gone."""
    watch = Watch()
    async with Database(dsn) as database:
        parts = SimpleNamespace(
            database=database,
            clock=watch,
            throttle=Throttle(watch),
            base_url=BASE,
            phones=SimpleNamespace(sip_url="ws://pages.example/ws"),
            reports=None,
        )
        opened = Hooks(dsn, app.create(cast("Parts", parts), (delivery_reports.router,)), parts)
        opened.door("seven")
        await opened.sent()
        yield opened


@pytest.mark.parametrize(
    "fields",
    [
        SEVEN,
        SEVEN["data"],
        urlencode({"msg_id": "p1", "status": "DELIVERED", "timestamp": "2020-01-09 15:41:30.656"}),
        urlencode({"data[msg_id]": "p1", "data[status]": "DELIVERED", "webhook_event": "dlr"}),
    ],
    ids=["json", "flat json", "form", "form of data"],
)
async def test_seven_reports_as_json_or_form(hooks: Hooks, fields: Any) -> None:
    """Each way in which its webhooks can be set is understood."""
    assert (await hooks.post(fields)).status_code == 204
    assert await hooks.report() == "delivered"
    assert not hooks.troubles


async def test_what_was_not_delivered_is_told_once(hooks: Hooks) -> None:
    """Whoever watches hears which message it was, and of a repetition nothing."""
    for _ in range(2):
        assert (await hooks.post({"msg_id": "p1", "status": "EXPIRED"})).status_code == 204
    ((event, about),) = hooks.troubles
    assert event == "sms.undelivered"
    assert (about["call_id"], about["client"], about["gateway"]) == ("c1", "mueller", "seven")
    assert await hooks.report() == "undelivered"


def signature(fields: dict[str, str], url: str = f"{BASE}/hooks/sms/twilio/{SECRET}") -> dict[str, str]:
    """As Twilio signs (https://www.twilio.com/docs/usage/security)."""
    told = url + "".join(name + value for name, value in sorted(fields.items()))
    made = hmac.new(TOKEN.encode(), told.encode(), hashlib.sha1).digest()
    return {"X-Twilio-Signature": base64.b64encode(made).decode()}


async def test_twilio_signs_what_it_reports(hooks: Hooks) -> None:
    """A report counts with the account's signature only; without, or with another, there is nothing."""
    hooks.door("twilio", signed_with=TOKEN)
    fields = {"MessageSid": "p1", "MessageStatus": "delivered", "To": "+4915112345678", "AccountSid": "AC1"}
    changed = {**fields, "MessageStatus": "failed"}
    for headers in ({}, {"X-Twilio-Signature": "x"}, signature(changed), signature(fields, f"{BASE}/elsewhere")):
        assert (await hooks.post(urlencode(fields), "twilio", headers=headers)).status_code == 404
    assert await hooks.report() is None
    assert (await hooks.post(urlencode(fields), "twilio", headers=signature(fields))).status_code == 204
    assert await hooks.report() == "delivered"


async def test_the_worked_example_of_twilio() -> None:
    """The signature of the example in Twilio's documentation is the one that is computed here."""
    door = ReportDoor("twilio", SECRET, FORMS["twilio"], lambda *_, **__: None, "12345")
    fields = {
        "Digits": "1234",
        "To": "+18005551212",
        "From": "+14158675310",
        "Caller": "+14158675310",
        "CallSid": "CA1234567890ABCDE",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert door.signed("L/OH5YylLD5NRKLltdqwSvS0BnU=", url, fields)
    assert not door.signed("L/OH5YylLD5NRKLltdqwSvS0BnU=", url, fields | {"Digits": "1235"})


async def test_a_described_gateway_reports_in_its_own_words(hooks: Hooks) -> None:
    """Fields and words are data; an unknown word stands as it is, and cannot pass for one of ours."""
    hooks.door("template", Form("ref", "state", {"OK": "delivered"}))
    for word, known in (("Delivered", "delivered?"), ("En Route", "delivered?"), ("OK", "delivered")):
        hooks.parts.clock.pass_by(seconds=-1 if word == "En Route" else 1)
        assert (await hooks.post({"ref": "p1", "state": word}, "template")).status_code == 204
        assert await hooks.report() == known


@pytest.mark.parametrize(
    "fields",
    [
        {"webhook_event": "sms_mo", "data": {"id": "681590", "text": "Hello"}},
        {"msg_id": ["p1"], "status": {"x": 1}},
        {"msg_id": "p1" * 100, "status": "DELIVERED"},
        {"msg_id": True, "status": "DELIVERED"},
        {},
        "",
        "msg_id=p1",
    ],
    ids=range(7),
)
async def test_what_is_no_report_changes_nothing(hooks: Hooks, fields: Any) -> None:
    """It is taken, or it would come again for days, and nothing follows from it."""
    assert (await hooks.post(fields)).status_code == 204
    assert await hooks.report() is None


@pytest.mark.parametrize("fields", ["a=" + "x" * 20_000, "&".join(["a=1"] * 500)], ids=["long", "many"])
async def test_too_much_is_refused(hooks: Hooks, fields: str) -> None:
    """More than 16 kB, or hundreds of fields, are not read."""
    assert (await hooks.post(fields)).status_code in (400, 413)


async def test_a_body_that_is_neither_is_said_so(hooks: Hooks) -> None:
    """JSON that is none, an array, and bytes that are no text are answered with a sentence."""
    for body in ("{", "[1]"):
        answer = await hooks.post(body, headers={"Content-Type": "application/json; charset=utf-8"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_understood")


async def test_strangers_find_nothing_and_wait(hooks: Hooks) -> None:
    """A wrong secret, another gateway and a house without reports look the same; who guesses has to wait."""
    wrong = [
        await hooks.post(SEVEN, secret="x", address="203.0.113.9"),
        await hooks.post(SEVEN, gateway="twilio", address="203.0.113.9"),
        await hooks.post(SEVEN, secret="ö%00", address="203.0.113.9"),
    ]
    reports, hooks.parts.reports = hooks.parts.reports, None
    wrong.append(await hooks.post(SEVEN, address="203.0.113.9"))
    hooks.parts.reports = reports
    assert {(answer.status_code, answer.text) for answer in wrong} == {(404, wrong[0].text)}
    answers = [(await hooks.post(SEVEN, secret="x", address="203.0.113.9")).status_code for _ in range(5)]
    assert answers[-1] == 429
    assert await hooks.report() is None
    assert (await hooks.post(SEVEN)).status_code == 204  # the gateway comes from elsewhere


async def test_a_hundred_reports_at_once_are_no_guessing(hooks: Hooks) -> None:
    """Many good reports from one address are all taken."""
    answers = await asyncio.gather(*(hooks.post({"msg_id": f"q{n}", "status": "DELIVERED"}) for n in range(100)))
    assert {answer.status_code for answer in answers} == {204}


def test_secrets_are_not_shown() -> None:
    """Neither secret nor token stands in what is printed of a door."""
    shown = repr(ReportDoor("twilio", SECRET, FORMS["twilio"], lambda *_, **__: None, TOKEN))
    assert SECRET not in shown
    assert TOKEN not in shown
