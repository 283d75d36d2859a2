"""Whoever is told of calls in the demo: a gateway for text messages, a carrier's SMPP server, a client's web server."""

from __future__ import annotations

import contextlib
from typing import Self

from tests.notify.smpp_server import PASSWORD, Carrier
from tests.notify.sms_gateway import Provider, seven
from tests.notify.webhook_receiver import Receiver
from vorzimmer.settings_sms import Sms

SETTINGS = """
[sms]
gateway = "seven"
url = "{sms}"
password = "a key of the demo"
sender = "Vorzimmer"

[webhook]
private = true
"""
"""What the daemon is told of them."""


class Receivers:
    """They listen while inside, each at a port of its own."""

    def __init__(self) -> None:
        self.gateway = Provider(seven)
        self.carrier = Carrier()
        self.web = Receiver()
        self._inside = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        for one in (self.gateway, self.carrier, self.web):
            await self._inside.enter_async_context(one)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._inside.aclose()

    @property
    def settings(self) -> str:
        """For the daemon's file."""
        return SETTINGS.format(sms=self.gateway.url)

    @property
    def by_carrier(self) -> Sms:
        """The table `[sms]` of a house with a carrier's link."""
        link = {"host": "127.0.0.1", "port": self.carrier.port}
        return Sms.model_validate(
            {"gateway": "smpp", "user": "vorzimmer", "password": PASSWORD, "sender": "Vorzimmer", "smpp": link}
        )
