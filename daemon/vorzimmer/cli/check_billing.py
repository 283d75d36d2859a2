"""The part of `check` about money: can invoices be issued, and is each there that was."""

from __future__ import annotations

import asyncpg

from vorzimmer.billing.fonts import NoFontError, needed
from vorzimmer.cli.report import Report
from vorzimmer.core.invoice import Seller
from vorzimmer.settings import Settings
from vorzimmer.store import invoices

TIMEOUT = 10.0
"""Seconds for the database to accept a connection."""

PART = "billing"

_ACCOUNTS = "SELECT count(*) FROM account"


async def billing(settings: Settings) -> Report:
    """The seller's data, the fonts of documents, lost invoices. A house without accounts bills nobody."""
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Report(PART, "not asked")  # the database's own report tells
    try:
        accounts = await conn.fetchval(_ACCOUNTS)
        lost = await invoices.lost(conn)
    except asyncpg.PostgresError:
        return Report(PART, "not asked")  # a schema of another version, which the database's report tells
    finally:
        await conn.close()
    if not accounts:
        return Report(PART, "no client has an account", lost)
    findings = [*lost, *incomplete(settings)]
    count = f"{accounts} {'account' if accounts == 1 else 'accounts'}"
    return Report(PART, f"{count}, invoices by {settings.billing.seller.name}", tuple(findings))


def incomplete(settings: Settings) -> tuple[str, ...]:
    """Why no invoice can be issued, each as a sentence."""
    found = []
    if missing := Seller(**settings.billing.seller.model_dump()).missing():
        found.append(f"no invoice can be issued: {', '.join(missing)} missing in [billing.seller]")
    try:
        needed("")
    except NoFontError as error:
        found.append(str(error))
    return tuple(found)
