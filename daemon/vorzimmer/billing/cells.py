"""Lines of a file that a spreadsheet opens: UTF-8 with a mark, quoted as RFC 4180 says, no cell that is a formula.

Between cells stands what the reader's spreadsheet expects: a semicolon where the decimal sign is a comma.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from vorzimmer.core.plain_text import single_line

MARK = "\N{BYTE ORDER MARK}"
"""Without it, Excel reads UTF-8 as something else."""

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet would compute, in Japan with wide characters too (OWASP, CSV injection)."""

Cell = str | Decimal | None


def csv_of(rows: Iterable[Iterable[Cell]], language: str) -> Iterator[str]:
    """The file, line by line. Texts are made harmless; numbers are plain, with the language's decimal sign."""
    german = language == "de"
    yield MARK
    for row in rows:
        written = io.StringIO()
        line = [_written(cell, german=german) for cell in row]
        csv.writer(written, delimiter=";" if german else ",", lineterminator="\r\n").writerow(line)
        yield written.getvalue()


def text_cell(value: str) -> str:
    """A text in one line that no spreadsheet computes."""
    plain = " ".join(single_line(value).split())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain


def _written(cell: Cell, *, german: bool) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:f}".replace(".", ",") if german else f"{cell:f}"
        case str():
            return text_cell(cell)
