"""The same month by other tariffs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.core.tariffs import HERE, many, tariff
from vorzimmer.billing.comparison import compared
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff

NOVEMBER = Month(2026, 11)
EACH = {"kind": "calls", "price": "1.20"}


def _named(name: str, *positions: dict[str, Any], **fields: Any) -> Tariff:
    return tariff(*positions, id=name, name=name.title(), **fields)


def _flat(amount: str) -> dict[str, Any]:
    return {"kind": "recurring", "amount": amount, "advance": True}


def _told(*versions: Tariff, yours: str = "each", calls: int = 100) -> list[tuple[str, str, bool]]:
    found = compared(versions, yours, many(calls), HERE, NOVEMBER)
    return [(one.tariff, str(one.total), one.yours) for one in found]


def test_cheapest_comes_first_and_yours_is_marked() -> None:
    """100 calls at 1.20 are 120.00; the flat rate of 99.00 is cheaper, that of 249.00 is not."""
    told = _told(_named("each", EACH), _named("small", _flat("99")), _named("large", _flat("249")))
    assert told == [("small", "99.00", False), ("each", "120.00", True), ("large", "249.00", False)]


def test_of_equals_yours_comes_first() -> None:
    """Whoever pays as much as the cheapest has the cheapest."""
    assert _told(_named("each", EACH), _named("a", EACH))[0] == ("each", "120.00", True)


def test_latest_version_in_force_at_the_months_end_is_compared() -> None:
    """A version from the middle of the month counts for the whole, one from the next month not at all."""
    flat = [
        _named("flat", _flat(amount), since=since) for amount, since in (("80", "2026-01-01"), ("90", "2026-11-15"))
    ]
    later = _named("flat", _flat("10"), since="2026-12-01")
    assert _told(_named("each", EACH), *flat, later)[0] == ("flat", "90.00", False)


def test_other_currencies_and_work_by_the_hour_are_left_out() -> None:
    """Neither can be held against calls in euros."""
    hours = _named("hours", {"kind": "work", "rate": "38"})
    yuan = _named("yuan", _flat("1"), currency="CNY")
    assert _told(_named("each", EACH), hours, yuan) == [("each", "120.00", True)]
    assert _told(_named("each", EACH), hours, yours="hours") == []


def test_what_is_not_on_offer_is_compared_for_whoever_has_it() -> None:
    """A price made for one client, or taken from sale, is no business of the others."""
    own = _named("own", _flat("50"), offered=False)
    gone = [_named("gone", _flat("1")), _named("gone", _flat("1"), since="2026-11-30", offered=False)]
    assert _told(_named("each", EACH), own, *gone) == [("each", "120.00", True)]
    assert _told(_named("each", EACH), own, *gone, yours="own") == [("own", "50.00", True), ("each", "120.00", False)]


def test_tariff_that_is_unknown_compares_with_nothing() -> None:
    """No version of it holds at the month's end."""
    assert _told(_named("each", EACH, since=date(2027, 1, 1))) == []


def test_months_advance_payments_are_not_counted_twice() -> None:
    """A flat rate paid in advance costs one month, even where no call was made."""
    assert compared([_named("flat", _flat("99"))], "flat", (), HERE, NOVEMBER)[0].total == Decimal("99.00")
