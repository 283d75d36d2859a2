"""What becomes of messages whose worker dies, and of those of an outage: counted where they arrive.

    python -m tests.notify.deaths [ROUNDS]

kills a worker at every step of a sending, so many times each, and prints the counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.notify.desk import put, until
from tests.notify.dying import STEPS
from tests.notify.post_office import PostOffice
from vorzimmer.sandbox import postgres
from vorzimmer.store import migrate

MESSAGES = 6
"""Of each channel, in one round."""

PATIENCE = 60.0
"""Seconds until a worker must have died, or sent everything."""


@dataclass(frozen=True)
class Counts:
    """Of one story: `messages` in the outbox; `sent` of them in that state; `marked` attempts that say so.

    `missing`: never arrived. `again`: arrivals beyond the first under the same id, of mails and of text messages.
    """

    story: str
    messages: int
    sent: int
    marked: int
    missing: int
    mails_again: int
    texts_again: int

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice in the state sent, and no text message twice at the gateway."""
        return self.messages == self.sent == self.marked and not self.missing and not self.texts_again

    def __str__(self) -> str:
        return (
            f"{self.story:12} {self.messages:5} messages  {self.sent:5} sent  {self.marked:5} marked so  "
            f"{self.missing:3} missing  {self.mails_again:3} mails again  {self.texts_again:3} texts again"
        )


async def count(conn: Any, story: str, mails: Iterable[str], texts: Iterable[str] = ()) -> Counts:
    """Join the outbox with what arrived, by the stable ids."""
    ids = [row["message_id"] for row in await conn.fetch("SELECT message_id FROM outbox")]
    letters, short = Counter(mails), Counter(texts)
    arrived = letters | short
    return Counts(
        story=story,
        messages=len(ids),
        sent=await conn.fetchval("SELECT count(*) FROM outbox WHERE state = 'sent'"),
        marked=await conn.fetchval("SELECT count(*) FROM outbox_attempt WHERE outcome = 'sent'"),
        missing=sum(id_ not in arrived for id_ in ids),
        mails_again=letters.total() - len(letters),
        texts_again=short.total() - len(short),
    )


async def die(dsn: str, folder: Path, step: str, hit: int) -> Counts:
    """A worker dies at a step; the next one goes on. Everything then is counted."""
    gateway = folder / "gateway"
    conn = await asyncpg.connect(dsn)
    try:
        async with PostOffice() as office:
            await put(conn, *(f"m{n}" for n in range(MESSAGES)))
            await put(conn, *(f"s{n}" for n in range(MESSAGES)), channel="sms")
            told = {"dsn": dsn, "smtp": office.port, "gateway": str(gateway)}
            async with _process({**told, "step": step, "hit": hit}) as dying:
                async with asyncio.timeout(PATIENCE):
                    if await dying.wait() != -signal.SIGKILL:
                        raise AssertionError(f"the worker ended by itself ({dying.returncode}) before {step}")
            async with _process(told):
                await until(conn, "SELECT count(*) = 0 FROM outbox WHERE state IN ('pending', 'leased')")
            texts = gateway.read_text().split() if gateway.exists() else []
            return await count(conn, step, office.offered, texts)
    finally:
        await conn.close()


@contextlib.asynccontextmanager
async def _process(told: dict[str, Any]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.notify.dying", json.dumps(told))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(PATIENCE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _all(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="vorzimmer-deaths-", dir="/tmp") as folder:
        server = postgres.start(Path(folder) / "postgres", fsync=False)
        try:
            for number, step in enumerate(STEPS * rounds):
                print(await _one(server, Path(folder), f"death_{number}", step, 1 + number % 5))  # noqa: T201 - its task
        finally:
            server.stop()


async def _one(server: postgres.Postgres, folder: Path, name: str, step: str, hit: int) -> Counts:
    conn = await asyncpg.connect(server.dsn)
    await conn.execute(f"CREATE DATABASE {name}")
    await conn.close()
    conn = await asyncpg.connect(server.dsn_of(name))
    await migrate.migrate(conn)
    await conn.close()
    (folder / name).mkdir()
    return await die(server.dsn_of(name), folder / name, step, hit)


if __name__ == "__main__":
    asyncio.run(_all(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
