"""A chart of bars on paper, drawn with rectangles: 24 hours of a day."""

from __future__ import annotations

from collections.abc import Sequence

from vorzimmer.billing.paper import ACCENT, FAINT, INK, SOFT, Paper

LIGHT = (150, 190, 204)
"""Of bars that are not the highest."""

_LABEL = 3.6
_WIDE = 0.68  # of a bar's place


def bars(paper: Paper, counts: Sequence[int], left: float, width: float, height: float) -> None:
    """A bar for each count, from here on down; its number above it, its place (from 0) below. Millimetres."""
    most = max([*counts, 1])
    place = width / len(counts)
    base = paper.get_y() + height - _LABEL
    for number, count in enumerate(counts):
        tall = (height - 2 * _LABEL) * count / most
        x = left + number * place
        if count:
            paper.set_fill_color(*(ACCENT if count == most else LIGHT))
            paper.rect(x + place * (1 - _WIDE) / 2, base - tall, place * _WIDE, tall, style="F")
            paper.pen(6.5, INK, strong=count == most)
            paper.put(x, base - tall - _LABEL, place, _LABEL, str(count), "C")
        paper.pen(6.5, SOFT)
        paper.put(x, base + 0.6, place, _LABEL, str(number), "C")
    paper.rule(base, FAINT, 0.2)
    paper.set_xy(left, base + _LABEL + 1)
