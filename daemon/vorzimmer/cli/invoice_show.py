"""Invoices, for people at a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from vorzimmer.cli.show import plain
from vorzimmer.core.invoice import Invoice, Kind
from vorzimmer.store.invoices import Entry

_KINDS = {Kind.INVOICE: "invoice", Kind.CREDIT_NOTE: "credit note", Kind.CANCELLATION: "cancellation"}


def entry_json(one: Entry) -> dict[str, Any]:
    """An invoice in a list, for a program: money as text."""
    return {
        "number": one.number,
        "kind": _KINDS[one.kind],
        "client": one.client,
        "month": f"{one.month.first:%Y-%m}",
        "issued": one.issued.isoformat(),
        "currency": one.currency,
        "net": str(one.net),
        "tax": str(one.tax),
        "cancels": one.cancels,
        "cancelled_by": one.cancelled_by,
    }


def entry_table(found: Sequence[Entry]) -> Table:
    """A line for each invoice."""
    table = Table(box=None, header_style="bold")
    for name in ("number", "kind", "client", "month", "issued"):
        table.add_column(name)
    for name in ("net", "VAT", "total"):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in found:
        about = f"cancels {one.cancels}" if one.cancels else f"cancelled by {one.cancelled_by}"
        table.add_row(
            plain(one.number),
            _KINDS[one.kind],
            plain(one.client),
            f"{one.month.first:%Y-%m}",
            one.issued.isoformat(),
            str(one.net),
            str(one.tax),
            f"{one.net + one.tax} {one.currency}",
            plain(about) if one.cancels or one.cancelled_by else "",
        )
    return table


def invoice_lines(found: Invoice) -> Iterator[str]:
    """An invoice in lines."""
    yield f"{_KINDS[found.kind]} {plain(found.number)} of {found.issued} to {plain(found.buyer.name)} ({found.client})"
    yield f"for {found.first} to {found.last}, due {found.due}, as {found.buyer.form}"
    if found.cancels is not None:
        yield f"cancels {plain(found.cancels.number)} of {found.cancels.issued}"
    for number, line in enumerate(found.lines, 1):
        base = "" if line.base == 1 else f" for {line.base}"
        note = f" ({plain(line.note)})" if line.note else ""
        counted = f"{line.quantity.normalize():f} {line.unit} at {line.price}{base}"
        yield f"{number:>3}. {plain(line.name)}: {counted} = {line.net}{note}"
    yield f"net {found.net}, VAT {found.vat.percent} % ({found.vat.category}) {found.tax}"
    if found.tax_in_euro is not None:
        yield f"VAT in euros {found.tax_in_euro}"
    paid = f", of which {found.prepaid} are paid" if found.prepaid else ""
    yield f"total {found.gross} {found.currency}{paid}"
