"""What the fields of a tariff may hold: phases, regions, the calls that count, days, titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import Phase
from vorzimmer.core.plain_text import single_line

WRAP_UP = "wrap_up"
"""The agent's work after the talk: no phase of the caller's, but one that may be billed."""

PHASES: tuple[str, ...] = (*(phase.value for phase in Phase), WRAP_UP)

SERVED = (Disposition.ANSWERED, Disposition.FORWARDED, Disposition.MESSAGE)
"""Calls that count where a position names none: somebody or the machine took them."""

NEVER = (Disposition.ABANDONED, Disposition.BLOCKED, Disposition.FAILED)
"""Calls that no position may count: nobody took them, so they cost nothing and use nothing that is included."""

Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(single_line)]
Units = Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=3)]
Region = Literal["none", "germany", "eu"]

Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
"""Of another century is a slip of the pen, and thousands of months would be reckoned for it."""


def _counting(value: Disposition) -> Disposition:
    if value in NEVER:
        raise ValueError(f"calls that end as {value.value!r} are never billed: nobody took them")
    return value


Counting = Annotated[Disposition, AfterValidator(_counting)]


def _phases(value: Any) -> Any:
    told = list(value) if isinstance(value, list | tuple | Mapping) else []
    if unknown := [one for one in told if one not in PHASES]:
        raise ValueError(f"there is no phase {unknown[0]!r} (allowed: {', '.join(PHASES)})")
    if twice := [one for one, count in Counter(told).items() if count > 1]:
        raise ValueError(f"phase {twice[0]!r} stands twice")
    return value


Phases = Annotated[tuple[str, ...], Field(min_length=1), BeforeValidator(_phases)]
Caps = Annotated[dict[str, Annotated[int, Field(ge=0, le=86_400)]], BeforeValidator(_phases)]
"""Seconds by phase."""

Factor = Annotated[Decimal, Field(ge=0, le=1, decimal_places=3)]
"""The telephone factor: 0.2 makes an hour dearer by a fifth. More than twice as dear is a slip of the pen."""


def _of_each_region(value: Mapping[Region, Decimal]) -> Mapping[Region, Decimal]:
    if missing := [one for one in ("germany", "eu") if one not in value]:
        raise ValueError(f"the factor of {missing[0]!r} is missing: without it such talk would cost nothing more")
    return value


Factors = Annotated[dict[Region, Factor], AfterValidator(_of_each_region)]
