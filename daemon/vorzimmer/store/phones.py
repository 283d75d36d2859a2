"""The agents' telephones in the database: whose each is, and the digest of its password."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from vorzimmer.core.agent import Agent, Transport


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone of an agent's. `digest` and `password_at` are None until a password was made for it."""

    endpoint: str
    agent: str
    transport: Transport
    digest: str | None = field(repr=False)
    password_at: datetime | None


_TAKEN = """
SELECT taken.endpoint, taken.agent_id AS owner, wanted.agent_id AS wants
FROM unnest($1::text[], $2::text[]) AS wanted (endpoint, agent_id) JOIN phone AS taken USING (endpoint)
WHERE taken.agent_id <> ALL ($3)
ORDER BY taken.endpoint
"""

_LEFT = """
DELETE FROM phone
WHERE agent_id = ANY ($1)
  AND (endpoint, agent_id) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""

_SAVE = """
INSERT INTO phone (endpoint, agent_id, transport) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (endpoint) DO UPDATE SET transport = EXCLUDED.transport
"""


async def load(conn: asyncpg.Connection) -> tuple[Phone, ...]:
    """All telephones, by endpoint."""
    rows = await conn.fetch("SELECT endpoint, agent_id, transport, digest, password_at FROM phone ORDER BY endpoint")
    return tuple(
        Phone(row["endpoint"], row["agent_id"], Transport(row["transport"]), row["digest"], row["password_at"])
        for row in rows
    )


async def hold(conn: asyncpg.Connection) -> None:
    """Keep everybody else from changing a telephone until the transaction ends; reading goes on."""
    await conn.execute("LOCK TABLE phone IN SHARE ROW EXCLUSIVE MODE")


async def taken(conn: asyncpg.Connection, agents: Iterable[Agent]) -> list[str]:
    """A sentence for each telephone of these agents that belongs to an agent who is not among them."""
    staff = tuple(agents)
    endpoints, owners, _ = _columns(staff)
    return [
        f"agent {row['wants']!r}: telephone {row['endpoint']} belongs to agent {row['owner']!r} already;"
        " take it from that agent first"
        for row in await conn.fetch(_TAKEN, endpoints, owners, [agent.id for agent in staff])
    ]


async def save(conn: asyncpg.Connection, agents: Iterable[Agent]) -> None:
    """These agents have the telephones that they name and no others. One that comes from elsewhere has no password."""
    staff = tuple(agents)
    endpoints, owners, transports = _columns(staff)
    await conn.execute(_LEFT, [agent.id for agent in staff], endpoints, owners)
    await conn.execute(_SAVE, endpoints, owners, transports)


async def digest_of(conn: asyncpg.Connection, endpoint: str, agent: str) -> str | None:
    """The digest of this agent's telephone; None: it is not the agent's, or no password was made for it."""
    digest: str | None = await conn.fetchval(
        "SELECT digest FROM phone WHERE endpoint = $1 AND agent_id = $2", endpoint, agent
    )
    return digest


async def set_digest(conn: asyncpg.Connection, endpoint: str, digest: str) -> bool:
    """Give a telephone a new password by its digest; False if no agent has such a telephone."""
    done = await conn.execute("UPDATE phone SET digest = $2, password_at = now() WHERE endpoint = $1", endpoint, digest)
    return bool(done == "UPDATE 1")


async def void(conn: asyncpg.Connection, agent: str) -> list[str]:
    """The passwords of an agent's telephones are good no more, for somebody has them who must not; those telephones.

    Asterisk forgets them with the next `vorzimmer phone apply`.
    """
    rows = await conn.fetch(
        "UPDATE phone SET digest = NULL, password_at = NULL WHERE agent_id = $1 AND digest IS NOT NULL"
        " RETURNING endpoint",
        agent,
    )
    return sorted(row["endpoint"] for row in rows)


def _columns(agents: Iterable[Agent]) -> tuple[list[str], list[str], list[str]]:
    """Endpoints, agents' ids and transports, side by side."""
    rows = [(phone.endpoint, agent.id, phone.transport.value) for agent in agents for phone in agent.phones]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
