"""The bill of a month: examples worked out by hand, and what must be true of every bill."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.tariffs import HERE, call, many, tariff
from tests.core.test_rating import CALLS, POSITIONS
from vorzimmer.core.bill import Before, Besides, Bill, Fee, Unit, bill
from vorzimmer.core.rating import Call
from vorzimmer.core.stretches import Contract, Month, NoTariff
from vorzimmer.core.tariff import Region, Tariff, Tariffs
from vorzimmer.core.work_hours import WorkDone

D = Decimal
NOVEMBER = Month(2026, 11)
ALWAYS = Contract("t", date(2026, 1, 1))
BASE = {"kind": "recurring", "amount": "49.00"}
EACH = {"kind": "calls", "price": "1.20"}


def billed(known: Tariff, *calls: Call, contract: Contract = ALWAYS, month: Month = NOVEMBER, **more: Any) -> Bill:
    """A month's bill by one tariff."""
    return bill(month, [contract], [known], HERE, calls, **more)


def amounts(found: Bill) -> list[tuple[str, str]]:
    """Position and amount of each line."""
    return [(line.position, str(line.amount)) for line in found.lines]


def test_base_fee_and_each_call() -> None:
    """49.00 € and 3 calls at 1.20 €: 49.00 + 3.60 = 52.60 €."""
    found = billed(tariff(BASE, EACH), *many(3))
    assert amounts(found) == [("p1", "49.00"), ("p2", "3.60")]
    assert (found.total, found.lines[1].quantity, found.lines[1].unit) == (D("52.60"), D(3), Unit.CALL)


@pytest.mark.parametrize(
    ("since", "until", "share"),
    [
        (date(2026, 11, 11), None, "32.67"),
        (date(2026, 1, 1), date(2026, 11, 10), "16.33"),
        (date(2026, 11, 30), None, "1.63"),
    ],
)
def test_a_part_of_a_month_by_its_days(since: date, until: date | None, share: str) -> None:
    """20 of 30 days: 49 x 20 / 30 = 32.67; 10 days 16.33; one day 1.63."""
    assert billed(tariff(BASE), contract=Contract("t", since, until)).total == D(share)


@pytest.mark.parametrize(
    ("month", "share"), [(Month(2026, 2), "24.50"), (Month(2028, 2), "23.66"), (Month(2026, 3), "22.13")]
)
def test_a_month_has_its_own_days(month: Month, share: str) -> None:
    """14 days of February: 49 x 14 / 28 = 24.50, in a leap year 49 x 14 / 29 = 23.66; in March 49 x 14 / 31 = 22.13."""
    since = date(month.year, month.month, month.days - 13)
    assert billed(tariff(BASE), contract=Contract("t", since), month=month).total == D(share)


def test_a_change_within_the_month_is_two_stretches() -> None:
    """15 days at 49.00 and 15 at 60.00: 24.50 + 30.00 €; a call costs what holds on its day."""
    versions = [tariff(BASE, EACH), tariff({**BASE, "amount": "60.00"}, {**EACH, "price": "2.00"}, since="2026-11-16")]
    calls = [call(1, "2026-11-15T23:59"), call(2, "2026-11-16T00:00")]
    found = bill(NOVEMBER, [ALWAYS], versions, HERE, calls)
    assert amounts(found) == [("p1", "24.50"), ("p2", "1.20"), ("p1", "30.00"), ("p2", "2.00")]


def test_a_package_in_a_part_of_a_month() -> None:
    """200 calls a month are 133 in 20 of 30 days (133.33 rounded down): of 134 calls one costs 0.95 €."""
    package = {"kind": "calls", "included": 200, "price": "0.95"}
    calls = many(134, at="2026-11-11T09:00")
    assert billed(tariff(package), *calls, contract=Contract("t", date(2026, 11, 11))).total == D("0.95")


def test_the_201st_call_in_the_last_second_of_the_month() -> None:
    """23:59:59 on 30 November in Berlin is November; 00:30 on 1 December in Berlin is still November in UTC."""
    package = tariff({"kind": "calls", "included": 200, "price": "0.95"})
    last, after = call(900, "2026-11-30T23:59:59"), call(901, "2026-11-30T23:30:00+00:00")
    november = billed(package, *many(200), last, after)
    assert (november.total, november.lines[0].quantity) == (D("0.95"), D(1))
    december = billed(package, *many(200), last, after, month=Month(2026, 12))
    assert december.total == 0
    assert [charge.call for charge in december.charges] == ["c000901"]


def test_in_advance_and_in_arrears() -> None:
    """The first bill has the month that began and the one that comes; the next only the coming; the last gives back."""
    known = tariff({**BASE, "advance": True}, EACH)
    contract = Contract("t", date(2026, 11, 16))
    first = billed(known, contract=contract)
    assert amounts(first) == [("p2", "0.00"), ("p1", "24.50"), ("p1", "49.00")]
    second = billed(known, contract=contract, month=Month(2026, 12), before=Before(advanced=first.advanced))
    assert [(line.position, line.first, str(line.amount)) for line in second.lines] == [
        ("p2", date(2026, 12, 1), "0.00"),
        ("p1", date(2027, 1, 1), "49.00"),
    ]
    ended = Contract("t", date(2026, 11, 16), date(2026, 12, 10))
    last = billed(known, contract=ended, month=Month(2026, 12), before=Before(advanced=first.advanced))
    assert last.total == D("-33.19")  # 49 x 10 / 31 = 15.81, less the 49.00 billed before


def test_a_yearly_sum() -> None:
    """1,200 yuan a year, in advance: in the month in which the contract's year begins, and in no other."""
    yearly = tariff({"kind": "recurring", "amount": "1200", "every": "year", "advance": True}, currency="CNY")
    contract = Contract("t", date(2025, 12, 15))
    assert billed(yearly, contract=contract).total == 1200  # November's bill has what December's year costs
    assert billed(yearly, contract=contract, month=Month(2026, 10)).total == 0
    arrears = tariff({"kind": "recurring", "amount": "1200", "every": "year"}, since="2025-01-01", currency="CNY")
    assert billed(arrears, contract=contract, month=Month(2026, 12)).total == 1200
    assert billed(arrears, contract=contract).total == 0


def test_a_package_of_minutes_over_a_year() -> None:
    """100 minutes a year: 90 are used in November, so of 20 in December 10 cost 0.30 yuan each."""
    package = tariff({"kind": "minutes", "included": 100, "pool": "year", "price": "0.30"}, currency="CNY")
    first = billed(package, call(1, "2026-11-03T10:00", talk=5400))
    assert first.total == 0
    assert first.used == {"p1": D(5400)}
    second = billed(
        package, call(2, "2026-12-03T10:00", talk=1200), month=Month(2026, 12), before=Before(used=first.used)
    )
    assert second.total == D("3.00")


def test_one_price_for_all_by_how_many_they_are() -> None:
    """Up to 10 at 2.00 €, above at 1.50 €: 10 calls are 20.00 €, 11 are 16.50 €."""
    known = tariff({"kind": "calls", "mode": "whole", "tiers": [{"up_to": 10, "price": "2.00"}, {"price": "1.50"}]})
    assert [billed(known, *many(count)).total for count in (10, 11)] == [D("20.00"), D("16.50")]


def test_the_least_that_is_charged() -> None:
    """100 € a month at least: 60.00 € of calls cost 40.00 € more; in half a month 50 € at least, so nothing more."""
    known = tariff(EACH, minimum="100")
    assert amounts(billed(known, *many(50))) == [("p1", "60.00"), ("minimum", "40.00")]
    half = billed(known, *many(50, at="2026-11-16T09:00"), contract=Contract("t", date(2026, 11, 16)))
    assert amounts(half) == [("p1", "60.00")]


def test_discounts_for_term_and_prepayment() -> None:
    """5 % for a year and 3 % for three months paid beforehand: 8 % of 49.00 € are 3.92 €, nothing of the calls."""
    known = tariff(
        BASE,
        EACH,
        terms=[{"months": 12, "percent": "5"}, {"months": 24, "percent": "10"}],
        prepayments=[{"months": 3, "percent": "3"}],
    )
    contract = Contract("t", date(2026, 1, 1), term_months=12, prepaid_months=6)
    found = billed(known, *many(2), contract=contract)
    assert amounts(found) == [("p1", "49.00"), ("p2", "2.40"), ("discount", "-3.92")]


def test_a_trial_costs_nothing() -> None:
    """Seven days from 20 November are free; 4 days and 5 calls of the rest cost 49 x 4 / 30 + 6.00 €."""
    known = tariff(BASE, EACH, trial_days=7)
    calls = [call(n, f"2026-11-{day}T10:00") for n, day in enumerate((20, 26, 27, 27, 28, 29, 30))]
    found = billed(known, *calls, contract=Contract("t", date(2026, 11, 20), trial=True))
    assert amounts(found) == [("p1", "6.53"), ("p2", "6.00")]


def test_options_that_a_client_has() -> None:
    """The answering machine at 9.90 € only for whom it was set up."""
    known = tariff({"kind": "recurring", "amount": "9.90", "option": "machine"})
    assert billed(known).total == 0
    assert billed(known, contract=Contract("t", date(2026, 1, 1), options=frozenset({"machine"}))).total == D("9.90")


def test_the_whole_rounded_has_a_line_of_the_difference() -> None:
    """Three lines of 0.0225 € are 0.02 each; the whole is 0.0675 → 0.07, so a line of 0.01 makes the sum right."""
    minute = {"kind": "minutes", "price": "0.0135"}
    found = billed(tariff(minute, minute, minute, rounding={"at": "invoice"}), call(talk=100))
    assert amounts(found) == [("p1", "0.02"), ("p2", "0.02"), ("p3", "0.02"), ("rounding", "0.01")]


class TestWork:
    """50 € an hour, 15 minutes of talk included, 0.2 above it in Germany, 0.3 in the EU."""

    @staticmethod
    def cost(talk: list[int], region: Region = "germany", **how: str) -> Decimal:
        """Of one task of three hours, with so many minutes of talk in each."""
        known = tariff({"kind": "work", "rate": "50.00", **how})
        done = WorkDone("letters", date(2026, 11, 3), region, (D(60),) * 3, tuple(map(D, talk)))
        return billed(known, besides=Besides(work=(done,))).total

    def test_by_task_on_all_hours(self) -> None:
        """3 h include 45 min. 46 min of talk: 3 x 50 x 1.2 = 180 €; 45 min: 150 €; in the EU 3 x 50 x 1.3 = 195 €."""
        assert self.cost([20, 20, 6]) == 180
        assert self.cost([20, 20, 5]) == 150
        assert self.cost([20, 20, 6], "eu") == 195
        assert self.cost([60, 60, 60], "none") == 150

    def test_by_task_on_the_excess(self) -> None:
        """75 min of talk are 30 above 45: 3 x 50 + 0.5 x 50 x 0.2 = 155 €."""
        assert self.cost([25, 25, 25], on="excess") == 155

    def test_the_line_tells_what_the_factor_raised(self) -> None:
        """240 + 6 + 2.1 are 248.1 min at 50 € an hour. Each factor by itself; where none raises, the name is enough."""
        known = tariff({"kind": "work", "name": "Calls", "rate": "50.00", "on": "excess"})
        told: tuple[tuple[Region, int], ...] = (("germany", 45), ("eu", 20), ("eu", 17), ("none", 60))
        done = [WorkDone("x", date(2026, 11, 3), region, (D(60),), (D(talk),)) for region, talk in told]
        line = billed(known, besides=Besides(work=tuple(done))).lines[0]
        assert (line.name, line.exact) == ("Calls (240 min + 20 % x 30 min + 30 % x 7 min)", (D("248.1") * 50) / 60)
        assert billed(known, besides=Besides(work=tuple(done[3:]))).lines[0].name == "Calls"

    def test_by_hour(self) -> None:
        """Only the first hour has more than 15 min: 50 x 1.2 + 50 + 50 = 160 €, though the task has 30 of 45."""
        assert self.cost([16, 7, 7], per="hour") == 160

    @pytest.mark.parametrize("minutes", [4, 8, 20, 28, 56])
    def test_a_part_of_an_hour_includes_its_part(self, minutes: int) -> None:
        """A quarter of any time is included: as many minutes of talk raise nothing. 3 x 20 min are 1 h: 50.00 €."""
        known = tariff({"kind": "work", "rate": "50.00"}, rounding={"how": "up"})
        done = WorkDone("letters", date(2026, 11, 3), "germany", (D(minutes),), (D(minutes) / 4,))
        found = billed(known, besides=Besides(work=(done,) * 15)).lines[0]
        assert (found.quantity, found.exact) == (D(minutes) / 4, 50 * D(minutes) / 4)

    def test_by_month(self) -> None:
        """Two tasks together: 6 h include 90 min. 50 + 30 of talk: 300 €; 70 + 30: 360 €."""
        known = tariff({"kind": "work", "rate": "50.00", "per": "month"})
        for talk, total in ((50, 300), (70, 360)):
            done = [
                WorkDone(name, date(2026, 11, 3), "germany", (D(180),), (D(spent),))
                for name, spent in (("letters", talk), ("calls", 30))
            ]
            assert billed(known, besides=Besides(work=tuple(done))).total == total


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        ([{**EACH, "price": "-1"}], "greater than or equal to 0"),
        ([{"kind": "minutes", "price": "1", "phases": ["talk", "sleep"]}], "there is no phase 'sleep'"),
        ([{"kind": "calls", "tiers": [{"up_to": 10, "price": "1"}]}], "tiers have a gap"),
        (
            [{"kind": "calls", "tiers": [{"up_to": 9, "price": "1"}, {"up_to": 5, "price": "1"}, {"price": "1"}]}],
            "overlap",
        ),
        ([{"kind": "calls", "tiers": [{"price": "1"}, {"price": "2"}]}], "without an end is the last one"),
        ([{"kind": "calls"}], "either a price or tiers"),
        ([{"kind": "surcharge", "percent": "50", "on": ["p9"]}], "no graduated position 'p9'"),
        ([{"id": "a", **EACH}, {"id": "a", **EACH}], "a position stands twice"),
    ],
)
def test_a_tariff_that_cannot_be_is_refused(positions: list[dict[str, Any]], said: str) -> None:
    """When it is written, with the reason; not in the night of the bill."""
    with pytest.raises(ValueError, match=said):
        tariff(*positions)


def test_two_versions_at_one_time_are_refused() -> None:
    """Nobody could say which one holds."""
    one = tariff(BASE).model_dump()
    with pytest.raises(ValueError, match="two versions from 2026-01-01"):
        Tariffs.model_validate({"tariff": [one, one]})


def test_contracts_must_fit() -> None:
    """Two at one time, or a tariff that does not exist yet: said, not guessed."""
    with pytest.raises(ValueError, match="two contracts hold on 2026-11-01"):
        bill(NOVEMBER, [ALWAYS, ALWAYS], [tariff(BASE)], HERE, [])
    with pytest.raises(NoTariff, match="no version that holds on 2025-12-01"):
        billed(tariff(BASE), contract=Contract("t", date(2025, 1, 1)), month=Month(2025, 12))


@given(
    positions=st.lists(POSITIONS | st.just(BASE), min_size=1, max_size=5),
    at=st.sampled_from(["call", "position", "invoice"]),
    how=st.sampled_from(["half_up", "half_even", "up", "down"]),
    calls=CALLS,
    since=st.dates(date(2026, 1, 1), date(2026, 11, 30)),
    extra=st.fixed_dictionaries(
        {"minimum": st.sampled_from(["0", "75.50"]), "terms": st.sampled_from([[], [{"months": 1, "percent": "7.5"}]])}
    ),
)
def test_lines_add_up(
    positions: list[dict[str, Any]], at: str, how: str, calls: list[Call], since: date, extra: dict[str, Any]
) -> None:
    """Every line has two decimals, and their sum is the total, whatever is rounded where; no call is billed twice.

    Of a whole month that comes to less than the minimum, the total is just that.
    """
    known = tariff(*positions, rounding={"at": at, "how": how}, **extra)
    found = billed(known, *calls, contract=Contract("t", since))
    if since <= NOVEMBER.first and any(line.position == "minimum" for line in found.lines):
        assert found.total == known.minimum
    assert found.total == sum(line.amount for line in found.lines)
    assert all(line.amount == line.amount.quantize(D("0.01")) for line in found.lines)
    exact = sum(line.exact for line in found.lines if line.position != "rounding")
    assert abs(found.total - exact) <= D("0.01") * len(found.lines)
    told = [(charge.call, charge.position) for charge in found.charges]
    assert len(told) == len(set(told))
    assert found == billed(known, *reversed(calls), contract=Contract("t", since))


def test_a_fee_is_a_line() -> None:
    """A set-up is billed once, after all else: 30.00 + 49.90 = 79.90."""
    found = billed(tariff(BASE), besides=Besides(fees=(Fee("Ansage", date(2026, 11, 3), D("49.90")),)))
    assert [(line.position, line.amount) for line in found.lines][-1] == ("fee", D("49.90"))


def test_a_late_call_is_rated_first() -> None:
    """A call of October that came after its close takes November's first free unit, and costs no month twice."""
    known = tariff({"kind": "calls", "id": "calls", "name": "Calls", "included": 1, "price": "1.00"})
    late = call(90, "2026-10-31 12:00")
    found = billed(known, call(91, "2026-11-02 12:00"), besides=Besides(late=(late,)))
    assert [(charge.call, charge.free) for charge in found.charges] == [("c000090", D(1)), ("c000091", D(0))]
    assert found.total == 1
    assert found.rated[0].calls == ("c000090", "c000091")


def test_late_calls_of_an_ended_contract_are_outside() -> None:
    """Where nothing holds any more, a late call is in no bill, and that is told."""
    found = billed(
        tariff(BASE),
        contract=Contract("t", date(2026, 1, 1), date(2026, 10, 31)),
        besides=Besides(late=(call(90, "2026-10-31 12:00"),)),
    )
    assert found.outside == ("c000090",)


def test_what_was_paid_in_advance_counts_for_the_minimum() -> None:
    """At least 60.00 €: 49.00 € were paid in advance, calls cost 2.40 €, so 60.00 - 51.40 = 8.60 € are missing."""
    known = tariff({**BASE, "advance": True}, EACH, minimum="60.00")
    found = billed(known, *many(2), before=Before(advanced={"p1": D(49)}))
    assert amounts(found) == [("p2", "2.40"), ("minimum", "8.60"), ("p1", "49.00")]
