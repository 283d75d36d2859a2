"""A statement as one table for a spreadsheet: its positions, then every call, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from vorzimmer.billing import statement_rows
from vorzimmer.billing.cells import Cell, csv_of
from vorzimmer.billing.statement_words import words_of
from vorzimmer.core.bill import Line, Unit
from vorzimmer.core.statement import CallLine, Statement

COLUMNS = (
    "kind",
    "position",
    "from",
    "until",
    "quantity",
    "unit",
    "price",
    "amount",
    "direction",
    "number",
    "phases",
    "total_seconds",
    "why",
    "call",
)
"""Keys of the headings. `amount`: of a position in cents, of a call exact; both net."""


def lines(statement: Statement, calls: Iterable[CallLine], language: str) -> Iterator[str]:
    """The file, line by line; `language`: `de`, any other: English. The sum of the positions is the net total."""
    words = words_of(language)
    heads = [words[key].format(currency=statement.currency) for key in COLUMNS]
    return csv_of([heads, *(_line(one, language) for one in statement.lines), *_calls(calls, language)], language)


def _line(line: Line, language: str) -> tuple[Cell, ...]:
    counted = line.unit is not Unit.ONE
    return (
        words_of(language)["position"],
        statement_rows.name_of(line, language),
        line.first.isoformat(),
        line.last.isoformat(),
        line.quantity if counted else None,
        statement_rows.unit_of(line, language),
        line.price if counted else None,
        line.amount,
        *(None,) * 6,
    )


def _calls(calls: Iterable[CallLine], language: str) -> Iterator[tuple[Cell, ...]]:
    words = words_of(language)
    for call in calls:
        yield (
            words["call"],
            statement_rows.outcome_of(call, language),
            call.began.isoformat(sep=" ", timespec="seconds"),
            *(None,) * 4,
            _short(call.net, 2),
            words[f"direction.{call.direction}"],
            statement_rows.number_of(call, language),
            statement_rows.phases_of(call, language),
            _short(sum((spent for _, spent in call.phases), Decimal(0)), 0),
            call.why,
            call.id,
        )


def _short(value: Decimal, places: int) -> Decimal:
    """Without trailing zeros behind so many places."""
    digits = -int(value.normalize().as_tuple().exponent)
    return value.quantize(Decimal(1).scaleb(-max(digits, places)))
