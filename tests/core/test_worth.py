"""Is a flat rate worth it: drawn months are like the week, and cost what a bill would say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.tariffs import BERLIN, HERE, call, many, tariff
from tests.core.test_tariff_examples import EXAMPLES
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.worth import Pattern, as_monthly, break_even, cost, forecast, offered, pattern_of
from vorzimmer.core.worth_total import Totals
from vorzimmer.core.worth_week import KEPT, Chance, _poisson, drawn, spread

MAY = Month(2026, 5)
CALLS: list[Call] = [
    *(call for day in (2, 3, 4, 5, 6) for call in many(10, talk=90, at=f"2026-11-{day:02}T09:00")),
]
"""Ten calls on each weekday, none at the weekend."""


def logged(calls: list[Call], first: int = 2, last: int = 8, place: Place = HERE) -> Pattern:
    """What these calls show of days of November."""
    return pattern_of(calls, place, date(2026, 11, first), date(2026, 11, last))


WEEK = logged(CALLS)

EACH = tariff({"kind": "calls", "price": "1.00"}, id="each", name="each")
FLAT = tariff({"kind": "recurring", "amount": "150.00", "advance": True}, id="flat", name="flat")


def chance(seed: int) -> Chance:
    """Always the same."""
    return Random(seed).random  # noqa: S311 - chance, not a secret


def test_a_drawn_month_is_like_the_week() -> None:
    """Of May's 31 days 10 are weekends and three more are holidays in Bavaria: 18 days of about ten calls."""
    months = [[one.call for one in drawn(WEEK, HERE, MAY, chance(seed))] for seed in range(50)]
    days = {call.began.astimezone(BERLIN).date() for calls in months for call in calls}
    assert all(day.weekday() < 5 for day in days)
    assert not days & {date(2026, 5, 1), date(2026, 5, 14), date(2026, 5, 25)}
    average = sum(map(len, months)) / len(months)
    assert 175 < average < 185
    assert len({len(calls) for calls in months}) > 10
    assert {call.began.astimezone(BERLIN).hour for calls in months for call in calls} == {9}


def test_the_range_holds_what_comes() -> None:
    """Eight of ten months lie in the range that a chance week of the same office told.

    About half of them would, were that week taken for the truth. Here 60 offices have three calls on each of 21 days.
    """
    nowhere = Place(HERE.timezone, None)
    inside = 0
    for office in range(60):
        told = chance(office)
        week = [call for day in range(2, 7) for call in many(_poisson(3, told), at=f"2026-11-{day:02}T09:00")]
        months = sorted(len(drawn(logged(week, place=nowhere), nowhere, MAY, told)) for _ in range(20))
        inside += months[2] <= _poisson(3 * 21, told) <= months[17]
    assert 43 <= inside <= 53


def test_the_same_chance_is_the_same_answer() -> None:
    """A page that is loaded again tells the same."""
    one, other = (forecast(WEEK, [EACH, FLAT], HERE, MAY, chance(1), 5) for _ in range(2))
    assert one == other


def test_the_range_is_of_months_not_of_a_factor() -> None:
    """18 working days with ten calls are 180 at 1.00 €, not 50 x 4.33 = 216; one month in ten is below the range."""
    found = forecast(WEEK, [EACH, FLAT], HERE, MAY, chance(7), 60)
    flat, each = found.estimates
    assert (flat.tariff, flat.low, flat.likely, flat.high) == ("flat", Decimal(150), Decimal(150), Decimal(150))
    assert each.low < each.likely < each.high
    assert 170 < each.likely < 190
    assert [int(one) for one in (each.low, each.likely, each.high)] == [
        found.volume.low,
        found.volume.likely,
        found.volume.high,
    ]


def test_several_weeks_are_averaged() -> None:
    """Two Mondays with 10 calls and with 30 are Mondays of about 20; a holiday in the log is one more Sunday."""
    found = logged([*many(10, at="2026-11-02T09:00"), *many(30, at="2026-11-09T09:00")], 2, 15)
    assert (found.means[0], found.days) == (20, (2, 2, 2, 2, 2, 2, 2))
    with_holiday = pattern_of(many(4, at="2026-05-01T09:00"), HERE, date(2026, 4, 27), date(2026, 5, 3))
    assert (with_holiday.days, with_holiday.means[6], with_holiday.assumed) == ((1, 1, 1, 1, 0, 1, 2), 2, (4,))


def test_a_short_log_stands_for_the_whole_week() -> None:
    """Monday to Wednesday: Thursday and Friday are like these, the weekend has no calls."""
    calls = [call for day in (2, 3, 4) for call in many(6, at=f"2026-11-{day:02}T09:00")]
    found = logged(calls, 2, 4)
    assert (found.means, found.assumed) == ((6, 6, 6, 6, 6, 0, 0), (3, 4))
    assert len(found.logged) == 18
    saturday = logged(many(5, at="2026-11-07T09:00"), 7, 7)
    assert (saturday.means, saturday.assumed) == ((0, 0, 0, 0, 0, 5, 0), ())


def test_very_many_calls_are_stood_for_by_some() -> None:
    """The average is of all."""
    found = logged(many(KEPT * 2, at="2026-11-02T00:00"), 2, 8)
    assert sum(found.means) == KEPT * 2
    assert KEPT <= len(found.logged) < KEPT + 7


def test_nothing_logged_costs_what_no_call_costs() -> None:
    """Nothing pays then."""
    found = forecast(logged([]), [EACH, FLAT], HERE, MAY, chance(1), 5)
    assert [(one.tariff, int(one.likely)) for one in found.estimates] == [("each", 0), ("flat", 150)]
    assert (found.volume.high, found.pays, found.curves[0].points) == (0, (), ())


def test_break_even() -> None:
    """At 1.00 € a call a flat rate of 150.00 € is cheaper from the 151st call on; against itself it never is."""
    assert break_even(EACH, FLAT, WEEK, HERE, MAY) == 151
    assert break_even(FLAT, FLAT, WEEK, HERE, MAY) is None
    assert break_even(FLAT, EACH, WEEK, HERE, MAY) is None
    assert break_even(EACH, tariff({"kind": "recurring", "amount": "0"}), WEEK, HERE, MAY) == 1
    assert break_even(tariff({"kind": "recurring", "amount": "151"}), FLAT, WEEK, HERE, MAY) == 0
    assert break_even(EACH, FLAT, logged([]), HERE, MAY) is None


def test_break_even_is_behind_a_package() -> None:
    """500 calls for 120.00 €, 1.00 € each above: dearer than 150.00 € from the 531st call on, not from the first."""
    base = {"kind": "recurring", "amount": "120.00"}
    package = tariff(base, {"kind": "calls", "included": 500, "price": "1.00"}, id="package")
    assert break_even(package, FLAT, WEEK, HERE, MAY) == 531


def test_break_even_is_behind_a_tier() -> None:
    """0.20 € a call, from the 1,101st on 0.10 € for all: 1,121 calls are 112.10 €, 1,101 are less than 112.00 €."""
    whole = {"kind": "calls", "mode": "whole", "tiers": [{"up_to": 1100, "price": "0.20"}, {"price": "0.10"}]}
    flat = tariff({"kind": "recurring", "amount": "112.00"}, id="flat")
    assert break_even(tariff(whole, id="whole"), flat, WEEK, HERE, MAY) == 1121


def test_calls_are_spread_over_the_month() -> None:
    """Each on a day of its own weekday, none twice, the first of them of all days of the log."""
    calls = [one.call for one in spread(WEEK, HERE, MAY, 120)]
    assert len({call.id for call in calls}) == 120
    assert {call.began.astimezone(BERLIN).weekday() for call in calls} == {0, 1, 2, 3, 4}
    assert len({call.began.astimezone(BERLIN).weekday() for call in calls[:8]}) == 5
    assert len({call.began.astimezone(UTC).date() for call in calls}) > 10


def test_what_is_by_the_year_counts_by_its_twelfth() -> None:
    """3,600 yuan and 20,000 minutes a year are 300 yuan and 1,666 minutes a month."""
    [yearly] = [one for one in EXAMPLES if one.id == "cn400-year"]
    assert as_monthly(as_monthly(yearly)) == as_monthly(yearly)
    assert cost(yearly, [], HERE, MAY).total == 300


def test_a_version_of_the_middle_of_the_month_counts_for_all_of_it() -> None:
    """A contract begins with the month: neither its first day nor its anniversary cuts it."""
    for since in ("2025-05-15", "2026-05-15"):
        assert cost(tariff({"kind": "recurring", "amount": "100"}, since=since), [], HERE, MAY).total == 100


def test_what_is_by_the_hour_is_left_out() -> None:
    """The others are all there, by currency, the cheapest first; only in its own currency a flat rate is compared."""
    found = forecast(WEEK, EXAMPLES, HERE, MAY, chance(3), 3)
    assert found.left_out == ("Persönliche Assistenz nach Stunden",)
    assert {one.tariff for one in found.estimates} == {one.id for one in EXAMPLES} - {"assistant"}
    assert all(one.low <= one.likely <= one.high for one in found.estimates)
    assert [one.currency for one in found.estimates] == sorted(one.currency for one in found.estimates)
    assert [one.tariff for one in found.estimates if one.flat] == ["flat"]
    assert {one.than for one in found.pays} == {"each-call", "package-200", "package-500", "tiers", "call-centre"}


def test_the_version_that_holds_at_the_end_of_the_month_is_on_offer() -> None:
    """One that comes later is not."""
    versions = [tariff({"kind": "recurring", "amount": "1"}, since=one) for one in ("2026-01-01", "2026-05-20")]
    late = tariff({"kind": "recurring", "amount": "1"}, id="late", since="2026-06-01")
    assert offered([*versions, late], MAY) == (versions[1],)


OCTOBER = Month(2026, 10)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_totals_are_those_of_bills(data: st.DataObject) -> None:
    """For every shape of tariff, whichever way it is reckoned, over holidays and the end of summer time."""
    rounding = data.draw(st.sampled_from(["phase", "call", "position", "invoice"]))
    made = data.draw(shapes(rounding))
    month = data.draw(st.sampled_from([MAY, OCTOBER]))
    minutes = st.tuples(st.integers(0, 6 * 24 * 60), st.integers(0, 200))
    calls = [
        call(n, (datetime(2026, 11, 2, tzinfo=BERLIN) + timedelta(minutes=at)).isoformat(), talk=talk, hold=talk % 7)
        for n, (at, talk) in enumerate(data.draw(st.lists(minutes, max_size=25)))
    ]
    month_calls = drawn(logged(calls), HERE, month, chance(data.draw(st.integers(0, 99))))
    totals = Totals(made, HERE, month)
    for count in (len(month_calls) // 2, len(month_calls)):
        part = month_calls[:count]
        assert totals.of(part) == cost(made, [one.call for one in part], HERE, month).total


@st.composite
def shapes(draw: st.DrawFn, rounding: str) -> Tariff:
    """Tariffs of all that can matter."""
    price = st.sampled_from(["0", "0.333", "1.95"])
    minutes = {
        "kind": "minutes",
        "id": "minutes",
        "phases": ["talk", "hold"],
        "increments_of": "phase" if rounding == "phase" else draw(st.sampled_from(["call", "phase"])),
        "first": draw(st.sampled_from([1, 30, 60])),
        "then": draw(st.sampled_from([1, 6])),
        "included": draw(st.sampled_from([0, 0, 20])),
        "pool": draw(st.sampled_from(["month", "year"])),
        "free_short": draw(st.sampled_from([None, {"seconds": 30}, {"seconds": 90, "most": 3}])),
    }
    tiers = [{"up_to": 10, "price": "0.5"}, {"up_to": 40, "price": "0.4"}, {"price": "0.1"}]
    if draw(st.booleans()):
        minutes |= {"tiers": tiers, "mode": draw(st.sampled_from(["graduated", "whole"])), "pool": "month"}
    else:
        minutes["price"] = draw(price)
    whole = minutes.get("mode") == "whole"
    share: dict[str, object] = {"kind": "surcharge", "id": "share", "on": ["minutes"], "percent": "33.3"}
    positions: list[dict[str, object]] = [
        {"kind": "recurring", "amount": draw(price), "advance": draw(st.booleans()), "every": "year"},
        minutes,
        {"kind": "calls", "included": draw(st.integers(0, 9)), "price": draw(price)},
        *([] if whole or draw(st.booleans()) else [share]),
        {"kind": "surcharge", "amount": "0.125", "when": {"outside": {"mon-fri": ["08:00-18:00"]}}},
        {"kind": "surcharge", "amount": "0.5", "when": {"holiday": True}},
    ]
    how = {"at": rounding, "to": "0.05" if draw(st.booleans()) else "0.01"}
    return tariff(*positions, rounding=how, minimum=draw(st.sampled_from(["0", "25"])))
