"""The worker's side of the versions of announcements: which file is next, what became of it, what is still needed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from vorzimmer.store.announcements import Sound

KEPT_WITHDRAWN = timedelta(days=30)
"""How long the sound of a withdrawn version can still be heard by those who look after it."""

_WAITING = """
SELECT id, client_id AS client, name, file_name FROM announcement_version WHERE state = 'waiting' ORDER BY id LIMIT 1
"""

_CONVERTED = """
UPDATE announcement_version
SET state = 'draft', item = $2, seconds = $3, loudness = $4, peaks = $5, warning = $6, refused_because = NULL
WHERE id = $1 AND state = 'waiting' RETURNING id
"""

_USED = """
SELECT DISTINCT client_id, item FROM announcement_version
WHERE item IS NOT NULL AND (state <> 'withdrawn' OR withdrawn_at > $1)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version whose file waits to be converted."""

    id: int
    client: str
    name: str
    file_name: str


async def waiting(conn: asyncpg.Connection) -> Waiting | None:
    """The one that has waited longest."""
    row = await conn.fetchrow(_WAITING)
    return None if row is None else Waiting(**row)


async def all_waiting(conn: asyncpg.Connection) -> set[int]:
    """The ids of all that wait."""
    return {row["id"] for row in await conn.fetch("SELECT id FROM announcement_version WHERE state = 'waiting'")}


async def converted(conn: asyncpg.Connection, version: int, sound: Sound) -> bool:
    """It is a draft now. False: somebody has deleted it meanwhile."""
    row = await conn.fetchrow(
        _CONVERTED, version, sound.item, sound.seconds, sound.loudness, list(sound.peaks), sound.warning
    )
    return row is not None


async def refused(conn: asyncpg.Connection, version: int, because: str) -> None:
    """It cannot be used; `because` is a sentence for whoever sent it."""
    await conn.execute(
        "UPDATE announcement_version SET state = 'refused', refused_because = $2 WHERE id = $1 AND state = 'waiting'",
        version,
        because,
    )


async def used_items(conn: asyncpg.Connection, now: datetime) -> dict[str, set[str]]:
    """The items of the library that a version needs, by client."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in await conn.fetch(_USED, now - KEPT_WITHDRAWN):
        found[row["client_id"]].add(row["item"])
    return dict(found)
