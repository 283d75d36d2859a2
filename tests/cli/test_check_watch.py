"""`vorzimmer check` on the running roles, and on what has not reached its end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from tests.cli.conftest import SETTINGS
from tests.notify.conftest import Troubles
from tests.store.leasing import lease
from tests.store.test_outbox import put
from vorzimmer.cli import check_watch
from vorzimmer.sandbox.ports import free
from vorzimmer.settings import Settings, load
from vorzimmer.store import outbox
from vorzimmer.watching.exposition import serving
from vorzimmer.watching.readings import CallsReadings, CallsRole


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """Of a house whose roles would answer on two free ports."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=dsn, folder=tmp_path) + f"[watch]\ncalls = {free()}\nworker = {free()}\n")
    return load(file)


@contextlib.asynccontextmanager
async def role(port: int, *why_not_ready: str, **numbers: float) -> AsyncIterator[None]:
    """A role that answers."""
    registry = CollectorRegistry()
    readings = {field.name: 0.0 for field in fields(CallsReadings)} | numbers
    registry.register(CallsRole(CallsReadings(**{name: lambda n=number: n for name, number in readings.items()})))
    async with serving(port, registry, lambda: why_not_ready, Troubles()):
        yield


async def test_roles_that_are_ready(settings: Settings) -> None:
    """Two roles that are ready and a journal that keeps up are no finding."""
    async with role(settings.watch.calls, journal_unshipped=3, journal_oldest_age=1), role(settings.watch.worker):
        reports = await check_watch.roles(settings)
    assert [line for report in reports for line in report.lines()] == [
        "ok     role calls: ready",
        "ok     role worker: ready",
        "ok     journal: 3 records on their way",
    ]


async def test_each_reason_is_a_finding(settings: Settings) -> None:
    """What a role says of itself is printed, with the log to look into; one that is away is named with its unit."""
    async with role(settings.watch.calls, "no events come from Asterisk", "the loop is stuck"):
        calls, worker, journal = await check_watch.roles(settings)
    assert calls.findings == (
        "not ready: no events come from Asterisk; journalctl -u vorzimmer-calls",
        "not ready: the loop is stuck; journalctl -u vorzimmer-calls",
    )
    assert f"no answer on 127.0.0.1:{settings.watch.worker} (" in worker.findings[0]
    assert worker.findings[0].endswith("; systemctl status vorzimmer-worker")
    assert journal.findings == ()


async def test_a_role_that_is_not_watched_or_not_ours(settings: Settings) -> None:
    """Port 0 is no finding; another program on the port is one, and its answers are not taken for ours."""
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.watch.worker).start()
    calls, worker = await check_watch.roles(
        settings.model_copy(update={"watch": settings.watch.model_copy(update={"calls": 0})})
    )
    await runner.cleanup()
    assert list(calls.lines()) == ["ok     role calls: not watched, for watch.calls is 0"]
    assert worker.findings == (
        f"what answers on 127.0.0.1:{settings.watch.worker} is another program; set watch.worker",
    )


@pytest.mark.parametrize(
    ("numbers", "finding"),
    [
        (
            {"journal_unshipped": 800, "journal_oldest_age": 700},
            "800 records are not in the database, the oldest for 700",
        ),
        ({"journal_waiting": 5}, "5 records are in memory only, for the disk refuses them; make room at paths.state"),
        ({"journal_lost": 2}, "2 records were lost since the start, for disk and memory were full; run `vorzimmer rec"),
        ({"rejected": 4}, "the database refused 4 records since the start; see rejected.jsonl"),
    ],
)
async def test_a_journal_in_trouble(settings: Settings, numbers: dict[str, float], finding: str) -> None:
    """Each way in which records do not reach the database is one finding."""
    async with role(settings.watch.calls, **numbers):
        *_, journal = await check_watch.roles(settings)
    assert len(journal.findings) == 1
    assert journal.findings[0].startswith(finding)


async def test_messages_on_their_way(settings: Settings, dsn: str) -> None:
    """Those that wait for their time are no finding."""
    conn = await asyncpg.connect(dsn)
    await put(conn, "a@example.org", "b@example.org")
    await conn.close()
    assert list((await check_watch.messages(settings)).lines()) == ["ok     messages: 2 wait"]


async def test_messages_late_and_given_up(settings: Settings, dsn: str) -> None:
    """What the worker left lying, and what no client will get: with call, address, reason and client."""
    conn = await asyncpg.connect(dsn)
    await put(conn, "old@example.org", "first@example.org", "last@example.org", "late@example.org")
    for message in await lease(conn, 3, 60):
        await outbox.mark_dead(conn, message.id, f"550 no {message.recipient}")
    await conn.execute("UPDATE outbox SET created_at = now() - interval '8 days' WHERE recipient LIKE 'old%'")
    await conn.execute("UPDATE outbox SET next_at = now() - interval '1 h' WHERE recipient LIKE 'late%'")
    await conn.close()
    late, dead = (await check_watch.messages(settings)).findings
    assert late.startswith("one has been due for 36")
    assert late.endswith(" s; systemctl status vorzimmer-worker")
    assert dead == (
        "2 of the last 7 days were given up, the last one of call c1 to last@example.org (550 no last@example.org); "
        "correct the address, and tell mueller"
    )


async def test_messages_with_the_database_away(settings: Settings, empty_dsn: str) -> None:
    """That is another part's finding, not this one's."""
    for dsn in (f"postgresql://x@127.0.0.1:{free()}/x", empty_dsn):
        away = settings.model_copy(update={"database": settings.database.model_copy(update={"dsn": SecretStr(dsn)})})
        assert list((await check_watch.messages(away)).lines()) == ["ok     messages: not known"]
