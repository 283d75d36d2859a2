"""What erasing needs beside the database: the house's rules, Asterisk's own record of the calls, pages of faxes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from vorzimmer.asterisk import cdr_blanking, fax_files
from vorzimmer.core import fax
from vorzimmer.core.ports import Clock
from vorzimmer.core.witness import Witness
from vorzimmer.roles.running import trouble
from vorzimmer.settings import Settings
from vorzimmer.store import erasure_night, retention
from vorzimmer.store.erasure_night import Nights, Plan


def plan(settings: Settings) -> Plan:
    """The rules of the house."""
    privacy = settings.privacy
    return Plan(privacy.house, privacy.most, privacy.at, settings.house.timezone, settings.paths.recordings)


def nightly(settings: Settings, nights: Nights, clock: Clock) -> Coroutine[Any, Any, None]:
    """The loop of the role `worker`."""
    connect = retention.connecting(settings.database.dsn.get_secret_value())
    records = partial(blank_older, settings.paths.cdr)
    return erasure_night.run(connect, plan(settings), records, clock=clock, trouble=trouble, nights=nights)


async def blank_older(
    file: Path, latest: datetime, before: Callable[[Sequence[str]], Awaitable[Mapping[str, datetime]]]
) -> int:
    """Take the numbers out of Asterisk's record of the calls that are too old; see `erasure_night.Records`.

    Raises:
        OSError: a file may not be read or written.
    """
    found = await asyncio.to_thread(cdr_blanking.numbered, file, latest)
    limits = await before(sorted(found)) if found else {}

    def due(record: Witness) -> bool:
        return record.ended_at < limits.get(cdr_blanking.call_of(record), datetime.min.replace(tzinfo=latest.tzinfo))

    return await asyncio.to_thread(cdr_blanking.blank, file, due) if found else 0


async def forget_faxes(folder: Path, message_ids: Collection[str]) -> int:
    """Delete the pages of these faxes; how many files that were. `message_ids`: as in the outbox.

    Raises:
        OSError: they may not be deleted.
    """
    return await asyncio.to_thread(fax_files.forget_pages, folder, [fax.reference(one) for one in message_ids])


async def blank_calls(file: Path, call_ids: Collection[str], numbers: Collection[str]) -> int:
    """The same for these calls, and for every record that holds one of these writings of a number.

    Raises:
        OSError: a file may not be read or written.
    """

    def due(record: Witness) -> bool:
        return cdr_blanking.call_of(record) in call_ids or not {record.caller, record.diverted}.isdisjoint(numbers)

    return await asyncio.to_thread(cdr_blanking.blank, file, due)
