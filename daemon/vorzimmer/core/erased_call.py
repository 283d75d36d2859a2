"""A call whose number was erased, as rating saw it before: its charges tell as much of the number as is needed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from vorzimmer.core.rating import Call, Place, matches
from vorzimmer.core.tariff import Recurring, Tariff, Work


def as_charged(call: Call, tariff: Tariff, place: Place, charged: AbstractSet[str]) -> Call:
    """The call with the beginning of a number by which the same positions are about it as those that are charged.

    A call that has its number, or was charged by no position that looks at numbers, stays as it is; so does one for
    which no beginning fits, for its tariff has changed.
    """
    if call.to is not None:
        return call
    priced = [one for one in tariff.positions if not isinstance(one, Recurring | Work)]
    beginnings = {to for one in priced if one.id in charged for to in one.when.to}
    for to in sorted(beginnings, key=lambda one: (-len(one), one)):
        known = replace(call, to=to)
        if {one.id for one in priced if matches(one.when, known, place)} == charged:
            return known
    return call
