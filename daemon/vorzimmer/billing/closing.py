"""A month's end: it is rated for the last time, sealed, stated and invoiced, and nothing is charged to it any more.

All of a client's close is one transaction: killed in it, nothing was done; done twice, the second finds the first. What
comes later is rated in the next month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.billing.comparison import compared
from vorzimmer.billing.rater import rate_month
from vorzimmer.core.account import Account
from vorzimmer.core.bill import Bill
from vorzimmer.core.client import Client
from vorzimmer.core.invoice import Invoice, Kind, NotInvoiceable, Seller, Terms, invoice_of
from vorzimmer.core.rating import Place
from vorzimmer.core.statement import Balance, Statement, chart_of, versions_of
from vorzimmer.core.stretches import Month, NoTariff
from vorzimmer.store import balances, billing_book, closing_state, invoices, letters, seals, statement_calls, statements
from vorzimmer.store.client_change import NoSuchClient, load
from vorzimmer.store.invoices import Make
from vorzimmer.store.rated_calls import calls_of_client, instants


@dataclass(frozen=True, slots=True)
class Issuer:
    """On whose behalf months are closed.

    `numbers`: the pattern of invoices' numbers. `timezone`: by whose clock an invoice has its day. `tell`: clients get
    a mail. `portal`: the address of the pages that it names. `rates`: units of a currency for one euro.
    """

    seller: Seller
    numbers: str
    timezone: str
    small_business: bool = False
    tell: bool = False
    portal: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict)


class NotClosed(Exception):
    """This month of this client's cannot be closed now; the text says why. Nothing was changed."""


async def close(
    conn: asyncpg.Connection, client: str, month: Month, issuer: Issuer, make: Make, by: str, at: datetime
) -> Statement:
    """Close a client's month; one that is closed is left as it is.

    Args:
        conn: in no transaction: what was rated is committed first, so that the seal stands for it too.
        client: who.
        month: which one; over by the client's clock.
        issuer: on whose behalf.
        make: makes the invoice's documents.
        by: who closes.
        at: now.

    Raises:
        NotClosed: see there.
    """
    known = await statements.statement(conn, client, month)
    if known is not None:
        return known
    try:
        found = await _open_month(conn, client, month, at)
        await rate_month(conn, client, month)
        await seals.seal_new(conn)
        async with conn.transaction():
            await closing_state.lock(conn, client)
            known = await statements.statement(conn, client, month)
            if known is not None:
                return known
            made, draft = await _stated(conn, found, month, issuer, by, at)
            await statements.add(conn, made)
            if made.balance is not None:
                await balances.take(conn, client, month, made.balance.taken, made.currency, by, at)
            issued = draft and await invoices.issue(conn, draft, issuer.numbers, make, by)
            if issuer.tell:
                await _tell(conn, found, made, issued, issuer)
            return made
    except (NoSuchClient, NotInvoiceable, NoTariff, ValueError, seals.CutError) as error:
        raise _reason(client, error) from error


async def preview(
    conn: asyncpg.Connection, client: str, month: Month, issuer: Issuer, by: str, at: datetime
) -> Statement:
    """The statement as it would be; nothing is written, and no number used.

    Raises:
        NotClosed: it could not be closed.
    """
    known = await statements.statement(conn, client, month)
    if known is not None:
        return known
    transaction = conn.transaction()
    await transaction.start()
    try:
        found = await _open_month(conn, client, month, at)
        made, _ = await _stated(conn, found, month, issuer, by, at)
    except (NoSuchClient, NotInvoiceable, NoTariff, ValueError) as error:
        raise _reason(client, error) from error
    finally:
        await transaction.rollback()
    return made


def _reason(client: str, error: Exception) -> NotClosed:
    if isinstance(error, NoSuchClient):
        return NotClosed(f"{client} is not in the book any more")
    return NotClosed(str(error))


async def _open_month(conn: asyncpg.Connection, client: str, month: Month, at: datetime) -> Client:
    """The client, if its month is over and the next one to be closed."""
    _version, found = await load(conn, client)
    if at < instants(month, _place(found))[1]:
        raise NotClosed(f"{_named(month)} is not over in {found.timezone}")
    await _require_order(conn, client, month)
    return found


def _place(client: Client) -> Place:
    return Place(client.timezone, client.holidays)


def _named(month: Month) -> str:
    return f"{month.year}-{month.month:02}"


async def _stated(
    conn: asyncpg.Connection, client: Client, month: Month, issuer: Issuer, by: str, at: datetime
) -> tuple[Statement, Invoice | None]:
    """The statement, and the draft of its invoice; None: there is nothing to pay."""
    account = (await billing_book.accounts(conn, client.id)).get(client.id)
    if account is None:
        raise NotClosed("there is no account: nobody knows to whom the invoice goes")
    if not await billing_book.agreements(conn, client.id):
        raise NotClosed("there is no contract: nobody knows what is to be paid")
    account = account.reached_at(client.addresses)
    bill = await rate_month(conn, client.id, month)
    await _require_rated(conn, client, month, bill)
    made = await _statement(conn, client, bill, by, at)
    draft = _draft(made, account, issuer, at)
    if not bill.rated or not bill.rated[-1].stretch.tariff.prepaid:
        return made, draft
    balance = Balance(await balances.balance(conn, client.id, made.currency), _owed(draft))
    made = replace(made, balance=balance)
    return made, _draft(made, account, issuer, at)


async def _require_order(conn: asyncpg.Connection, client: str, month: Month) -> None:
    """Each month's bill goes on from the one before it."""
    state = await closing_state.around(conn, client, month)
    if state.after is not None:
        raise NotClosed(f"{_named(state.after)} is closed already; what is left goes to a month after it")
    if state.missing is not None:
        raise NotClosed(f"{_named(state.missing)} has to be closed first")


async def _require_rated(conn: asyncpg.Connection, client: Client, month: Month, bill: Bill) -> None:
    """No call of the month waits for somebody to look at it; those outside of any contract cost nothing."""
    _, until = instants(month, _place(client))
    parked = await closing_state.parked(conn, client.id, until, bill.outside)
    if parked:
        count = f"{len(parked)} calls" if len(parked) > 1 else "a call"
        raise NotClosed(f"{count} could not be rated: {parked[0].call_id}: {parked[0].reason}")


async def _statement(conn: asyncpg.Connection, client: Client, bill: Bill, by: str, at: datetime) -> Statement:
    place = _place(client)
    told = await statement_calls.calls_of_month(conn, client.id, bill.month, place, None)
    calls = await calls_of_client(conn, client.id, *instants(bill.month, place))
    versions = await billing_book.tariffs(conn)
    yours = bill.rated[-1].stretch.tariff.id if bill.rated else ""
    return Statement(
        client=client.id,
        month=bill.month,
        currency=bill.currency,
        lines=bill.lines,
        head=await seals.head(conn),
        closed_at=at,
        closed_by=by,
        used=bill.used,
        advanced=bill.advanced,
        versions=versions_of(bill),
        chart=chart_of((call.began for call in told), client.timezone),
        comparison=compared(versions, yours, calls, place, bill.month),
        fees=bill.fees,
    )


def _draft(made: Statement, account: Account, issuer: Issuer, at: datetime) -> Invoice | None:
    if not made.total:
        return None
    issued = at.astimezone(ZoneInfo(issuer.timezone)).date()
    terms = Terms(issued, issuer.small_business, issuer.rates.get(made.currency))
    return invoice_of(made, account, issuer.seller, terms)


def _owed(draft: Invoice | None) -> Decimal:
    """What the balance pays, VAT included; a credit note is paid into it."""
    if draft is None:
        return Decimal(0)
    return -draft.gross if draft.kind is Kind.CREDIT_NOTE else draft.gross


async def _tell(
    conn: asyncpg.Connection, client: Client, made: Statement, issued: Invoice | None, issuer: Issuer
) -> None:
    """Lay out the mail that tells the client; it goes when the month is closed, or not at all."""
    account = (await billing_book.accounts(conn, client.id))[client.id]
    to: Sequence[str] = account.mail or client.addresses
    data = {
        "client": client.name,
        "month": made.month.first.isoformat(),
        "calls": made.calls,
        "total": f"{made.total:f}",
        "currency": made.currency,
        "invoice": issued.number if issued else "",
        "owes": f"{-made.balance.after:f}" if made.balance is not None and made.balance.after < 0 else "",
        "url": issuer.portal,
    }
    key = f"statement:{client.id}:{_named(made.month)}"
    await letters.post(
        conn, key=key, kind="month_closed", to=to, language=account.language, data=data, client=client.id
    )
