"""An invoice as XML (Cross Industry Invoice): XRechnung 3.0, or EN 16931 as ZUGFeRD has it.

Numbers behind names (BT-…, BG-…) are those of EN 16931.
"""

from __future__ import annotations

import re
from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.trade import TradeSettlement
from drafthorse.models.tradelines import LineItem

from vorzimmer.billing.einvoice_words import notes_of
from vorzimmer.billing.einvoice_words import terms as terms_told
from vorzimmer.core.account import Account
from vorzimmer.core.invoice import EURO, Invoice, Kind, Seller
from vorzimmer.core.invoice_lines import InvoiceLine
from vorzimmer.core.model import Language
from vorzimmer.core.vat import Category, Vat

XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
EN16931 = "urn:cen.eu:en16931:2017"
"""Which rules an invoice says it keeps (BT-24)."""

PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
"""Billing without anything before it (BT-23)."""

_LEITWEG = re.compile(r"[0-9]{2,12}(-[A-Z0-9]{1,30})?-[0-9]{2}")
"""How authorities are addressed (KoSIT, format of the Leitweg-ID)."""

SEPA, TRANSFER, CLEARING = "58", "30", "97"
"""How it is paid (BT-81, UNTDID 4461): into our account within SEPA, or elsewhere; set off against other invoices."""


def xml(invoice: Invoice) -> bytes:
    """The invoice as UTF-8 XML, in the form that the buyer wants. Whether it is right: `einvoice_check.check`."""
    document = Document()
    document.context.business_parameter.id = PROCESS
    document.context.guideline_parameter.id = XRECHNUNG if invoice.buyer.form == "xrechnung" else EN16931
    document.header.id = invoice.number
    document.header.type_code = invoice.kind.value
    document.header.issue_date_time = invoice.issued
    for text in notes_of(invoice):
        note = IncludedNote()
        note.content = text
        document.header.notes.add(note)
    for number, line in enumerate(invoice.lines, 1):
        document.trade.items.add(_item(number, line, invoice.vat))
    agreement = document.trade.agreement
    agreement.buyer_reference = invoice.reference
    _seller(agreement.seller, invoice.seller, invoice.vat)
    _buyer(agreement.buyer, invoice.buyer, invoice)
    document.trade.delivery.event.occurrence = invoice.last
    _settlement(document.trade.settlement, invoice)
    return bytes(document.serialize(schema=None))


def _item(number: int, line: InvoiceLine, vat: Vat) -> LineItem:
    item = LineItem()
    item.document.line_id = str(number)
    item.product.name = line.name
    if line.note:
        item.product.description = line.note
    item.agreement.net.amount = _plain(line.price)
    item.agreement.net.basis_quantity = (_plain(line.base), line.unit)
    item.delivery.billed_quantity = (_plain(line.quantity), line.unit)
    tax = item.settlement.trade_tax
    tax.type_code, tax.category_code = "VAT", vat.category.value
    if vat.category is not Category.OUTSIDE:
        tax.rate_applicable_percent = _plain(vat.percent)
    item.settlement.period.start, item.settlement.period.end = line.first, line.last
    item.settlement.monetary_summation.total_amount = line.net
    return item


def _seller(party: TradeParty, seller: Seller, vat: Vat) -> None:
    """The house. Where nothing is taxable here, its VAT id must not stand as such (BR-O-02), but in words (BT-33)."""
    party.id = seller.tax_number or seller.vat_id
    party.name = seller.name
    party.contact.person_name = seller.contact
    party.contact.telephone.number = seller.phone
    party.contact.email.address = seller.mail
    _address(party, (seller.street, ""), (seller.postcode, seller.city, seller.country))
    party.electronic_address.uri_ID = ("EM", seller.mail)
    if seller.tax_number:
        party.tax_registrations.add(TaxRegistration(id=("FC", seller.tax_number)))
    if seller.vat_id and vat.category is Category.OUTSIDE:
        party.description = f"USt-IdNr. {seller.vat_id}"
    elif seller.vat_id:
        party.tax_registrations.add(TaxRegistration(id=("VA", seller.vat_id)))


def _buyer(party: TradeParty, buyer: Account, invoice: Invoice) -> None:
    party.id = invoice.client
    party.name = buyer.name
    _address(party, (buyer.street, buyer.more), (buyer.postcode, buyer.city, buyer.country))
    if buyer.mail:
        party.electronic_address.uri_ID = ("EM", buyer.mail[0])
    elif _LEITWEG.fullmatch(buyer.reference):
        party.electronic_address.uri_ID = ("0204", buyer.reference)
    elif buyer.vat_id and buyer.vat_id.startswith("DE"):
        party.electronic_address.uri_ID = ("9930", buyer.vat_id)
    if buyer.vat_id and invoice.vat.category is not Category.OUTSIDE:
        party.tax_registrations.add(TaxRegistration(id=("VA", buyer.vat_id)))


def _address(party: TradeParty, lines: tuple[str, str], place: tuple[str, str, str]) -> None:
    party.address.line_one, party.address.line_two = lines
    party.address.postcode, party.address.city_name, party.address.country_id = place


def _settlement(settlement: TradeSettlement, invoice: Invoice) -> None:
    settlement.payment_reference = invoice.number
    settlement.currency_code = invoice.currency
    settlement.payment_means.add(_means(invoice))
    settlement.trade_tax.add(_tax(invoice))
    settlement.period.start, settlement.period.end = invoice.first, invoice.last
    told = PaymentTerms()
    told.description = terms_told(invoice)
    if invoice.kind is Kind.INVOICE:
        told.due = invoice.due
    settlement.terms.add(told)
    sums = settlement.monetary_summation
    sums.line_total = invoice.net
    sums.charge_total = sums.allowance_total = Decimal("0.00")
    sums.tax_basis_total, sums.grand_total = invoice.net, invoice.gross
    sums.tax_total = (invoice.tax, invoice.currency)
    if invoice.tax_in_euro is not None:
        settlement.tax_currency_code = EURO
        sums.tax_total_other_currency.add((invoice.tax_in_euro, EURO))
    if invoice.prepaid:
        sums.prepaid_total = invoice.prepaid
    sums.due_amount = invoice.payable
    if invoice.cancels is not None:
        settlement.invoice_referenced_document.issuer_assigned_id = invoice.cancels.number
        settlement.invoice_referenced_document.issue_date_time = invoice.cancels.issued


def _means(invoice: Invoice) -> PaymentMeans:
    means = PaymentMeans()
    if invoice.kind is not Kind.INVOICE:
        means.type_code = CLEARING
        return means
    means.type_code = SEPA if invoice.currency == EURO else TRANSFER
    means.payee_account.iban = invoice.seller.iban.replace(" ", "")
    means.payee_account.account_name = invoice.seller.name
    if invoice.seller.bic:
        means.payee_institution.bic = invoice.seller.bic
    return means


def _tax(invoice: Invoice) -> ApplicableTradeTax:
    tax, vat = ApplicableTradeTax(), invoice.vat
    tax.calculated_amount, tax.basis_amount = invoice.tax, invoice.net
    tax.type_code, tax.category_code = "VAT", vat.category.value
    tax.rate_applicable_percent = _plain(vat.percent)
    if vat.category is not Category.STANDARD:
        tax.exemption_reason = vat.words_de if invoice.language is Language.GERMAN else vat.words_en
        tax.exemption_reason_code = vat.reason_code
    return tax


def _plain(value: Decimal) -> Decimal | str:
    """Without an exponent and needless zeros."""
    return f"{value.normalize():f}"
