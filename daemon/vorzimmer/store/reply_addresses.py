"""Addresses to which a client replies by mail: each stands for a call and the client that was told of it.

`reply+TOKEN@DOMAIN`, where TOKEN is 32 characters in base 32 (RFC 4648, in lower case, for some mail servers change
the case): eight bytes by which the call is found again, of its id's SHA-256, and twelve bytes of a signature
(HMAC-SHA-256, 96 bits) over the call and the client. The part before the @ has 38 characters; 64 are allowed
(RFC 5321, 4.5.3.1.1). Nothing of an address is kept: a message to the client by which it is found again must be there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from vorzimmer.core.answer import GOOD_FOR
from vorzimmer.store.house_secret import secret

_FOUND_BY = 8
_SIGNATURE = 12

_LOCAL = re.compile(r"reply\+([a-z2-7]{32})", re.IGNORECASE)

_TOLD = """
SELECT DISTINCT call_id, client_id FROM outbox
WHERE substring(sha256(call_id::bytea) FROM 1 FOR 8) = $1 AND channel = 'email' AND call_id IS NOT NULL
    AND created_at > $2
"""


@dataclass(frozen=True, slots=True)
class About:
    """What a reply is about."""

    call_id: str
    client: str


class ReplyAddresses:
    """Makes and reads addresses at a domain. `made_of`: the house's secret, see `open_reply_addresses`."""

    def __init__(self, made_of: bytes, domain: str) -> None:
        self._made_of = made_of
        self._domain = domain.lower()

    def of(self, call_id: str, client: str) -> str:
        """The address at which this client replies to what it was told of this call."""
        token = base64.b32encode(_found_by(call_id) + self._signature(call_id, client))
        return f"reply+{token.decode().lower()}@{self._domain}"

    async def read(self, conn: asyncpg.Connection, address: str, at: datetime) -> About | None:
        """What a reply to this address is about, if it may still come. None: it is no address of ours."""
        local, _, domain = address.rpartition("@")
        match = _LOCAL.fullmatch(local)
        if match is None or domain.lower() != self._domain:
            return None
        token = base64.b32decode(match[1].upper())
        for row in await conn.fetch(_TOLD, token[:_FOUND_BY], at - GOOD_FOR):
            about = About(row["call_id"], row["client_id"])
            if hmac.compare_digest(token[_FOUND_BY:], self._signature(about.call_id, about.client)):
                return about
        return None

    def _signature(self, call_id: str, client: str) -> bytes:
        return hmac.digest(self._made_of, f"{client} {call_id}".encode(), "sha256")[:_SIGNATURE]


async def open_reply_addresses(conn: asyncpg.Connection, domain: str) -> ReplyAddresses:
    """The house's addresses at a domain."""
    return ReplyAddresses(await secret(conn, "reply-addresses"), domain)


def _found_by(call_id: str) -> bytes:
    return hashlib.sha256(call_id.encode()).digest()[:_FOUND_BY]
