"""What the pages are told of a month's bill. Amounts are texts of decimals: none of them is ever a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from vorzimmer.core.bill import Line
from vorzimmer.core.statement import CallLine, Offer, Statement
from vorzimmer.core.stretches import Month
from vorzimmer.store.invoices import Entry


class InvoiceView(BaseModel):
    """An invoice of a month. `kind`: UNTDID 1001 (380 invoice, 381 credit note, 384 cancellation); `files`: names."""

    number: str
    kind: str
    issued: date
    net: Decimal
    gross: Decimal
    currency: str
    cancelled_by: str | None
    files: list[str]


class MonthView(BaseModel):
    """A month in the list. `total`: net; null while the month is not closed."""

    month: str
    state: Literal["closed", "open"]
    currency: str | None
    total: Decimal | None
    closed_at: datetime | None
    invoices: list[InvoiceView]


class MonthsView(BaseModel):
    """The newest first. `running`: the month that has begun last, if something is billed in it."""

    months: list[MonthView]
    running: str | None


class LineView(BaseModel):
    """A line of the bill; see `core.bill.Line`."""

    position: str
    name: str
    first: date
    last: date
    quantity: Decimal
    unit: str
    price: Decimal | None
    amount: Decimal


class OfferView(BaseModel):
    """What the month would have cost by a tariff."""

    tariff: str
    name: str
    total: Decimal
    yours: bool


class BalanceView(BaseModel):
    """Of a client who pays before; VAT included."""

    before: Decimal
    taken: Decimal
    after: Decimal


class StatementView(BaseModel):
    """A month's bill. `open`: as things are now; then there are no head, no comparison, no balance and no documents.

    `calls`: how many; `chart`: how many of them began in each hour. `head`: the chain's last seal at the close, as hex.
    """

    month: str
    state: Literal["closed", "open"]
    currency: str
    total: Decimal
    closed_at: datetime | None
    lines: list[LineView]
    calls: int
    chart: list[int]
    comparison: list[OfferView]
    balance: BalanceView | None
    head: str | None
    invoices: list[InvoiceView]


class CallView(BaseModel):
    """A call of the bill. `began`: by the client's clock; `number`: shortened, null: `hidden` says why."""

    id: str
    began: datetime
    direction: str
    disposition: str
    number: str | None
    hidden: str | None
    phases: dict[str, Decimal]
    net: Decimal
    why: str
    late: bool


class CallsView(BaseModel):
    """The calls of a month, the oldest first, from `after` on. `next`: where the next ones begin; null: at no place."""

    calls: list[CallView]
    next: int | None


class ChargesView(BaseModel):
    """Why a call costs what it costs. `month`: of the bill; null: it is not rated yet. `lines`: the arithmetic."""

    month: str | None
    tariff: str | None
    currency: str | None
    net: Decimal | None
    marks: list[str]
    lines: list[str]


def name_of(month: Month) -> str:
    """`2026-10`."""
    return f"{month.year}-{month.month:02}"


def month_of(name: str) -> Month:
    """The month of that name."""
    year, month = map(int, name.split("-"))
    return Month(year, month)


def invoices_of(month: Month, entries: Iterable[Entry], files: Mapping[str, Sequence[str]]) -> list[InvoiceView]:
    """The invoices of a month."""
    return [
        InvoiceView(
            number=one.number,
            kind=one.kind.value,
            issued=one.issued,
            net=one.net,
            gross=one.net + one.tax,
            currency=one.currency,
            cancelled_by=one.cancelled_by,
            files=list(files.get(one.number, ())),
        )
        for one in entries
        if one.month == month
    ]


def line_of(line: Line) -> LineView:
    """A line."""
    return LineView(
        position=str(line.position),
        name=line.name,
        first=line.first,
        last=line.last,
        quantity=line.quantity,
        unit=line.unit.value,
        price=line.price,
        amount=line.amount,
    )


def closed_view(statement: Statement, invoices: list[InvoiceView]) -> StatementView:
    """A closed month."""
    balance = statement.balance
    return StatementView(
        month=name_of(statement.month),
        state="closed",
        currency=statement.currency,
        total=statement.total,
        closed_at=statement.closed_at,
        lines=[line_of(one) for one in statement.lines],
        calls=statement.calls,
        chart=list(statement.chart),
        comparison=[_offer(one) for one in statement.comparison],
        balance=balance and BalanceView(before=balance.before, taken=balance.taken, after=balance.after),
        head=statement.head.hex(),
        invoices=invoices,
    )


def _offer(one: Offer) -> OfferView:
    return OfferView(tariff=one.tariff, name=one.name, total=one.total, yours=one.yours)


def call_of(call: CallLine) -> CallView:
    """A call."""
    return CallView(
        id=call.id,
        began=call.began,
        direction=call.direction,
        disposition=call.disposition,
        number=call.number,
        hidden=call.hidden,
        phases=dict(call.phases),
        net=call.net,
        why=call.why,
        late=call.late,
    )
