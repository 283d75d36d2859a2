"""Stretches of agents' work for clients, begun and ended by hand: at most one is open of each agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

_NAMES = "id::text, agent, client, what, call_id, started_at, ended_at"

_START = f"""
INSERT INTO task_work (id, author, agent, client, what, call_id) VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)
RETURNING {_NAMES}
"""  # noqa: S608 - constants of this module

_STOP = f"""
UPDATE task_work SET ended_at = greatest(now(), started_at)
WHERE id::text = $1 AND agent = $2 AND ended_at IS NULL
RETURNING {_NAMES}
"""  # noqa: S608 - constants of this module

_OF_AGENT = f"""
SELECT {_NAMES} FROM task_work
WHERE agent = $1 AND (ended_at IS NULL OR (started_at >= $2 AND started_at < $3))
ORDER BY started_at DESC, id LIMIT 500
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Task:
    """One stretch of work. `call_id`: the call that it came with; `ended_at` is None while it lasts."""

    id: str
    agent: str
    client: str
    what: str
    call_id: str | None
    started_at: datetime
    ended_at: datetime | None


async def start(conn: asyncpg.Connection, author: str, agent: str, client: str, what: str, call_id: str | None) -> Task:
    """Begin a stretch of work; it ends the one that the agent has open."""
    async with conn.transaction():
        # Two pages of one agent may begin at the same instant.
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('task_work'), hashtext($1))", agent)
        await conn.execute(
            "UPDATE task_work SET ended_at = greatest(now(), started_at) WHERE agent = $1 AND ended_at IS NULL", agent
        )
        return Task(**await conn.fetchrow(_START, author, agent, client, what, call_id))


async def stop(conn: asyncpg.Connection, task_id: str, agent: str) -> Task | None:
    """End it. None: the agent has none open under this id."""
    row = await conn.fetchrow(_STOP, task_id, agent)
    return Task(**row) if row is not None else None


async def of_agent(conn: asyncpg.Connection, agent: str, since: datetime, until: datetime) -> tuple[Task, ...]:
    """The agent's stretches begun in [`since`, `until`), and the open one, newest first."""
    return tuple(Task(**row) for row in await conn.fetch(_OF_AGENT, agent, since, until))
