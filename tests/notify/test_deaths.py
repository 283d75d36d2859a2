"""Workers die, the mail server and the database go away: every message arrives, none is marked sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.notify.conftest import MakeEmail
from tests.notify.deaths import MESSAGES, Counts, count, die
from tests.notify.desk import Desk, Scripted, put, until
from tests.notify.dying import STEPS
from tests.notify.post_office import PostOffice
from vorzimmer.notify.channel import Lane, Outcome, Sent
from vorzimmer.store.outbox import Leased

TELLING = (("leased", 1), ("taken", 8), ("in-mark", 2))
"""Steps at which a loss of the process is least alike, and at which message; the mails are sent after the texts."""

REACHED = {"leased": 1, "render": MESSAGES, "marked": 1}
"""How often a round comes to a step; to the others once for each message."""

STEP = timedelta(seconds=5)
"""Of simulated time."""


@pytest.fixture(scope="module")
def counted() -> Iterator[list[Counts]]:
    """The counts of all stories of this module, printed at the end (to see them: pytest -s)."""
    found: list[Counts] = []
    yield found
    for counts in found:
        print(counts)  # noqa: T201 - for whoever wants to see the counts


@pytest.mark.parametrize(("step", "hit"), TELLING)
async def test_a_death_loses_nothing(dsn: str, tmp_path: Path, counted: list[Counts], step: str, hit: int) -> None:
    """SIGKILL at a step of a sending: the next worker sends all, and no text message is taken twice."""
    counted.append(await die(dsn, tmp_path, step, hit))
    assert counted[-1].good


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "hit"), [(step, hit) for step in STEPS for hit in range(1, 1 + REACHED.get(step, 2 * MESSAGES))]
)
async def test_no_death_at_any_step_loses_anything(
    dsn: str, tmp_path: Path, counted: list[Counts], step: str, hit: int
) -> None:
    """At every step, at each message of the round."""
    counted.append(await die(dsn, tmp_path, step, hit))
    assert counted[-1].good


class Simulated:
    """A clock for the worker and the database's rows: what waits there comes nearer as it goes on."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self._seconds = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self._seconds

    async def go_on(self) -> None:
        """One step."""
        self._seconds += STEP.total_seconds()
        await self._conn.execute("UPDATE outbox SET next_at = next_at - $1::interval WHERE state = 'pending'", STEP)


async def test_ten_minutes_without_a_mail_server_lose_nothing(
    desk: Desk, conn: Any, make_email: MakeEmail, counted: list[Counts]
) -> None:
    """Calls go on meanwhile; when it is back all mails go, each once."""
    office = PostOffice()
    async with office:
        pass
    clock = Simulated(conn)
    options = {"pauses": True, "poll": 0.005, "clock": clock}
    async with make_email(office.port) as channel, desk({"email": Lane(channel, probe=30.0)}, **options):
        for minute in range(10):
            await put(conn, *(f"m{minute}-{n}" for n in range(3)))
            for _ in range(timedelta(minutes=1) // STEP):
                await clock.go_on()
            await until(conn, "SELECT count(*) > 0 FROM outbox WHERE away")
        assert await conn.fetchval("SELECT count(*) FROM outbox WHERE state = 'sent'") == 0
        await office.open(office.port)
        await _until_all_are_sent(conn, clock)
    counted.append(await count(conn, "mail away", office.offered))
    assert counted[-1].good
    assert not counted[-1].mails_again
    await office.close()


async def _until_all_are_sent(conn: Any, clock: Simulated) -> None:
    while await conn.fetchval("SELECT count(*) > 0 FROM outbox WHERE state <> 'sent'"):
        await clock.go_on()


@pytest.mark.parametrize("messages", [10, pytest.param(300, marks=pytest.mark.long)])
async def test_a_database_that_goes_away_again_and_again_doubles_nothing(
    desk: Desk, conn: Any, dsn: str, counted: list[Counts], messages: int
) -> None:
    """In the middle of sendings every connection is cut; what was sent is marked later, and nothing goes twice."""
    taken: list[str] = []
    knife = await asyncpg.connect(dsn)  # the other one looks at the outbox meanwhile

    async def cut(message: Leased) -> Outcome:
        taken.append(message.message_id)
        if len(taken) % 5 == 2:
            await knife.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1)",
                conn.get_server_pid(),
            )
        return Sent("well")

    await put(conn, *(f"m{n}" for n in range(messages)))
    async with desk({"email": Scripted(cut)}, places=1):
        await until(conn, "SELECT count(*) = 0 FROM outbox WHERE state <> 'sent'")
    await knife.close()
    counted.append(await count(conn, "database cut", taken))
    assert counted[-1].good
    assert not counted[-1].mails_again
