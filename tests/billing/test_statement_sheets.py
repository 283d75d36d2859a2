"""The statement as CSV and as a workbook: the same rows, sums that agree, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.billing.statement_samples import calls_of, statement_of
from vorzimmer.billing import statement_csv, statement_xlsx

CALLS = calls_of(20)
STATEMENT = statement_of(CALLS)


def read(language: str, delimiter: str) -> list[list[str]]:
    """The cells of the CSV file."""
    text = "".join(statement_csv.lines(STATEMENT, CALLS, language))
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter))


@pytest.mark.parametrize(
    ("language", "delimiter", "kinds"),
    [("de", ";", ("Position", "Anruf")), ("en", ",", ("Position", "Call"))],
)
def test_the_csv_holds_positions_and_every_call(language: str, delimiter: str, kinds: tuple[str, str]) -> None:
    """Each row is as wide as its headings; the positions' amounts are the total, in the language's writing."""
    head, *rows = read(language, delimiter)
    assert {len(row) for row in rows} == {len(head)}
    positions, calls = ([row for row in rows if row[0] == kind] for kind in kinds)
    assert (len(positions), len(calls)) == (len(STATEMENT.lines), len(CALLS))
    assert sum(Decimal(row[7].replace(",", ".")) for row in positions) == STATEMENT.total
    assert {row[7].replace(",", ".") for row in calls} == {"1.20", "0.00"}


@pytest.mark.parametrize("evil", ["=1+1", "+49", "-2", "@SUM(A1)", "\uff1d1", "\t=1", "\r\n=1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    """Whatever a tariff's name begins with, behind blanks too, it stands behind an apostrophe and on one line."""
    odd = replace(STATEMENT, lines=(replace(STATEMENT.lines[1], name=evil),))
    text = "".join(statement_csv.lines(odd, (), "en"))
    [_, row] = csv.reader(io.StringIO(text[1:], newline=""))
    assert row[1] == f"'{evil.strip()}"


def test_the_workbook_has_a_sheet_for_each_part() -> None:
    """Positions with their sum, every call, the hours, the comparison; texts are texts, amounts are numbers."""
    file = io.BytesIO()
    odd = replace(CALLS[0], why='=HYPERLINK("http://x")')
    statement_xlsx.write(file, STATEMENT, (odd, *CALLS[1:]), "de")
    with zipfile.ZipFile(file) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        sheets = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in range(1, 5)]
    assert names == ["Positionen", "Anrufe", "Anrufe nach Tageszeit", "Tarifvergleich"]
    assert [len(re.findall("<row ", sheet)) for sheet in sheets] == [len(STATEMENT.lines) + 2, len(CALLS) + 1, 25, 4]
    assert "<f>" not in "".join(sheets)
    assert "<v>181.2</v>" in sheets[0]
