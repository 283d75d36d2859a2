"""A client's bills as files: statements are made when they are asked for, invoices are those that were issued."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Query, Response

from vorzimmer.core.account import Account
from vorzimmer.store import bill_pages, billing_book, statements
from vorzimmer.store.statement_calls import ALL
from vorzimmer.web.access import TheParts
from vorzimmer.web.bills import Form
from vorzimmer.web.client_access import ClientSeat, TheirClient
from vorzimmer.web.problems import told, unknown
from vorzimmer.web.routes.client_statements import MonthName
from vorzimmer.web.statement_views import month_of

log = structlog.get_logger()
router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

_ODD = re.compile(r"[^A-Za-z0-9._-]")

Name = Annotated[str, Query(min_length=1, max_length=200)]


@router.get(
    "/statements/{month}/file.{form}",
    response_class=Response,
    responses={200: {"content": {one.media: {} for one in Form}}, **told(401, 403, 404, 422, 503)},
)
async def statement_file(seat: TheirClient, month: MonthName, form: Form, parts: TheParts) -> Response:
    """The statement of a closed month, in the language of the client's account."""
    wanted = month_of(month)
    async with parts.database.connection() as conn:
        found = await statements.statement(conn, seat.client.id, wanted)
        if found is None:
            raise unknown()
        known = (await billing_book.accounts(conn, seat.client.id)).get(seat.client.id)
        account = known or Account(client=seat.client.id, name=seat.client.name, language=seat.client.language)
        calls = await parts.bills.calls(conn, seat.client.id, wanted, account.language, ALL)
    local = replace(found, closed_at=found.closed_at.astimezone(ZoneInfo(seat.client.timezone)))
    content = await parts.bills.make(form, local, calls, account)
    return _file(seat, f"statement-{seat.client.id}-{month}.{form}", form.media, content)


@router.get(
    "/invoice-files",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}, "application/xml": {}}}, **told(401, 403, 404, 422, 503)},
)
async def invoice_file(seat: TheirClient, invoice: Name, name: Name, parts: TheParts) -> Response:
    """A file of an invoice, as it was issued."""
    if "\0" in invoice + name:
        raise unknown()
    async with parts.database.connection() as conn:
        found = await bill_pages.file(conn, seat.client.id, invoice, name)
    if found is None:
        raise unknown()
    media, content = found
    return _file(seat, name, media, content)


def _file(seat: ClientSeat, name: str, media: str, content: bytes) -> Response:
    """The answer; that it was taken stands in the log."""
    safe = _ODD.sub("_", name)
    log.info("bills.taken", client=seat.client.id, by=seat.actor.name, acting_as=seat.actor.acting_as, file=safe)
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media, headers=headers)
