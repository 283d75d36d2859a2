"""A month as a person writes it. It imports little: what closes months brings all that writes documents."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vorzimmer.cli import context
from vorzimmer.cli.show import plain
from vorzimmer.core.stretches import Month
from vorzimmer.settings import Settings

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def month_of(written: str | None, settings: Settings) -> Month:
    """The month that was named; else the last one that is over by the house's clock."""
    if written is None:
        today = datetime.now(ZoneInfo(settings.house.timezone)).date()
        last = today.replace(day=1) - timedelta(days=1)
        return Month(last.year, last.month)
    found = _MONTH.fullmatch(written)
    if found is None:
        context.fail(f"{plain(written)!r} is no month; write 2026-11", code=context.USAGE)
    return Month(int(found[1]), int(found[2]))
