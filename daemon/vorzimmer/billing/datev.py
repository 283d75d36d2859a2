"""Invoices for the bookkeeping: a batch of postings in DATEV's format (EXTF, header 700, category 21, version 13).

The layout: developer.datev.de, "DATEV-Format", "Header" and "Buchungsstapel". Fields are separated by semicolons, texts
stand in quotation marks, numbers have a decimal comma, lines end in CR LF, and all is Windows-1252. A posting is the
whole sum of an invoice, VAT included: the revenue accounts are automatic ones, which know their VAT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from vorzimmer.core.invoice import EURO
from vorzimmer.core.money import cents
from vorzimmer.core.stretches import Month
from vorzimmer.core.vat import Category

MOST = 99_999
"""Postings in a batch."""

ACCOUNT_DIGITS = 4
"""Of revenue accounts; those of debtors have one more."""

_DETAILS = tuple(f"Beleginfo - {part} {n}" for n in range(1, 9) for part in ("Art", "Inhalt"))
_ADDITIONS = tuple(
    name for n in range(1, 21) for name in (f"Zusatzinformation - Art {n}", f"Zusatzinformation- Inhalt {n}")
)
COLUMNS = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz"),
    *("WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1"),
    *("Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank"),
    *("Sachverhalt", "Zinssperre", "Beleglink", *_DETAILS, "KOST1 - Kostenstelle", "KOST2 - Kostenstelle"),
    *("Kost-Menge", "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart"),
    *("Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer"),
    *("BU 49 Funktionsergänzung", *_ADDITIONS, "Stück", "Gewicht", "Zahlweise", "Forderungsart"),
    *("Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer", "Buchungstyp"),
    *("USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)"),
    *("EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum"),
    *("SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer"),
    *("Zeichnernummer", "Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung"),
    *("Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)"),
    *("Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)"),
    *("EU-Steuersatz (Ursprung)", "Abw. Skontokonto"),
)
"""The headings, in the order of version 13."""

_TEXTS = frozenset(
    (
        *("Soll/Haben-Kennzeichen", "WKZ Umsatz", "WKZ Basis-Umsatz", "BU-Schlüssel", "Belegfeld 1", "Belegfeld 2"),
        *("Buchungstext", "Diverse Adressnummer", "Beleglink", *_DETAILS, "KOST1 - Kostenstelle"),
        *("KOST2 - Kostenstelle", "EU-Land u. UStID (Bestimmung)", "Abw. Versteuerungsart", *_ADDITIONS),
        *("Forderungsart", "Auftragsnummer", "Buchungstyp", "EU-Land (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID"),
        *("SEPA-Mandatsreferenz", "Gesellschaftername", "Identifikationsnummer", "Zeichnernummer"),
        *("Bezeichnung SoBil-Sachverhalt", "Generalumkehr (GU)", "Land", "Abrechnungsreferenz"),
        "EU-Land u. UStID (Ursprung)",
    )
)
"""Headings of texts: their fields stand in quotation marks, even when they are empty."""


@dataclass(frozen=True, slots=True)
class Posting:
    """An invoice, or with a negative sum a cancellation.

    `debtor`: the client's account. `gross`: VAT included. `last`: the last day of the month that is billed, to which
    its VAT belongs (§ 13 (1) 1 a UStG), whatever was paid in advance besides.
    """

    number: str
    day: date
    debtor: int
    name: str
    currency: str
    gross: Decimal
    category: Category
    last: date
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """Whose bookkeeping it is: DATEV's numbers of the adviser and the client, and the revenue account by VAT."""

    adviser: int
    client: int
    revenue: Mapping[Category, str]


class TooMany(Exception):
    """The batch is longer than DATEV reads."""


class Unwritable(Exception):
    """A posting does not fit the layout; no file is made."""


def batch(postings: Sequence[Posting], month: Month, house: House, at: datetime) -> bytes:
    """The file for a month's invoices; its name begins with `EXTF_`.

    Args:
        postings: whose day is in the month; those of 0 are left out.
        month: of the bookkeeping; its year is the fiscal year, from January on.
        house: whose it is.
        at: when the file is made.

    Raises:
        TooMany, Unwritable: see there.
    """
    written = [one for one in postings if one.gross]
    if len(written) > MOST:
        raise TooMany(f"{len(written)} postings, but a batch holds {MOST}")
    if outside := [one.number for one in written if not month.first <= one.day <= month.last]:
        raise Unwritable(f"invoice {outside[0]} is not of {month.year}-{month.month:02}")
    lines = [_header(month, house, at), ";".join(COLUMNS), *(_line(one, house) for one in written)]
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", errors="replace")


def _header(month: Month, house: House, at: datetime) -> str:
    made = f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03}"
    period = (f"{month.year}0101", str(ACCOUNT_DIGITS), f"{month.first:%Y%m%d}", f"{month.last:%Y%m%d}")
    name = _text(f"Rechnungen {month.month:02}/{month.year}", 30)
    who = (str(house.adviser), str(house.client))
    kind = ("1", "0", "0", _text(EURO, 3))  # financial accounting, for any purpose, may still be changed
    rest = ("", '""', "", "", '"03"', "", "", '""', '""')  # chart of accounts: SKR03
    fields = ('"EXTF"', "700", "21", '"Buchungsstapel"', "13", made, "", '"RE"', '""', '""')
    return ";".join((*fields, *who, *period, name, '""', *kind, *rest))


def _line(posting: Posting, house: House) -> str:
    if posting.currency != EURO:
        raise Unwritable(f"invoice {posting.number} is in {posting.currency}: DATEV wants its rate to the euro")
    account = house.revenue.get(posting.category)
    if account is None:
        raise Unwritable(f"invoice {posting.number}: there is no revenue account for VAT of {posting.category.value}")
    told = {
        "Umsatz (ohne Soll/Haben-Kz)": f"{cents(abs(posting.gross)):f}".replace(".", ","),
        "Soll/Haben-Kennzeichen": "S" if posting.gross > 0 else "H",
        "WKZ Umsatz": EURO,
        "Konto": str(posting.debtor),
        "Gegenkonto (ohne BU-Schlüssel)": account,
        "Belegdatum": f"{posting.day:%d%m}",
        "Belegfeld 1": _reference(posting.number),
        "Buchungstext": posting.name,
        "EU-Land u. UStID (Bestimmung)": posting.vat_id if posting.category is Category.REVERSE_CHARGE else "",
        "Festschreibung": "0",
        "Leistungsdatum": f"{posting.last:%d%m%Y}",
        "Datum Zuord. Steuerperiode": f"{posting.last:%d%m%Y}",  # DATEV wants both or neither
    }
    return ";".join(_field(name, told.get(name, "")) for name in COLUMNS)


def _field(name: str, value: str) -> str:
    return _text(value, 60) if name in _TEXTS else value


def _text(value: str, most: int) -> str:
    """In quotation marks; those within are doubled, and what steers a machine is left out."""
    clean = "".join(one for one in value if one.isprintable())[:most]
    return '"' + clean.replace('"', '""') + '"'


def _reference(number: str) -> str:
    """An invoice's number as field 11 takes it: 36 characters, letters, digits and a few signs."""
    if len(number) > 36 or not all(one.isascii() and (one.isalnum() or one in "_$&%*+-/") for one in number):
        raise Unwritable(
            f"invoice number {number!r} is longer than 36 characters, or has signs that DATEV does not read"
        )
    return number
