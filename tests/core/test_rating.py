"""What calls cost: examples worked out by hand, and what must be true of every tariff."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.tariffs import call, many, other_call, terms
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.rating import Call, Charge, Part, Terms, Used, rate

D = Decimal


def cost(found: Terms, *calls: Call) -> list[Decimal]:
    """Each charge's amount, to a hundredth of a cent."""
    return [charge.amount.quantize(D("0.0001")) for charge in rate(calls, found)[0]]


def total(charges: tuple[Charge, ...]) -> Decimal:
    """What they come to."""
    return sum((charge.sixtieths for charge in charges), D(0)) / 60


class TestByNumber:
    """A price for each call, packages, tiers."""

    def test_each_call(self) -> None:
        """1.20 € a call: 3 calls of whatever length are 3 x 1.20 = 3.60 €."""
        assert cost(terms({"kind": "calls", "price": "1.20"}), *many(3, talk=4711)) == [D("1.2000")] * 3

    def test_a_package_of_200_and_the_201st_call(self) -> None:
        """200 included, 0.95 € for each further one: 201 calls cost 1 x 0.95 €, and the last one costs it."""
        charges, used = rate(many(201), terms({"kind": "calls", "included": 200, "price": "0.95"}))
        assert [charge.free for charge in charges[-2:]] == [1, 0]
        assert [charge.amount for charge in charges[-2:]] == [0, D("0.95")]
        assert used.units == {"p1": 201}

    def test_short_calls_are_free_thirty_times(self) -> None:
        """Calls below 30 s cost nothing, 30 of them a month: of 32 calls of 29 s two cost 1.00 €, of 30 s all do."""
        found = terms({"kind": "calls", "price": "1.00", "free_short": {"seconds": 30, "most": 30}})
        assert total(rate(many(32, talk=29), found)[0]) == 2
        assert total(rate(many(32, talk=30), found)[0]) == 32

    def test_short_calls_eat_nothing_of_a_package(self) -> None:
        """2 included, calls below 10 s free: of 3 short and 3 long calls one costs 0.95 €."""
        found = terms({"kind": "calls", "included": 2, "price": "0.95", "free_short": {"seconds": 10}})
        assert total(rate([*many(3, talk=5), *many(3, talk=50, at="2026-11-03T09:00")], found)[0]) == D("0.95")

    @pytest.mark.parametrize(
        "disposition", [Disposition.ABANDONED, Disposition.FAILED, Disposition.BLOCKED, Disposition.ANNOUNCED]
    )
    def test_who_was_not_served_costs_nothing(self, disposition: Disposition) -> None:
        """Neither money nor a unit of the package."""
        found = terms({"kind": "calls", "included": 1, "price": "0.95"})
        failed = other_call(1, "2026-11-23T09:00", {"disposition": disposition}, ring=20)
        charges, used = rate([failed, call(2)], found)
        assert [charge.call for charge in charges] == ["c000002"]
        assert (total(charges), used.units) == (D(0), {"p1": D(1)})

    def test_tiers_graduated_and_whole(self) -> None:
        """10 at 2.00, 20 at 1.50, then 1.00. 35 calls: 20.00 + 30.00 + 5 x 1.00 = 55.00 €; whole: known at the end."""
        tiers = [{"up_to": 10, "price": "2.00"}, {"up_to": 30, "price": "1.50"}, {"price": "1.00"}]
        assert total(rate(many(35), terms({"kind": "calls", "tiers": tiers}))[0]) == D("55.00")
        charges, _ = rate(many(35), terms({"kind": "calls", "tiers": tiers, "mode": "whole"}))
        assert all(charge.deferred and not charge.sixtieths for charge in charges)


class TestByTime:
    """Increments, phases, packages of minutes."""

    @pytest.mark.parametrize(
        ("first", "then", "talk", "seconds"),
        [
            (60, 60, 61, 120),
            (60, 60, 60, 60),
            (60, 1, 1, 60),
            (60, 1, 61.2, 62),
            (30, 6, 29, 30),
            (30, 6, 30.001, 36),
            (30, 6, 47, 48),
            (1, 1, 0, 0),
            (60, 60, 0, 0),
            (60, 1, 4501, 4501),
            (60, 60, 108_000, 108_000),
        ],
    )
    def test_increments(self, first: int, then: int, talk: float, seconds: int) -> None:
        """60/60: 61 s are 2 minutes. 60/1: 61.2 s are 62 s. 30/6: 47 s are 30 + 3 x 6 = 48 s. 0 s cost nothing."""
        found = terms({"kind": "minutes", "price": "0.60", "first": first, "then": then})
        [charge] = rate([call(talk=talk)], found)[0]
        assert charge.units == seconds
        assert charge.amount == D("0.01") * seconds

    def test_a_price_finer_than_a_cent(self) -> None:
        """0.0135 € a minute, by the second: 100 s are 100 x 0.0135 / 60 = 0.0225 €, which is not yet rounded."""
        assert cost(terms({"kind": "minutes", "price": "0.0135"}), call(talk=100)) == [D("0.0225")]

    def test_which_phases_count_and_up_to_what(self) -> None:
        """Talk, hold and at most 60 s of the queue: 30 + 10 + 60 of 300 = 100 s, at 0.60 € a minute 1.00 €."""
        found = terms({"kind": "minutes", "price": "0.60", "phases": ["talk", "hold", "queue"], "caps": {"queue": 60}})
        [charge] = rate([call(talk=30, hold=10, queue=300, ring=99)], found)[0]
        assert (charge.measured, charge.amount) == ((("talk", D(30)), ("hold", D(10)), ("queue", D(60))), D(1))

    def test_increments_of_each_phase(self) -> None:
        """60/60 of each phase: 61 s of talk and 5 s of hold are 2 + 1 minutes; together they would be 2."""
        wanted = {"kind": "minutes", "price": "0.60", "phases": ["talk", "hold"], "first": 60, "then": 60}
        assert cost(terms({**wanted, "increments_of": "phase"}), call(talk=61, hold=5)) == [D("1.8000")]
        assert cost(terms(wanted), call(talk=61, hold=5)) == [D("1.2000")]

    def test_included_minutes_end_in_the_middle_of_a_call(self) -> None:
        """10 minutes included, then 0.30 €: calls of 6 and 5 minutes use 11, so the second costs 1 x 0.30 €."""
        found = terms({"kind": "minutes", "included": 10, "price": "0.30"})
        charges, used = rate([call(1, talk=360), call(2, "2026-11-23T11:00", talk=300)], found)
        assert [charge.free for charge in charges] == [360, 240]
        assert charges[1].parts == (Part(D(60), D("0.30")),)
        assert (total(charges), used.units) == (D("0.30"), {"p1": D(660)})

    def test_a_call_across_tiers(self) -> None:
        """0.60 € up to 1 minute, 0.30 € up to 3, then 0.12 €: 4 minutes are 0.60 + 0.60 + 0.12 = 1.32 €."""
        tiers = [{"up_to": 1, "price": "0.60"}, {"up_to": 3, "price": "0.30"}, {"price": "0.12"}]
        [charge] = rate([call(talk=240)], terms({"kind": "minutes", "tiers": tiers}))[0]
        assert charge.parts == (Part(D(60), D("0.60")), Part(D(120), D("0.30")), Part(D(60), D("0.12")))
        assert charge.amount == D("1.32")


class TestWhen:
    """Hours, holidays, destinations, results; by the client's clock, at the call's beginning."""

    @pytest.mark.parametrize(
        ("at", "wanted"),
        [
            ("2026-11-23T17:59:59", True),
            ("2026-11-23T18:00:00", False),
            ("2026-11-23T16:59:59+00:00", True),
            ("2026-11-23T17:00:00+00:00", False),
            ("2026-11-22T10:00", False),
        ],
    )
    def test_a_flat_rate_has_hours(self, at: str, *, wanted: bool) -> None:
        """Inside 8-18 on weekdays a call is listed at nothing; the clock is Berlin's, also for a call told in UTC."""
        hours = {"mon-fri": ["08:00-18:00"]}
        found = terms(
            {"kind": "calls", "id": "flat", "price": "0", "when": {"within": hours}},
            {"kind": "calls", "id": "outside", "price": "2.00", "when": {"outside": hours}},
        )
        [charge] = rate([call(at=at, talk=60)], found)[0]
        assert charge.position == ("flat" if wanted else "outside")

    def test_a_call_over_midnight_belongs_to_its_beginning(self) -> None:
        """Night is from 22:00: a call at 21:59:59 of three hours is not of the night."""
        found = terms(
            {"kind": "minutes", "id": "talk", "price": "0.60"},
            {
                "kind": "surcharge",
                "id": "night",
                "on": ["talk"],
                "percent": "50",
                "when": {"within": {"mon-sun": ["22:00-06:00"]}},
            },
        )
        assert cost(found, call(at="2026-11-23T21:59:59", talk=10_800)) == [D("108.0000")]
        assert cost(found, call(at="2026-11-23T22:00:00", talk=60)) == [D("0.6000"), D("0.3000")]

    @pytest.mark.parametrize(
        ("at", "charged"), [("2026-10-25T02:30:00+02:00", 1), ("2026-10-25T02:30:00+01:00", 1), ("2026-03-29T03:00", 0)]
    )
    def test_nights_in_which_the_clock_changes(self, at: str, charged: int) -> None:
        """2:30 happens twice in autumn and both are before three; in spring three follows two at once."""
        night = {"within": {"sun": ["02:00-03:00"]}}
        assert len(rate([call(at=at)], terms({"kind": "calls", "price": "1", "when": night}))[0]) == charged

    def test_holidays_are_the_client_s(self) -> None:
        """6 January is one in Bavaria: 2.50 € for the order taken then."""
        found = terms({"kind": "surcharge", "amount": "2.50", "when": {"holiday": True, "results": ["order"]}})
        order = {"results": frozenset({"order"})}
        assert cost(found, other_call(1, "2026-01-06T10:00", order)) == [D("2.5000")]
        assert cost(found, other_call(1, "2026-01-07T10:00", order)) == []
        assert cost(found, call(at="2026-01-06T10:00")) == []

    def test_advertising_is_free_where_that_is_agreed(self) -> None:
        """What an agent marks as spam costs nothing, and the next call still is the one that is included."""
        found = terms({"kind": "calls", "included": 1, "price": "1.20", "when": {"without": ["spam", "wrong-number"]}})
        spam = other_call(1, "2026-11-23T10:00", {"results": frozenset({"spam", "done"})})
        done = [other_call(n, f"2026-11-23T10:0{n}", {"results": frozenset({"done"})}) for n in (2, 3)]
        assert cost(found, spam, *done) == [D(0), D("1.20")]

    def test_destinations_by_prefix(self) -> None:
        """Put through to a mobile number costs 0.19 € a minute, to Austria 0.09 €."""
        found = terms(
            {
                "kind": "minutes",
                "price": "0.19",
                "phases": ["put_through"],
                "when": {"to": ["+4915", "+4916", "+4917"]},
            },
            {"kind": "minutes", "price": "0.09", "phases": ["put_through"], "when": {"to": ["+43"]}},
        )
        for number, amount in (("+491711234567", "0.1900"), ("+43123456", "0.0900")):
            assert cost(found, other_call(1, "2026-11-23T10:00", {"to": number}, put_through=60)) == [D(amount)]
        assert cost(found, other_call(1, "2026-11-23T10:00", {"to": "+4930123"}, put_through=60)) == []


class TestRounding:
    """Once, where the tariff says."""

    CALLS = tuple(call(n, talk=100) for n in (1, 2, 3))
    MINUTE: dict[str, Any] = {"kind": "minutes", "price": "0.0135"}  # noqa: RUF012 - a constant

    @pytest.mark.parametrize(
        ("rounding", "amount"),
        [
            ({"at": "position"}, "0.0225"),
            ({"at": "call"}, "0.02"),
            ({"at": "call", "how": "up"}, "0.03"),
            ({"at": "call", "how": "half_even", "to": "0.005"}, "0.02"),
            ({"at": "call", "to": "0.1", "how": "down"}, "0"),
        ],
    )
    def test_of_a_call(self, rounding: dict[str, str], amount: str) -> None:
        """100 s at 0.0135 € a minute are 0.0225 €: 0.02 to the cent, 0.03 upwards, 0.02 to half cents."""
        charges, _ = rate(self.CALLS, terms(self.MINUTE, rounding=rounding))
        assert {charge.amount for charge in charges} == {D(amount)}

    def test_of_each_phase(self) -> None:
        """50 s of talk are 0.01125 → 0.01 €, 10 s of hold 0.00225 → 0.00 €; the call would be 0.0135 → 0.01 €."""
        wanted = {**self.MINUTE, "phases": ["talk", "hold"], "increments_of": "phase"}
        found = terms(wanted, rounding={"at": "phase", "how": "up"})
        assert cost(found, call(talk=50, hold=10)) == [D("0.0300")]
        with pytest.raises(ValueError, match="rounding at phases needs increments of phases"):
            terms(self.MINUTE, rounding={"at": "phase"})


POSITIONS = st.sampled_from(
    [
        {"kind": "calls", "price": "1.17", "included": 3},
        {"kind": "calls", "price": "0.333333", "free_short": {"seconds": 30, "most": 2}},
        {"kind": "minutes", "price": "0.0135", "first": 30, "then": 6, "included": "2.5"},
        {"kind": "minutes", "tiers": [{"up_to": 1, "price": "0.61"}, {"price": "0.07"}], "phases": ["talk", "ring"]},
        {"kind": "minutes", "price": "0.29", "first": 60, "then": 1, "free_short": {"seconds": 10}},
        {"kind": "minutes", "tiers": [{"up_to": 4, "price": "0.5"}, {"price": "0.25"}], "mode": "whole"},
    ]
)
TARIFFS = st.builds(
    lambda positions, at: terms(*positions, rounding={"at": at}),
    st.lists(POSITIONS, min_size=1, max_size=4),
    st.sampled_from(["call", "position", "invoice"]),
)
CALLS = st.lists(
    st.builds(
        lambda minute, talk, ring, disposition: other_call(
            minute,
            f"2026-11-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}",
            {"disposition": disposition},
            talk=talk,
            ring=ring,
        ),
        st.integers(0, 28 * 1440),
        st.integers(0, 5_000_000).map(lambda ms: ms / 1000),
        st.integers(0, 60),
        st.sampled_from(Disposition),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(found=TARIFFS, calls=CALLS, cut=st.integers(0, 12))
def test_a_month_in_parts_is_the_month(found: Terms, calls: list[Call], cut: int) -> None:
    """However the calls are split, the bill is the same, and so is who got the free units."""
    ordered = sorted(calls, key=lambda one: (one.began, one.id))
    first, used = rate(ordered[:cut], found)
    second, all_used = rate(ordered[cut:], found, used)
    assert (first + second, all_used) == rate(calls, found)


@given(found=TARIFFS, calls=CALLS)
def test_free_units_are_never_negative_nor_too_many(found: Terms, calls: list[Call]) -> None:
    """Nobody pays for what is included, and nobody gets it twice; nothing is below zero."""
    charges, _ = rate(calls, found)
    for position in found.tariff.positions:
        mine = [charge for charge in charges if charge.position == position.id]
        assert all(0 <= charge.free <= charge.units and charge.sixtieths >= 0 for charge in mine)
        if position.kind in ("calls", "minutes"):
            assert sum(charge.free for charge in mine) == min(
                found.free_units(position), sum(charge.units for charge in mine)
            )


@given(found=TARIFFS, calls=CALLS)
def test_what_is_paid_is_what_is_left(found: Terms, calls: list[Call]) -> None:
    """Units are free or priced, none is lost between tiers."""
    for charge in rate(calls, found)[0]:
        if not charge.deferred:
            assert charge.free + sum(part.units for part in charge.parts) == charge.units


def test_used_begins_with_nothing() -> None:
    """A month without calls uses nothing."""
    assert rate([], terms({"kind": "calls", "price": "1"})) == ((), Used())
