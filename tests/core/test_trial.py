"""When a trial is over."""

from __future__ import annotations

from datetime import date

import pytest

from tests.core.tariffs import tariff
from vorzimmer.core.stretches import Contract
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.trial import Trial, trial_over

SINCE = date(2026, 11, 10)
WITH = tariff({"kind": "recurring", "amount": "1"}, trial_days=7)
WITHOUT = tariff({"kind": "recurring", "amount": "1"})


@pytest.mark.parametrize(("day", "over"), [(16, False), (17, True), (23, True), (24, False)])
def test_seven_days_from_the_beginning(day: int, *, over: bool) -> None:
    """From the 10th: the 16th is the last one; a week later nobody wants to know any more."""
    found = trial_over(Contract("t", SINCE, trial=True), [WITH], date(2026, 11, day))
    assert found == (Trial(SINCE, date(2026, 11, 16)) if over else None)


@pytest.mark.parametrize(
    ("contract", "versions"),
    [
        (Contract("t", SINCE), [WITH]),
        (Contract("t", SINCE, trial=True), [WITHOUT]),
        (Contract("t", SINCE, trial=True), []),
        (Contract("t", SINCE, date(2026, 11, 16), trial=True), [WITH]),
    ],
    ids=["without trial", "a tariff without one", "no tariff", "ended with it"],
)
def test_there_is_none(contract: Contract, versions: list[Tariff]) -> None:
    """Nothing is written then."""
    assert trial_over(contract, versions, date(2026, 11, 17)) is None
