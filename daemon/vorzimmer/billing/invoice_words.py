"""The words of an invoice's page, in German and English; other languages read English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "number": "Rechnungsnummer",
        "issued": "Rechnungsdatum",
        "period": "Leistungszeitraum",
        "client": "Kundennummer",
        "reference": "Ihre Referenz",
        "vat_id": "Ihre USt-IdNr.",
        "cancels": "Storno zu",
        "due": "Fällig am",
        "line": "Leistung",
        "quantity": "Menge",
        "unit": "Einheit",
        "price": "Preis {currency}",
        "amount": "Betrag {currency}",
        "sums": "Summen",
        "net": "Nettobetrag",
        "tax": "Umsatzsteuer {percent} %",
        "no_tax": "Umsatzsteuer (siehe unten)",
        "gross": "Rechnungsbetrag {currency}",
        "credit": "Betrag zu Ihren Gunsten {currency}",
        "prepaid": "Aus Ihrem Guthaben bezahlt",
        "payable": "Zu zahlen",
        "bank": "Konto: {name}, IBAN {iban}",
        "attached": "Die Rechnung als XML (ZUGFeRD, EN 16931)",
    },
    "en": {
        "number": "Invoice number",
        "issued": "Date of invoice",
        "period": "Period of service",
        "client": "Customer number",
        "reference": "Your reference",
        "vat_id": "Your VAT ID",
        "cancels": "Cancels",
        "due": "Due on",
        "line": "Service",
        "quantity": "Quantity",
        "unit": "Unit",
        "price": "Price {currency}",
        "amount": "Amount {currency}",
        "sums": "Totals",
        "net": "Net amount",
        "tax": "VAT {percent} %",
        "no_tax": "VAT (see below)",
        "gross": "Invoice total {currency}",
        "credit": "Amount in your favour {currency}",
        "prepaid": "Paid from your balance",
        "payable": "Amount due",
        "bank": "Account: {name}, IBAN {iban}",
        "attached": "The invoice as XML (ZUGFeRD, EN 16931)",
    },
}

_UNITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "de": {
        "MON": ("Monat", "Monate"),
        "ANN": ("Jahr", "Jahre"),
        "C62": ("Stück", "Stück"),
        "MIN": ("Minute", "Minuten"),
        "HUR": ("Stunde", "Stunden"),
        "DAY": ("Tag", "Tage"),
        "SEC": ("Sekunde", "Sekunden"),
    },
    "en": {
        "MON": ("month", "months"),
        "ANN": ("year", "years"),
        "C62": ("piece", "pieces"),
        "MIN": ("minute", "minutes"),
        "HUR": ("hour", "hours"),
        "DAY": ("day", "days"),
        "SEC": ("second", "seconds"),
    },
}


def unit_of(code: str, quantity: Decimal, language: str) -> str:
    """A unit of UN/ECE Recommendation 20 in words."""
    one, more = _UNITS[language][code]
    return one if abs(quantity) == 1 else more
