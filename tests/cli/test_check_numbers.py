"""What `check` says of the house's numbers: the stock beside the book, and the clients' forwarding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.cli.conftest import SETTINGS
from tests.store.books import book
from vorzimmer.cli.check_numbers import numbers
from vorzimmer.core.number_stock import described
from vorzimmer.settings import Settings, load
from vorzimmer.store import forwarding_checks, number_stock
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import save_book

DID, OWN = "+4989123456", "+498977766"
BOSS = Actor("boss")


@pytest.fixture
async def conn(dsn: str) -> Any:
    """A database with a client whose own number is watched."""
    opened = await asyncpg.connect(dsn)
    own = [{"number": OWN, "did": DID}]
    await save_book(opened, book({"id": "mueller", "dids": [DID, "+4989123457"], "own_numbers": own}))
    yield opened
    await opened.close()


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """Of a house with a watchdog."""
    file = tmp_path / "vorzimmer.toml"
    watchdog = '[watchdog]\nenabled = true\ncaller = "+498900001"\n'
    file.write_text(SETTINGS.format(dsn=dsn, folder=tmp_path) + watchdog)
    return load(file)


async def checked(conn: Any, verdict: str, ago: timedelta = timedelta()) -> None:
    """The number was rung."""
    found = {"client": "mueller", "number": OWN, "did": DID, "verdict": verdict, "reason": f"it was {verdict}"}
    row = forwarding_checks.read({**found, "seen": [], "seconds": 1}, datetime.now(UTC) - ago, actor="watchdog")
    await forwarding_checks.note(conn, row)


async def test_a_house_without_a_stock_is_not_bothered_with_one(conn: Any, settings: Settings) -> None:
    """Its clients' numbers are missing nowhere; with a stock those that are not in it are named."""
    await checked(conn, "forwarded")
    assert (await numbers(settings)).findings == ()
    free = described("+498955501", None, cooling_days=90, note="", at=datetime.now(UTC))
    await number_stock.add(conn, [free], actor=BOSS)
    (finding,) = (await numbers(settings)).findings
    assert finding == ("clients have numbers that are not in the stock: +4989123456, +4989123457; vorzimmer number add")


async def test_a_stock_that_somebody_wrote_past_is_told(conn: Any, settings: Settings) -> None:
    """It says what the book does not."""
    await checked(conn, "forwarded")
    now = datetime.now(UTC)
    mine = [described(one, None, cooling_days=90, note="", at=now) for one in (DID, "+4989123457", "+498955501")]
    await number_stock.add(conn, mine, actor=BOSS)
    assert (await numbers(settings)).findings == ()
    await conn.execute("UPDATE number_stock SET state = 'with_client' WHERE number = '+498955501'")
    (finding,) = (await numbers(settings)).findings
    assert "does not say what the book says of +498955501" in finding


async def test_what_is_not_forwarded_now_is_told(conn: Any, settings: Settings) -> None:
    """By its last check alone; what cannot be rung is told apart, and a number that is nobody's any more not at all."""
    await checked(conn, "wrong_did")
    assert (await numbers(settings)).findings == (f"{OWN} of client 'mueller': it was wrong_did; tell the client",)
    await checked(conn, "not_checked")
    (finding,) = (await numbers(settings)).findings
    assert finding.endswith(f"they cannot be rung: {OWN}: it was not_checked")
    await checked(conn, "forwarded")
    assert (await numbers(settings)).findings == ()
    await checked(conn, "loop")
    await save_book(conn, book({"id": "mueller", "dids": [DID]}))
    assert (await numbers(settings)).findings == ()


async def test_a_watchdog_that_sleeps_is_told(conn: Any, settings: Settings) -> None:
    """A week without a check, while there are numbers to watch."""
    await checked(conn, "forwarded", timedelta(days=8))
    (finding,) = (await numbers(settings)).findings
    assert "no client's number was checked for 7 days" in finding
    await save_book(conn, book({"id": "mueller", "dids": [DID]}))
    assert (await numbers(settings)).findings == ()


async def test_the_checking_number_is_nobody_s(conn: Any, settings: Settings) -> None:
    """Calls from a client's own number would be taken for checks."""
    await checked(conn, "forwarded")
    own = [{"number": OWN, "did": DID}]
    await save_book(conn, book({"id": "mueller", "dids": [DID, "+498900001"], "own_numbers": own}))
    (finding,) = (await numbers(settings)).findings
    assert finding == "watchdog.caller +498900001 is a client's number; take one that is nobody's own"


async def test_a_database_that_is_away_is_told_elsewhere(settings: Settings) -> None:
    """One sentence about that is enough."""
    away = settings.database.model_copy(update={"dsn": type(settings.database.dsn)("postgresql://127.0.0.1:1/x")})
    report = await numbers(settings.model_copy(update={"database": away}))
    assert (report.good, report.findings) == ("not known", ())
