"""Calls as lines of a file that a spreadsheet opens: UTF-8 with a mark, semicolons, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from vorzimmer.core.client import Client
from vorzimmer.store.statistics import Item
from vorzimmer.web.wall import hidden

MARK = "\N{BYTE ORDER MARK}"
"""Without it, Excel reads UTF-8 as something else."""

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet would compute, in Japan with wide characters too (OWASP, CSV injection)."""

HEADINGS = {
    "de": (
        "Anruf",
        "Datum",
        "Beginn",
        "Abstand zu UTC",
        "Mandant",
        "Name des Mandanten",
        "Rufnummer",
        "Richtung",
        "Anrufer",
        "Ergebnis",
        "Warten (s)",
        "Gespräch (s)",
        "Halten (s)",
        "Verbunden (s)",
        "Dauer (s)",
        "Bearbeitet von",
        "Regel",
        "Überlauf",
    ),
    "en": (
        "call",
        "day",
        "began",
        "offset from UTC",
        "client",
        "name of client",
        "number",
        "direction",
        "caller",
        "outcome",
        "wait (s)",
        "talk (s)",
        "hold (s)",
        "put through (s)",
        "duration (s)",
        "agents",
        "rule",
        "overflow",
    ),
}


@dataclass(frozen=True, slots=True)
class Writing:
    """How calls are written. `full`: callers' numbers whole, else without their last three digits.

    `language` ("de" or another): of the headings; with German ones, decimals have a comma.
    """

    zone: ZoneInfo
    clients: Mapping[str, Client]
    language: str
    full: bool

    def head(self) -> str:
        """The first line."""
        return MARK + lines_of([HEADINGS["de" if self.language == "de" else "en"]])

    def lines(self, items: Iterable[Item]) -> str:
        """A line for each call."""
        return lines_of(self._cells(item) for item in items)

    def _cells(self, item: Item) -> tuple[str, ...]:
        began = item.started_at.astimezone(self.zone)
        client = self.clients.get(item.client or "")
        duration = Decimal(str(round((item.ended_at - item.started_at).total_seconds(), 3)))
        seconds = (item.waited, item.talk, item.hold, item.put_through, duration)
        return (
            text_cell(item.call_id),
            f"{began:%Y-%m-%d}",
            f"{began:%H:%M:%S}",
            f"UTC{began.isoformat()[-6:]}",
            text_cell(item.client),
            text_cell(client.name if client is not None else None),
            text_cell(item.did),
            text_cell(item.direction),
            text_cell(item.caller if self.full else hidden(item.caller)),
            text_cell(item.disposition.value),
            *(self._number(value) for value in seconds),
            text_cell(", ".join(item.agents)),
            text_cell(item.reason),
            text_cell(item.overflow),
        )

    def _number(self, value: Decimal | None) -> str:
        if value is None:
            return ""
        return str(value).replace(".", ",") if self.language == "de" else str(value)


def lines_of(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells as lines, each cell quoted where it must be."""
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def text_cell(value: str | None) -> str:
    """A cell of text: never a formula, on one line, without tabs."""
    plain = " ".join((value or "").split())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
