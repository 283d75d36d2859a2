"""The channel webhook, by the settings."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import asyncpg

from vorzimmer.notify.webhook import Webhook
from vorzimmer.roles.running import now
from vorzimmer.settings import Settings
from vorzimmer.store import webhook_secrets
from vorzimmer.store.signed_links import Signer, open_signer

CONNECTIONS = 2
"""To the database, opened when a message wants one."""


@contextlib.asynccontextmanager
async def webhooks(settings: Settings) -> AsyncIterator[Webhook]:
    """The channel, as long as inside."""
    dsn = settings.database.dsn.get_secret_value()
    async with asyncpg.create_pool(dsn, min_size=0, max_size=CONNECTIONS, timeout=10, command_timeout=10) as pool:

        async def keys(client: str, at: datetime) -> Sequence[str]:
            async with pool.acquire() as conn:
                return await webhook_secrets.signing(conn, client, at)

        async def signer() -> Signer:
            async with pool.acquire() as conn:
                return await open_signer(conn)

        async with Webhook(
            keys,
            signer,
            base_url=settings.web.base_url,
            link_days=settings.notify.link_days,
            clock=now,
            private=settings.webhook.private,
            tls=_trusted(settings),
        ) as channel:
            yield channel


def _trusted(settings: Settings) -> ssl.SSLContext | None:
    """Whom the machine trusts, and the operator's own authority; None: the machine's are enough."""
    own = settings.webhook.ca_file
    if own is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(own)
    return context
