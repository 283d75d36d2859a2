"""What an invoice says in words: its title, the notes that the law wants, and how it is paid; German and English."""

from __future__ import annotations

from vorzimmer.billing.written import day, money
from vorzimmer.core.invoice import EURO, Invoice, Kind
from vorzimmer.core.model import Language
from vorzimmer.core.vat import Category

_TITLES = {
    "de": {Kind.INVOICE: "Rechnung", Kind.CREDIT_NOTE: "Rechnungskorrektur", Kind.CANCELLATION: "Stornorechnung"},
    "en": {Kind.INVOICE: "Invoice", Kind.CREDIT_NOTE: "Credit note", Kind.CANCELLATION: "Cancellation"},
}
_PAY = {
    "de": "Zahlbar ohne Abzug bis {due} unter Angabe der Rechnungsnummer {number}.",
    "en": "Payable without deduction by {due}, quoting the invoice number {number}.",
}
_PAID = {"de": "Der Betrag ist durch Ihr Guthaben beglichen.", "en": "The amount is settled by your balance."}
_BACK = {
    "de": "Der Betrag wird mit offenen Rechnungen verrechnet oder erstattet.",
    "en": "The amount is set off against open invoices or refunded.",
}
_CANCELS = {
    "de": "Diese Rechnung hebt die Rechnung {number} vom {issued} auf.",
    "en": "This document cancels the invoice {number} of {issued}.",
}
_EURO = {
    "de": "Umsatzsteuer in Euro (§ 16 Abs. 6 UStG): {tax}.",
    "en": "VAT in euros (§ 16 (6) UStG): {tax}.",
}


def spoken(invoice: Invoice) -> str:
    """The language of its words: `de` or `en`."""
    return "de" if invoice.language is Language.GERMAN else "en"


def title_of(invoice: Invoice) -> str:
    """What it is called."""
    return _TITLES[spoken(invoice)][invoice.kind]


def notes_of(invoice: Invoice) -> tuple[str, ...]:
    """What stands in it beside its lines (BG-1)."""
    language = spoken(invoice)
    found = []
    if invoice.cancels is not None:
        issued = day(invoice.cancels.issued, language)
        found.append(_CANCELS[language].format(number=invoice.cancels.number, issued=issued))
    if invoice.vat.category is not Category.STANDARD:
        found.append(f"{invoice.vat.words_de if language == 'de' else invoice.vat.words_en}.")
    if invoice.tax_in_euro is not None:
        found.append(_EURO[language].format(tax=money(invoice.tax_in_euro, EURO, language)))
    return tuple(found)


def terms(invoice: Invoice) -> str:
    """How it is paid (BT-20)."""
    language = spoken(invoice)
    if invoice.kind is not Kind.INVOICE:
        return _BACK[language]
    if invoice.payable <= 0:
        return _PAID[language]
    return _PAY[language].format(due=day(invoice.due, language), number=invoice.number)
