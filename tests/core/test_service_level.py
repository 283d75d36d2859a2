"""The figures of a day."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.service_level import Served, by_client, figures, formula


def call(
    disposition: Disposition, wait: str, talk: str = "0", *, overflowed: bool = False, wrap_up: str | None = None
) -> Served:
    """A call of one client."""
    wrapped = None if wrap_up is None else Decimal(wrap_up)
    return Served("kanzlei", disposition, overflowed, Decimal(wait), Decimal(talk), wrapped)


ANSWERED, ABANDONED = Disposition.ANSWERED, Disposition.ABANDONED

DAY = (
    call(ANSWERED, "5.000", "60", wrap_up="10"),
    call(ANSWERED, "20.000", "120", wrap_up="20"),
    call(ANSWERED, "20.001", "30"),
    call(ABANDONED, "4.999"),
    call(ABANDONED, "5.000"),
    call(Disposition.FORWARDED, "40", overflowed=True),
    call(Disposition.MESSAGE, "50", overflowed=True),
)


def test_a_day() -> None:
    """Counts, means of the answered ones, and the level by its formula: exactly at the target is within."""
    found = figures(DAY)
    assert (found.offered, found.answered, found.within, found.abandoned, found.overflowed) == (7, 3, 2, 2, 2)
    assert found.level == Decimal(2) / 5
    assert (found.mean_talk, found.mean_wrap_up) == (Decimal(70), Decimal(15))
    assert found.mean_wait == Decimal("45.001") / 3


def test_who_gives_up_at_once_can_be_left_out() -> None:
    """A misdialled call says nothing about us: below the threshold it counts neither as abandoned nor in the level."""
    found = figures(DAY, short=5)
    assert (found.offered, found.abandoned, found.gone_at_once) == (7, 1, 1)
    assert found.level == Decimal(2) / 4


def test_the_target_is_a_parameter() -> None:
    """Another promise, another level."""
    assert figures(DAY, target=5).within == 1
    assert figures(DAY, target=20.001).within == 3


@pytest.mark.parametrize(
    "disposition", [Disposition.MESSAGE, Disposition.ANNOUNCED, Disposition.BLOCKED, Disposition.FORWARDED]
)
def test_calls_that_were_not_for_agents_count_nowhere(disposition: Disposition) -> None:
    """The machine at night, a blocked caller, a forward that is the rule: nobody was to answer them."""
    assert figures([call(disposition, "3")]).offered == 0


def test_without_calls_there_is_no_level() -> None:
    """Not 0 and not 100 per cent."""
    found = figures([])
    assert (found.offered, found.level, found.mean_wait, found.mean_talk, found.mean_wrap_up) == (0, *[None] * 4)


def test_each_client_has_its_own_figures() -> None:
    """By id in order; together they are the total, but for calls to numbers of nobody."""
    other = Served("arzt", ANSWERED, overflowed=False, wait=Decimal(1), talk=Decimal(10))
    nobody = Served(None, ABANDONED, overflowed=False, wait=Decimal(9), talk=Decimal(0))
    found = by_client([*DAY, other, nobody])
    assert list(found) == ["arzt", "kanzlei"]
    assert found["kanzlei"] == figures(DAY)
    assert found["arzt"].level == 1


@pytest.mark.parametrize(
    ("short", "says"),
    [
        (0, "answered within 20 s of arrival ÷ (answered + abandoned)"),
        (5, "answered within 20 s of arrival ÷ (answered + abandoned, without those who gave up within 5 s)"),
    ],
)
def test_the_formula_says_what_was_computed(short: float, says: str) -> None:
    """The figure is never shown without it."""
    assert formula(20, short) == says
