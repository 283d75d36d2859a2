"""The links and addresses in messages, made with the house's secrets once the database has told them."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from vorzimmer.core import answer
from vorzimmer.notify.view import NO_LINKS, Link, Links
from vorzimmer.roles.running import now
from vorzimmer.settings import Settings
from vorzimmer.store.outage import why
from vorzimmer.store.reply_addresses import open_reply_addresses
from vorzimmer.store.signed_links import Kind, Signer, open_signer

SECONDS = 10.0
"""How long the database may take."""


class MessageLinks:
    """Opened when first asked, for the database may be away when the worker starts; then kept."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._links: Links | None = None

    async def __call__(self) -> Links:
        """The links.

        Raises:
            OSError: the database is away.
        """
        if self._links is None:
            try:
                self._links = await _opened(self._settings)
            except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise ConnectionError(why(error)) from error
        return self._links


async def _opened(settings: Settings) -> Links:
    conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=SECONDS, command_timeout=SECONDS)
    try:
        return await _made(conn, settings)
    finally:
        await conn.close()


async def _made(conn: asyncpg.Connection, settings: Settings) -> Links:
    signer, base, days = await open_signer(conn), settings.web.base_url, settings.notify.link_days
    domain = settings.replies.domain
    return Links(
        recording=_link(signer, "recording", f"{base}/r/", timedelta(days=days)),
        answer=_link(signer, "answer", f"{base}/m/", answer.GOOD_FOR),
        reply=(await open_reply_addresses(conn, domain)).of if domain is not None else NO_LINKS.reply,
        days=days,
    )


def _link(signer: Signer, kind: Kind, place: str, good_for: timedelta) -> Link:
    def url(call: str, client: str) -> str:
        return place + signer.token(kind, {"call": call, "client": client}, now(), good_for)

    return url
