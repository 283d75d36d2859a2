"""`vorzimmer invoice`, and what `check` says about money."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.billing.months import PACKAGE, account, client, contract, furnish
from tests.cli.conftest import Vorzimmer
from tests.core.invoices import ACCOUNT, SELLER, invoice, statement
from vorzimmer.billing.einvoice import xml
from vorzimmer.billing.invoicing import make
from vorzimmer.cli import check_billing
from vorzimmer.settings import Settings, load
from vorzimmer.store import invoices, statements

HOUSE = "\n".join(
    [
        "[billing.seller]",
        f'name = "{SELLER.name}"\nstreet = "{SELLER.street}"\npostcode = "{SELLER.postcode}"\ncity = "{SELLER.city}"',
        f'tax_number = "{SELLER.tax_number}"\ncontact = "{SELLER.contact}"\nphone = "{SELLER.phone}"',
        f'mail = "{SELLER.mail}"\niban = "{SELLER.iban}"',
    ]
)
NUMBER = "R2026-00001"


def on(dsn: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something with the database."""

    async def connected() -> Any:
        conn = await asyncpg.connect(dsn)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(connected())


@pytest.fixture
def issued(dsn: str, vorzimmer: Vorzimmer, tmp_path: Path) -> Vorzimmer:
    """October of one client is closed and invoiced, by a house whose data are complete."""
    with (tmp_path / "vorzimmer.toml").open("a") as file:
        file.write(HOUSE)

    async def bill(conn: Any) -> None:
        await furnish(conn, [client("mueller")], [], [ACCOUNT.model_dump(mode="json")], [])
        await statements.add(conn, statement())
        await invoices.issue(conn, invoice(number=""), "R{year}-{n:05}", make, "test")

    on(dsn, bill)
    return vorzimmer


@pytest.mark.usefixtures("issued")
def test_invoices_are_listed_and_shown(vorzimmer: Vorzimmer) -> None:
    """For people and for programs; by client and by month."""
    assert "213.47 EUR" in vorzimmer("invoice", "list").output
    told = json.loads(vorzimmer("invoice", "list", "--json", "--month", "2026-10", "--client", "mueller").output)
    assert (told["number"], told["net"], told["kind"]) == (NUMBER, "179.39", "invoice")
    assert vorzimmer("invoice", "list", "--month", "2026-09").output == "no invoices\n"
    shown = vorzimmer("invoice", "show", NUMBER).output
    assert "  2. Anrufe: 117 C62 at 1.20 = 140.40" in shown
    assert "net 179.39, VAT 19 % (S) 34.08" in shown
    assert json.loads(vorzimmer("invoice", "show", NUMBER, "--json").output)["sums"]["gross"] == "213.47"


@pytest.mark.usefixtures("issued")
def test_cancelled_and_issued_again(vorzimmer: Vorzimmer, dsn: str) -> None:
    """The month may be invoiced again only then; both steps are in the trail."""
    refused = vorzimmer("invoice", "issue", "mueller", "2026-10")
    assert (refused.exit_code, "invoiced already: R2026-00001" in refused.output) == (1, True)
    assert vorzimmer("invoice", "cancel", NUMBER).output.endswith(f"cancels {NUMBER}\n")
    again = vorzimmer("invoice", "issue", "mueller", "2026-10")
    assert (again.exit_code, "213.47 EUR" in again.output) == (0, True)
    assert "is cancelled already" in vorzimmer("invoice", "cancel", NUMBER).output
    trail = on(dsn, lambda conn: conn.fetch("SELECT what FROM audit ORDER BY id"))
    assert [row["what"] for row in trail] == ["invoice.cancel", "invoice.issue"]


@pytest.mark.usefixtures("issued")
def test_documents_are_written(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """As they were issued; the PDF is checked like the XML."""
    folder = tmp_path / "out"
    assert vorzimmer("invoice", "export", folder).output == f"2 files in {folder}\n"
    assert (folder / f"{NUMBER}.xml").read_bytes() == xml(invoice())
    for file in folder.iterdir():
        assert vorzimmer("invoice", "check", file).output == "no faults\n"


def test_a_wrong_file_is_told(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """With the rules that it breaks, and exit code 1; a file that is not there likewise."""
    file = tmp_path / "wrong.xml"
    file.write_bytes(xml(invoice()).replace(b"GrandTotalAmount>213.47", b"GrandTotalAmount>1.00"))
    told = vorzimmer("invoice", "check", file)
    assert (told.exit_code, "BR-CO-15: " in told.output, "BR-CO-16: " in told.output) == (1, True, True)
    assert vorzimmer("invoice", "check", tmp_path / "none.xml").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "R1"), 1),
        (("cancel", "R1"), 1),
        (("export", "out", "--number", "R1"), 1),
        (("issue", "nobody", "2026-10"), 1),
        (("issue", "nobody", "2026-13"), 2),
        (("issue", "nobody", "2026-10", "--rate", "-1"), 2),
        (("issue", "nobody", "2026-10", "--rate", "nan"), 2),
    ],
)
def test_what_is_not_there_is_told(
    vorzimmer: Vorzimmer, arguments: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, nothing done."""
    monkeypatch.chdir(tmp_path)
    told = vorzimmer("invoice", *arguments)
    assert told.exit_code == code
    assert "Traceback" not in told.output


@pytest.mark.usefixtures("issued")
def test_vat_in_yuan_needs_a_rate(vorzimmer: Vorzimmer, dsn: str) -> None:
    """A month by a tariff in yuan, of a client in Germany: closed once the rate to the euro is told."""
    since = {"since": "2026-01-01"}
    clients, contracts = [client("ahorn", 2)], [contract("ahorn", **since)]
    tariff = PACKAGE | {"currency": "CNY"}
    on(dsn, lambda conn: furnish(conn, clients, contracts, [account("ahorn")], [tariff]))
    refused = vorzimmer("close-month", "2026-01", "--client", "ahorn")
    assert (refused.exit_code, "VAT in CNY needs the rate to the euro" in refused.output) == (1, True)
    assert vorzimmer("close-month", "2026-01", "--client", "ahorn", "--rate", "CNY=7.85").exit_code == 0
    assert "VAT in euros 0." in vorzimmer("invoice", "show", json_of(vorzimmer)["number"]).output


def json_of(vorzimmer: Vorzimmer) -> Any:
    """The invoice of that month."""
    return json.loads(vorzimmer("invoice", "list", "--json", "--client", "ahorn").output)


@pytest.mark.parametrize("rate", ["7.85", "CNY", "CNY=0", "CNY=inf", "yuan=7", "=7"])
def test_a_rate_is_a_currency_and_a_number(vorzimmer: Vorzimmer, rate: str) -> None:
    """Anything else ends the command before it has done anything."""
    assert vorzimmer("close-month", "2026-01", "--client", "ahorn", "--rate", rate).exit_code == 2


@pytest.mark.usefixtures("issued")
def test_a_changed_invoice_is_told(vorzimmer: Vorzimmer, dsn: str) -> None:
    """`invoice check` without a file looks at what was issued."""
    assert vorzimmer("invoice", "check").output == "no faults\n"

    async def change(conn: Any) -> None:
        await conn.execute("ALTER TABLE invoice DISABLE TRIGGER invoice_append_only")
        await conn.execute("UPDATE invoice SET net = 1")

    on(dsn, change)
    told = vorzimmer("invoice", "check")
    assert (told.exit_code, f"invoice {NUMBER} was changed" in told.output) == (1, True)


def settings_of(dsn: str, folder: Path, more: str = "") -> Settings:
    """Settings that lead to the test's database."""
    file = folder / "check.toml"
    file.write_text(f'[ari]\npassword = "x"\n[ami]\npassword = "x"\n[database]\ndsn = "{dsn}"\n{more}')
    return load(file)


@pytest.mark.usefixtures("issued")
def test_check_tells_what_an_invoice_lacks(dsn: str, tmp_path: Path) -> None:
    """Of a house with accounts; with all data there is nothing to tell."""
    [told] = asyncio.run(check_billing.billing(settings_of(dsn, tmp_path))).findings
    assert "name, street" in told
    whole = asyncio.run(check_billing.billing(settings_of(dsn, tmp_path, HOUSE)))
    assert (whole.findings, whole.good) == ((), "1 account, invoices by Vorzimmer GmbH")


def test_check_asks_nothing_of_a_house_that_bills_nobody(dsn: str, empty_dsn: str, tmp_path: Path) -> None:
    """Nor of a database that has no tables yet, or is away."""
    for known in (dsn, empty_dsn, "postgresql://127.0.0.1:1/none"):
        assert asyncio.run(check_billing.billing(settings_of(known, tmp_path))).findings == ()
