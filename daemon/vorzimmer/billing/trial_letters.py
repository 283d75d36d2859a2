"""What is written when a trial is over: what the client's calls would cost in a month, by every tariff on offer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.billing import worth_answer
from vorzimmer.core.account import Agreement
from vorzimmer.core.client import Client
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import DAY, Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.trial import Trial, trial_over
from vorzimmer.core.worth_words import WORDS, Language, Table, advice, of_forecast, tables
from vorzimmer.store import billing_book, letters, rated_calls
from vorzimmer.store.book import load_book

_TOLD = "SELECT EXISTS (SELECT FROM outbox WHERE about = $1)"


@dataclass(frozen=True, slots=True)
class House:
    """Who hears of trials here: `lead`, in `language`; `portal`: the address of the pages."""

    lead: tuple[str, ...]
    language: str
    portal: str


async def write_due(conn: asyncpg.Connection, house: House, at: datetime) -> int:
    """Write to clients whose trial is over, and to the lead, each once. Returns how many trials were told of.

    Args:
        conn: not in a transaction.
        house: see there.
        at: the time.
    """
    _, book = await load_book(conn)
    clients = {client.id: client for client in book.client}
    versions = await billing_book.tariffs(conn)
    told = 0
    for agreement in await billing_book.agreements(conn):
        client = clients.get(agreement.client)
        if client is not None:
            told += await _write(conn, house, client, agreement, versions, at)
    return told


async def _write(
    conn: asyncpg.Connection,
    house: House,
    client: Client,
    agreement: Agreement,
    versions: Sequence[Tariff],
    at: datetime,
) -> bool:
    zone = ZoneInfo(client.timezone)
    today = at.astimezone(zone).date()
    trial = trial_over(agreement.contract, versions, today)
    key = f"trial:{client.id}:{agreement.since.isoformat()}"
    if trial is None or await conn.fetchval(_TOLD, f"letter:{key}"):
        return False
    since, until = (datetime.combine(day, time(), zone) for day in (trial.first, trial.last + DAY))
    calls = await rated_calls.calls_of_client(conn, client.id, since, until)
    readers = {key: (client.addresses, client.language.value), f"{key}:inside": (house.lead, house.language)}
    month = Month(today.year, today.month).after
    written = [
        (name, to, language, await asyncio.to_thread(_data, client, trial, calls, versions, month, language))
        for name, (to, told) in readers.items()
        for language in ("de" if told == "de" else "en",)
    ]
    async with conn.transaction():
        for name, to, language, data in written:
            shown = {**data, "url": house.portal, "inside": name != key}
            await letters.post(
                conn, key=name, kind="trial_over", to=to, language=language, data=shown, client=client.id
            )
    return True


def _data(
    client: Client, trial: Trial, calls: Sequence[Call], versions: Sequence[Tariff], month: Month, language: Language
) -> dict[str, Any]:
    """What the letter shows."""
    place = Place(client.timezone, client.holidays)
    found, about = worth_answer.of_days_logged(calls, trial.first, trial.last, versions, place, month, language)
    return {
        "client": client.name,
        "first": trial.first.isoformat(),
        "last": trial.last.isoformat(),
        "calls": len(calls),
        "advice": advice(found, language),
        "rows": [line for table in tables(found, language) for line in _lines(table)],
        "meaning": WORDS[language]["meaning"],
        "assumed": [*about, *of_forecast(found, client.holidays, language)],
    }


def _lines(table: Table) -> list[str]:
    """A line for each tariff."""
    return [f"{row.name}: {row.likely}" + (f" ({row.range})" if row.has_range else "") for row in table.rows]
