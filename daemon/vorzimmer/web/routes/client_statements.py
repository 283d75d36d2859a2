"""A client's bills: month by month, each line, each call and why it costs what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

import asyncpg
from fastapi import APIRouter, Path, Query

from vorzimmer.core.account import Agreement
from vorzimmer.core.bill import Bill
from vorzimmer.core.statement import CallLine, Statement, chart_of
from vorzimmer.core.stretches import Month, NoTariff
from vorzimmer.store import bill_pages, billing_book, invoices, portal_calls, statements
from vorzimmer.store.statement_calls import ALL, Window
from vorzimmer.web.access import TheParts
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import ClientSeat, TheirClient
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.calls import CallId
from vorzimmer.web.statement_views import (
    CallsView,
    ChargesView,
    InvoiceView,
    MonthsView,
    MonthView,
    StatementView,
    call_of,
    closed_view,
    invoices_of,
    line_of,
    month_of,
    name_of,
)

router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

PAGE = 200
"""Calls of one page."""

OPEN_MONTHS = 3
"""So many of the last months are shown while they are not closed."""

MonthName = Annotated[str, Path(alias="month", pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-10")]


@router.get("/statements", responses=told(401, 403, 404, 503))
async def months(seat: TheirClient, parts: TheParts) -> MonthsView:
    """The months that were billed, and those that will be."""
    async with parts.database.connection() as conn:
        closed = await statements.listed(conn, seat.client.id)
        agreed = await billing_book.agreements(conn, seat.client.id)
        entries = await invoices.listed(conn, seat.client.id)
        files = await bill_pages.file_names(conn, [one.number for one in entries])
    waiting = _open(agreed, closed, _now(seat, parts))
    found = [
        MonthView(month=name_of(one), state="open", currency=None, total=None, closed_at=None, invoices=[])
        for one in waiting
    ] + [
        MonthView(
            month=name_of(one.month),
            state="closed",
            currency=one.currency,
            total=one.total,
            closed_at=one.closed_at,
            invoices=invoices_of(one.month, entries, files),
        )
        for one in closed
    ]
    found.sort(key=lambda one: one.month, reverse=True)
    return MonthsView(months=found, running=name_of(waiting[0]) if waiting else None)


@router.get("/statements/{month}", responses=told(401, 403, 404, 409, 422, 503))
async def month(seat: TheirClient, month: MonthName, parts: TheParts) -> StatementView:
    """A month's bill; of a month that is not closed, as things are now."""
    wanted = month_of(month)
    async with parts.database.connection() as conn:
        closed = await statements.statement(conn, seat.client.id, wanted)
        if closed is not None:
            entries = await invoices.listed(conn, seat.client.id, wanted)
            files = await bill_pages.file_names(conn, [one.number for one in entries])
            return closed_view(closed, invoices_of(wanted, entries, files))
        await _require_open(conn, seat, wanted, parts)
        calls = await parts.bills.calls(conn, seat.client.id, wanted, language_of(seat.who.language), ALL)
        try:
            bill = await parts.bills.running(conn, seat.client.id, wanted)
        except (NoTariff, ValueError):
            raise Problem(409, "not_billable", "this month cannot be billed as the contract is now") from None
    return _open_view(bill, calls, seat)


@router.get("/statements/{month}/calls", responses=told(401, 403, 404, 422, 503))
async def calls(
    seat: TheirClient,
    month: MonthName,
    parts: TheParts,
    after: Annotated[int, Query(ge=0, le=10_000_000, description="`next` of a page")] = 0,
) -> CallsView:
    """Every call of a month, also of one that cost nothing."""
    wanted = month_of(month)
    async with parts.database.connection() as conn:
        if await statements.statement(conn, seat.client.id, wanted) is None:
            await _require_open(conn, seat, wanted, parts)
        one_more = Window(after, PAGE + 1)
        found = await parts.bills.calls(conn, seat.client.id, wanted, language_of(seat.who.language), one_more)
    return CallsView(calls=[call_of(one) for one in found[:PAGE]], next=after + PAGE if len(found) > PAGE else None)


@router.get("/calls/{call}/charges", responses=told(401, 403, 404, 422, 503))
async def charges(call: CallId, seat: TheirClient, parts: TheParts) -> ChargesView:
    """Why a call costs what it costs: the whole arithmetic, in sentences."""
    async with parts.database.connection() as conn:
        if await portal_calls.one(conn, seat.client.id, call) is None:
            raise unknown()
        found = await bill_pages.charged(conn, seat.client.id, call)
        lines = list(await parts.bills.explain(conn, call, language_of(seat.who.language)) or ())
    if found is None:
        return ChargesView(month=None, tariff=None, currency=None, net=None, marks=[], lines=lines)
    return ChargesView(
        month=name_of(found.month),
        tariff=found.tariff.name,
        currency=found.tariff.currency,
        net=sum((one.amount for one in found.charges), Decimal(0)),
        marks=sorted(found.marks),
        lines=lines,
    )


def _now(seat: ClientSeat, parts: Parts) -> Month:
    """The month that it is for the client."""
    here = parts.clock().astimezone(ZoneInfo(seat.client.timezone))
    return Month(here.year, here.month)


def _open(agreed: Sequence[Agreement], closed: Sequence[Statement], now: Month) -> list[Month]:
    """The last months that are not closed and in which a contract holds, the newest first."""
    done = {one.month for one in closed}
    found: list[Month] = []
    for back in range(OPEN_MONTHS):
        years, month = divmod(now.month - 1 - back, 12)
        found.append(Month(now.year + years, month + 1))
    return [one for one in found if one not in done and _holds(agreed, one)]


def _holds(agreed: Sequence[Agreement], month: Month) -> bool:
    return any(one.since <= month.last and (one.until is None or one.until >= month.first) for one in agreed)


async def _require_open(conn: asyncpg.Connection, seat: ClientSeat, month: Month, parts: Parts) -> None:
    """The month has begun, and something is billed in it.

    Raises:
        Problem: 404, it is not so.
    """
    agreed = await billing_book.agreements(conn, seat.client.id)
    if month > _now(seat, parts) or not _holds(agreed, month):
        raise unknown()


def _open_view(bill: Bill, calls: Sequence[CallLine], seat: ClientSeat) -> StatementView:
    nothing: list[InvoiceView] = []
    return StatementView(
        month=name_of(bill.month),
        state="open",
        currency=bill.currency,
        total=bill.total,
        closed_at=None,
        lines=[line_of(one) for one in bill.lines],
        calls=len(calls),
        chart=list(chart_of((one.began for one in calls), seat.client.timezone)),
        comparison=[],
        balance=None,
        head=None,
        invoices=nothing,
    )
