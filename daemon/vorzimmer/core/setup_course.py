"""The course of a set-up order, from the booking to the last step done: pure functions from an order to an order.

Each option goes its steps one after the other, beside the other options. A step that has begun waits for its owner to
answer (to say that it will be done, or what is missing) or to do it; whoever of the house does not answer for three
days is told to the lead, and again after three more. Three days are three times 24 hours, weekends or not: who cannot
answer on a Sunday does so on Monday, and the lead is told on Monday what was asked on Friday.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from vorzimmer.core.price_list import Role, Unfit
from vorzimmer.core.setup_order import CLIENT, Item, Order, OrderState, Step, StepState

PATIENCE = timedelta(days=3)
"""Without an answer, after which the lead is told."""


class NotNow(Exception):
    """It does not fit where the order is; the text says why."""


def begin(order: Order, at: datetime) -> Order:
    """The order with the next step of each option begun, where none of that option is under way."""
    busy = {step.option for step in order.steps if step.state in (StepState.WAITING, StepState.ANSWERED)}
    steps = []
    for step in order.steps:
        if step.state is StepState.OPEN and step.option not in busy:
            busy.add(step.option)
            begun = replace(step, state=StepState.WAITING, asked_of=step.owner.value, asked_at=at, escalations=0)
            steps.append(begun)
        else:
            steps.append(step)
    return replace(order, steps=tuple(steps))


def ask(order: Order, n: int, of: str, question: str, at: datetime) -> Order:
    """Somebody is asked about a step, and an answer is waited for.

    Raises:
        NotNow: order or step are over. KeyError: there is no such step.
    """
    return _with(order, n, lambda step: replace(
        step, state=StepState.WAITING, asked_of=of, asked_at=at, question=question, answer="",
        answered_by=None, answered_at=None, escalations=0,
    ))  # fmt: skip


def answer(order: Order, n: int, text: str, by: str, at: datetime) -> Order:
    """What was asked about a step is answered.

    Raises:
        NotNow: order or step are over, or nobody waits for an answer. KeyError: there is no such step.
        Unfit: the answer says nothing.
    """
    if not text:
        raise Unfit("text", "an answer says something")

    def answered(step: Step) -> Step:
        if step.state is StepState.ANSWERED:
            raise NotNow(f"step {n} was answered already, by {step.answered_by}")
        if step.state is StepState.OPEN:
            raise NotNow(f"step {n} has not begun: nobody waits for an answer")
        return replace(step, state=StepState.ANSWERED, answer=text, answered_by=by, answered_at=at)

    return _with(order, n, answered)


def finish(order: Order, n: int, by: str, at: datetime) -> Order:
    """A step is done; the next of its option begins, and after the last one the order is done.

    Raises:
        NotNow: order or step are over. KeyError: there is no such step.
    """
    done = _with(order, n, lambda step: replace(step, state=StepState.DONE, closed_by=by, closed_at=at))
    return _closed_if_over(begin(done, at), at)


def drop(order: Order, n: int, by: str, at: datetime) -> Order:
    """A step cannot be done or is not wanted: its option will not be had, and what is left of it is cancelled.

    Raises:
        NotNow: order or step are over. KeyError: there is no such step.
    """
    option = _with(order, n, lambda step: step).steps[n - 1].option
    return _closed_if_over(_cancelled(order, {option}, by, at), at)


def cancel(order: Order, by: str, at: datetime) -> Order:
    """Nothing more of the order is wanted; what is done stays done.

    Raises:
        NotNow: the order is over.
    """
    _require_open(order)
    return _closed_if_over(_cancelled(order, {step.option for step in order.steps}, by, at), at)


def had(order: Order) -> tuple[Item, ...]:
    """The items that are set up: those of which every step is done."""
    missing = {step.option for step in order.steps if step.state is not StepState.DONE}
    return tuple(item for item in order.items if item.option not in missing)


def newly_charged(before: Order, after: Order) -> tuple[Item, ...]:
    """The items that the change has completed and that cost something: each is charged once, when it is had."""
    known = {item.option for item in had(before)}
    return tuple(item for item in had(after) if item.option not in known and item.price > 0)


def newly_asked(before: Order, after: Order) -> tuple[Step, ...]:
    """The steps that wait for an answer since the change."""
    was = {step.n: step for step in before.steps}
    return tuple(step for step in after.steps if step.state is StepState.WAITING and step != was[step.n])


def due_letters(order: Order, now: datetime) -> tuple[Step, ...]:
    """The steps of which the lead is to be told now, each with its new count of `escalations`.

    Once after `PATIENCE` without an answer, and once for each more of it; what was missed meanwhile is told once. The
    client is never told on, for it is the house that waits for it; nor the lead to itself.
    """
    return tuple(
        replace(step, escalations=count)
        for step in order.steps
        if order.state is OrderState.OPEN
        and step.state is StepState.WAITING
        and step.asked_at is not None
        and step.asked_of not in (CLIENT, Role.LEAD)
        and (count := (now - step.asked_at) // PATIENCE) > step.escalations
    )


def _with(order: Order, n: int, changed: Callable[[Step], Step]) -> Order:
    """The order with one step changed, if that is still possible."""
    found = next((step for step in order.steps if step.n == n), None)
    if found is None:
        raise KeyError(n)
    if found.state is StepState.DONE:
        raise NotNow(f"step {n} is done already: by {found.closed_by}, on {found.closed_at:%Y-%m-%d}")
    if found.state is StepState.CANCELLED:
        raise NotNow(f"step {n} was cancelled by {found.closed_by}, on {found.closed_at:%Y-%m-%d}")
    return replace(order, steps=tuple(changed(step) if step.n == n else step for step in order.steps))


def _require_open(order: Order) -> None:
    if order.state is not OrderState.OPEN:
        raise NotNow(f"order {order.id} is {order.state.value} already, since {order.closed_at:%Y-%m-%d}")


def _cancelled(order: Order, options: set[str], by: str, at: datetime) -> Order:
    steps = (
        replace(step, state=StepState.CANCELLED, closed_by=by, closed_at=at)
        if step.option in options and not step.state.over
        else step
        for step in order.steps
    )
    return replace(order, steps=tuple(steps))


def _closed_if_over(order: Order, at: datetime) -> Order:
    if not all(step.state.over for step in order.steps):
        return order
    state = OrderState.DONE if had(order) else OrderState.CANCELLED
    return replace(order, state=state, closed_at=at)
