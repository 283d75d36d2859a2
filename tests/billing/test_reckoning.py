"""Calls that no tariff can rate are put aside by the reckoning, and all others billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.core.tariffs import BERLIN, HERE, call, tariff
from vorzimmer.billing.reckoning import OUTSIDE, reckon
from vorzimmer.core.bill import Before
from vorzimmer.core.rating import Call
from vorzimmer.core.stretches import Contract, Month
from vorzimmer.store.client_month import ClientMonth

NOVEMBER = Month(2026, 11)
HUGE = replace(call(9), seconds={"talk": Decimal(10) ** 40})


def month_of(*calls: Call, late: tuple[Call, ...] = (), **fields: Any) -> ClientMonth:
    """November of a client that pays 0.60 a minute, rounded at each call."""
    version = tariff({"kind": "minutes", "price": "0.60"}, rounding={"at": "call"})
    known: dict[str, Any] = {
        "client": "mueller",
        "month": NOVEMBER,
        "began": datetime(2026, 11, 1, tzinfo=BERLIN),
        "contracts": (Contract("t", version.since),),
        "versions": (version,),
        "place": HERE,
        "calls": calls,
        "late": late,
        "work": (),
        "fees": (),
        "currencies": frozenset(),
        "standing": {},
    }
    return ClientMonth(**{**known, **fields})


def test_a_call_beyond_all_numbers_stops_no_other() -> None:
    """Its amount has more digits than are reckoned with; the other one costs 0.60."""
    made = reckon(month_of(call(1, talk=60), HUGE), Before())
    assert made.bill.total == Decimal("0.60")
    assert list(made.parked) == [HUGE.id]
    assert made.parked[HUGE.id].startswith("tariff t cannot rate it: InvalidOperation")


@pytest.mark.parametrize("spent", ["-0.001", "NaN"])
def test_a_time_that_is_none_is_told(spent: str) -> None:
    """Less than nothing, or no number: the phase is named; a late call is put aside just so."""
    broken = replace(call(2), seconds={"hold": Decimal(spent)})
    early = replace(broken, id="early", began=datetime(2026, 10, 2, tzinfo=BERLIN))
    made = reckon(month_of(call(1, talk=60), broken, late=(early,)), Before())
    assert made.bill.total == Decimal("0.60")
    assert made.parked == dict.fromkeys(["early", broken.id], f"hold lasted {spent} s: a clock was wrong")


def test_days_without_a_contract_cost_nothing() -> None:
    """Before its first day and behind its last, in this month and, late, in the one before."""
    agreed = (Contract("t", datetime(2026, 11, 23).date(), datetime(2026, 11, 23).date()),)  # noqa: DTZ001 - days
    late = (replace(call(3), began=datetime(2026, 10, 2, tzinfo=BERLIN)),)
    outside = call(2, "2026-11-24T00:00", talk=60)
    made = reckon(month_of(call(1, talk=60), outside, late=late, contracts=agreed), Before())
    assert made.bill.total == Decimal("0.60")
    assert made.bill.outside == (late[0].id, outside.id)
    assert made.parked == dict.fromkeys(made.bill.outside, OUTSIDE)
