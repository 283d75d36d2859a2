"""Three months worked out by hand for each form of tariff; the arithmetic stands in each docstring.

Each is billed for March 2026, in Munich; what is due in advance for March was paid in February, and the base fee of
April stands in the bill. 2 March is a Monday.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.core.tariffs import HERE, call, many, other_call, tariff
from tests.core.test_tariff_examples import EXAMPLES, MARCH, MONDAY, NIGHT, month
from vorzimmer.core.bill import Before, Besides, Bill, bill
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.rating import Call
from vorzimmer.core.stretches import Contract
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.work_hours import WorkDone

D = Decimal
SUNDAY = "2026-03-01T09:00"


def of_march(known: Tariff, *calls: Call, contract: Contract | None = None, before: Before | None = None) -> Bill:
    """March by a tariff of one's own."""
    return bill(MARCH, [contract or Contract("t", date(2026, 1, 1))], [known], HERE, calls, before=before)


class TestEachCallAndBaseFee:
    """39.00 € a month in advance and 1.20 € for each accepted call."""

    def test_no_call(self) -> None:
        """Only April's 39.00 €."""
        assert month("each-call") == D("39.00")

    def test_refused_calls_are_none(self) -> None:
        """39.00 + 2 x 1.20 = 41.40 €; the third caller hung up, the fourth was blocked."""
        lost = [
            other_call(8, MONDAY, {"disposition": Disposition.ABANDONED}, queue=40),
            other_call(9, MONDAY, {"disposition": Disposition.BLOCKED}, announcement=9),
        ]
        assert month("each-call", *many(2, at=MONDAY), *lost) == D("41.40")

    def test_the_last_days(self) -> None:
        """Ended on 10 March: 3 x 1.20 = 3.60 €, and of the 39.00 € that were paid 21 of 31 days come back: -26.42 €."""
        ended = Contract("each-call", date(2026, 1, 1), date(2026, 3, 10))
        paid = Before(advanced={"base": D("39.00")})
        assert bill(MARCH, [ended], EXAMPLES, HERE, many(3, at=MONDAY), before=paid).total == D("-22.82")


class TestFlatRate:
    """249.00 € for all calls Monday to Friday 8 to 18 h, 1.90 € outside."""

    def test_as_many_as_come(self) -> None:
        """249.00 + 700 x 0 = 249.00 €."""
        assert month("flat", *many(700, at="2026-03-02T08:00")[:500]) == D("249.00")

    def test_the_hours_end_sharp(self) -> None:
        """17:59:59 is inside, 18:00:00 outside: 249.00 + 1.90 = 250.90 €."""
        edge = [call(1, "2026-03-02T17:59:59", talk=300), call(2, "2026-03-02T18:00:00", talk=300)]
        assert month("flat", *edge) == D("250.90")

    def test_sunday(self) -> None:
        """249.00 + 3 x 1.90 = 254.70 €."""
        assert month("flat", *many(3, at=SUNDAY)) == D("254.70")


class TestCallPackages:
    """149.00 € with 200 calls, 0.95 € for each more; 319.00 € with 500, 0.85 €."""

    def test_the_200th_is_free(self) -> None:
        """149.00 € + 0 x 0.95."""
        assert month("package-200", *many(200, at=MONDAY)) == D("149.00")

    def test_the_201st_costs(self) -> None:
        """149.00 + 1 x 0.95 = 149.95 €."""
        assert month("package-200", *many(201, at=MONDAY)) == D("149.95")

    def test_of_500(self) -> None:
        """319.00 + 7 x 0.85 = 324.95 €."""
        assert month("package-500", *many(507, at=MONDAY)) == D("324.95")


class TestHoursOfWork:
    """38.00 € an hour with 15 minutes of talk an hour; above it the rate rises by 0.2 in Germany, by 0.3 in the EU."""

    @staticmethod
    def _paid(*done: WorkDone) -> Decimal:
        known = tariff({"kind": "work", "rate": "38.00"})
        return bill(MARCH, [Contract("t", date(2026, 1, 1))], [known], HERE, [], Besides(work=done)).total

    def test_talk_within_what_is_included(self) -> None:
        """2 h with 30 minutes of talk: 30 are included, 2 x 38.00 = 76.00 €."""
        assert self._paid(WorkDone("a", date(2026, 3, 2), "germany", (D(60), D(60)), (D(10), D(20)))) == D("76.00")

    def test_a_minute_above_in_germany(self) -> None:
        """2 h with 31 minutes of talk: 2 x 38.00 x 1.2 = 91.20 €."""
        assert self._paid(WorkDone("a", date(2026, 3, 2), "germany", (D(60), D(60)), (D(10), D(21)))) == D("91.20")

    def test_two_tasks_one_abroad(self) -> None:
        """1.5 h, 40 minutes into the EU, 22.5 included: 1.5 x 38.00 x 1.3 = 74.10; 1 h without talk 38.00: 112.10 €."""
        abroad = WorkDone("a", date(2026, 3, 2), "eu", (D(60), D(30)), (D(30), D(10)))
        assert self._paid(abroad, WorkDone("b", date(2026, 3, 3), "eu", (D(60),), (D(0),))) == D("112.10")


class TestMinutesOfTalk:
    """0.69 € a minute of talk and hold of calls that come in: first minute whole, then seconds; nights half more."""

    def test_a_short_call_is_a_minute(self) -> None:
        """5 s are 60 s: 0.69 €."""
        assert month("call-centre", call(1, MONDAY, talk=5)) == D("0.69")

    def test_talk_and_hold_together(self) -> None:
        """80 s + 20 s = 100 s x 0.69 / 60 = 1.15 €; the queue costs nothing."""
        assert month("call-centre", call(1, MONDAY, talk=80, hold=20, queue=300)) == D("1.15")

    def test_more_than_4500_seconds(self) -> None:
        """5,000 s at night: 5,000 x 0.69 / 60 = 57.50, half of it more 28.75: 86.25 €."""
        assert month("call-centre", call(1, NIGHT, talk=5000)) == D("86.25")


class TestPeopleReached:
    """2.40 € for each person reached by a call that goes out."""

    def test_each_person(self) -> None:
        """3 x 2.40 = 7.20 €, however long."""
        reached = [other_call(n, MONDAY, {"direction": "out"}, talk=n * 100) for n in (1, 2, 3)]
        assert month("call-centre", *reached) == D("7.20")

    def test_nobody_there(self) -> None:
        """Nobody answered: 0.00 €."""
        out = {"direction": "out", "disposition": Disposition.UNREACHED}
        assert month("call-centre", other_call(1, MONDAY, out, ring=60)) == D("0.00")

    def test_beside_calls_that_come_in(self) -> None:
        """2.40 + 120 s x 0.69 / 60 = 2.40 + 1.38 = 3.78 €."""
        out = other_call(1, MONDAY, {"direction": "out"}, talk=60)
        assert month("call-centre", out, call(2, MONDAY, talk=120)) == D("3.78")


class TestMinutesOfAYear:
    """3,600 yuan a year in advance with 20,000 minutes, whole ones, 0.15 yuan above."""

    YEAR = Contract("cn400-year", date(2026, 1, 1))

    def test_within_the_year(self) -> None:
        """1,000 calls of a minute: 0.00."""
        assert month("cn400-year", *many(1000, at="2026-03-02T00:00")) == D("0.00")

    def test_calls_that_nobody_took_count_not(self) -> None:
        """Abandoned after ten minutes: 0.00, and no minute is used."""
        lost = other_call(1, MONDAY, {"disposition": Disposition.ABANDONED}, queue=600)
        assert month("cn400-year", lost) == D("0.00")

    def test_when_the_year_s_minutes_are_used_up(self) -> None:
        """19,999 were used; 61 s are two minutes, one is left: 1 x 0.15 = 0.15; a minute more: 0.30 yuan."""
        known = tariff({"kind": "minutes", "pool": "year", "included": 20000, "price": "0.15", "first": 60, "then": 60})
        used = Before(used={"p1": D(19_999 * 60)})
        found = of_march(known, call(1, MONDAY, talk=61), call(2, NIGHT, talk=60), before=used)
        assert found.total == D("0.30")
        assert found.used == {"p1": D(20_002 * 60)}


class TestPayAsYouGo:
    """0.30 yuan a whole minute of all that is on our side, ringing apart."""

    def test_a_second_more_than_a_minute(self) -> None:
        """61 s are two minutes: 0.60."""
        assert month("cn400-minutes", call(1, MONDAY, talk=61)) == D("0.60")

    def test_phases_together(self) -> None:
        """10 s + 20 s + 30 s are one minute: 0.30; 40 s of ringing cost nothing."""
        assert month("cn400-minutes", call(1, MONDAY, ring=40, announcement=10, queue=20, talk=30)) == D("0.30")

    def test_thirty_hours(self) -> None:
        """108,000 s are 1,800 minutes: 540.00."""
        assert month("cn400-minutes", call(1, MONDAY, talk=108_000)) == D("540.00")


class TestTiers:
    """60 minutes free, then 0.55 € up to 500, 0.45 € up to 2,000, 0.38 € above; options."""

    def test_within_what_is_free(self) -> None:
        """59 minutes: 0.00 €."""
        assert month("tiers", *many(59, at=MONDAY)) == D("0.00")

    def test_across_two_tiers(self) -> None:
        """60 + 500 + 100 minutes: 500 x 0.55 + 100 x 0.45 = 320.00 €."""
        assert month("tiers", call(1, MONDAY, talk=660 * 60)) == D("320.00")

    def test_into_the_last_tier_with_options(self) -> None:
        """60 + 2,000 + 10: 275.00 + 1,500 x 0.45 + 10 x 0.38 = 953.80; answering machine 4.90, menu 9.90: 968.60 €."""
        options = frozenset({"machine", "menu"})
        assert month("tiers", call(1, MONDAY, talk=2070 * 60), options=options) == D("968.60")

    def test_put_through_to_a_mobile(self) -> None:
        """A minute of talk is free; 90 s to +49 170 x 0.19 / 60 = 0.285, rounded 0.29 €."""
        mobile = other_call(1, MONDAY, {"to": "+49170123456"}, talk=60, put_through=90)
        assert month("tiers", mobile) == D("0.29")


class TestBlocksOfThirtySeconds:
    """1.95 $ a minute of talk and hold in blocks of 30 s: 0.975 $ a block."""

    def test_one_second(self) -> None:
        """One block: 0.975, rounded 0.98."""
        assert month("us-blocks", call(1, MONDAY, talk=1)) == D("0.98")

    def test_rounded_once(self) -> None:
        """Three calls of a block each: 3 x 0.975 = 2.925, rounded once 2.93 and not 3 x 0.98 = 2.94."""
        assert month("us-blocks", *many(3, talk=20, at=MONDAY)) == D("2.93")

    def test_hold_counts(self) -> None:
        """25 s + 10 s = 35 s are two blocks: 1.95."""
        assert month("us-blocks", call(1, MONDAY, talk=25, hold=10)) == D("1.95")


class TestWholeMinutes:
    """235.00 $ with 100 whole minutes, 2.20 $ above; 30 calls below 30 s a month are free."""

    def test_the_31st_short_call_counts(self) -> None:
        """31 calls of 29 s: 30 free, one a minute of the 100: 235.00."""
        assert month("us-minutes", *many(31, talk=29, at=MONDAY)) == D("235.00")

    def test_short_calls_when_all_is_used(self) -> None:
        """100 minutes, then 31 short ones: the 31st is a minute: 235.00 + 2.20 = 237.20."""
        short = many(31, talk=29, at="2026-03-10T09:00")
        later = [other_call(500 + n, one.began.isoformat(), {}, talk=29) for n, one in enumerate(short)]
        assert month("us-minutes", *many(100, at=MONDAY), *later) == D("237.20")

    def test_thirty_seconds_are_not_short(self) -> None:
        """101 calls of 30 s are 101 minutes: 235.00 + 2.20 = 237.20."""
        assert month("us-minutes", *many(101, talk=30, at=MONDAY)) == D("237.20")


class TestSurcharges:
    """0.50 € a call; 25 % more on Sundays, 1.00 € more for an order, 0.10 € a minute to Austria."""

    KNOWN = tariff(
        {"kind": "calls", "id": "calls", "price": "0.50"},
        {
            "kind": "surcharge",
            "id": "sunday",
            "on": ["calls"],
            "percent": "25",
            "when": {"within": {"sun": ["00:00-24:00"]}},
        },
        {"kind": "surcharge", "id": "order", "amount": "1.00", "when": {"results": ["order"]}},
        {"kind": "minutes", "id": "austria", "price": "0.10", "phases": ["put_through"], "when": {"to": ["+43"]}},
    )

    def test_sunday(self) -> None:
        """2 x 0.50 = 1.00; 25 % of it 0.25: 1.25 €."""
        assert of_march(self.KNOWN, *many(2, at=SUNDAY)).total == D("1.25")

    def test_an_order_on_sunday(self) -> None:
        """0.50 + 0.125 (0.13) + 1.00 = 1.63 €."""
        ordered = other_call(1, SUNDAY, {"results": frozenset({"order"})}, talk=60)
        assert of_march(self.KNOWN, ordered).total == D("1.63")

    def test_to_austria(self) -> None:
        """0.50 + 150 s x 0.10 / 60 = 0.50 + 0.25 = 0.75 €; to Germany 0.50 €: 1.25 €."""
        vienna = other_call(1, MONDAY, {"to": "+4315551234"}, put_through=150)
        home = other_call(2, MONDAY, {"to": "+498912345"}, put_through=150)
        assert of_march(self.KNOWN, vienna, home).total == D("1.25")


class TestLeastCharge:
    """1.00 € a call, 20.00 € at least."""

    KNOWN = tariff({"kind": "calls", "price": "1.00"}, minimum="20.00")

    def test_below(self) -> None:
        """3 calls are 3.00; 17.00 are missing: 20.00 €."""
        assert of_march(self.KNOWN, *many(3, at=MONDAY)).total == D("20.00")

    def test_above(self) -> None:
        """21 x 1.00 = 21.00 €."""
        assert of_march(self.KNOWN, *many(21, at=MONDAY)).total == D("21.00")

    def test_of_ten_days(self) -> None:
        """From 22 March, 10 of 31 days: at least 20.00 x 10 / 31 = 6.45 €."""
        assert of_march(self.KNOWN, contract=Contract("t", date(2026, 3, 22))).total == D("6.45")


class TestTrialWeek:
    """Seven days for nothing, then 1.00 € a call."""

    KNOWN = tariff({"kind": "calls", "price": "1.00"}, trial_days=7)

    def test_its_last_day_and_the_next(self) -> None:
        """From 2 March: the 8th is free, the 9th costs: 1.00 €."""
        trial = Contract("t", date(2026, 3, 2), trial=True)
        calls = [call(1, "2026-03-08T23:59:59", talk=60), call(2, "2026-03-09T00:00:00", talk=60)]
        assert of_march(self.KNOWN, *calls, contract=trial).total == D("1.00")

    def test_without_one(self) -> None:
        """The same without a trial: 2.00 €."""
        calls = [call(1, "2026-03-08T23:59:59", talk=60), call(2, "2026-03-09T00:00:00", talk=60)]
        assert of_march(self.KNOWN, *calls, contract=Contract("t", date(2026, 3, 2))).total == D("2.00")

    def test_nothing_but_the_trial(self) -> None:
        """Ended on its last day: 0.00 €."""
        trial = Contract("t", date(2026, 3, 2), date(2026, 3, 8), trial=True)
        assert of_march(self.KNOWN, *many(50, at=MONDAY), contract=trial).total == D("0.00")


class TestDiscounts:
    """100.00 € a month; 5 % less from 12 months on, 10 % from 24; 2 % for prepaying half a year."""

    KNOWN = tariff(
        {"kind": "recurring", "amount": "100.00"},
        {"kind": "calls", "price": "1.00"},
        terms=[{"months": 12, "percent": "5"}, {"months": 24, "percent": "10"}],
        prepayments=[{"months": 6, "percent": "2"}],
    )

    def test_of_one_year(self) -> None:
        """100.00 - 5.00 + 3 calls, which no discount is on: 98.00 €."""
        found = of_march(self.KNOWN, *many(3, at=MONDAY), contract=Contract("t", date(2026, 1, 1), term_months=12))
        assert found.total == D("98.00")

    def test_of_two_years_prepaid(self) -> None:
        """100.00 - 12 % = 88.00 €."""
        both = Contract("t", date(2026, 1, 1), term_months=24, prepaid_months=6)
        assert of_march(self.KNOWN, contract=both).total == D("88.00")

    def test_a_month_too_short(self) -> None:
        """11 months, 5 prepaid: 100.00 €."""
        short = Contract("t", date(2026, 1, 1), term_months=11, prepaid_months=5)
        assert of_march(self.KNOWN, contract=short).total == D("100.00")
