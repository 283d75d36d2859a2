"""An invoice as the law wants it (§ 14 (4) UStG), before it is an XML or a page: pure data and its sums.

Amounts have two decimals. Numbers behind names (BT-…) are those of EN 16931. All lines of an invoice have one VAT: it
depends on the client only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from stdnum import iban

from vorzimmer.core.account import Account
from vorzimmer.core.invoice_lines import InvoiceLine, invoice_line
from vorzimmer.core.model import Language
from vorzimmer.core.money import cents
from vorzimmer.core.statement import Statement
from vorzimmer.core.stretches import Month
from vorzimmer.core.vat import Category, MissingVatId, Vat, is_small_amount, is_vat_id, vat_for

ZERO = Decimal(0)
EURO = "EUR"


class Kind(StrEnum):
    """The invoice's kind (BT-3, UNTDID 1001)."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    """The client gets something back: amounts are positive, and owed by the house."""
    CANCELLATION = "384"
    """Takes back another one: with its quantities and amounts negated."""


class NotInvoiceable(Exception):
    """This cannot become an invoice; the text says why."""


@dataclass(frozen=True, slots=True)
class Seller:
    """The house on its invoices (BG-4). `tax_number`: Steuernummer; `vat_id`: USt-IdNr.; `country`: ISO 3166."""

    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "DE"
    tax_number: str = ""
    vat_id: str = ""
    contact: str = ""
    phone: str = ""
    mail: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""

    def missing(self) -> tuple[str, ...]:
        """What of these data an invoice needs and is not told (§ 14 (4) UStG; XRechnung's BR-DE-1 to BR-DE-7)."""
        needed = ("name", "street", "postcode", "city", "contact", "phone", "mail", "iban")
        absent = [one for one in needed if not getattr(self, one)]
        if not self.tax_number and not self.vat_id:
            absent.append("tax_number or vat_id")
        if self.vat_id and not is_vat_id(self.vat_id):
            absent.append("a vat_id whose check digits are right")
        if self.iban and not iban.is_valid(self.iban):
            absent.append("an iban whose check digits are right")
        return tuple(absent)


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier invoice (BG-3): its number and day."""

    number: str
    issued: date


@dataclass(frozen=True, slots=True)
class Terms:
    """How an invoice is made. `issued`: its day. `small_business`: no VAT is charged (§ 19 UStG).

    `rate`: units of the invoice's currency for one euro, by the Federal Ministry of Finance for the month (§ 16 (6)
    UStG); needed where VAT is charged in another currency.
    """

    issued: date
    small_business: bool = False
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """See the module. `number`: empty until it is issued. `month`: of the statement.

    `tax_in_euro`: the VAT in euros where the currency is another one (BT-111). `prepaid`: was paid before (BT-113).
    """

    kind: Kind
    client: str
    month: Month
    issued: date
    due: date
    currency: str
    language: Language
    seller: Seller
    buyer: Account
    lines: tuple[InvoiceLine, ...]
    vat: Vat
    tax_in_euro: Decimal | None = None
    prepaid: Decimal = ZERO
    cancels: Reference | None = None
    number: str = ""

    @property
    def net(self) -> Decimal:
        """The sum of the lines (BT-106, BT-109)."""
        return sum((line.net for line in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """VAT (BT-110): of the sum, rounded once (BR-CO-17)."""
        return cents(self.net * self.vat.percent / 100) + ZERO

    @property
    def gross(self) -> Decimal:
        """With VAT (BT-112)."""
        return self.net + self.tax

    @property
    def payable(self) -> Decimal:
        """What is still to be paid (BT-115)."""
        return self.gross - self.prepaid

    @property
    def first(self) -> date:
        """The first day that it is for (BT-73)."""
        return min(line.first for line in self.lines)

    @property
    def last(self) -> date:
        """The last day that it is for (BT-74)."""
        return max(line.last for line in self.lines)

    @property
    def reference(self) -> str:
        """The buyer's reference (BT-10); where it has told none, the client's id."""
        return self.buyer.reference.strip() or self.client


def invoice_of(statement: Statement, account: Account, seller: Seller, terms: Terms) -> Invoice:
    """The invoice of a closed month, or the credit note where the client gets something back; without a number.

    Raises:
        NotInvoiceable: there is no line, or something is unknown that the law wants in it.
    """
    if not statement.lines:
        raise NotInvoiceable(f"{statement.client} has nothing to be billed in {statement.month.first:%Y-%m}")
    vat = _vat(account, seller, terms)
    lines = tuple(invoice_line(line, account.language) for line in statement.lines)
    kind = Kind.INVOICE
    if statement.total < 0:
        kind, lines = Kind.CREDIT_NOTE, tuple(line.negated for line in lines)
    made = Invoice(
        kind,
        statement.client,
        statement.month,
        terms.issued,
        terms.issued + timedelta(days=account.payment_days),
        statement.currency,
        account.language,
        seller,
        account,
        lines,
        vat,
    )
    _require_address(made)
    if statement.balance is not None and kind is Kind.INVOICE:
        made = replace(made, prepaid=max(ZERO, min(statement.balance.before, made.gross)))
    return replace(made, tax_in_euro=_in_euro(made, terms.rate))


def _vat(account: Account, seller: Seller, terms: Terms) -> Vat:
    if absent := seller.missing():
        raise NotInvoiceable(f"the seller's data lack {', '.join(absent)}: see [billing.seller]")
    try:
        vat = vat_for(account.party, small_business=terms.small_business)
    except MissingVatId as error:
        raise NotInvoiceable(f"{account.client}: {error}") from None
    if vat.category is Category.REVERSE_CHARGE and not seller.vat_id:
        raise NotInvoiceable(f"{account.client}: reverse charge needs the seller's VAT id (§ 14a (1) UStG)")
    return vat


def _require_address(made: Invoice) -> None:
    """Up to 250 € an invoice needs not say where the buyer is, unless the buyer owes the VAT (§ 33 UStDV)."""
    buyer = made.buyer
    if (buyer.street or buyer.more) and buyer.city and (buyer.postcode or buyer.country != "DE"):
        return
    if made.vat.category is Category.REVERSE_CHARGE:
        raise NotInvoiceable(f"{made.client}: reverse charge needs the buyer's whole address (§ 33 sentence 3 UStDV)")
    if made.currency != EURO or not is_small_amount(made.gross):
        raise NotInvoiceable(f"{made.client}: above 250 € the buyer's whole address is needed (§ 14 (4) UStG)")


def _in_euro(made: Invoice, rate: Decimal | None) -> Decimal | None:
    if made.currency == EURO or made.vat.category is not Category.STANDARD:
        return None
    if rate is None or rate <= 0:
        raise NotInvoiceable(f"{made.client}: VAT in {made.currency} needs the rate to the euro (§ 16 (6) UStG)")
    return cents(made.tax / rate)


def cancellation_of(invoice: Invoice, issued: date) -> Invoice:
    """What takes an issued invoice or credit note back, line by line; without a number.

    Raises:
        NotInvoiceable: it is a cancellation itself; then the month is invoiced again.
    """
    if invoice.kind is Kind.CANCELLATION:
        raise NotInvoiceable(f"{invoice.number} is a cancellation; invoice the month again instead")
    back = invoice.kind is Kind.INVOICE
    euro = invoice.tax_in_euro
    return replace(
        invoice,
        kind=Kind.CANCELLATION,
        issued=issued,
        due=issued,
        lines=tuple(line.negated for line in invoice.lines) if back else invoice.lines,
        tax_in_euro=-euro if euro is not None and back else euro,
        prepaid=-invoice.prepaid if back else invoice.prepaid,
        cancels=Reference(invoice.number, invoice.issued),
        number="",
    )
