"""A closed month's documents as files: the statement as PDF, CSV and workbook, and the invoice as it was issued."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.billing import statement_csv, statement_pdf, statement_xlsx
from vorzimmer.billing.itemised import itemised, wants_full_numbers
from vorzimmer.billing.paper import House
from vorzimmer.billing.statement_words import spoken
from vorzimmer.core.account import Account
from vorzimmer.core.statement import CallLine, Statement
from vorzimmer.store import billing_book, invoices
from vorzimmer.store.client_change import load


@dataclass(frozen=True, slots=True)
class File:
    """A file's name and what is in it."""

    name: str
    content: bytes


async def files_of(conn: asyncpg.Connection, statement: Statement, house: House) -> tuple[File, ...]:
    """The documents of a closed month. The statement is written anew: what was erased since is not in it.

    Raises:
        store.client_change.NoSuchClient: the client is not in the book any more.
        LookupError: it has no account any more.
    """
    client, month = statement.client, statement.month
    account = (await billing_book.accounts(conn, client))[client]
    full = wants_full_numbers(account, month)
    calls = await itemised(conn, client, month, full_numbers=full, language=spoken(account.language))
    _version, known = await load(conn, client)
    local = replace(statement, closed_at=statement.closed_at.astimezone(ZoneInfo(known.timezone)))
    found = await asyncio.to_thread(lambda: tuple(_statement_files(local, calls, house, account)))
    issued = await invoices.standing(conn, client, month)
    kept = () if issued is None else await invoices.documents(conn, issued.number)
    return (*found, *(File(one.name, one.content) for one in kept))


def _statement_files(statement: Statement, calls: Sequence[CallLine], house: House, account: Account) -> Iterator[File]:
    name = f"statement-{statement.month.year}-{statement.month.month:02}"
    language = account.language
    yield File(f"{name}.pdf", statement_pdf.pdf(statement, calls, house, account, language))
    yield File(f"{name}.csv", "".join(statement_csv.lines(statement, calls, language)).encode())
    book = io.BytesIO()
    statement_xlsx.write(book, statement, calls, language)
    yield File(f"{name}.xlsx", book.getvalue())


def write(folder: Path, files: Sequence[File]) -> None:
    """Write the files into a folder, which is made; each is there whole or not at all.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        half = folder / f".{file.name}.{os.getpid()}"
        try:
            half.write_bytes(file.content)
            half.replace(folder / file.name)
        finally:
            half.unlink(missing_ok=True)
