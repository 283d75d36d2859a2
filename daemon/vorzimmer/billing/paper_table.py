"""Tables on paper: headings on every page, and no row alone on one. Widths and heights are millimetres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vorzimmer.billing.paper import FAINT, INK, LEFT, POINT, SOFT, TINT, WIDTH, Align, Paper

GAP = 2.0
"""Between a column's text and the next column."""

_LINE, _NEXT, _BELOW = 1.62, 1.3, 1.2  # heights of a row's first line, of others, of the line below: by its letters


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. A text that is too long for it goes on in the next line if it `wraps`, and is cut if not."""

    heading: str
    width: float
    align: Align = "L"
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. `below`: a smaller line under its first cell; `strong`: a sum."""

    cells: Sequence[str]
    below: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class _Laid:
    """A row with the lines of each of its cells, and its height."""

    row: Row
    lines: Sequence[Sequence[str]]
    height: float


def table(paper: Paper, columns: Sequence[Column], rows: Iterable[Row], size: float = 8.5) -> None:
    """Write a table from here on. The widths of its columns are `paper.WIDTH` together."""
    laid = [_laid(paper, columns, row, size) for row in rows]
    head = size * POINT * _LINE + 1.2
    paper.room(head + sum(one.height for one in laid[:2]))
    _headings(paper, columns, size, head)
    for at, one in enumerate(laid):
        with_last = laid[-1].height if at + 2 == len(laid) else 0.0
        if paper.room(one.height + with_last):
            _headings(paper, columns, size, head)
        _draw(paper, columns, one, size)


def _laid(paper: Paper, columns: Sequence[Column], row: Row, size: float) -> _Laid:
    paper.pen(size, strong=row.strong)
    lines = [
        paper.lines_of(cell, column.width - GAP) if column.wraps else [paper.cut(cell, column.width - GAP)]
        for column, cell in zip(columns, row.cells, strict=True)
    ]
    tallest = max(len(one) for one in lines)
    return _Laid(row, lines, size * POINT * (_LINE + _NEXT * (tallest - 1) + (_BELOW if row.below else 0)))


def _headings(paper: Paper, columns: Sequence[Column], size: float, height: float) -> None:
    paper.pen(size - 1, SOFT, strong=True)
    paper.set_fill_color(*TINT)
    top = paper.get_y()
    paper.rect(LEFT, top, WIDTH, height - 0.4, style="F")
    paper.set_x(LEFT)
    for column in columns:
        paper.cell(column.width, height - 0.4, paper.cut(column.heading, column.width), align=column.align)
    paper.set_xy(LEFT, top + height)


def _draw(paper: Paper, columns: Sequence[Column], laid: _Laid, size: float) -> None:
    row, top, line = laid.row, paper.get_y(), size * POINT
    if row.strong:
        paper.rule(top, INK, 0.3)
    paper.pen(size, strong=row.strong)
    x = LEFT
    for column, mine in zip(columns, laid.lines, strict=True):
        for number, text in enumerate(mine):
            if text:
                paper.put(x, top + number * _NEXT * line, column.width, _LINE * line, text, column.align)
        x += column.width
    if row.below:
        paper.pen(size - 1.5, SOFT)
        paper.set_xy(LEFT, top + laid.height - 1.45 * line)
        paper.cell(WIDTH, _BELOW * line, paper.cut(row.below, WIDTH))
    if not row.strong:
        paper.rule(top + laid.height, FAINT, 0.1)
    paper.set_xy(LEFT, top + laid.height)
