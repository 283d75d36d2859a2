"""How long a decision takes with every client of the house loaded."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta

import asyncpg

from tests.bench import ways
from tests.bench.ways import Way
from vorzimmer.core.acd import Pool
from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.plan import Incoming
from vorzimmer.core.routing import decide
from vorzimmer.store.book import load_book

_DECISIONS = 5000


async def decide_us(dsn: str) -> float:
    """Microseconds of one decision (p50), over clients and instants of a year in turn."""
    conn = await asyncpg.connect(dsn)
    try:
        _, book = await load_book(conn)
    finally:
        await conn.close()
    directory = Directory(book.group, book.client)
    policy, pool = Policy(frozenset({"DE"}), 10, 200), Pool()
    numbers = ways.numbers(Way.DAEMON, 1, ways.CLIENTS)
    began, taken = datetime(2026, 1, 1, 8, tzinfo=UTC), []
    for n in range(_DECISIONS):
        call = Incoming(numbers[n * 7919 % len(numbers)], "+493012345678")
        at = began + timedelta(hours=n * 1.7)
        start = time.perf_counter_ns()
        decide(call, directory, policy, pool, at)
        taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken) / 1000
