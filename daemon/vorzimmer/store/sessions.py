"""Sessions of the pages in the database, each under the SHA-256 of what the browser holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from vorzimmer.store.users import Identity, User, identity

MOST = 20
"""Sessions of one user; a new one ends the oldest."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a user who is not disabled. `acting_as`: the client's user in whose place this admin is there."""

    identity: Identity
    acting_as: Identity | None
    created_at: datetime
    used_at: datetime


_ADD = """
INSERT INTO web_session (digest, user_id, address, created_at, used_at)
SELECT $1, id, $3, $4, $4 FROM web_user WHERE id = $2 AND disabled_at IS NULL AND password_at = $5 FOR SHARE
"""

_FEWER = """
DELETE FROM web_session WHERE digest IN (
    SELECT digest FROM web_session WHERE user_id = $1 AND digest <> $2 ORDER BY created_at DESC OFFSET $3
)
"""

# A session in the place of somebody who is no client's user any more is over.
_FIND = """
SELECT digest, web_session.created_at, used_at,
    own.id, own.name, own.role, own.agent_id, own.client_id, own.language, own.totp_secret,
    other.id AS other_id, other.name AS other_name, other.role AS other_role, other.agent_id AS other_agent_id,
    other.client_id AS other_client_id, other.language AS other_language, other.totp_secret AS other_totp_secret
FROM web_session JOIN web_user AS own ON own.id = user_id LEFT JOIN web_user AS other ON other.id = acting_as
WHERE digest = ANY ($1) AND own.disabled_at IS NULL
    AND (acting_as IS NULL OR own.role = 'admin' AND other.role = 'client' AND other.disabled_at IS NULL)
"""

_TOUCH = """
UPDATE web_session SET used_at = used.at
FROM unnest($1::bytea[], $2::timestamptz[]) AS used (digest, at)
WHERE web_session.digest = used.digest AND used_at < used.at
"""


async def add(conn: asyncpg.Connection, digest: bytes, user: User, address: str, at: datetime) -> bool:
    """A session that begins at this instant. False: the user was disabled, or got another password, since it was read.

    Of more than `MOST` the oldest end. Who changes the user at this moment is waited for: what ends all sessions ends
    this one, or keeps it from beginning.
    """
    done = await conn.execute(_ADD, digest, user.identity.user, address, at, user.password_at)
    await conn.execute(_FEWER, user.identity.user, digest, MOST - 1)
    return bool(done == "INSERT 0 1")


async def find(conn: asyncpg.Connection, digests: Iterable[bytes]) -> dict[bytes, Session]:
    """Those of these sessions that there are, by digest; how old they are is for the asker to judge."""
    return {
        row["digest"]: Session(identity(row), _other(row), row["created_at"], row["used_at"])
        for row in await conn.fetch(_FIND, list(digests))
    }


async def act(conn: asyncpg.Connection, digest: bytes, user: str | None) -> bool:
    """This session is in the place of this user from now on; None: in its own again. False: it is over."""
    done = await conn.execute("UPDATE web_session SET acting_as = $2 WHERE digest = $1", digest, user)
    return bool(done == "UPDATE 1")


async def touch(conn: asyncpg.Connection, used: Mapping[bytes, datetime]) -> None:
    """Note when sessions were last used; never earlier than was noted before."""
    await conn.execute(_TOUCH, list(used), list(used.values()))


async def remove(conn: asyncpg.Connection, digests: Iterable[bytes]) -> None:
    """End these sessions; what is not there stays so."""
    await conn.execute("DELETE FROM web_session WHERE digest = ANY ($1)", list(digests))


async def remove_old(conn: asyncpg.Connection, created: datetime, used: datetime) -> None:
    """Delete what began, or was last used, at these instants or before."""
    await conn.execute("DELETE FROM web_session WHERE created_at <= $1 OR used_at <= $2", created, used)


def _other(row: Mapping[str, Any]) -> Identity | None:
    """The user in whose place the session is."""
    other = {name.removeprefix("other_"): value for name, value in row.items() if name.startswith("other_")}
    return None if other["id"] is None else identity(other)
