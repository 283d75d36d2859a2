"""Bills, as the pages are given them: the calls of a month, the month that runs, and documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import asyncpg

from vorzimmer.core.account import Account
from vorzimmer.core.bill import Bill
from vorzimmer.core.statement import CallLine, Statement
from vorzimmer.core.stretches import Month
from vorzimmer.store.statement_calls import Window


class Form(StrEnum):
    """As what a statement can be had."""

    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media(self) -> str:
        """The media type (RFC 6838)."""
        return _MEDIA[self]


_MEDIA = {
    Form.PDF: "application/pdf",
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

AT_ONCE = 2
"""Documents that are made at the same time; others wait."""


@dataclass(frozen=True, slots=True)
class Bills:
    """What billing does for the pages.

    `calls`: of a client's month, all or some, as the client may see them, in a language. `running`: the bill of a
    month that is not closed, as things are; nothing is written. Raises `stretches.NoTariff`, ValueError: it cannot be
    billed.
    `explain`: why a call costs what it costs, a sentence a line, in a language; None: it is nobody's.
    `document`: of a statement, in its account's language; takes its time, and a thread.
    """

    calls: Callable[[asyncpg.Connection, str, Month, str, Window], Awaitable[tuple[CallLine, ...]]]
    running: Callable[[asyncpg.Connection, str, Month], Awaitable[Bill]]
    explain: Callable[[asyncpg.Connection, str, str], Awaitable[tuple[str, ...] | None]]
    document: Callable[[Form, Statement, Sequence[CallLine], Account], bytes]
    _making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def make(self, form: Form, statement: Statement, calls: Sequence[CallLine], account: Account) -> bytes:
        """A document, made without holding up what rings meanwhile."""
        async with self._making:
            return await asyncio.to_thread(self.document, form, statement, calls, account)
