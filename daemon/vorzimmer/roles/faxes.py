"""The channel fax, by the settings."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from vorzimmer.notify.fax import WAIT, Fax, Manner, tidy
from vorzimmer.notify.fax_drawing import SECONDS
from vorzimmer.roles.running import now, trouble
from vorzimmer.settings import Settings

LONGEST = SECONDS + WAIT + 20.0
"""Seconds that one attempt may take: drawing, and waiting for the end."""


def faxes(settings: Settings) -> Fax:
    """The channel."""
    fax = settings.fax
    manner = Manner(
        house=settings.house.name,
        region=settings.house.region,
        station=fax.number,
        tries=fax.tries,
        pause=timedelta(minutes=fax.pause),
        fonts=fax.fonts,
    )
    return Fax(settings.paths.fax, settings.paths.control, manner, trouble=trouble)


def tidying(settings: Settings) -> Coroutine[Any, Any, None]:
    """What the worker runs beside, so that no pages lie about."""
    return tidy(settings.paths.fax, clock=now, trouble=trouble)
