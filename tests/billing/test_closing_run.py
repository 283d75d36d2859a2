"""Many months closed at once: nobody's trouble is another's, and the order does not matter."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.billing.months import (
    AFTER,
    BY_MINUTE,
    EACH,
    ISSUER,
    NOVEMBER,
    PACKAGE,
    Made,
    account,
    client,
    contract,
    furnish,
    plain_documents,
    store,
)
from vorzimmer.billing import closing_run
from vorzimmer.billing.closing import close
from vorzimmer.billing.closing_run import Order, Outcome, run
from vorzimmer.core.statement import Statement
from vorzimmer.store import closing_state

NAMES = ("ahorn", "birke", "eiche")
TARIFFS = ("package", "each", "minutes")


async def _house(conn: asyncpg.Connection, without_account: Iterable[str] = ()) -> None:
    """Three clients with a tariff and ten calls each."""
    await furnish(
        conn,
        [client(name, number) for number, name in enumerate(NAMES, 1)],
        [contract(name, tariff) for name, tariff in zip(NAMES, TARIFFS, strict=True)],
        [account(name) for name in NAMES if name not in without_account],
        [PACKAGE, EACH, BY_MINUTE],
    )
    calls = [
        Made(f"{name}-{n}", name, f"2026-11-{n:02}T10:{n:02}", talk=37 * n % 120)
        for name in NAMES
        for n in range(1, 11)
    ]
    await store(conn, *calls)


def _fill(dsn: str, work: Callable[[asyncpg.Connection], Any]) -> Any:
    async def connected() -> Any:
        conn = await asyncpg.connect(dsn)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(connected())


def _order(dsn: str, folder: Path | None = None, **fields: Any) -> Order:
    return Order(dsn, NOVEMBER, ISSUER, "alice", AFTER, folder, **fields)


def _by_client(outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
    return {one.client: one for one in outcomes}


def test_everybody_is_closed_but_who_cannot_be(dsn: str, tmp_path: Path) -> None:
    """Each has its documents in a folder of its own; whose account is missing is told, and has none."""
    _fill(dsn, lambda conn: _house(conn, ["birke"]))
    found = _by_client(run(_order(dsn, tmp_path), NAMES, 1))
    assert {name: one.refused for name, one in found.items() if one.refused} == {
        "birke": "there is no account: nobody knows to whom the invoice goes"
    }
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == [
        *("ahorn/R2026-00001.pdf", "ahorn/R2026-00001.xml"),
        *(f"ahorn/statement-2026-11.{ending}" for ending in ("csv", "pdf", "xlsx")),
        *("eiche/R2026-00002.pdf", "eiche/R2026-00002.xml"),
        *(f"eiche/statement-2026-11.{ending}" for ending in ("csv", "pdf", "xlsx")),
    ]


def test_documents_are_written_again_when_asked_again(dsn: str, tmp_path: Path) -> None:
    """A run that was killed between close and files is made good by the next one; invoices are the same bytes."""
    _fill(dsn, _house)
    list(run(_order(dsn), NAMES[:1], 1))
    [again] = run(_order(dsn, tmp_path), NAMES[:1], 1)
    assert (again.before, again.refused, again.invoice) == (True, None, "R2026-00001")
    before = (tmp_path / "ahorn/R2026-00001.pdf").read_bytes()
    list(run(_order(dsn, tmp_path), NAMES[:1], 1))
    assert (tmp_path / "ahorn/R2026-00001.pdf").read_bytes() == before


def test_folder_that_cannot_be_written_to_undoes_nothing(dsn: str, tmp_path: Path) -> None:
    """The month is closed; why there are no documents is told."""
    _fill(dsn, _house)
    (tmp_path / "ahorn").write_text("in the way")
    [found] = run(_order(dsn, tmp_path), NAMES[:1], 1)
    assert (found.refused, found.invoice) == (None, "R2026-00001")
    assert "FileExistsError" in (found.unwritten or "")


def test_dry_run_closes_nothing(dsn: str) -> None:
    """It tells the totals, and leaves neither statement nor number behind."""
    _fill(dsn, _house)
    told = _by_client(run(_order(dsn, dry=True), NAMES, 1))
    assert _fill(dsn, lambda conn: conn.fetchval("SELECT count(*) FROM statement")) == 0
    done = _by_client(run(_order(dsn), NAMES, 1))
    assert {name: one.total for name, one in told.items()} == {name: one.total for name, one in done.items()}
    assert sorted(one.invoice or "" for one in done.values()) == ["R2026-00001", "R2026-00002", "R2026-00003"]


def test_database_that_goes_away_is_told_of_each_client() -> None:
    """No traceback, and no client is left out of the list."""
    found = run(_order("postgresql://nobody@127.0.0.1:1/none"), NAMES[:2], 1)
    assert [(one.client, one.refused is not None) for one in found] == [("ahorn", True), ("birke", True)]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_nobody_has_thought_of_is_told(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    """Whatever one client's month raises stops no other's, on a machine with one core too."""

    def worked(_order: Order, name: str) -> Outcome:
        if name == "birke":
            raise LookupError("odd")
        return Outcome(name)

    monkeypatch.setattr(closing_run, "in_process", worked)
    monkeypatch.setattr(closing_run, "ProcessPoolExecutor", _Mortal)
    found = _by_client(run(_order("postgresql://unused"), NAMES, processes))
    assert {name: one.refused for name, one in found.items()} == {
        "ahorn": None,
        "birke": "LookupError: odd",
        "eiche": None,
    }


class _Mortal(ThreadPoolExecutor):
    """Loses all that waits when one of its workers dies, as a pool of processes does."""

    def __init__(self, count: int, **_: Any) -> None:
        super().__init__(count)
        self._dead = False

    def submit(self, work: Callable[..., Any], /, *told: Any, **_: Any) -> Future[Any]:
        def alive() -> Any:
            if self._dead:
                raise BrokenProcessPool("terminated abruptly")
            try:
                return work(*told)
            except BrokenProcessPool:
                self._dead = True
                raise

        return super().submit(alive)


def test_process_that_dies_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever's month kills each process that closes it is told, and all others are closed, wherever they stand."""

    def worked(_order: Order, name: str) -> Outcome:
        if name == "birke":
            raise BrokenProcessPool("terminated abruptly")
        return Outcome(name)

    monkeypatch.setattr(closing_run, "in_process", worked)
    monkeypatch.setattr(closing_run, "ProcessPoolExecutor", _Mortal)
    names = ("ahorn", "birke", *(f"eiche-{n}" for n in range(20)))
    found = list(run(_order("postgresql://unused"), names, 2))
    assert sorted(one.client for one in found) == sorted(names)
    assert [(one.client, one.refused) for one in found if one.refused] == [("birke", "the process that closed it died")]


def test_whoever_has_a_contract_is_closed(dsn: str) -> None:
    """Also in the month after its end, for what comes back; not before its beginning."""

    async def months(conn: asyncpg.Connection) -> list[tuple[str, ...]]:
        await _house(conn)
        await conn.execute("UPDATE contract SET until = '2026-11-20' WHERE client = 'birke'")
        month = NOVEMBER.after
        return [await closing_state.clients(conn, one) for one in (NOVEMBER, month, month.after)]

    assert _fill(dsn, months) == [NAMES, NAMES, ("ahorn", "eiche")]
    assert not _fill(dsn, lambda conn: closing_state.clients(conn, replace(NOVEMBER, month=10)))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(NAMES), st.integers(0, 2**32))
async def test_order_does_not_matter(conn: asyncpg.Connection, order: list[str], seed: int) -> None:
    """Whoever is closed first, and whether calls were stored and rated in batches before: the same statements."""
    transaction = conn.transaction()
    await transaction.start()
    try:
        await _house(conn)
        more = [Made(f"{name}-more-{n}", name, f"2026-11-2{n}T15:00") for name in NAMES for n in range(5)]
        random.Random(seed).shuffle(more)  # noqa: S311 - a test's order
        await store(conn, *more[: len(more) // 2])
        await store(conn, *more[len(more) // 2 :])
        made = [await close(conn, name, NOVEMBER, ISSUER, plain_documents, "alice", AFTER) for name in order]
        told = {one.client: _lasting(one) for one in made}
        assert all(one.total == sum(line.amount for line in one.lines) for one in made)
    finally:
        await transaction.rollback()
    _KNOWN.setdefault("told", told)
    assert told == _KNOWN["told"]


_KNOWN: dict[str, dict[str, Statement]] = {}
"""What the first example made."""


def _lasting(closed: Statement) -> Statement:
    """Without the seal, which depends on what else there was."""
    return replace(closed, head=bytes(32))
