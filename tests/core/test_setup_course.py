"""The course of an order: whatever is done in whatever order, steps, states, letters and fees fit together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.house import NOW, change, setup
from vorzimmer.core.price_list import Role, Unfit
from vorzimmer.core.setup_course import (
    PATIENCE,
    NotNow,
    answer,
    ask,
    begin,
    cancel,
    drop,
    due_letters,
    finish,
    had,
    newly_asked,
    newly_charged,
)
from vorzimmer.core.setup_order import CLIENT, Item, Order, OrderState, StepState, working_days_later

DAY = timedelta(days=1)

Move = Callable[[Order], Order]

ORDER = begin(setup(), NOW)
"""Two options of two steps each: studio and IT; IT and IT."""


def states(order: Order) -> list[str]:
    """Of the steps."""
    return [step.state.value for step in order.steps]


def moves() -> st.SearchStrategy[list[Move]]:
    """Things that people do to an order, sensible or not."""
    n = st.integers(1, 4)
    who = st.sampled_from([*map(str, Role), CLIENT])
    days = st.integers(0, 20)
    move = st.one_of(
        st.builds(lambda n: lambda order: finish(order, n, "x", NOW), n),
        st.builds(lambda n: lambda order: drop(order, n, "x", NOW), n),
        st.builds(lambda n, of, d: lambda order: ask(order, n, of, "?", NOW + d * DAY), n, who, days),
        st.builds(lambda n: lambda order: answer(order, n, "!", "x", NOW), n),
        st.just(lambda order: cancel(order, "x", NOW)),
    )
    return st.lists(move, max_size=12)


@given(moves())
def test_whatever_is_done_fits_together(done: list[Move]) -> None:
    """What is over stays so, no option stands still, and what is had, and only that, is charged once."""
    order = ORDER
    charged: list[Item] = []
    for move in done:
        try:
            after = move(order)
        except NotNow:
            continue
        for was, now in zip(order.steps, after.steps, strict=True):
            assert was == now or not was.state.over
        charged += newly_charged(order, after)
        order = after
        assert (order.state is OrderState.OPEN) == (not all(step.state.over for step in order.steps))
        assert (order.state is OrderState.OPEN) == (order.closed_at is None)
        if order.state is OrderState.OPEN:
            for option in {step.option for step in order.steps}:
                left = [step.state for step in order.steps if step.option == option and not step.state.over]
                assert not left or set(left) - {StepState.OPEN}, "an option stands still, and nobody was asked"
    assert sorted(item.option for item in charged) == sorted(item.option for item in had(order))
    assert sum((item.price for item in charged), Decimal(0)) <= 348


@given(moves(), st.lists(st.integers(0, 40), max_size=8))
def test_the_lead_is_told_once_for_each_three_days(done: list[Move], looks: list[int]) -> None:
    """However often and late somebody looks: never before three days, never twice for the same, never of a client."""
    order = ORDER
    for move in done:
        try:
            order = move(order)
        except NotNow:
            continue
    told: dict[tuple[int, int], int] = {}
    for day in sorted(looks):
        now = NOW + day * DAY
        due = {step.n: step for step in due_letters(order, now)}
        for step in due.values():
            assert step.asked_of not in (CLIENT, Role.LEAD)
            assert step.asked_at is not None
            assert now - step.asked_at >= step.escalations * PATIENCE
            told[step.n, step.escalations] = told.get((step.n, step.escalations), 0) + 1
        order = replace(order, steps=tuple(due.get(step.n, step) for step in order.steps))
        assert due_letters(order, now) == ()
    assert set(told.values()) <= {1}


def test_the_first_steps_begin_and_the_next_ones_follow() -> None:
    """Each option goes its way beside the others; who is done first waits for nobody else."""
    assert states(ORDER) == ["waiting", "open", "waiting", "open"]
    assert [step.asked_of for step in ORDER.steps] == ["studio", None, "it", None]
    done = finish(ORDER, 3, "it", NOW + DAY)
    assert states(done) == ["waiting", "open", "done", "waiting"]
    assert [step.n for step in newly_asked(ORDER, done)] == [4]
    assert done.steps[3].asked_at == NOW + DAY


def test_an_answer_ends_the_wait_but_not_the_step() -> None:
    """Who has answered is left alone; done it is only when somebody says so."""
    said = answer(ORDER, 3, "Geht.", "it", NOW)
    assert states(said) == ["waiting", "open", "answered", "open"]
    assert [step.n for step in due_letters(said, NOW + 3 * DAY)] == [1]
    asked = ask(said, 3, "it", "Wirklich?", NOW + DAY)
    assert [step.n for step in due_letters(asked, NOW + 3 * DAY)] == [1]
    assert [step.n for step in due_letters(asked, NOW + 4 * DAY)] == [1, 3]


@pytest.mark.parametrize(
    ("move", "text"),
    [
        (lambda order: finish(order, 1, "anna", NOW), "step 1 is done already: by ben, on 2026-11-20"),
        (lambda order: ask(order, 1, "it", "?", NOW), "step 1 is done already: by ben, on 2026-11-20"),
        (lambda order: finish(order, 3, "anna", NOW), "step 3 was cancelled by ben, on 2026-11-20"),
        (lambda order: answer(order, 4, "x", "anna", NOW), "step 4 was cancelled by ben, on 2026-11-20"),
        (
            lambda order: answer(answer(order, 2, "x", "it", NOW), 2, "y", "it", NOW),
            "step 2 was answered already, by it",
        ),
        (lambda order: cancel(cancel(order, "x", NOW), "x", NOW), "order 0 is cancelled already, since 2026-11-20"),
    ],
)
def test_what_does_not_fit_is_told(move: Move, text: str) -> None:
    """Two people at the same order: the second reads what the first has done."""
    order = drop(finish(ORDER, 1, "ben", NOW), 3, "ben", NOW)
    with pytest.raises(NotNow) as caught:
        move(order)
    assert str(caught.value) == text


def test_an_answer_says_something() -> None:
    """An empty answer would end the chase without anybody knowing more."""
    with pytest.raises(Unfit):
        answer(ORDER, 1, "", "it", NOW)


def test_only_what_is_had_and_has_a_price_is_charged() -> None:
    """A change costs nothing, nor does what is free in the price list."""
    free = begin(setup({"extension": {}}), NOW)
    done = finish(free, 1, "it", NOW)
    assert (done.state, newly_charged(free, done)) == (OrderState.DONE, ())
    wish = begin(change("wish"), NOW)
    assert newly_charged(wish, finish(wish, 1, "sales", NOW)) == ()


@pytest.mark.parametrize(
    ("day", "days", "due"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), 3, date(2026, 11, 25)),
        (date(2026, 11, 21), 0, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 12, 23), 2, date(2026, 12, 28)),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
    ],
)
def test_steps_are_due_on_working_days(day: date, days: int, due: date) -> None:
    """Weekends and public holidays do not count, and nothing is ever due on one."""
    assert working_days_later(day, days, "DE") == due


def test_due_dates_follow_one_another() -> None:
    """A step is due so many working days after the one before it, the first after the order."""
    assert [step.due for step in ORDER.steps] == [
        date(2026, 12, 4),
        date(2026, 12, 9),
        date(2026, 11, 25),
        date(2026, 12, 2),
    ]
