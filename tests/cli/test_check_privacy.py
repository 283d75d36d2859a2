"""`vorzimmer check` tells when nothing is erased, and which wishes of clients cannot be met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.store.noting import BOOK, ship
from vorzimmer.cli import check_privacy
from vorzimmer.core.client import Book
from vorzimmer.core.keeping import Keep
from vorzimmer.settings import Settings, load
from vorzimmer.store import book


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """A house whose record by Asterisk is not there yet."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(
        f'[ari]\npassword = "x"\n[ami]\npassword = "x"\n[database]\ndsn = "{dsn}"\n[paths]\ncdr = "{tmp_path}/v.csv"\n'
    )
    return load(file)


async def findings(settings: Settings) -> tuple[str, ...]:
    """What is wrong."""
    return (await check_privacy.privacy(settings)).findings


async def with_database(settings: Settings) -> Any:
    """A connection."""
    return await asyncpg.connect(settings.database.dsn.get_secret_value())


async def test_two_days_without_an_erasure_are_told(settings: Settings) -> None:
    """Not of a house that has no calls, and not once a whole night was done."""
    assert await findings(settings) == ()
    conn = await with_database(settings)
    try:
        await book.save_book(conn, BOOK)
        await ship(conn, "c.1", of="still")
        assert await findings(settings) == ()
        await conn.execute("ALTER TABLE cdr DISABLE TRIGGER cdr_append_only")
        await conn.execute("UPDATE cdr SET stored_at = now() - interval '49 hours'")
        [told] = await findings(settings)
        assert "nothing was erased since" in told
        for kind in ("copies", "recordings", "notes", "numbers", "records"):
            await conn.execute(
                "INSERT INTO erasure (night, kind, at, until_at, erased) VALUES (current_date, $1, $2, $2, 0)",
                kind,
                datetime.now(UTC) - timedelta(hours=47),
            )
        assert await findings(settings) == ()
    finally:
        await conn.close()


async def test_a_wish_beyond_the_maximum_is_told(settings: Settings) -> None:
    """With the client, the kind and what holds."""
    conn = await with_database(settings)
    try:
        keep = Keep(numbers=365, notes=30)
        await book.save_book(conn, Book(client=(BOOK.client[0].model_copy(update={"keep": keep}),)))
    finally:
        await conn.close()
    [told] = await findings(settings)
    assert told == "client mueller wants numbers kept longer than privacy.numbers_most = 210 days, which holds"


async def test_records_that_cannot_be_written_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers would stay in Asterisk's own file."""
    settings.paths.cdr.write_text("")
    assert await findings(settings) == ()
    monkeypatch.setattr("os.access", lambda *_: False)
    [told] = await findings(settings)
    assert "cannot be written" in told
