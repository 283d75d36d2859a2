"""The channel SMS: a call's few words, by one gateway. What may have gone is asked for before it goes again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Self

from vorzimmer.core.ports import Trouble
from vorzimmer.core.sms_target import no_text_to
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.sms_gateway import Gateway, Sms
from vorzimmer.notify.sms_words import Manner, write
from vorzimmer.notify.view import NO_LINKS, Links
from vorzimmer.store.outbox import Copy, Leased

MEDIA_TYPE = "text/plain; charset=utf-8"


async def _no_links() -> Links:
    return NO_LINKS


class TextMessages:
    """The channel. Use it as a context: leaving it closes the gateway's connections.

    Args:
        gateway: by which they go.
        sender: what the recipient sees, as the gateway wants it.
        manner: how they are written; its links are those of `links`, which may fail with an OSError for a while.
        countries: ISO 3166; others get none. `fixed`: fixed numbers get them too.
        trouble: hears once when the gateway takes nothing, until it takes something again.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        sender: str,
        manner: Manner,
        countries: Collection[str],
        fixed: bool,
        trouble: Trouble,
        links: Callable[[], Awaitable[Links]] = _no_links,
    ) -> None:
        self._gateway = gateway
        self._sender = sender
        self._manner = manner
        self._countries = countries
        self._fixed = fixed
        self._trouble = trouble
        self._links = links
        self._away = False

    async def __aenter__(self) -> Self:
        await self._gateway.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._gateway.__aexit__(*exc)

    async def send(self, message: Leased, /) -> Outcome:
        """Write it and hand it over.

        Raises:
            RenderError: the payload or a template is wrong.
        """
        if refusal := no_text_to(message.recipient, self._countries, fixed=self._fixed):
            return Dead(refusal)
        try:
            sms = await self._written(message)
        except OSError as error:
            return RetryLater(one_line(f"links cannot be made: {error}"))
        return self._told(await self._gateway.submit(sms), sms)

    async def look(self, message: Leased, /) -> Outcome | None:
        """Ask the gateway, where it can tell."""
        try:
            sms = await self._written(message)
        except OSError as error:
            return RetryLater(one_line(f"links cannot be made: {error}"), unclear=True)
        outcome = await self._gateway.look(sms)
        return None if outcome is None else self._told(outcome, sms)

    async def _written(self, message: Leased) -> Sms:
        manner = replace(self._manner, links=await self._links())
        return Sms(
            to=message.recipient,
            text=write(message.payload, message.language, manner, self._trouble),
            sender=self._sender,
            reference=reference(message.message_id),
            made_at=message.created_at,
            provider_id=message.provider_id,
        )

    def _told(self, outcome: Outcome, sms: Sms) -> Outcome:
        """Keep what was sent; say it once when the gateway as a whole does not work."""
        match outcome:
            case Sent(detail, provider_id):
                self._away = False
                return Sent(detail, provider_id, Copy(MEDIA_TYPE, sms.text.encode()))
            case RetryLater(detail, away=True) if not self._away:
                self._away = True
                self._trouble("sms.gateway_away", gateway=self._gateway.name, detail=detail)
        return outcome


def reference(message_id: str) -> str:
    """By which a gateway knows a message of ours: 32 hexadecimal digits, the same at every attempt."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]
