"""`vorzimmer close-month` and `vorzimmer export-datev`."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import asyncpg
import pytest

from tests.billing.months import EACH, PACKAGE, Made, account, client, contract, furnish, store
from tests.cli.conftest import Vorzimmer

SELLER = """
[billing.seller]
name = "Vorzimmer Telefonservice GmbH"
street = "Sendlinger Straße 8"
postcode = "80331"
city = "München"
vat_id = "DE123456788"
contact = "Rechnungswesen"
phone = "+49 89 100000"
mail = "rechnung@house.example"
iban = "DE02120300000000202051"
"""


@pytest.fixture
def house(vorzimmer: Vorzimmer, dsn: str, tmp_path: Path) -> Vorzimmer:
    """A house with two clients, of which one has no account, and a month that is over since long."""

    async def fill() -> None:
        conn = await asyncpg.connect(dsn)
        since = {"since": "2026-01-01"}
        await furnish(
            conn,
            [client("ahorn", 1), client("birke", 2)],
            [contract("ahorn", **since), contract("birke", "each", **since)],
            [account("ahorn")],
            [PACKAGE, EACH],
        )
        await store(conn, *(Made(f"c{n}", "ahorn", f"2026-01-{n:02}T10:00") for n in range(1, 5)))
        await conn.close()

    asyncio.run(fill())
    with (tmp_path / "vorzimmer.toml").open("a") as file:
        file.write(SELLER)
    return vorzimmer


def test_month_is_closed_client_by_client(house: Vorzimmer, tmp_path: Path) -> None:
    """Dry, in earnest, again: the same figures; who cannot be closed is told, and the exit code tells it too."""
    dry = house("close-month", "2026-01", "--dry-run")
    assert "ahorn: 4 calls, 12.40 EUR net (dry run)" in dry.stdout
    done = house("close-month", "2026-01", "--output", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0].startswith("ahorn: 4 calls, 12.40 EUR net, invoice R")
    assert done.stdout.splitlines()[1:] == [
        "birke: not closed: there is no account: nobody knows to whom the invoice goes",
        "2026-01: 1 of 2 clients are closed",
    ]
    assert len(list((tmp_path / "out/ahorn").iterdir())) == 5
    again = house("close-month", "2026-01", "--client", "ahorn")
    assert (again.exit_code, "was closed already" in again.stdout) == (0, True)


@pytest.mark.parametrize("month", ["2026", "2026-13", "26-01", "2026-1"])
def test_what_is_no_month_is_refused(house: Vorzimmer, month: str) -> None:
    """As wrong usage, and nothing is done."""
    refused = house("close-month", month)
    assert (refused.exit_code, "is no month" in refused.stderr) == (2, True)


def test_month_that_is_not_over_is_not_closed(house: Vorzimmer) -> None:
    """Nor is one of a client who does not exist."""
    assert "2099-01 is not over in Europe/Berlin" in house("close-month", "2099-01", "--client", "ahorn").stdout
    assert "nobody is not in the book" in house("close-month", "2026-01", "--client", "nobody").stdout


def test_invoices_are_exported_by_the_month_of_their_day(house: Vorzimmer, tmp_path: Path, dsn: str) -> None:
    """The invoice is one posting of the debtor's account; a month without one has none."""
    house("close-month", "2026-01", "--client", "ahorn")
    issued = _issued(dsn)
    file = tmp_path / "EXTF_Rechnungen.csv"
    assert "1 postings" in house("export-datev", issued[:7], file).stdout
    header, headings, posting = csv.reader(file.read_text("cp1252").splitlines(), delimiter=";")
    told = dict(zip(headings, posting, strict=True))
    assert header[:3] == ["EXTF", "700", "21"]
    assert [told[name] for name in ("Umsatz (ohne Soll/Haben-Kz)", "Konto", "Gegenkonto (ohne BU-Schlüssel)")] == [
        *("14,76", "10000", "8400")
    ]
    assert (told["Leistungsdatum"], told["Datum Zuord. Steuerperiode"]) == ("31012026", "31012026")
    assert "0 postings" in house("export-datev", "2026-01", file).stdout
    refused = house("export-datev", issued[:7], tmp_path / "nowhere" / "file.csv")
    assert (refused.exit_code, refused.stdout) == (1, "")


def _issued(dsn: str) -> str:
    async def ask() -> str:
        conn = await asyncpg.connect(dsn)
        try:
            return str(await conn.fetchval("SELECT issued FROM invoice"))
        finally:
            await conn.close()

    return asyncio.run(ask())
