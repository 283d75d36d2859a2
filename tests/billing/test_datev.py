"""The batch of postings, held against a file written by hand from DATEV's description of the format."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from vorzimmer.billing.datev import COLUMNS, House, Posting, TooMany, Unwritable, batch
from vorzimmer.core.stretches import Month
from vorzimmer.core.vat import Category

NOVEMBER = Month(2026, 11)
AT = datetime(2026, 12, 1, 8, 5, 9, 7_000, tzinfo=UTC)
HOUSE = House(29098, 55003, {Category.STANDARD: "8400", Category.REVERSE_CHARGE: "8336"})

HEADER = (
    '"EXTF";700;21;"Buchungsstapel";13;20261201080509007;;"RE";"";"";29098;55003;20260101;4;20261101;20261130;'
    '"Rechnungen 11/2026";"";1;0;0;"EUR";;"";;;"03";;;"";""'
)

FIRST = (
    '215,63;"S";"EUR";;;"";10000;8400;"";3011;"R2026-00001";"";;"Kanzlei ""Müller"" & Söhne";;"";;;;""'
    + ';""' * 18  # details, cost centres
    + ';;"";;"";;;;;'
    + ';""' * 40  # additions
    + ';;;;"";;;;"";"";;"";;;;"";"";;"";;"";;"";"";;"";;0;30112026;30112026;;"";;"";"";;"";;'
)


def _posting(**changed: Any) -> Posting:
    one = Posting(
        "R2026-00001",
        date(2026, 11, 30),
        10000,
        'Kanzlei "Müller" & Söhne',
        "EUR",
        Decimal("215.63"),
        Category.STANDARD,
        last=date(2026, 11, 30),
    )
    return replace(one, **changed)


def _lines(*postings: Posting) -> list[str]:
    return batch(postings, NOVEMBER, HOUSE, AT).decode("cp1252").split("\r\n")


def _fields(posting: Posting) -> dict[str, str]:
    line = _lines(posting)[2]
    return dict(zip(COLUMNS, line.split(";"), strict=True))


def test_file_is_what_was_written_by_hand() -> None:
    """Header, headings and one posting of 215.63 EUR, in Windows-1252, each line ended by CR LF."""
    header, headings, posting, end = _lines(_posting())
    assert header == HEADER
    assert headings.split(";")[:11] == [
        *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz"),
        *("WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum"),
        "Belegfeld 1",
    ]
    assert posting == FIRST
    assert end == ""


def test_places_of_fields_are_those_of_version_13() -> None:
    """125 fields; the places of some as DATEV numbers them, from 1."""
    places = {name: n for n, name in enumerate(COLUMNS, 1)}
    assert len(COLUMNS) == 125
    known = {"Konto": 7, "Buchungstext": 14, "EU-Land u. UStID (Bestimmung)": 40, "Stück": 88, "Festschreibung": 114}
    known |= {"Leistungsdatum": 115, "Datum Zuord. Steuerperiode": 116}
    assert {name: places[name] for name in known} == known


def test_cancellation_stands_on_the_other_side() -> None:
    """A negative sum is written without its sign, as a credit of the debtor's account."""
    fields = _fields(_posting(gross=Decimal("-1234.5")))
    assert (fields["Umsatz (ohne Soll/Haben-Kz)"], fields["Soll/Haben-Kennzeichen"]) == ("1234,50", '"H"')


def test_reverse_charge_tells_the_buyers_vat_id() -> None:
    """Its own revenue account, and the VAT id for the recapitulative statement."""
    fields = _fields(_posting(category=Category.REVERSE_CHARGE, vat_id="ATU13585627"))
    assert fields["Gegenkonto (ohne BU-Schlüssel)"] == "8336"
    assert fields["EU-Land u. UStID (Bestimmung)"] == '"ATU13585627"'


def test_letters_that_the_format_has_not_are_told_as_question_marks() -> None:
    """A Chinese name is no reason not to write the file; line ends in a name are left out."""
    assert _fields(_posting(name="李\r\nGmbH"))["Buchungstext"] == '"?GmbH"'


def test_nothing_is_posted_for_nothing() -> None:
    """An invoice of 0 is no posting: DATEV refuses one."""
    assert len(_lines(_posting(gross=Decimal(0)))) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": date(2026, 12, 1)},
        {"number": "R" * 37},
        {"number": "R 1;2"},
        {"category": Category.EXEMPT},
        {"currency": "CNY"},
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    """Another month, a number that DATEV cannot read, VAT without an account, a currency without a rate."""
    with pytest.raises(Unwritable):
        _lines(_posting(**wrong))


def test_batch_has_an_end() -> None:
    """One posting more than DATEV reads is refused."""
    with pytest.raises(TooMany):
        batch([_posting()] * 100_000, NOVEMBER, HOUSE, AT)
