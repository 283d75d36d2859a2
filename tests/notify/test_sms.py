"""Text messages over gateways that answer as their documentation says."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from tests.notify import sms_gateway as documented
from tests.notify.conftest import Troubles
from tests.notify.examples import payload
from tests.notify.sms_gateway import END_OF_LINE, Provider, Reply
from tests.notify.sms_over import EVERY, MOBILE, TEXT, WITH_BODY, channel, made, over, sms
from vorzimmer.notify import sms_gateway
from vorzimmer.notify.channel import Asking, Dead, RetryLater, Sent
from vorzimmer.notify.sms import reference
from vorzimmer.store.outbox import Copy, Leased


@pytest.mark.parametrize("name", EVERY)
async def test_a_call_is_told_as_the_gateway_wants_it(name: str, troubles: Troubles) -> None:
    """Number, words and our reference arrive; the provider's id and a copy of the words come back."""
    told = sms()
    async with over(name, troubles) as (provider, texts):
        provider.replies += [WITH_BODY[name]] if name in WITH_BODY else []
        outcome = await texts.send(told)
    (asked,) = provider.asked
    ours = reference(told.message_id)
    ids = {"seven": "77229318510", "sipgate": "", "twilio": "SM" + "0" * 32, "template": "7"}
    assert isinstance(outcome, Sent)
    assert (outcome.provider_id, outcome.copy) == (ids[name], Copy("text/plain; charset=utf-8", TEXT.encode()))
    wanted = {
        "seven": {"to": MOBILE, "text": TEXT, "from": "Kanzlei", "foreign_id": ours},
        "sipgate": {"smsId": "Kanzlei", "recipient": MOBILE, "message": TEXT},
        "twilio": {
            "To": MOBILE,
            "From": "Kanzlei",
            "Body": TEXT,
            "StatusCallback": "https://calls.example/hooks/sms/twilio/x",
        },
        "template": {
            "to": MOBILE[1:],
            "message": {"text": TEXT, "from": "Kanzlei"},
            "ref": [ours],
            "flash": False,
        },
    }
    assert asked.fields == wanted[name]
    paths = {
        "seven": "/sms",
        "sipgate": "/sessions/sms",
        "twilio": "/2010-04-01/Accounts/AC1/Messages.json",
        "template": "/send",
    }
    assert (asked.method, asked.path) == ("POST", paths[name])
    assert asked.headers["Accept-Encoding"] == "identity"
    basic = {"sipgate": b"token-1:secret", "twilio": b"AC1:secret"}
    key = f"Basic {base64.b64encode(basic[name]).decode()}" if name in basic else "Bearer secret"
    assert asked.headers["X-Api-Key" if name == "seven" else "Authorization"] == ("key" if name == "seven" else key)


def found(name: str, told: Leased, text: str) -> Any:
    """How the gateway lists a message that it got."""
    return {
        "seven": [{"id": "1", "foreign_id": "other"}, {"id": "2", "foreign_id": reference(told.message_id)}],
        "sipgate": {"items": [{"id": "2", "type": "SMS", "target": MOBILE, "smsContent": text}]},
        "twilio": {
            "messages": [
                {"sid": "1", "date_created": "Sun, 22 Nov 2026 12:00:00 +0000", "body": text},
                {"sid": "0", "date_created": "Sun, 22 Nov 2026 13:05:02 +0000", "body": "other"},
                {"sid": "2", "date_created": "Sun, 22 Nov 2026 13:05:02 +0000", "body": text},
            ]
        },
    }[name]


@pytest.mark.parametrize("name", ["seven", "sipgate", "twilio"])
async def test_an_unclear_message_is_asked_for(name: str, troubles: Troubles) -> None:
    """What the gateway lists has gone, and only that; while it cannot tell, nothing is repeated."""
    told = sms()
    async with over(name, troubles) as (provider, texts):
        assert isinstance(texts, Asking)
        assert await texts.look(told) is None
        provider.replies.append(Reply(json=found(name, told, TEXT)))
        gone = await texts.look(told)
        assert isinstance(gone, Sent)
        assert (gone.provider_id, gone.copy) == ("2", Copy("text/plain; charset=utf-8", TEXT.encode()))
        for reply in (Reply(500), Reply(text="hello"), END_OF_LINE):
            provider.replies.append(reply)
            outcome = await texts.look(told)
            assert isinstance(outcome, RetryLater)
            assert outcome.unclear
    assert all(asked.method == "GET" for asked in provider.asked)


async def test_where_nobody_can_tell_a_person_decides(troubles: Troubles) -> None:
    """A described gateway is not asked; sipgate's token may not be allowed to read its history."""
    async with over("template", troubles) as (provider, texts):
        assert isinstance(await texts.look(sms()), Dead)
        assert not provider.asked
    async with over("sipgate", troubles) as (provider, texts):
        provider.replies.append(Reply(403))
        assert await texts.look(sms()) == sms_gateway.NOBODY_KNOWS


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+498912345678", "fixed"),
        ("+49900123456", "premium"),
        ("+4911833", "directory"),
        ("+33612345678", "country FR is not released"),
        ("110", "short"),
        ("+881612345678", "satellite"),
        ("+4915", "no known range"),
    ],
    ids=["fixed", "premium", "directory", "abroad", "emergency", "satellite", "too short"],
)
async def test_no_text_to_numbers_that_cost_or_cannot_read(number: str, words: str, troubles: Troubles) -> None:
    """Such a number is refused with a sentence, and the gateway is not asked."""
    async with over("seven", troubles) as (provider, texts):
        outcome = await texts.send(replace(sms(), recipient=number))
    assert isinstance(outcome, Dead)
    assert words in outcome.detail
    assert number not in outcome.detail
    assert not provider.asked


async def test_fixed_numbers_where_the_gateway_takes_them(troubles: Troubles) -> None:
    """The setting lets messages go to fixed numbers too."""
    async with (
        Provider(documented.seven) as provider,
        channel(made("seven", provider.url), troubles, fixed=True) as texts,
    ):
        assert isinstance(await texts.send(replace(sms(), recipient="+498912345678")), Sent)


async def test_hostile_words_stay_words(troubles: Troubles) -> None:
    """Braces, CR and LF, quotes and emoji in a name change no request."""
    name = 'Eve"}\r\nX-Evil: 1 {password} %s 😀'
    async with over("template", troubles) as (provider, texts):
        provider.replies.append(WITH_BODY["template"])
        assert isinstance(await texts.send(sms(caller_name=name)), Sent)
    (asked,) = provider.asked
    assert "X-Evil" not in asked.headers
    assert 'Eve"} X-Evil: 1 {password} %s 😀' in asked.fields["message"]["text"]


async def test_the_reference_is_the_same_at_every_attempt(troubles: Troubles) -> None:
    """A provider that drops repetitions can know them."""
    told = sms()
    async with over("seven", troubles) as (provider, texts):
        await texts.send(told)
        await texts.send(replace(told, attempts=2, id=told.id + 1))
    assert len({asked.fields["foreign_id"] for asked in provider.asked}) == 1
    assert payload()["call_id"] not in provider.asked[0].fields["foreign_id"]
