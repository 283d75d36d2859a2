"""Groups, clients and agents in the database: loaded as a `Book`, saved whole or not at all.

Every change bumps `book_version` and notifies `vorzimmer_book` (triggers of the schema), whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import orjson

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Book, Client, did_keys
from vorzimmer.core.client_menus import faults_of
from vorzimmer.core.directory import missing_clients, missing_groups, repeated
from vorzimmer.core.handling import Group
from vorzimmer.core.model import STORED
from vorzimmer.store import number_stock, phones


class BookError(Exception):
    """What is wrong with a book, one sentence a line; nothing was changed."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class BookConflict(BookError):
    """The book does not fit together, or not with what is in the database."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids by what happened to them."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a book did."""

    groups: Changes
    clients: Changes
    agents: Changes


CLIENTS = """(
SELECT id, greatest(version, versions_changed) AS version,
    CASE versions WHEN '{}' THEN data ELSE data || jsonb_build_object('versions', versions) END AS data
FROM client
) AS client"""
"""The clients as calls are answered by them: with the approved versions of their announcements (`announcements`)."""

_DIFFERENCE = """
SELECT given.id, old.id IS NULL AS added, old.data IS DISTINCT FROM given.data AS differs
FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS given (id, data, place) LEFT JOIN {table} AS old USING (id)
ORDER BY given.place
"""

_SAVE = """
INSERT INTO {table} (id, data) SELECT * FROM unnest($1::text[], $2::jsonb[])
ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, version = nextval('book_row_version'), updated_at = now()
"""

_TAKEN = """
SELECT taken.number, taken.diverted_from, taken.client_id AS owner, wanted.client_id AS wants
FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (number, diverted_from, client_id)
JOIN client_number AS taken
  ON taken.number = wanted.number AND taken.diverted_from IS NOT DISTINCT FROM wanted.diverted_from
WHERE taken.client_id <> ALL ($3)
ORDER BY taken.number, taken.diverted_from
"""

_TAKEN_EXTENSION = """
SELECT id, data ->> 'extension' AS extension FROM agent
WHERE data ->> 'extension' = ANY ($1) AND id <> ALL ($2)
ORDER BY id
"""

_Numbers = tuple[list[str], list[str | None], list[str]]
"""Dialled numbers, diverting numbers and client ids, side by side."""


async def version(conn: asyncpg.Connection) -> int:
    """The book's version; it grows with every change."""
    return int(await conn.fetchval("SELECT version FROM book_version"))


async def load_book(conn: asyncpg.Connection) -> tuple[int, Book]:
    """The whole book and its version, as of one instant; all by id.

    Raises:
        pydantic.ValidationError: a row is not what this version's model allows.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        number = await version(conn)
        groups = await conn.fetch("SELECT data FROM client_group ORDER BY id")
        clients = await conn.fetch(f"SELECT data FROM {CLIENTS} ORDER BY id")  # noqa: S608 - a constant
        agents = await conn.fetch("SELECT data FROM agent ORDER BY id")
    return number, Book(
        group=tuple(Group.model_validate_json(row["data"], context=STORED) for row in groups),
        client=tuple(Client.model_validate_json(row["data"], context=STORED) for row in clients),
        agent=tuple(Agent.model_validate_json(row["data"], context=STORED) for row in agents),
    )


async def save_book(conn: asyncpg.Connection, book: Book, *, prune: bool = False) -> Saved:
    """Add and change what the book holds, in one transaction; `prune` removes what it does not hold.

    Raises:
        BookConflict: an id, a number or a telephone stands twice or belongs to somebody outside the book, or a group
            or client is named that does not exist, or the stock keeps a number from a client; nothing was changed.
    """
    groups = {group.id: group.model_dump_json() for group in book.group}
    clients = {client.id: client.model_dump_json() for client in book.client}
    agents = {agent.id: agent.model_dump_json() for agent in book.agent}
    async with conn.transaction():
        # Two imports at once: the second sees what the first did. Readers are not held up.
        await conn.execute("LOCK TABLE client_group, client, agent IN SHARE ROW EXCLUSIVE MODE")
        await _require_no_conflict(conn, book, prune=prune)
        removed_agents = await _prune(conn, "agent", agents) if prune else ()
        removed_clients = await _prune(conn, "client", clients) if prune else ()
        removed_groups = await _prune(conn, "client_group", groups) if prune else ()
        saved_groups = await _save(conn, "client_group", groups, removed_groups)
        saved_clients = await _save(conn, "client", clients, removed_clients)
        saved_agents = await _save(conn, "agent", agents, removed_agents)
        differing = {*saved_clients.added, *saved_clients.changed}
        await _save_numbers(conn, [client for client in book.client if client.id in differing])
        await number_stock.follow_book(conn)
        differing = {*saved_agents.added, *saved_agents.changed}
        await phones.save(conn, [agent for agent in book.agent if agent.id in differing])
    return Saved(saved_groups, saved_clients, saved_agents)


async def _require_no_conflict(conn: asyncpg.Connection, book: Book, *, prune: bool) -> None:
    found = repeated(book.group, book.client, book.agent)
    groups = {group.id for group in book.group}
    clients = {client.id for client in book.client}
    if not prune:
        groups |= {row["id"] for row in await conn.fetch("SELECT id FROM client_group")}
        clients |= {row["id"] for row in await conn.fetch("SELECT id FROM client")}
        for row in await conn.fetch(_TAKEN, *_numbers(book.client)):
            diverted = f" diverted from {row['diverted_from']}" if row["diverted_from"] else ""
            found.append(
                f"client {row['wants']!r}: number {row['number']}{diverted} belongs to client {row['owner']!r} already;"
                " tell them apart by diverted_from, or take it from that client first"
            )
        found += await phones.taken(conn, book.agent)
        found += await _taken_extensions(conn, book.agent)
    found += await number_stock.withheld(conn, book.client)
    found += missing_groups(groups, book.client)
    found += missing_clients(clients, book.agent)
    found += await _silent_menus(conn, book.client)
    if found:
        raise BookConflict(found)


async def _silent_menus(conn: asyncpg.Connection, clients: Iterable[Client]) -> list[str]:
    """Menus without a sound; what was approved for a client stands beside it, not in the book."""
    asking = {client.id: client for client in clients if client.menus}
    if not asking:
        return []
    rows = await conn.fetch("SELECT id, versions FROM client WHERE id = ANY ($1)", list(asking))
    approved = {row["id"]: orjson.loads(row["versions"]) for row in rows}
    return [
        f"client {name!r}: {fault.text}"
        for name, client in asking.items()
        for fault in faults_of(client, versions=approved.get(name, ()))
    ]


async def _taken_extensions(conn: asyncpg.Connection, agents: Sequence[Agent]) -> list[str]:
    wanted = {agent.extension: agent.id for agent in agents if agent.extension is not None}
    return [
        f"agent {wanted[row['extension']]!r}: extension {row['extension']} belongs to agent {row['id']!r} already;"
        " take it from that agent first"
        for row in await conn.fetch(_TAKEN_EXTENSION, list(wanted), [agent.id for agent in agents])
    ]


async def _prune(conn: asyncpg.Connection, table: str, keep: Iterable[str]) -> tuple[str, ...]:
    ids = list(keep)
    if not await conn.fetchval(f"SELECT EXISTS (SELECT FROM {table} WHERE id <> ALL ($1))", ids):  # noqa: S608 - our own table's name
        return ()
    rows = await conn.fetch(f"DELETE FROM {table} WHERE id <> ALL ($1) RETURNING id", ids)  # noqa: S608 - the same
    return tuple(sorted(row["id"] for row in rows))


async def _save(conn: asyncpg.Connection, table: str, given: Mapping[str, str], removed: tuple[str, ...]) -> Changes:
    """Write the rows that differ. Without any no statement runs, so that the book's version stays."""
    rows = await conn.fetch(_DIFFERENCE.format(table=table), list(given), list(given.values()))
    differing = [row["id"] for row in rows if row["differs"]]
    if differing:
        await conn.execute(_SAVE.format(table=table), differing, [given[name] for name in differing])
    return Changes(
        added=tuple(row["id"] for row in rows if row["added"]),
        changed=tuple(row["id"] for row in rows if row["differs"] and not row["added"]),
        removed=removed,
        unchanged=tuple(row["id"] for row in rows if not row["differs"]),
    )


async def _save_numbers(conn: asyncpg.Connection, clients: Sequence[Client]) -> None:
    """All numbers of these clients go before any comes, so that a number can move between them."""
    await conn.execute("DELETE FROM client_number WHERE client_id = ANY ($1)", [client.id for client in clients])
    await conn.execute(
        "INSERT INTO client_number (number, diverted_from, client_id)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[])",
        *_numbers(clients),
    )


def _numbers(clients: Iterable[Client]) -> _Numbers:
    keys = [(*key, client.id) for client in clients for did in client.dids for key in did_keys(did)]
    return [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]
