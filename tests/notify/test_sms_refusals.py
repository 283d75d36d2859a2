"""What gateways refuse, and what goes wrong on the way to them."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest

from tests.notify.conftest import Troubles
from tests.notify.examples import NOW
from tests.notify.sms_gateway import END_OF_LINE, Provider, Reply
from tests.notify.sms_over import EVERY, MOBILE, TEXT, channel, made, over, sms
from vorzimmer.notify import sms_gateway
from vorzimmer.notify.channel import Dead, RetryLater, Sent
from vorzimmer.notify.sms_template import Shape, Template


def failed(code: str, **message: Any) -> Reply:
    """An error of seven.io's, inside a 200."""
    return Reply(json={"success": code, "messages": [{"success": False, "error": code, **message}]})


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (failed("202", error_text="Recipient number invalid"), Dead("202: Recipient number invalid")),
        (failed("305"), Dead("305: the text is not valid")),
        (Reply(json={"success": "500"}), RetryLater("500: out of credit at seven.io", away=True)),
        (Reply(text="500"), RetryLater("500: out of credit at seven.io", away=True)),
        (Reply(json=900), RetryLater("900: sms.password is no valid API key; see [sms]", away=True)),
        (failed("402"), RetryLater("402: it was already sent a moment ago", unclear=True)),
        (failed("600"), RetryLater("600: an error occurred while sending")),
        (
            Reply(json={"success": "100", "messages": [{"success": False, "error": "202"}]}),
            Dead("202: the number is not valid"),
        ),
        (
            Reply(text="<html>Hello</html>"),
            RetryLater("the gateway's answer is not understood: <html>Hello</html>", unclear=True),
        ),
        (Reply(json=["what"]), RetryLater('the gateway\'s answer is not understood: ["what"]', unclear=True)),
    ],
    ids=range(10),
)
async def test_seven_reports_errors_inside_a_200(reply: Reply, expected: object, troubles: Troubles) -> None:
    """Its codes tell whose fault it is: the number's for good, ours or the network's for a while."""
    async with over("seven", troubles) as (provider, texts):
        provider.replies.append(reply)
        assert await texts.send(sms()) == expected
    assert troubles.events() == (["sms.gateway_away"] if getattr(expected, "away", False) else [])


@pytest.mark.parametrize(
    ("status", "json", "expected"),
    [
        (400, {"code": 21211, "message": "Invalid To"}, Dead("21211 Invalid To")),
        (400, {"code": 21610, "message": "Unsubscribed"}, Dead("21610 Unsubscribed")),
        (400, {"code": 21606, "message": "From"}, RetryLater("see [sms]; 21606 From", away=True)),
        (401, {"code": 20003, "message": "Authenticate"}, RetryLater("see [sms]; 20003 Authenticate", away=True)),
        (403, {"code": 30002, "message": "Suspended"}, RetryLater("out of credit; 30002 Suspended", away=True)),
        (429, {"code": 20429, "message": "Too many"}, RetryLater("20429 Too many", after=timedelta(seconds=7))),
        (
            201,
            {"status": "queued"},
            RetryLater('the gateway\'s answer is not understood: {"status": "queued"}', unclear=True),
        ),
    ],
    ids=range(7),
)
async def test_twilio_has_codes_of_its_own(status: int, json: Any, expected: object, troubles: Troubles) -> None:
    """A refused number is given up; a suspended account, a wrong login or sender are waited for."""
    async with over("twilio", troubles) as (provider, texts):
        provider.replies.append(Reply(status, json=json, headers={"Retry-After": "7"}))
        assert await texts.send(sms()) == expected


async def test_a_described_gateway_is_read_as_described(troubles: Troubles) -> None:
    """Where error and id stand is data; so is which errors never go away."""
    async with over("template", troubles) as (provider, texts):
        for json, kind in (
            ({"data": [{"error": {"code": "BAD_NUMBER"}}]}, Dead),
            ({"data": [{"error": {"code": "BUSY"}}]}, RetryLater),
            ({"data": [{"error": {"code": 0}, "id": "x"}]}, Sent),
            ({"data": [{"id": "x"}]}, Sent),
        ):
            provider.replies.append(Reply(json=json))
            assert isinstance(await texts.send(sms()), kind)
        provider.replies.append(Reply(json={"data": []}))
        outcome = await texts.send(sms())
        assert isinstance(outcome, RetryLater)
        assert outcome.unclear


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("status", "after", "expected"),
    [
        (400, "", Dead),
        (402, "", (None, True, False)),
        (403, "", (None, True, False)),
        (429, "30", (timedelta(seconds=30), False, False)),
        (429, "Sun, 22 Nov 2026 13:06:00 GMT", (timedelta(minutes=1), False, False)),
        (429, "999999999", (timedelta(hours=6), False, False)),
        (429, "soon", (None, False, False)),
        (500, "", (None, True, True)),
        (502, "", (None, True, True)),
        (503, "60", (timedelta(minutes=1), True, False)),
        (307, "", (None, True, False)),
    ],
    ids=range(11),
)
async def test_refusals_by_status(name: str, status: int, after: str, expected: Any, troubles: Troubles) -> None:
    """4xx is final but for login, credit and haste; 503 did nothing; of other errors of a server nobody knows."""
    async with over(name, troubles) as (provider, texts):
        provider.replies.append(Reply(status, text="no", headers={"Retry-After": after, "Location": "/elsewhere"}))
        outcome = await texts.send(sms())
    assert len(provider.asked) == 1
    if expected is Dead:
        assert isinstance(outcome, Dead)
    else:
        assert isinstance(outcome, RetryLater)
        assert (outcome.after, outcome.away, outcome.unclear) == expected


@pytest.mark.parametrize("name", EVERY)
async def test_an_answer_that_does_not_come_leaves_it_unclear(
    name: str, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line cut after the request, and an answer that takes too long, may both mean that it went."""
    monkeypatch.setattr(sms_gateway, "ANSWER_SECONDS", 0.3)
    async with over(name, troubles) as (provider, texts):
        provider.replies += [END_OF_LINE, Reply(endless=True, status=500)]
        cut = await texts.send(sms())
        assert isinstance(cut, RetryLater)
        assert cut.unclear
    assert troubles.events() == ["sms.gateway_away"]


async def test_no_request_is_repeated_behind_our_back(troubles: Troubles) -> None:
    """Also a gateway that sends for each GET gets only one, whatever the library would do."""
    async with Provider() as provider:
        shape = Shape(f"{provider.url}/send", "GET", "query", fields={"to": "{to}", "text": "{text}"})
        async with channel(Template(shape, "", "", lambda: NOW), troubles) as texts:
            provider.replies.append(END_OF_LINE)
            outcome = await texts.send(sms())
            assert isinstance(outcome, RetryLater)
            assert outcome.unclear
            assert len(provider.asked) == 1
            assert isinstance(await texts.send(sms()), Sent)
    assert provider.asked[1].fields == {"to": MOBILE, "text": TEXT}


async def test_ten_gigabytes_are_not_read(troubles: Troubles) -> None:
    """Of an answer that does not end a beginning is read, and the line is closed."""
    async with over("seven", troubles) as (provider, texts):
        provider.replies.append(Reply(endless=True))
        outcome = await texts.send(sms())
    assert isinstance(outcome, RetryLater)
    assert outcome.unclear
    assert provider.sent < 50_000_000


@pytest.mark.parametrize("name", EVERY)
async def test_a_gateway_that_is_not_there_got_nothing(name: str, troubles: Troubles) -> None:
    """A refused connection is no unclear outcome; it is told once until something goes again."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with channel(made(name, url), troubles) as texts:
            for _ in range(3):
                outcome = await texts.send(sms())
                assert isinstance(outcome, RetryLater)
                assert (outcome.away, outcome.unclear) == (True, False)
    assert troubles.events() == ["sms.gateway_away"]
