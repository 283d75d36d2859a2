"""What clients say of their day, for the agents who answer for them: until a time, or until it is deleted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from vorzimmer.core.client import Client
from vorzimmer.core.model import Language
from vorzimmer.store import audit
from vorzimmer.store.audit import Actor

MOST = 10
"""Notices that a client may have at once."""

KEPT = timedelta(days=7)
"""After its end, for which the sound of a spoken notice is kept."""

SPOKEN = {Language.GERMAN: "Gesprochener Hinweis", Language.ENGLISH: "Spoken notice", Language.CHINESE: "语音通知"}
"""What is read in place of a text."""

_NAMES = 'id::text, client, text, until, by_name AS "by", created_at, audio'

_CURRENT = f"""
SELECT {_NAMES} FROM client_notice
WHERE deleted_at IS NULL AND until > $1 AND ($2::text IS NULL OR client = $2)
ORDER BY created_at, id
"""  # noqa: S608 - constants of this module

_SET = f"""
INSERT INTO client_notice (id, client, text, until, by, by_name)
SELECT gen_random_uuid(), $1, $2, $3, $4, $5
WHERE (SELECT count(*) FROM client_notice WHERE client = $1 AND deleted_at IS NULL AND until > $6) < {MOST}
RETURNING {_NAMES}
"""  # noqa: S608 - constants of this module

_SPEAK = """
INSERT INTO client_notice (id, client, text, until, by, by_name, audio)
VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6)
"""

_SPEAK_NO_MORE = """
UPDATE client_notice SET deleted_at = now(), deleted_by = $2
WHERE client = $1 AND audio IS NOT NULL AND deleted_at IS NULL
"""

_OVER = """
SELECT id, audio FROM client_notice
WHERE audio IS NOT NULL AND (until < $1 OR deleted_at < $1)
"""

_DELETE = """
UPDATE client_notice SET deleted_at = now(), deleted_by = $3
WHERE id::text = $1 AND client = $2 AND deleted_at IS NULL
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `by`: the name of who wrote it; `audio`: the file of one that was spoken, in the recordings."""

    id: str
    client: str
    text: str
    until: datetime
    by: str
    created_at: datetime
    audio: str | None

    @property
    def spoken(self) -> bool:
        """Whether it is there to be heard."""
        return self.audio is not None


async def current(conn: asyncpg.Connection, at: datetime, client: str | None = None) -> tuple[Notice, ...]:
    """The notices that hold at an instant, of one client or all, in the order in which they were written."""
    return tuple(Notice(**row) for row in await conn.fetch(_CURRENT, at, client))


async def write(
    conn: asyncpg.Connection, client: str, text: str, until: datetime, by: tuple[str, str], at: datetime
) -> Notice | None:
    """Set a notice. `by`: the user's id and name. None: the client has `MOST` already."""
    row = await conn.fetchrow(_SET, client, text, until, *by, at)
    return Notice(**row) if row is not None else None


async def delete(conn: asyncpg.Connection, notice_id: str, client: str, by: str) -> bool:
    """Take a notice of this client back. False: there is none."""
    return await conn.fetchval(_DELETE, notice_id, client, by) is not None


async def speak(
    conn: asyncpg.Connection, client: Client, audio: str, until: datetime, at: datetime, actor: Actor
) -> None:
    """A spoken notice of the client; it takes the place of one that was spoken before. `audio`: the file's name."""
    text = SPOKEN[client.language]
    async with conn.transaction():
        await conn.execute(_SPEAK_NO_MORE, client.id, actor.name)
        await conn.execute(_SPEAK, client.id, text, until, actor.name, client.name, audio)
        after = {"audio": audio, "until": until, "at": at}
        await audit.note(conn, actor, "notice.speak", client=client.id, after=after)


async def audio_of(conn: asyncpg.Connection, notice_id: str, client: str, at: datetime) -> str | None:
    """The file of a spoken notice of this client that holds at an instant; None: there is none."""
    found: str | None = await conn.fetchval(
        "SELECT audio FROM client_notice WHERE id::text = $1 AND client = $2 AND deleted_at IS NULL AND until > $3",
        notice_id,
        client,
        at,
    )
    return found


async def sweep(conn: asyncpg.Connection, folder: Path, at: datetime) -> None:
    """Delete the sound of what was spoken and is long over. `folder`: of the recordings.

    Raises:
        OSError: a file could not be deleted; it is not noted as gone.
    """
    for row in await conn.fetch(_OVER, at - KEPT):
        await asyncio.to_thread((folder / Path(row["audio"]).name).unlink, missing_ok=True)
        await conn.execute("UPDATE client_notice SET audio = NULL WHERE id = $1", row["id"])
