"""The house's months: which clients' are closed, and with which invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from vorzimmer.core.role import Role
from vorzimmer.store import bill_pages, invoices
from vorzimmer.store.invoices import Entry
from vorzimmer.web.access import TheParts, Who, only
from vorzimmer.web.problems import told
from vorzimmer.web.statement_views import InvoiceView, invoices_of, month_of

router = APIRouter(prefix="/api/statements", tags=["house"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]


class HouseMonth(BaseModel):
    """A client in a month. `total`: net; null: the month is not closed."""

    client: str
    name: str
    currency: str | None
    total: Decimal | None
    closed_at: datetime | None
    invoices: list[InvoiceView]


@router.get("", responses=told(401, 403, 422, 503))
async def house_month(
    _: Admin,
    parts: TheParts,
    month: Annotated[str, Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-10")],
) -> list[HouseMonth]:
    """Every client with a contract in this month, by id."""
    wanted = month_of(month)
    async with parts.database.connection() as conn:
        found = await bill_pages.in_month(conn, wanted)
        entries = await invoices.listed(conn, month=wanted)
    theirs: dict[str, list[Entry]] = {}
    for entry in entries:
        theirs.setdefault(entry.client, []).append(entry)
    known = parts.directory().clients
    return [
        HouseMonth(
            client=one.client,
            name=known[one.client].name if one.client in known else one.client,
            currency=one.currency,
            total=one.total,
            closed_at=one.closed_at,
            invoices=invoices_of(wanted, theirs.get(one.client, ()), {}),
        )
        for one in found
    ]
