"""Prices that depend on how many units there are, without gap or overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from vorzimmer.core.model import Model
from vorzimmer.core.money import Price
from vorzimmer.core.tariff_fields import Units


class Tier(Model):
    """A price for the units up to and including `up_to`; None: for all that are left."""

    up_to: Units | None = None
    price: Price


def require_whole(tiers: Sequence[Tier]) -> None:
    """Tiers follow one another without gap or overlap, and the last one has no end.

    Raises:
        ValueError: they do not; the message says where.
    """
    for one, after in pairwise(tiers):
        if one.up_to is None:
            raise ValueError("a tier without an end is the last one")
        if after.up_to is not None and after.up_to <= one.up_to:
            raise ValueError(f"tiers overlap: one ends at {one.up_to}, the next one at {after.up_to}")
    if tiers[-1].up_to is not None:
        raise ValueError(
            f"tiers have a gap: above {tiers[-1].up_to} there is no price (leave up_to out in the last one)"
        )
    if tiers[0].up_to == 0:
        raise ValueError("a tier holds at least one unit")
