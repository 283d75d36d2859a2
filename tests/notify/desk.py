"""A worker at work, and what its tests put into the outbox and see of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from tests.notify.examples import payload
from vorzimmer.core import retry
from vorzimmer.core.ports import Trouble
from vorzimmer.notify import worker
from vorzimmer.notify.channel import Channel, Lane, Outcome
from vorzimmer.store.outbox import Leased

Desk = Callable[..., contextlib.AbstractAsyncContextManager[asyncio.Task[None]]]


def make_desk(dsn: str, troubles: Trouble, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Run a worker inside a context; leaving it stops the worker and waits until all is marked.

    A retry is due at once, unless `pauses`, a target that is away is probed at once, and it reconnects at once.
    """
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.01)

    @contextlib.asynccontextmanager
    async def run(
        ways: Mapping[str, Channel | Lane],
        *,
        connect: Callable[[], Awaitable[Any]] = lambda: asyncpg.connect(dsn),
        pauses: bool = False,
        places: int = 10,
        **options: Any,
    ) -> AsyncIterator[asyncio.Task[None]]:
        if not pauses:
            monkeypatch.setattr(retry, "FIRST", timedelta(0))
        stop = asyncio.Event()
        task = asyncio.create_task(
            worker.run(
                connect,
                {name: way if isinstance(way, Lane) else Lane(way, places, probe=0.01) for name, way in ways.items()},
                stop=stop,
                jitter=lambda: 0.5,
                trouble=troubles,
                domain="vorzimmer.example",
                **{"poll": 0.02, **options},
            )
        )
        try:
            yield task
        finally:
            stop.set()
            async with asyncio.timeout(20):
                await asyncio.gather(task, return_exceptions=task.cancelled() or task.cancelling() > 0)

    return run


async def put(conn: Any, *recipients: str, channel: str = "email", language: str = "de") -> None:
    """Lay messages into the outbox, in this order."""
    rows = [
        (
            f"call-{to}",
            channel,
            f"{to}@x.example",
            language,
            orjson.dumps(payload()).decode(),
            f"<{to}@vorzimmer.example>",
        )
        for to in recipients
    ]
    await conn.executemany(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id)"
        " VALUES ($1, 'mueller', $2, $3, $4, $5, $6)",
        rows,
    )


async def states(conn: Any) -> dict[str, int]:
    """How many rows are in which state."""
    return dict(await conn.fetch("SELECT state, count(*) FROM outbox GROUP BY state"))


async def attempts(conn: Any) -> list[tuple[str, str]]:
    """Every attempt as (outcome, detail), in order."""
    return [tuple(row) for row in await conn.fetch("SELECT outcome, detail FROM outbox_attempt ORDER BY id")]


class Scripted:
    """A channel that answers by a function, and notes whom it was to tell."""

    def __init__(self, answer: Callable[[Leased], Awaitable[Outcome]]) -> None:
        self.told: list[str] = []
        self._answer = answer

    async def send(self, message: Leased, /) -> Outcome:
        """Note and answer."""
        self.told.append(message.recipient)
        return await self._answer(message)


async def until(conn: Any, query: str) -> None:
    """Wait until a query gives true: the database has no event for it."""
    async with asyncio.timeout(20):
        while not await conn.fetchval(query):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
