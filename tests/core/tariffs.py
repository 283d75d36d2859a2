"""Tariffs and calls that the tests of rating start from."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.rating import Call, Place, Terms
from vorzimmer.core.tariff import Tariff

BERLIN = ZoneInfo("Europe/Berlin")
HERE = Place("Europe/Berlin", "DE-BY")


def tariff(*positions: dict[str, Any], **fields: Any) -> Tariff:
    """A tariff of these positions; ids and names that are not given are made up."""
    written = [{"id": f"p{n}", "name": f"Position {n}", **one} for n, one in enumerate(positions, 1)]
    return Tariff.model_validate({"id": "t", "name": "T", "since": "2026-01-01", "positions": written, **fields})


def terms(*positions: dict[str, Any], included: dict[str, Decimal] | None = None, **fields: Any) -> Terms:
    """The same for a client in Munich."""
    return Terms(tariff(*positions, **fields), HERE, included or {})


def call(number: int = 1, at: str = "2026-11-23T10:00", **seconds: float) -> Call:
    """An answered call; seconds by phase."""
    return other_call(number, at, {}, **seconds)


def other_call(number: int, at: str, fields: dict[str, Any], **seconds: float) -> Call:
    """A call that differs in these fields."""
    began = datetime.fromisoformat(at)
    known: dict[str, Any] = {
        "id": f"c{number:06}",
        "began": began if began.tzinfo else began.replace(tzinfo=BERLIN),
        "disposition": Disposition.ANSWERED,
        "seconds": {phase: Decimal(str(spent)) for phase, spent in seconds.items()},
        **fields,
    }
    return Call(**known)


def many(count: int, talk: float = 60, at: str = "2026-11-02T09:00") -> list[Call]:
    """So many calls of the same length, a minute after each other."""
    began = datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    return [other_call(n, (began + timedelta(minutes=n)).isoformat(), {}, talk=talk) for n in range(1, count + 1)]
