"""The channel for text messages over each gateway, and messages for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from tests.notify import sms_gateway as documented
from tests.notify.conftest import Troubles
from tests.notify.examples import NOW, message
from tests.notify.sms_gateway import Provider, Reply
from vorzimmer.notify.sms import TextMessages
from vorzimmer.notify.sms_gateway import Gateway
from vorzimmer.notify.sms_seven import Seven
from vorzimmer.notify.sms_sipgate import Sipgate
from vorzimmer.notify.sms_template import Shape, Template
from vorzimmer.notify.sms_twilio import Twilio
from vorzimmer.notify.sms_words import Manner
from vorzimmer.store.outbox import Leased

MOBILE = "+4915112345678"
TEXT = "Anruf von Erika Muster für Kanzlei Müller, 14:03 Uhr: Nachricht hinterlassen.\nTel. 089 12345678"
SHAPE = Shape(
    url="",
    headers={"Authorization": "Bearer {password}"},
    fields={
        "to": "{digits}",
        "message": {"text": "{text}", "from": "{sender}"},
        "ref": ["{reference}"],
        "flash": False,
    },
    id="data.0.id",
    error="data.0.error.code",
    fine=("0",),
    never=("BAD_NUMBER",),
)


def made(name: str, url: str) -> Gateway:
    """A gateway at this URL."""
    clock = lambda: NOW  # noqa: E731 - a clock that stands
    match name:
        case "seven":
            return Seven("key", clock, url)
        case "sipgate":
            return Sipgate("token-1", "secret", clock, url)
        case "twilio":
            return Twilio("AC1", "secret", clock, "https://calls.example/hooks/sms/twilio/x", url)
        case _:
            return Template(replace(SHAPE, url=f"{url}/send"), "user", "secret", clock)


def channel(gateway: Gateway, troubles: Troubles, **changes: Any) -> TextMessages:
    """The channel over a gateway."""
    usual = {"sender": "Kanzlei", "manner": Manner("DE"), "countries": {"DE", "AT"}, "fixed": False}
    return TextMessages(gateway, **{**usual, **changes}, trouble=troubles)


@contextlib.asynccontextmanager
async def over(name: str, troubles: Troubles) -> AsyncIterator[tuple[Provider, TextMessages]]:
    """A provider that answers as documented, and the channel to it."""
    usual: Callable[..., Reply] | None = getattr(documented, name, None)
    async with Provider(usual) as provider, channel(made(name, provider.url), troubles) as texts:
        yield provider, texts


def sms(**changes: Any) -> Leased:
    """A message about a call to a mobile number."""
    return replace(message(MOBILE, **changes), channel="sms")


EVERY = ("seven", "sipgate", "twilio", "template")
WITH_BODY = {"template": Reply(json={"data": [{"id": 7, "error": {"code": "0"}}]})}
