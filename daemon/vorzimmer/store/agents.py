"""Changes to a single agent of the book."""

from __future__ import annotations

import asyncpg

from vorzimmer.core.agent import Agent
from vorzimmer.core.model import STORED

_SAVE = """
UPDATE agent SET data = $2::jsonb, version = nextval('book_row_version'), updated_at = now() WHERE id = $1
"""


async def move_agent(conn: asyncpg.Connection, agent_id: str, team: str) -> None:
    """Let an agent belong to this team and to no other.

    Raises:
        KeyError: there is no such agent.
    """
    async with conn.transaction():
        data = await conn.fetchval("SELECT data FROM agent WHERE id = $1 FOR UPDATE", agent_id)
        if data is None:
            raise KeyError(agent_id)
        agent = Agent.model_validate_json(data, context=STORED).model_copy(update={"teams": (team,)})
        await conn.execute(_SAVE, agent_id, agent.model_dump_json())
