"""The part of `check` about the calls' records, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.cli.conftest import SETTINGS
from tests.store.records import START, end, events
from tests.store.sealing import put_charge, tamper
from vorzimmer.cli.check_records import OVERDUE, records
from vorzimmer.core.cdr import build_cdr
from vorzimmer.settings import Settings, load
from vorzimmer.store import batch, reconciliation, seals, segments
from vorzimmer.store.reconciliation import Run

NOW = datetime.now(UTC)


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """Those of a house whose Asterisk has written no record yet."""
    (tmp_path / "log").mkdir()
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=dsn, folder=tmp_path) + f'cdr = "{tmp_path}/log/vorzimmer.csv"\n')
    return load(file)


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """The house's database."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def store_call(conn: asyncpg.Connection, age: timedelta) -> None:
    """A call that began so long ago."""
    happened = [replace(event, at=event.at + (NOW - age - START)) for event in events("c1")]
    bodies = [segments.render({"t": "end", "record": end(build_cdr(happened), "office@example.org")})]
    await batch.store(conn, bodies, "test.example")


def run(age: timedelta, differing: int = 0, completed: int = 0) -> Run:
    """A nightly run of so long ago."""
    until = NOW - age
    return Run(until - timedelta(days=1), until, True, 5, differing, completed)


async def test_new_house_is_fine(settings: Settings) -> None:
    """Before the first call there is neither a file nor a comparison, and nothing is wrong."""
    assert (await records(settings)).findings == ()


@pytest.mark.parametrize(
    ("began", "compared", "late"),
    [
        (timedelta(hours=1), None, False),
        (OVERDUE + timedelta(hours=1), None, True),
        (OVERDUE + timedelta(hours=1), timedelta(hours=3), False),
        (OVERDUE + timedelta(hours=1), OVERDUE + timedelta(hours=2), True),
    ],
)
async def test_missed_night_is_found(
    settings: Settings, conn: asyncpg.Connection, *, began: timedelta, compared: timedelta | None, late: bool
) -> None:
    """Calls that nobody has compared for a day and a half mean that the timer does not run."""
    await store_call(conn, began)
    if compared is not None:
        await reconciliation.save_run(conn, run(compared))
    found = (await records(settings)).findings
    assert ["vorzimmer-reconcile.timer" in finding for finding in found] == [True] * late


async def test_differences_stay_in_sight(settings: Settings, conn: asyncpg.Connection) -> None:
    """What could not be completed is named until a later run finds no more of it."""
    await reconciliation.save_run(conn, run(timedelta(hours=30), differing=3, completed=1))
    [finding] = (await records(settings)).findings
    assert finding.startswith("2 calls differ from Asterisk's records and could not be completed; vorzimmer reconcile")
    await reconciliation.save_run(conn, run(timedelta(hours=6), differing=1, completed=1))
    assert (await records(settings)).findings == ()


@pytest.mark.parametrize(("minutes", "late"), [(50, False), (70, True)])
async def test_what_is_not_sealed_is_found(
    settings: Settings, conn: asyncpg.Connection, *, minutes: int, late: bool
) -> None:
    """Calls that nobody has sealed for an hour mean that the worker does not run, or that somebody cut the chain."""
    await store_call(conn, timedelta(minutes=5))
    await seals.seal_new(conn)
    assert (await records(settings)).findings == ()
    await put_charge(conn, "c1")
    age = timedelta(minutes=minutes)
    await tamper(conn, f"UPDATE charge SET rated_at = '{NOW - age}', xact = pg_current_xact_id()::text::bigint")  # noqa: S608 - the test's own
    assert ["not sealed" in finding for finding in (await records(settings)).findings] == [True] * late
    await conn.execute("UPDATE sealing SET cluster = cluster + 1")  # restored elsewhere: what is older may be sealed
    assert (await records(settings)).findings == ()
    await seals.seal_new(conn)
    assert (await records(settings)).findings == ()


async def test_file_that_is_none_is_found(settings: Settings) -> None:
    """A wrong path is said before the first night."""
    settings.paths.cdr.mkdir()
    [finding] = (await records(settings)).findings
    assert finding.startswith(f"{settings.paths.cdr} cannot be read")
    settings.paths.cdr.rmdir()
    settings.paths.cdr.parent.rmdir()
    [finding] = (await records(settings)).findings
    assert "cdr_custom.conf" in finding
