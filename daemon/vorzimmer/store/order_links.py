"""Links by which a client orders without logging in: signed, good for two weeks and for one order.

The token in a link is the number of its row under a signature, so nobody guesses one, and nothing in a row has to be
kept from who may look at orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from itsdangerous import BadData, URLSafeSerializer

from vorzimmer.core.client import Client
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.store import audit, letters
from vorzimmer.store.audit import Actor
from vorzimmer.store.house_secret import secret

GOOD_FOR = timedelta(days=14)

LONGEST_TOKEN = 200
"""Characters."""

_NAME = "order-link"
"""Of the secret, and of what is signed by it."""


class LinkRefused(Exception):
    """Nothing can be ordered by this link; the text says why. `code`: `forged`, `expired` or `used`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Link:
    """A link. `mail`: who got it."""

    id: int
    client: str
    mail: tuple[str, ...]
    expires_at: datetime


async def send(
    conn: asyncpg.Connection, client: Client, mail: Iterable[str], setting_up: SettingUp, *, actor: Actor, at: datetime
) -> tuple[Link, str]:
    """Mail a new link to each of these addresses. Returns it, and its address on the pages."""
    to, expires = tuple(mail), at + GOOD_FOR
    async with conn.transaction():
        number = await conn.fetchval(
            "INSERT INTO setup_order_link (client_id, mail, created_by, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5) RETURNING id",
            client.id,
            list(to),
            actor.name,
            at,
            expires,
        )
        url = f"{setting_up.base_url}/#order={(await _signer(conn)).dumps(number)}"
        data = {"name": client.name, "url": url, "expires": expires.isoformat()}
        await letters.post(
            conn,
            key=f"order link:{number}",
            kind="order_link",
            to=to,
            language=client.language.value,
            data=data,
            client=client.id,
        )
        await audit.note(conn, actor, "order.link", client=client.id, about=str(number), after={"mail": list(to)})
    return Link(number, client.id, to, expires), url


async def open_link(conn: asyncpg.Connection, token: str, at: datetime, *, lock: bool = False) -> Link:
    """The link of a token, if something can be ordered by it. `lock`: by nobody else in this transaction.

    Raises:
        LinkRefused: it is forged, expired or used.
    """
    row = await conn.fetchrow(
        f"SELECT id, client_id, mail, expires_at, used_at, order_id FROM setup_order_link WHERE id = $1"  # noqa: S608
        f"{' FOR UPDATE' if lock else ''}",
        await _number(conn, token),
    )
    if row is None:
        raise _forged()
    if row["used_at"] is not None:
        raise LinkRefused(
            "used",
            f"order {row['order_id']} was placed by this link on {row['used_at']:%Y-%m-%d}; a link is good for one",
        )
    if row["expires_at"] <= at:
        raise LinkRefused("expired", f"this link was good until {row['expires_at']:%Y-%m-%d}; ask us for a new one")
    return Link(row["id"], row["client_id"], tuple(row["mail"]), row["expires_at"])


async def use_up(conn: asyncpg.Connection, link: Link, order: int, at: datetime) -> None:
    """This order was placed by the link; in the transaction that locked it."""
    await conn.execute("UPDATE setup_order_link SET used_at = $2, order_id = $3 WHERE id = $1", link.id, at, order)


async def _number(conn: asyncpg.Connection, token: str) -> int:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise _forged()
    try:
        found = (await _signer(conn)).loads(token)
    except BadData:
        raise _forged() from None
    return int(found)


async def _signer(conn: asyncpg.Connection) -> URLSafeSerializer:
    return URLSafeSerializer(await secret(conn, _NAME), salt=_NAME)


def _forged() -> LinkRefused:
    return LinkRefused("forged", "this is no link of ours, or a part of it is missing: copy it whole from the mail")
