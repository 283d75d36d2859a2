"""What the same month would have cost by every tariff on offer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vorzimmer.core.rating import Call, Place
from vorzimmer.core.statement import Offer
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff, Work, in_force
from vorzimmer.core.worth import cost, offered


def compared(
    versions: Sequence[Tariff], yours: str, calls: Iterable[Call], place: Place, month: Month
) -> tuple[Offer, ...]:
    """The month by yours and by each tariff on offer when it ends, the cheapest first, like for like.

    Every tariff, yours too, is reckoned for the whole month, without options, discounts and one-off fees; what is by
    the year by its twelfth. Work by the hour cannot be compared with calls: such tariffs are left out, and for a client
    of one there is nothing to compare.

    Args:
        versions: of all tariffs there are.
        yours: the tariff by which the month was billed.
        calls: of the month.
        place: whose clock and holidays.
        month: which one.
    """
    mine = in_force(versions, yours, month.last)
    if mine is None or not _by_calls(mine):
        return ()
    others = (one for one in offered(versions, month) if one.id != yours)
    taken = tuple(calls)
    fitting = (mine, *(one for one in others if one.currency == mine.currency and _by_calls(one)))
    found = (
        Offer(one.id, one.name, cost(_whole(one, month), taken, place, month).total, yours=one.id == yours)
        for one in fitting
    )
    return tuple(sorted(found, key=lambda one: (one.total, not one.yours, one.tariff)))


def _by_calls(tariff: Tariff) -> bool:
    return not any(isinstance(position, Work) for position in tariff.positions)


def _whole(tariff: Tariff, month: Month) -> Tariff:
    """As if it held from the month's beginning."""
    return tariff.model_copy(update={"since": min(tariff.since, month.first)})
