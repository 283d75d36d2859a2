"""Numbers without a gap, invoices that do not change, and their documents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.core.invoices import ISSUED, OCTOBER, invoice
from vorzimmer.core.invoice import Invoice, Kind, NotInvoiceable
from vorzimmer.core.stretches import Month
from vorzimmer.store import invoices
from vorzimmer.store.invoices import Document

NUMBERS, CANCELLATIONS = "R{year}-{n:05}", "S{year}-{n:05}"


def draft(client: str = "mueller", **changed: Any) -> Invoice:
    """October's, without a number."""
    return replace(invoice(number=""), client=client, **changed)


async def make(made: Invoice) -> Sequence[Document]:
    """A document that tells the number."""
    return (Document(f"{made.number}.xml", "application/xml", made.number.encode()),)


async def refuse(made: Invoice) -> Sequence[Document]:
    """As a fault in the e-invoice does."""
    raise NotInvoiceable(f"{made.number} is wrong")


async def issue(conn: Any, client: str = "mueller", **changed: Any) -> Invoice:
    """Issue October's."""
    return await invoices.issue(conn, draft(client, **changed), NUMBERS, make, "test")


async def test_numbers_count_by_year(conn: Any) -> None:
    """Each circle and year begins with 1; the day of issue says which year."""
    found = [(await issue(conn, client)).number for client in ("a", "b")]
    found.append((await issue(conn, "c", issued=date(2027, 1, 1))).number)
    assert found == ["R2026-00001", "R2026-00002", "R2027-00001"]


async def test_a_month_is_invoiced_once(conn: Any) -> None:
    """The second time the first one is the answer, and no number is used."""
    first = await issue(conn)
    assert await issue(conn) == first
    assert (await issue(conn, "other")).number == "R2026-00002"


async def test_what_is_refused_uses_no_number(conn: Any) -> None:
    """Nothing is kept, and the next one gets the number."""
    with pytest.raises(NotInvoiceable, match="R2026-00001 is wrong"):
        await invoices.issue(conn, draft(), NUMBERS, refuse, "test")
    assert await invoices.listed(conn) == ()
    assert (await issue(conn)).number == "R2026-00001"


async def test_issuing_at_once_leaves_no_gap(conn: Any, dsn: str) -> None:
    """Four connections, of which every third roll back at the end: the numbers are 1 to 16, each once."""
    kept: list[str] = []

    async def work(worker: int) -> None:
        mine = await asyncpg.connect(dsn)
        try:
            for n in range(6):
                transaction = mine.transaction()
                await transaction.start()
                made = await issue(mine, f"client{worker}-{n}")
                if n % 3 == 1:
                    await transaction.rollback()
                else:
                    await transaction.commit()
                    kept.append(made.number)
        finally:
            await mine.close()

    await asyncio.gather(*(work(worker) for worker in range(4)))
    assert sorted(kept) == [f"R2026-{n:05}" for n in range(1, 17)]
    assert sorted(one.number for one in await invoices.listed(conn)) == sorted(kept)
    assert await invoices.wrong(conn) == ()


async def test_one_month_at_once_is_invoiced_once(dsn: str) -> None:
    """Two who issue the same month get the same invoice."""

    async def work() -> str:
        mine = await asyncpg.connect(dsn)
        try:
            return (await issue(mine)).number
        finally:
            await mine.close()

    assert set(await asyncio.gather(work(), work(), work())) == {"R2026-00001"}


async def test_cancelled_and_invoiced_again(conn: Any) -> None:
    """The cancellation has a number of its own circle and names the invoice; then the month gets a new one."""
    first = await issue(conn)
    back = await invoices.cancel(conn, first.number, date(2026, 11, 9), CANCELLATIONS, make, "test")
    assert (back.number, back.kind, back.net) == ("S2026-00001", Kind.CANCELLATION, -first.net)
    assert await invoices.standing(conn, "mueller", OCTOBER) is None
    assert (await issue(conn)).number == "R2026-00002"
    told = [(one.number, one.cancels, one.cancelled_by) for one in await invoices.listed(conn, "mueller")]
    assert told == [
        ("R2026-00001", None, "S2026-00001"),
        ("R2026-00002", None, None),
        ("S2026-00001", "R2026-00001", None),
    ]


async def test_what_cannot_be_cancelled(conn: Any) -> None:
    """One that is not there, is cancelled already, or is a cancellation; no number is used."""
    first = await issue(conn)

    async def cancel(number: str) -> Invoice:
        return await invoices.cancel(conn, number, ISSUED, CANCELLATIONS, make, "test")

    back = await cancel(first.number)
    for number, told in ((first.number, "cancelled already, by S2026-00001"), (back.number, "is a cancellation")):
        with pytest.raises(NotInvoiceable, match=told):
            await cancel(number)
    with pytest.raises(invoices.Unknown, match="no invoice 'R1'"):
        await cancel("R1")
    assert await conn.fetchval("SELECT taken FROM number_circle WHERE pattern = $1", CANCELLATIONS) == 1


async def test_what_was_issued_is_read_again(conn: Any) -> None:
    """The invoice as it was, its documents, and the list by client and month."""
    made = await issue(conn)
    assert await invoices.by_number(conn, made.number) == made
    assert await invoices.documents(conn, made.number) == tuple(await make(made))
    assert [one.net for one in await invoices.listed(conn, month=OCTOBER)] == [Decimal("179.39")]
    assert await invoices.listed(conn, month=Month(2026, 9)) == await invoices.listed(conn, "other") == ()


@pytest.mark.parametrize("table", ["invoice", "invoice_document"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_nothing_issued_is_changed(conn: Any, table: str, change: str) -> None:
    """The database refuses it."""
    await issue(conn)
    with pytest.raises(asyncpg.PostgresError):
        await conn.execute(change.format(table))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET net = 1",
        "UPDATE invoice SET data = jsonb_set(data, '{currency}', '\"USD\"')",
        "UPDATE invoice SET digest = sha256('x')",
    ],
)
async def test_a_change_by_hand_is_found(conn: Any, change: str) -> None:
    """Who takes the triggers away and changes a row, or takes one out, is seen."""
    await issue(conn)
    await conn.execute("ALTER TABLE invoice DISABLE TRIGGER invoice_append_only")
    await conn.execute(change)
    assert await invoices.wrong(conn) == ("invoice R2026-00001 was changed",)


async def test_a_lost_invoice_is_found(conn: Any) -> None:
    """The circle has given its number."""
    await issue(conn)
    await conn.execute("ALTER TABLE invoice DISABLE TRIGGER invoice_append_only")
    await conn.execute("ALTER TABLE invoice_document DISABLE TRIGGER invoice_document_append_only")
    await conn.execute("DELETE FROM invoice_document")
    await conn.execute("DELETE FROM invoice")
    assert await invoices.wrong(conn) == ("invoice R2026-00001 is missing",)
