"""`vorzimmer worth`: from a file with tariffs of one's own, and from a client's week."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from tests.cli.conftest import Vorzimmer
from tests.store.books import book
from vorzimmer.store.book import save_book

TARIFFS = """
[[tariff]]
id = "each"
name = "Each call"
since = 2026-01-01
positions = [{ kind = "calls", id = "calls", name = "Calls", price = "1.00" }]

[[tariff]]
id = "flat"
name = "Flat"
since = 2026-01-01
positions = [{ kind = "recurring", id = "flat", name = "Flat rate", amount = "40.00" }]
"""

LOG = "Datum;Uhrzeit;Dauer\n" + "".join(f"{day:02}.11.2026;09:{n:02};90\n" for day in range(2, 7) for n in range(5))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A log of five calls on each working day of a week, and tariffs."""
    log, tariffs = tmp_path / "log.csv", tmp_path / "tariffs.toml"
    log.write_text(LOG)
    tariffs.write_text(TARIFFS)
    return log, tariffs


def test_advice_table_and_plot_of_a_log(vorzimmer: Vorzimmer, files: tuple[Path, Path], tmp_path: Path) -> None:
    """No database is needed; what was assumed stands below."""
    log, tariffs = files
    picture = tmp_path / "out.png"
    done = vorzimmer("worth", log, "--tariffs", tariffs, "--month", "2026-12", "--plot", picture)
    assert done.exit_code == 0
    said = done.stdout.splitlines()
    assert 104 <= int(said[0].removeprefix("With about ").split()[0]) <= 116, "22 working days of five calls"
    assert said[0].endswith("calls a month “Flat” is the cheapest: 40 €; it is from 41 calls on.")
    assert said[2].split("  ")[0] == "Tariff"
    assert [line.split()[0] for line in said[3:5]] == ["Flat", "Each"]
    assert said[4].endswith("from 41 calls on")
    assert "The log has 25 calls on 5 days (2 November 2026 to 6 November 2026)." in said
    assert "The log has no Saturday, Sunday: taken to be without calls." in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_json_has_exact_amounts(vorzimmer: Vorzimmer, files: tuple[Path, Path]) -> None:
    """In German if that is wanted."""
    log, tariffs = files
    done = vorzimmer("worth", log, "--tariffs", tariffs, "--month", "2026-12", "--json", "--german")
    told = orjson.loads(done.stdout)
    assert (told["month"], told["draws"], told["left_out"]) == ("2026-12", 200, [])
    assert told["pays"] == [{"flat": "flat", "than": "each", "calls": 41}]
    assert told["tariffs"][0] == {
        "tariff": "flat",
        "name": "Flat",
        "currency": "EUR",
        "low": "40.00",
        "likely": "40.00",
        "high": "40.00",
        "flat": True,
    }
    assert told["advice"][0].endswith("ist „Flat“ am günstigsten: 40 €; das gilt ab 41 Anrufen.")


@pytest.fixture
def client_known(dsn: str) -> Callable[[], Any]:
    """A client without any calls."""

    async def known() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            await save_book(conn, book({"id": "mueller", "name": "M", "dids": ["+4989123456"]}))
        finally:
            await conn.close()

    return lambda: asyncio.run(known())


def test_a_week_of_a_client(vorzimmer: Vorzimmer, files: tuple[Path, Path], client_known: Callable[[], Any]) -> None:
    """One without calls costs what no call costs; whom nobody knows is named."""
    client_known()
    rest = ("--week", "2026-W46", "--tariffs", files[1])
    done = vorzimmer("worth", "--client", "mueller", *rest)
    assert done.exit_code == 0
    assert done.stdout.startswith("Without calls “Each call” is the cheapest: 0.00 €.\n")
    unknown = vorzimmer("worth", "--client", "nobody", *rest)
    assert (unknown.exit_code, unknown.stderr) == (1, "there is no client 'nobody'\n")


def test_what_cannot_be_is_said(vorzimmer: Vorzimmer, files: tuple[Path, Path], tmp_path: Path) -> None:
    """Usage ends with 2, a log that cannot be read with 1 and its line."""
    log, tariffs = files
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("Datum;Zeit;Dauer\n3.11.2026;9:00;lange\n")
    refused = vorzimmer("worth", wrong, "--tariffs", tariffs)
    assert (refused.exit_code, refused.stderr.split(": ", 1)[1]) == (
        1,
        "Line 2: this is no duration (seconds, mm:ss or hh:mm:ss): lange\n",
    )
    for arguments in (
        (),
        (log, "--client", "x", "--week", "2026-W46"),
        ("--client", "x"),
        (tmp_path / "none.csv", "--tariffs", tariffs),
        (log, "--tariffs", log),
        (log, "--tariffs", tariffs, "--month", "13"),
        (log, "--tariffs", tariffs, "--plot", "out.gif"),
        ("--client", "mueller", "--week", "46", "--tariffs", tariffs),
    ):
        assert vorzimmer("worth", *arguments).exit_code == 2
