"""The gate before every leg over a trunk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, HOUSE
from vorzimmer.core.client import Forwarding
from vorzimmer.core.dialing import Policy, RefusalCode, Usage, check_number, may_dial, policy_for

EVERYWHERE = frozenset({"DE", "AT", "CH", "FR", "GB", "US"})


@pytest.mark.parametrize("number", ["+4989123456", "+491713920055", "+4932123456789", "+498001234567", "+43158858"])
def test_ordinary_numbers_of_released_countries_may_be_dialled(number: str) -> None:
    """Fixed, mobile, VoIP and toll-free numbers."""
    assert check_number(number, HOUSE.countries, {DID}) is None


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        ("+499001234567", RefusalCode.KIND, "premium numbers are never dialled"),
        ("+499001", RefusalCode.KIND, "premium numbers are never dialled"),
        ("+979123456789", RefusalCode.KIND, "premium numbers are never dialled"),
        ("+33892123456", RefusalCode.KIND, "premium numbers are never dialled"),
        ("+19005551234", RefusalCode.KIND, "premium numbers are never dialled"),
        ("+491801123456", RefusalCode.KIND, "shared cost numbers are never dialled"),
        ("+491371234567", RefusalCode.KIND, "shared cost numbers are never dialled"),
        ("+4970012345678", RefusalCode.KIND, "personal numbers are never dialled"),
        ("+881612345678", RefusalCode.KIND, "satellite numbers are never dialled"),
        ("+882161234567", RefusalCode.KIND, "satellite numbers are never dialled"),
        ("+870773123456", RefusalCode.KIND, "satellite numbers are never dialled"),
        ("+4911880", RefusalCode.KIND, "directory numbers are never dialled"),
        ("+49110", RefusalCode.KIND, "service numbers are never dialled"),
        ("+49116117", RefusalCode.KIND, "service numbers are never dialled"),
        ("110", RefusalCode.KIND, "short numbers are never dialled"),
        ("112", RefusalCode.KIND, "short numbers are never dialled"),
        ("", RefusalCode.KIND, "short numbers are never dialled"),
        ("+447700900123", RefusalCode.INVALID, "the number belongs to no known range"),
        ("+x", RefusalCode.INVALID, "the number belongs to no known range"),
        ("+390212345678", RefusalCode.COUNTRY, "country IT is not released; released: AT, CH, DE, FR, GB, US"),
        ("+18095551234", RefusalCode.COUNTRY, "country DO is not released"),
        ("+441534123456", RefusalCode.COUNTRY, "country JE is not released"),
        ("+80012345678", RefusalCode.COUNTRY, "a number of no country is not released"),
        (DID, RefusalCode.LOOP, "the number is one of our own, the call would come back"),
    ],
)
def test_what_is_never_dialled(number: str, code: RefusalCode, reason: str) -> None:
    """Numbers that cost more than a call, countries not released, and our own numbers, each with its reason."""
    refusal = check_number(number, EVERYWHERE, {DID})
    assert refusal is not None
    assert (refusal.code, refusal.reason[: len(reason)]) == (code, reason)


@given(st.one_of(st.text(), st.text("0123456789", max_size=15).map("+".__add__)))
def test_nothing_is_dialled_where_no_country_is_released(number: str) -> None:
    """The gate has an answer to any text, and no way around the countries."""
    assert check_number(number, (), ()) is not None


@pytest.mark.parametrize(
    ("usage", "code"),
    [
        (Usage(parallel=0, today=0), None),
        (Usage(parallel=2, today=19), None),
        (Usage(parallel=3, today=0), RefusalCode.PARALLEL),
        (Usage(parallel=0, today=20), RefusalCode.PER_DAY),
        (Usage(parallel=9, today=99), RefusalCode.PARALLEL),
    ],
)
def test_caps_hold_at_the_moment_of_dialling(usage: Usage, code: RefusalCode | None) -> None:
    """The leg that would be one too many is refused: three at once, twenty a day."""
    refusal = may_dial("+491713920055", HOUSE, usage, {DID})
    assert (refusal.code if refusal else None) == code


def test_the_number_is_refused_before_the_caps_are_counted() -> None:
    """A premium number is refused as such, however few calls there were."""
    refusal = may_dial("+499001234567", HOUSE, Usage(0, 0), {DID})
    assert refusal is not None
    assert refusal.code is RefusalCode.KIND


@pytest.mark.parametrize(
    ("own", "policy"),
    [
        (Forwarding(), HOUSE),
        (Forwarding(countries=("CH",)), Policy(frozenset({"CH"}), 3, 20)),
        (Forwarding(countries=(), parallel=0, per_day=0), Policy(frozenset(), 0, 0)),
        (Forwarding(parallel=50, per_day=1000), Policy(HOUSE.countries, 50, 1000)),
    ],
)
def test_a_client_has_its_own_limits_where_it_sets_them(own: Forwarding, policy: Policy) -> None:
    """What the client does not set is the house's; zero and the empty list are set."""
    assert policy_for(own, HOUSE) == policy
