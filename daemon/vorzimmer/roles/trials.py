"""Tells clients whose trial is over, and the lead, what a month would cost; in the role `worker`."""

from __future__ import annotations

import asyncio

import asyncpg

from vorzimmer.billing.trial_letters import House, write_due
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.core.price_list import Role
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import Settings
from vorzimmer.store import outage
from vorzimmer.store.retention import connecting

EVERY = 3600.0
"""Seconds between two looks: a day begins at another hour in each zone."""


async def run(settings: Settings, clock: Clock, trouble: Trouble, every: float = EVERY) -> None:
    """Look now and again until cancelled. `every`: seconds."""
    connect = connecting(settings.database.dsn.get_secret_value())
    people = setting_up(settings)
    house = House(people.addresses(Role.LEAD), people.language, f"{people.base_url}/")
    while True:
        try:
            async with connect() as conn:
                await write_due(conn, house, clock())
        # A row that this version cannot read (ValueError) must not take the worker's mails down with it.
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            trouble("trials.failed", why=outage.why(error))
        await asyncio.sleep(every)
