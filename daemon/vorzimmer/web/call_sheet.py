"""A client's calls as rows of a spreadsheet, in the reader's language; nothing of them is ever a formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO
from zoneinfo import ZoneInfo

import xlsxwriter

from vorzimmer.core import number
from vorzimmer.store.portal_calls import Call
from vorzimmer.web.call_list import MARK, lines_of, text_cell
from vorzimmer.web.call_words import DIRECTIONS, ENDED, ERASED, HEADINGS, ONE_OF_US, SHEET, TICKED, WITHHELD, Language

LONGEST_CELL = 32_000
"""Characters; spreadsheets take 32,767."""

Cell = str | Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """How calls are written. `agents`: their names by id; `zone`: of dates and times; `region`: of numbers."""

    zone: ZoneInfo
    language: Language
    region: str
    agents: Mapping[str, str]

    def head(self) -> str:
        """The first line of a CSV file."""
        return MARK + lines_of([HEADINGS[self.language]])

    def lines(self, calls: Iterable[Call]) -> str:
        """A line of a CSV file for each call."""
        return lines_of([[self._written(cell) for cell in self.row(call)] for call in calls])

    def row(self, call: Call) -> tuple[Cell, ...]:
        """The cells of a call."""
        began = call.at.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        caller = number.show(call.caller, self.region) if call.caller else ""
        hidden = WITHHELD if call.withheld else ERASED if call.erased else None
        lasted = Decimal(str(round((call.ended_at - call.at).total_seconds(), 3)))
        return (
            f"{began:%Y-%m-%d}",
            f"{began:%H:%M:%S}",
            DIRECTIONS[self.language].get(call.direction, call.direction),
            number.show(call.did, self.region),
            hidden[self.language] if hidden is not None else caller,
            call.caller_name or "",
            ENDED[self.language][call.kind],
            *(call.waited, call.talk, call.forwarded, lasted),
            ", ".join(self.agents.get(agent, ONE_OF_US[self.language]) for agent in call.agents),
            self._noted(call),
            call.call_id,
        )

    def _noted(self, call: Call) -> str:
        """The notes in one cell: title, then each field with its label."""
        notes = []
        for note in call.notes:
            fields = [f"{field['label']}: {self._value(field['value'])}" for field in note.words["fields"]]
            notes.append("; ".join([str(note.words["title"]), *fields]))
        return " | ".join(notes)[:LONGEST_CELL]

    def _value(self, value: object) -> str:
        return TICKED[self.language][value] if isinstance(value, bool) else str(value)

    def _written(self, cell: Cell) -> str:
        if isinstance(cell, Decimal):
            return str(cell).replace(".", ",") if self.language == "de" else str(cell)
        return text_cell(str(cell))


class Workbook:
    """A workbook that is written row by row into a file, without being held in memory."""

    def __init__(self, sheet: Sheet, file: IO[bytes]) -> None:
        self._sheet = sheet
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_urls": False})
        self._page = self._book.add_worksheet(SHEET[sheet.language])
        self._page.freeze_panes(1, 0)
        self._next = 1
        bold = self._book.add_format({"bold": True})
        for column, heading in enumerate(HEADINGS[sheet.language]):
            self._page.write_string(0, column, heading, bold)

    def add(self, calls: Iterable[Call]) -> None:
        """A row for each call."""
        for call in calls:
            for column, cell in enumerate(self._sheet.row(call)):
                if isinstance(cell, Decimal):
                    self._page.write_number(self._next, column, float(cell))
                else:
                    self._page.write_string(self._next, column, str(cell)[:LONGEST_CELL])
            self._next += 1

    def close(self) -> None:
        """Finish the file."""
        self._book.close()
