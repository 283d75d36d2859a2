"""Versions of announcements: recorded, uploaded or ordered, converted by the worker, approved, heard, withdrawn.

A file that waits for its conversion lies in the folder of the uploads under the version's id. What callers hear is the
client's column `versions`, written anew with every approval and withdrawal; it is no part of the client's data, so no
import replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import asyncpg

from vorzimmer.core.announcement import ALLOWED, ENDINGS, shown
from vorzimmer.store import audit, letters
from vorzimmer.store.announcement_rows import (
    Impossible,
    NoSuchVersion,
    Production,
    Sound,
    State,
    Version,
    by_test_code,
    insert,
    locked,
    of_client,
    one,
    require_room,
    update,
)
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.upload_files import keep, taken

__all__ = [
    "Impossible",
    "NoSuchClient",
    "NoSuchVersion",
    "Production",
    "Sound",
    "State",
    "Version",
    "add",
    "approve",
    "by_test_code",
    "delete",
    "deliver",
    "of_client",
    "one",
    "order",
    "withdraw",
]

WAKE_UP = "vorzimmer_announcement"
"""Notified when a file waits to be converted."""

_PUBLISH = """
UPDATE client SET versions_changed = nextval('book_row_version'), versions = coalesce((
    SELECT jsonb_object_agg(name, approved) FROM (
        SELECT name, jsonb_agg(jsonb_build_object('item', item, 'since', effective_from) ORDER BY approved_at, id)
        FROM announcement_version WHERE client_id = $1 AND state = 'approved' GROUP BY name
    ) AS of_name (name, approved)
), '{}')
WHERE id = $1
"""


_NOT_A_DRAFT: dict[str, str] = {
    "waiting": "it has not been converted yet",
    "refused": "its file was refused",
    "ordered": "it was ordered and not delivered yet",
    "approved": "it is approved already",
    "withdrawn": "it was withdrawn; upload it again",
}


async def add(
    conn: asyncpg.Connection,
    client: str,
    name: str,
    production: Production,
    file_name: str,
    actor: Actor,
    *,
    file: Path,
    uploads: Path,
) -> int:
    """A new version, which waits for its conversion. Returns its id.

    `name` is the announcement's, checked (`core.announcement.Name`); `file_name` as whoever made it called it, and its
    ending says what is in it. `file`: the sound, whole; it is gone from there afterwards, on failure too. `uploads`:
    the folder in which files wait.

    Raises:
        NoSuchClient, Impossible: nothing was kept.
        OSError: the disk does not take it; nothing was kept.
    """
    file_name = shown(file_name)
    with taken(file):
        _require_sound(file_name)
        async with conn.transaction():
            await require_room(conn, client)
            version = await insert(
                conn, client, name, production=production, state="waiting", file_name=file_name, created_by=actor.name
            )
            await keep(file, uploads, version, file_name)
            await _note(conn, actor, "announcement.add", client, version, name, after={"file": file_name})
            await conn.execute(f"NOTIFY {WAKE_UP}")
    return version


async def order(
    conn: asyncpg.Connection,
    client: str,
    name: str,
    text: str,
    voice: str,
    actor: Actor,
    *,
    studio: Iterable[str],
    language: str,
) -> int:
    """Have a professional speak a text; those in charge (`studio`, addresses) get a letter. Returns the version's id.

    Raises:
        NoSuchClient, Impossible: nothing was ordered.
    """
    async with conn.transaction():
        await require_room(conn, client)
        version = await insert(
            conn,
            client,
            name,
            production="professional",
            state="ordered",
            text=text,
            voice=voice,
            created_by=actor.name,
        )
        ordered = {"text": text, "voice": voice}
        await _note(conn, actor, "announcement.order", client, version, name, after=ordered)
        told = {**ordered, "client": client, "name": name, "version": version, "by": actor.name}
        await letters.post(
            conn,
            key=f"announcement:{version}:ordered",
            kind="announcement_ordered",
            to=studio,
            language=language,
            data=told,
            client=client,
        )
    return version


async def deliver(
    conn: asyncpg.Connection, client: str, version: int, file_name: str, actor: Actor, *, file: Path, uploads: Path
) -> None:
    """The file of a version that was ordered; arguments as of `add`. One that was refused is delivered again.

    Raises:
        NoSuchVersion, Impossible, OSError: as `add`.
    """
    file_name = shown(file_name)
    with taken(file):
        _require_sound(file_name)
        async with conn.transaction():
            found = await locked(conn, client, version)
            if found.production != "professional" or found.state not in ("ordered", "refused"):
                raise Impossible("only what was ordered from a professional is delivered, and only once")
            await keep(file, uploads, version, file_name)
            await update(conn, version, state="waiting", file_name=file_name, refused_because=None)
            await _note(conn, actor, "announcement.deliver", client, version, found.name, after={"file": file_name})
            await conn.execute(f"NOTIFY {WAKE_UP}")


async def approve(
    conn: asyncpg.Connection, client: str, version: int, actor: Actor, *, since: datetime, now: datetime
) -> Version:
    """Callers hear the draft from `since` on (aware; `now` at the earliest).

    Raises:
        NoSuchVersion, Impossible: nothing was changed.
    """
    async with conn.transaction():
        found = await locked(conn, client, version)
        if found.state != "draft":
            raise Impossible(_NOT_A_DRAFT[found.state])
        effective = max(since, now)
        await update(conn, version, state="approved", effective_from=effective, approved_by=actor.name, approved_at=now)
        await conn.execute(_PUBLISH, client)
        heard = {"from": effective}
        await _note(conn, actor, "announcement.approve", client, version, found.name, after=heard)
        return await one(conn, client, version)


async def withdraw(conn: asyncpg.Connection, client: str, version: int, actor: Actor, *, now: datetime) -> Version:
    """Callers do not hear it any more, but what was approved before it, or what came with the book.

    Raises:
        NoSuchVersion, Impossible: nothing was changed.
    """
    async with conn.transaction():
        found = await locked(conn, client, version)
        if found.state != "approved":
            raise Impossible("only what was approved is withdrawn")
        await update(conn, version, state="withdrawn", withdrawn_at=now)
        await conn.execute(_PUBLISH, client)
        was = {"from": found.effective_from}
        await _note(conn, actor, "announcement.withdraw", client, version, found.name, before=was)
        return await one(conn, client, version)


async def delete(conn: asyncpg.Connection, client: str, version: int, actor: Actor) -> None:
    """A version that callers have never heard is gone.

    Raises:
        NoSuchVersion, Impossible: nothing was changed.
    """
    async with conn.transaction():
        found = await locked(conn, client, version)
        if found.state in ("approved", "withdrawn"):
            raise Impossible("what callers have heard is kept; withdraw it instead")
        await conn.execute("DELETE FROM announcement_version WHERE id = $1", version)
        was = {"state": found.state, "file": found.file_name}
        await _note(conn, actor, "announcement.delete", client, version, found.name, before=was)


def _require_sound(file_name: str) -> None:
    if not file_name.lower().endswith(ENDINGS):
        raise Impossible(f"{file_name} is no sound file by its ending; {ALLOWED}")


async def _note(
    conn: asyncpg.Connection,
    actor: Actor,
    what: str,
    client: str,
    version: int,
    name: str,
    *,
    before: audit.Values | None = None,
    after: audit.Values | None = None,
) -> None:
    await audit.note(conn, actor, what, client=client, about=f"{name} {version}", before=before, after=after)
