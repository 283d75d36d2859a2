"""Bills for the pages, joined from rating, itemising, explaining and the documents."""

from __future__ import annotations

import io
from collections.abc import Sequence

import asyncpg

from vorzimmer.billing import statement_csv, statement_pdf, statement_xlsx
from vorzimmer.billing.explaining import explain
from vorzimmer.billing.itemised import itemised, wants_full_numbers
from vorzimmer.billing.paper import House
from vorzimmer.billing.rater import reckoned
from vorzimmer.billing.statement_words import spoken
from vorzimmer.core.account import Account
from vorzimmer.core.bill import Bill
from vorzimmer.core.statement import CallLine, Statement
from vorzimmer.core.stretches import Month
from vorzimmer.settings_billing import Seller
from vorzimmer.store import billing_book
from vorzimmer.store.statement_calls import Window
from vorzimmer.web.bills import Bills, Form


def bills_of(house: House) -> Bills:
    """As this house writes them."""

    def document(form: Form, statement: Statement, calls: Sequence[CallLine], account: Account) -> bytes:
        match form:
            case Form.PDF:
                return statement_pdf.pdf(statement, calls, house, account, account.language)
            case Form.CSV:
                return "".join(statement_csv.lines(statement, calls, account.language)).encode()
            case Form.XLSX:
                file = io.BytesIO()
                statement_xlsx.write(file, statement, calls, account.language)
                return file.getvalue()

    return Bills(_calls, _running, explain, document)


def house_of(seller: Seller, name: str) -> House:
    """Who sends documents; `name`: where the seller has none."""
    told = seller.model_dump(exclude={"contact"})
    return House(**{**told, "name": seller.name or name})


async def _calls(
    conn: asyncpg.Connection, client: str, month: Month, language: str, window: Window
) -> tuple[CallLine, ...]:
    account = (await billing_book.accounts(conn, client)).get(client)
    full = wants_full_numbers(account, month)
    return await itemised(conn, client, month, full_numbers=full, language=spoken(language), window=window)


async def _running(conn: asyncpg.Connection, client: str, month: Month) -> Bill:
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return await reckoned(conn, client, month)
