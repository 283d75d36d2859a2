"""The gate before every leg over a trunk: who may be dialled, and how often.

Static refusals depend on the number alone and are known when the call is planned; the caps depend on what runs at the
moment of dialling, and whoever dials counts first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from vorzimmer.core import number as numbers
from vorzimmer.core.client import Forwarding
from vorzimmer.core.number import NumberKind

DIALLED_KINDS = frozenset(
    {NumberKind.MOBILE, NumberKind.FIXED, NumberKind.FIXED_OR_MOBILE, NumberKind.VOIP, NumberKind.TOLL_FREE}
)
"""All other kinds may cost more than a call, or reach no person; a number of unknown kind may be either."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Released countries (ISO 3166), and caps: trunk legs at once, and trunk legs a day."""

    countries: frozenset[str]
    parallel: int
    per_day: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The client's trunk legs that run now, and those dialled today."""

    parallel: int
    today: int


class RefusalCode(StrEnum):
    """Why a number is not dialled. The value stands in the ledger: never rename one."""

    INVALID = "invalid"
    KIND = "kind"
    COUNTRY = "country"
    LOOP = "loop"
    PARALLEL = "parallel"
    PER_DAY = "per_day"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no, with a sentence for people. It does not repeat the number, which is personal."""

    code: RefusalCode
    reason: str


def policy_for(client: Forwarding, house: Policy) -> Policy:
    """The client's own limits where it has some, else the house's."""
    return Policy(
        countries=house.countries if client.countries is None else frozenset(client.countries),
        parallel=house.parallel if client.parallel is None else client.parallel,
        per_day=house.per_day if client.per_day is None else client.per_day,
    )


def check_number(number: str, countries: Collection[str], own_numbers: Collection[str]) -> Refusal | None:
    """Whether this number may ever be dialled over a trunk; None is yes. `number` is E.164."""
    kind = numbers.kind(number)
    if kind is NumberKind.UNKNOWN:
        return Refusal(RefusalCode.INVALID, "the number belongs to no known range, so its price is not known")
    if kind not in DIALLED_KINDS:
        return Refusal(RefusalCode.KIND, f"{kind} numbers are never dialled")
    country = numbers.country(number)
    if country not in countries:
        place = f"country {country}" if country else "a number of no country"
        return Refusal(
            RefusalCode.COUNTRY, f"{place} is not released; released: {', '.join(sorted(countries)) or 'none'}"
        )
    if number in own_numbers:
        return Refusal(RefusalCode.LOOP, "the number is one of our own, the call would come back")
    return None


def may_dial(number: str, policy: Policy, usage: Usage, own_numbers: Collection[str]) -> Refusal | None:
    """Whether this number may be dialled now; None is yes. `usage` does not count the leg that is asked for."""
    refusal = check_number(number, policy.countries, own_numbers)
    if refusal is not None:
        return refusal
    if usage.parallel >= policy.parallel:
        return Refusal(RefusalCode.PARALLEL, f"{usage.parallel} forwarded calls at once, {policy.parallel} are allowed")
    if usage.today >= policy.per_day:
        return Refusal(RefusalCode.PER_DAY, f"{usage.today} forwarded calls today, {policy.per_day} are allowed")
    return None
