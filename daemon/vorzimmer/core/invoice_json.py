"""An invoice as it is stored, and the digest over that. Amounts are text, so that none of them is ever a float."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from vorzimmer.core.account import Account
from vorzimmer.core.invoice import Invoice, Kind, Reference, Seller
from vorzimmer.core.invoice_lines import InvoiceLine
from vorzimmer.core.model import STORED, Language
from vorzimmer.core.stretches import Month
from vorzimmer.core.vat import Category, Vat

_VERSION = "invoice 1"


def data_of(invoice: Invoice) -> dict[str, Any]:
    """The whole of an invoice as JSON."""
    return {
        "number": invoice.number,
        "kind": invoice.kind.value,
        "client": invoice.client,
        "month": invoice.month.first.isoformat(),
        "issued": invoice.issued.isoformat(),
        "due": invoice.due.isoformat(),
        "currency": invoice.currency,
        "language": invoice.language.value,
        "seller": asdict(invoice.seller),
        "buyer": invoice.buyer.model_dump(mode="json"),
        "lines": [_told(asdict(line)) for line in invoice.lines],
        "vat": _told(asdict(invoice.vat)),
        "tax_in_euro": _text(invoice.tax_in_euro),
        "prepaid": _text(invoice.prepaid),
        "cancels": None if invoice.cancels is None else _told(asdict(invoice.cancels)),
        "sums": {"net": _text(invoice.net), "tax": _text(invoice.tax), "gross": _text(invoice.gross)},
    }


def invoice_from(told: Mapping[str, Any]) -> Invoice:
    """The invoice of such JSON."""
    month, vat, cancels = date.fromisoformat(told["month"]), told["vat"], told["cancels"]
    euro = told["tax_in_euro"]
    return Invoice(
        kind=Kind(told["kind"]),
        client=told["client"],
        month=Month(month.year, month.month),
        issued=date.fromisoformat(told["issued"]),
        due=date.fromisoformat(told["due"]),
        currency=told["currency"],
        language=Language(told["language"]),
        seller=Seller(**told["seller"]),
        buyer=Account.model_validate(told["buyer"], context=STORED),
        lines=tuple(_line(one) for one in told["lines"]),
        vat=Vat(
            Decimal(vat["percent"]), Category(vat["category"]), vat["reason_code"], vat["words_de"], vat["words_en"]
        ),
        tax_in_euro=None if euro is None else Decimal(euro),
        prepaid=Decimal(told["prepaid"]),
        cancels=None if cancels is None else Reference(cancels["number"], date.fromisoformat(cancels["issued"])),
        number=told["number"],
    )


def digest_of(told: Mapping[str, Any]) -> bytes:
    """SHA-256 over the JSON with sorted keys and without blanks, as UTF-8, behind the name of this form."""
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{_VERSION}\0{plain}".encode()).digest()


def _line(told: Mapping[str, str]) -> InvoiceLine:
    return InvoiceLine(
        told["name"],
        told["note"],
        date.fromisoformat(told["first"]),
        date.fromisoformat(told["last"]),
        Decimal(told["quantity"]),
        told["unit"],
        Decimal(told["price"]),
        Decimal(told["base"]),
        Decimal(told["net"]),
    )


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str | None:
    """Numbers without an exponent, days as ISO 8601."""
    if value is None:
        return None
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
