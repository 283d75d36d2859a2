"""The chase after answers: now and again the lead is told of the steps of open orders that nobody has answered.

What is due is decided by `core.setup_course.due_letters` from the orders alone. Several workers may chase at once, and
one that was away for a week tells once of what it missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import asyncpg
import structlog

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.core.price_list import Role
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.store import orders, outage

log = structlog.get_logger()

EVERY = 600.0
"""Seconds between two looks: who has waited for three days does not mind ten minutes."""

Connect = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


async def run(connect: Connect, setting_up: SettingUp, *, clock: Clock, trouble: Trouble, every: float = EVERY) -> None:
    """Look now and again until cancelled. `every`: seconds."""
    while True:
        try:
            async with connect() as conn:
                written = await orders.escalate(conn, setting_up, clock())
            if written and setting_up.addresses(Role.LEAD):
                log.info("orders.escalated", letters=written)
            elif written:
                trouble("orders.nobody_told", unanswered=written, cure="set setup.lead, or alarm.to")
        # A row that this version cannot read (ValueError) must not take the worker's mails down with it.
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            trouble("orders.chase_failed", why=outage.why(error))
        await asyncio.sleep(every)
