"""Leasing as a worker without lanes does it: whatever is due."""

from __future__ import annotations

from typing import Any

from vorzimmer.store import leasing
from vorzimmer.store.outbox import Leased


async def lease(conn: Any, limit: int, seconds: float) -> tuple[Leased, ...]:
    """Take up to `limit` due messages, whatever their channel; first attempts come first."""
    heads = await leasing.heads(conn, rooms={}, most=limit)
    return await leasing.lease(conn, {head.id: seconds for head in heads[:limit]})
