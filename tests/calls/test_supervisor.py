"""All calls of this process: who is taken when many have waited."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.calls.surroundings import Pbx, Records, make_exchange
from vorzimmer.calls.supervisor import PACE, Supervisor

GONE = round(60 / PACE)
"""Callers enough to hold up the next one for a minute."""


async def test_who_has_left_holds_up_nobody(tmp_path: Path) -> None:
    """After a while without a daemon many callers have waited, and most of them have gone: the others are taken."""
    exchange = make_exchange(tmp_path, Pbx(), Records())
    supervisor = Supervisor(lambda: exchange)
    await supervisor._turn(waited=True)
    gone = [asyncio.create_task(supervisor._turn(waited=True)) for _ in range(GONE)]
    here = [asyncio.create_task(supervisor._turn(waited=waited)) for waited in (True, False)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(*here)
