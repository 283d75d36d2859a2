"""The stock of numbers: which state may follow which, for whom, and when a time that is over leaves a number free."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core import number_stock as stock
from vorzimmer.core.number_stock import FOLLOWS, NotPossible, State, Stocked, at_time, require

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(days=3)
FREE = Stocked("+498955501", "DE", "fixed", State.FREE, NOW)
RESERVED = replace(FREE, state=State.RESERVED, client_id="mueller", order="7", until=SOON)
HELD = replace(FREE, state=State.WITH_CLIENT, client_id="mueller")
COOLING = replace(FREE, state=State.COOLING, client_id="mueller", until=SOON)
PORTED = replace(FREE, state=State.PORTED, client_id="mueller")


@pytest.mark.parametrize(
    ("stocked", "state", "client", "order", "sentence"),
    [
        (FREE, State.RESERVED, "meier", "", None),
        (FREE, State.WITH_CLIENT, "meier", "", None),
        (FREE, State.FREE, None, "", "is free already"),
        (RESERVED, State.RESERVED, "mueller", "7", None),
        (RESERVED, State.RESERVED, "mueller", "8", r"reserved for client 'mueller' \(7\) until 2026-11-25 12:00 UTC"),
        (RESERVED, State.RESERVED, "meier", "8", "choose another number"),
        (RESERVED, State.WITH_CLIENT, "mueller", "", None),
        (RESERVED, State.WITH_CLIENT, "meier", "", "is reserved for client 'mueller'"),
        (HELD, State.WITH_CLIENT, "meier", "", "belongs to a client already"),
        (HELD, State.RESERVED, "meier", "", "release it there first"),
        (HELD, State.FREE, None, "", "belongs to a client already"),
        (HELD, State.COOLING, None, "", None),
        (COOLING, State.WITH_CLIENT, "mueller", "", None),
        (COOLING, State.WITH_CLIENT, "meier", "", "belonged to client 'mueller' and rests until"),
        (PORTED, State.WITH_CLIENT, "mueller", "", "port it back first"),
        (PORTED, State.FREE, None, "", None),
    ],
)
def test_who_may_get_a_number_and_when(
    stocked: Stocked, state: State, client: str | None, order: str, sentence: str | None
) -> None:
    """Each state leads only where it should, and for the right client; every no says why."""
    if sentence is None:
        require(stocked, state, NOW, client=client, order=order)
    else:
        with pytest.raises(NotPossible, match=sentence):
            require(stocked, state, NOW, client=client, order=order)


@pytest.mark.parametrize("kept", [RESERVED, COOLING])
def test_what_is_over_leaves_the_number_free(kept: Stocked) -> None:
    """To the instant, and without anybody doing anything: until then it is kept, from then on anybody may have it."""
    assert at_time(kept, SOON - timedelta(microseconds=1)) == kept
    after = at_time(kept, SOON)
    assert (after.state, after.client_id, after.order, after.until, after.since) == (State.FREE, None, "", None, SOON)
    require(kept, State.WITH_CLIENT, SOON, client="meier")


@given(
    st.sampled_from([FREE, RESERVED, HELD, COOLING, PORTED]),
    st.lists(st.tuples(st.sampled_from(State), st.sampled_from(["mueller", "meier"]), st.integers(0, 5)), max_size=12),
)
def test_no_way_leads_past_the_rest(begin: Stocked, wishes: list[tuple[State, str, int]]) -> None:
    """Whatever is tried in whatever order: a number never goes from one client to another without having been free."""
    now, at, last = begin, NOW, begin.client_id
    for state, client, days in wishes:
        at += timedelta(days=days)
        before = at_time(now, at)
        if before.state is State.FREE:
            last = None
        wants = client if state in (State.RESERVED, State.WITH_CLIENT) else None
        try:
            require(now, state, at, client=wants)
        except NotPossible:
            continue
        assert state in FOLLOWS[before.state]
        if state is State.WITH_CLIENT and before.state is not State.RESERVED:
            assert last in (None, client)
        until = at + timedelta(days=3) if state in (State.RESERVED, State.COOLING) else None
        now = replace(before, state=state, client_id=wants or before.client_id, until=until, since=at)
        last = now.client_id


def test_every_state_can_be_entered_and_left() -> None:
    """No state is a trap, and none cannot be reached."""
    assert set(FOLLOWS) == set(State)
    assert set().union(*FOLLOWS.values()) == set(State)
    assert all(FOLLOWS[state] - {state} for state in State)


def test_a_block_is_all_numbers_between_two() -> None:
    """The first and the last are in it; a slip of the pen adds no million numbers."""
    assert stock.block("+498955508", "+498955511") == ["+498955508", "+498955509", "+498955510", "+498955511"]
    for first, last in (("+498955508", "+4989555080"), ("+498955508", "+498955507"), ("+498950000", "+498959999")):
        with pytest.raises(ValueError, match=r"block|are .* numbers"):
            stock.block(first, last)


def test_the_country_is_the_numbers_own() -> None:
    """What a person says is believed only where the number itself does not tell."""
    assert stock.country_of("+498955501", None) == "DE"
    with pytest.raises(ValueError, match="a number of DE, not of AT"):
        stock.country_of("+498955501", "AT")
    with pytest.raises(ValueError, match="say which one"):
        stock.country_of("+15555550000", None)
    assert stock.country_of("+15555550000", "US") == "US"
