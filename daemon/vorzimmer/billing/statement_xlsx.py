"""A statement as a workbook: positions, calls, hours of the day, comparison. Every text is a text, never a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from vorzimmer.billing import statement_rows, written
from vorzimmer.billing.statement_words import Words, words_of
from vorzimmer.core.bill import Line, Unit
from vorzimmer.core.statement import CallLine, Statement

LONGEST_CELL = 32_000
"""Characters; spreadsheets take 32,767."""

Value = str | Decimal | datetime | None


def write(file: IO[bytes], statement: Statement, calls: Iterable[CallLine], language: str) -> None:
    """Write the workbook row by row, without holding it in memory; blocks. `language`: `de`, any other: English."""
    words = words_of(language)
    options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    with xlsxwriter.Workbook(file, options) as book:
        title = words["title"].format(month=written.month(statement.month, language))
        book.set_properties({"title": title, "created": statement.closed_at.replace(tzinfo=None)})
        pages = _Pages(book)
        pages.add(words["positions"], _position_heads(statement, words), _positions(statement, words, language))
        pages.add(words["calls_count"], _call_heads(statement, words), (_call(one, language) for one in calls))
        hours = ((Decimal(hour), Decimal(count)) for hour, count in enumerate(statement.chart))
        pages.add(words["chart"], [(words["hour"], 10), (words["calls_count"], 10)], hours)
        if statement.comparison:
            heads = [(words["tariff"], 36), (words["amount"].format(currency=statement.currency), 14), ("", 14)]
            offers = [
                (one.name, one.total, words["comparison.mine"] if one.yours else None) for one in statement.comparison
            ]
            pages.add(words["comparison"], heads, offers)


class _Pages:
    def __init__(self, book: Any) -> None:  # xlsxwriter has no types
        self._book = book
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._number = book.add_format({"num_format": "#,##0.00####"})
        self._when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def add(self, name: str, heads: Sequence[tuple[str, float]], rows: Iterable[Sequence[Value]]) -> None:
        """A sheet. `heads`: headings and widths in characters."""
        page = self._book.add_worksheet(name[:31])
        page.freeze_panes(1, 0)
        for column, (head, width) in enumerate(heads):
            page.set_column(column, column, width)
            page.write_string(0, column, head, self._bold)
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                self._write(page, at, column, value)

    def _write(self, page: Any, row: int, column: int, value: Value) -> None:
        match value:
            case None:
                return
            case Decimal():
                page.write_number(row, column, float(value), self._number)
            case datetime():
                page.write_datetime(row, column, value.replace(tzinfo=None, microsecond=0), self._when)
            case str():
                page.write_string(row, column, value[:LONGEST_CELL])


def _position_heads(statement: Statement, words: Words) -> list[tuple[str, float]]:
    price, amount = (words[key].format(currency=statement.currency) for key in ("price", "amount"))
    first, last = words["from"], words["until"]
    return [
        *((words["position"], 40), (first, 12), (last, 12), (words["quantity"], 12), (words["unit"], 12)),
        *((price, 14), (amount, 14)),
    ]


def _positions(statement: Statement, words: Words, language: str) -> list[tuple[Value, ...]]:
    rows = [_position(line, language) for line in statement.lines]
    return [*rows, (words["sum"], None, None, None, None, None, statement.total)]


def _position(line: Line, language: str) -> tuple[Value, ...]:
    counted = line.unit is not Unit.ONE
    return (
        statement_rows.name_of(line, language),
        line.first.isoformat(),
        line.last.isoformat(),
        line.quantity if counted else None,
        statement_rows.unit_of(line, language),
        line.price if counted else None,
        line.amount,
    )


def _call_heads(statement: Statement, words: Words) -> list[tuple[str, float]]:
    keys = (
        *(("when", 20), ("direction", 12), ("number", 22), ("outcome", 16), ("phases", 36)),
        *(("total_seconds", 12), ("why", 44), ("amount", 14), ("call", 24)),
    )
    return [(words[key].format(currency=statement.currency), width) for key, width in keys]


def _call(call: CallLine, language: str) -> tuple[Value, ...]:
    return (
        call.began,
        words_of(language)[f"direction.{call.direction}"],
        statement_rows.number_of(call, language),
        statement_rows.outcome_of(call, language),
        statement_rows.phases_of(call, language),
        sum((spent for _, spent in call.phases), Decimal(0)),
        call.why,
        call.net,
        call.id,
    )
