"""The statement as PDF: what stands in it, and that it is the kind of file that can be kept."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdf
import pytest

from tests.billing.statement_samples import ACCOUNT, HOUSE, calls_of, statement_of
from vorzimmer.billing.statement_pdf import pdf
from vorzimmer.billing.statement_rows import days_of
from vorzimmer.core.bill import Line, Unit
from vorzimmer.core.statement import Balance, CallLine, Statement

CALLS = calls_of(70)
STATEMENT = statement_of(CALLS, Balance(Decimal("300.00"), Decimal("215.63")))


def pages(document: bytes) -> list[str]:
    """The words of each page, with single blanks."""
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(document)).pages]


@pytest.fixture(scope="module")
def german() -> bytes:
    """A statement of 70 calls, in German."""
    return pdf(STATEMENT, CALLS, HOUSE, ACCOUNT, "de")


def test_the_first_page_says_what_is_to_be_paid(german: bytes) -> None:
    """To whom, for when, each position with quantity, unit, price and amount, the sum, and that it is net."""
    [first, *_] = pages(german)
    for told in (
        "Kanzlei Müller",
        "Abrechnung Oktober 2026",
        "01.10.2026 \N{EN DASH} 31.10.2026",
        "Angenommene Anrufe 118 Anrufe 1,20 141,60",
        "12,5 Minuten 0,0475 0,59",
        "Rundungsdifferenz 0,01",
        "Summe netto 181,20",
        "die Umsatzsteuer steht auf der Rechnung",
    ):
        assert told in first


def test_a_part_of_a_month_or_a_year_can_be_reckoned_by_its_days() -> None:
    """0.419 months x 49.00 are not 20.55, but 13 of 31 days are; 358 of 365 days of a year."""
    october, year = date(2026, 10, 31), date(2027, 10, 11)
    lines = [
        Line(unit, "Fee", date(2026, 10, 19), last, share, unit, Decimal(49), Decimal("20.55"), Decimal("20.55"))
        for unit, last, share in (
            (Unit.MONTH, october, Decimal(13) / 31),
            (Unit.YEAR, year, Decimal(358) / 365),
            (Unit.MONTH, october, Decimal(1)),
        )
    ]
    assert [days_of(line, "de") for line in lines] == [
        "19.10.2026 \N{EN DASH} 31.10.2026: 13 von 31 Tagen",
        "19.10.2026 \N{EN DASH} 11.10.2027: 358 von 365 Tagen",
        "19.10.2026 \N{EN DASH} 31.10.2026",
    ]
    [first, *_] = pages(pdf(replace(STATEMENT, lines=tuple(lines)), (), HOUSE, ACCOUNT, "en"))
    assert "13 of 31 days" in first


def test_it_proves_the_best_tariff_and_tells_the_balance(german: bytes) -> None:
    """Yours against the cheapest, in a sentence; a prepaid balance before and after."""
    told = " ".join(pages(german))
    assert "Ihr Tarif kostet 181,20 €, am günstigsten wäre 149,00 €: Paket 200." in told
    assert "Guthaben danach 84,37" in told


def test_every_call_is_listed_under_its_headings_on_every_page(german: bytes) -> None:
    """All 70 calls; each page that lists calls has the headings; pages are numbered."""
    told = pages(german)
    assert sum(page.count("Klingeln") + page.count("Warten 12") for page in told) == len(CALLS)
    listing = [page for page in told if "Gespräch" in page.replace("Gesprächsminuten", "")]
    assert all("Beginn Rufnummer Ergebnis" in page for page in listing)
    assert [f"Seite {n} von {len(told)}" in page for n, page in enumerate(told, 1)] == [True] * len(told)


def test_the_head_of_the_chain_is_printed_whole(german: bytes) -> None:
    """So that whoever has the paper can hold the chain against it."""
    assert STATEMENT.head.hex() in "".join(pages(german))


def test_it_says_that_it_is_archivable_and_in_which_language(german: bytes) -> None:
    """PDF/A-3B in its metadata, all fonts embedded, a title and a language."""
    reader = pypdf.PdfReader(io.BytesIO(german))
    told = reader.xmp_metadata
    assert told is not None
    assert (told.pdfaid_part, told.pdfaid_conformance) == ("3", "B")
    assert told.dc_title == {"x-default": "Abrechnung Oktober 2026"}
    assert str(reader.root_object["/Lang"]) == "de-DE"


def test_other_languages_read_english() -> None:
    """English words and figures, for a Chinese client too."""
    told = " ".join(pages(pdf(STATEMENT, CALLS[:3], HOUSE, ACCOUNT, "zh")))
    assert "Statement October 2026" in told
    assert "yours €181.20, cheapest €149.00: Paket 200" in told


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_empty_month_is_a_statement_too(language: str) -> None:
    """No lines, no calls, nothing sealed: it says so."""
    empty = replace(statement_of(()), lines=(), comparison=(), head=bytes(32))
    told = " ".join(pages(pdf(empty, (), HOUSE, ACCOUNT, language)))
    nothing = {"de": "nichts zu berechnen", "en": "nothing to bill"}[language]
    assert nothing in told


HOSTILE = ("A" * 4000, "\x00\x1b[31m\u202egnp.exe", "=cmd|' /C calc'!A0", "🂡 𓀀", "{nb} ¤¤¤ <b>")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_the_page(name: str) -> None:
    """Endless names, controls and signs that no font has: the document is made, and numbered."""
    line: Line = replace(STATEMENT.lines[1], name=name)
    call: CallLine = replace(CALLS[0], why=name)
    account = ACCOUNT.model_copy(update={"name": name})
    odd: Statement = replace(STATEMENT, lines=(line,))
    told = pages(pdf(odd, (call,), HOUSE, account, "de"))
    assert f"Seite 1 von {len(told)}" in told[0]


def test_a_long_address_is_told_in_lines() -> None:
    """A name of two lines stands whole in the window; abroad the country stands below, in capitals."""
    name = "Rechtsanwälte Dr. Müller-Lüdenscheidt, Schneider und Partner, Fachanwälte"
    account = ACCOUNT.model_copy(update={"name": name, "country": "AT", "city": "Wien", "postcode": "1010"})
    [first, *_] = pages(pdf(STATEMENT, (), HOUSE, account, "de"))
    assert f"{name} Sendlinger Str. 1 1010 Wien ÖSTERREICH" in first
