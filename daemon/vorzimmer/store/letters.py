"""Mails that are about no call: laid into the outbox in the transaction of what they tell, each once.

The worker writes them by the templates in `notify/letters`, one per kind and language; a new kind is its templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import orjson

from vorzimmer.store.outbox import WAKE_UP, message_id

_PUT = """
INSERT INTO outbox (client_id, channel, recipient, language, payload, message_id, about)
VALUES ($1, 'email', $2, $3, $4::jsonb, $5, $6)
ON CONFLICT DO NOTHING
"""


async def post(
    conn: asyncpg.Connection,
    *,
    key: str,
    kind: str,
    to: Iterable[str],
    language: str,
    data: Mapping[str, Any],
    client: str = "",
) -> None:
    """Send a letter to each of these addresses, unless one of this key was laid out for the address before.

    Args:
        conn: may be in a transaction; without it nothing is sent.
        key: what the letter is about, and which of several it is: `order:17:placed`.
        kind: names the template.
        to: addresses; one that stands there twice, in whatever case, gets one mail.
        language: of the readers; letters are written in German or English.
        data: what the template shows, as JSON: text, numbers, lists and objects of these. Times are ISO 8601, money a
            decimal as text. It may come from outside: it is cleaned when it is written.
        client: whom it concerns, if a client.
    """
    about = f"letter:{key}"
    payload = orjson.dumps({"kind": kind, "data": dict(data)}).decode()
    each = {address.casefold(): address for address in to}.values()
    rows = [
        (client, address, language, payload, message_id(about, "email", address.casefold(), "letter"), about)
        for address in each
    ]
    if rows:
        await conn.executemany(_PUT, rows)
        await conn.execute(f"NOTIFY {WAKE_UP}")
