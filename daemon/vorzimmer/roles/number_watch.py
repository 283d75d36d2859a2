"""The forwarding watchdog of the worker, by the settings."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from vorzimmer.core.forwarding_watch import Rules
from vorzimmer.numbers.watchdog import Watchdog
from vorzimmer.roles.running import now, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import retention
from vorzimmer.store.forwarding_checks import Addressees


def rounds(settings: Settings) -> tuple[Coroutine[Any, Any, None], ...]:
    """What the worker runs beside its messages; nothing in a house without a watchdog."""
    rules = settings.watchdog
    if not rules.enabled:
        return ()
    watchdog = Watchdog(
        settings.paths.control,
        Rules(timedelta(minutes=rules.minutes_before), rules.per_day, rules.per_client),
        Addressees(settings.alarm.to, settings.setup.language, settings.house.timezone),
        clock=now,
        trouble=trouble,
    )
    return (watchdog.run(retention.connecting(settings.database.dsn.get_secret_value())),)
