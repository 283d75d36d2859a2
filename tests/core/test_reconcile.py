"""Asterisk's records against ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import START
from tests.core.test_witness import completed, told
from vorzimmer.core.cdr import Cdr, Disposition
from vorzimmer.core.reconcile import TOLERANCE, TRIES, Finding, Kind, Underway, Window, compare
from vorzimmer.core.witness import Witness

WINDOW = Window(START, START + timedelta(hours=1))
NOTHING = Underway({})


def after(seconds: float) -> datetime:
    """An instant of the call."""
    return START + timedelta(seconds=seconds)


def differences(witness: Witness | None, cdr: Cdr | None, underway: Underway = NOTHING) -> tuple[Finding, ...]:
    """The findings about one call."""
    theirs = {} if witness is None else {"call-1": witness}
    ours = {} if cdr is None else {"call-1": cdr}
    return compare(theirs, ours, WINDOW, underway).findings


WITNESS = told(lasts=60, answered=5)
OURS = completed(WITNESS)


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, []),
        ({"started_at": START + TRIES}, []),
        ({"started_at": START + TRIES + timedelta(seconds=1)}, [Kind.TIMES]),
        ({"started_at": START - TOLERANCE}, []),
        ({"started_at": START - TOLERANCE - timedelta(seconds=1)}, [Kind.TIMES]),
        ({"answered_at": after(5) + TOLERANCE}, []),
        ({"answered_at": after(8)}, [Kind.TIMES]),
        ({"answered_at": after(2)}, [Kind.TIMES]),
        ({"answered_at": None}, [Kind.ANSWER]),
        ({"ended_at": after(60) - TOLERANCE}, []),
        ({"ended_at": after(57)}, [Kind.TIMES]),
        ({"ended_at": after(63)}, [Kind.TIMES]),
        ({"answered_at": None, "ended_at": after(7200)}, [Kind.ANSWER, Kind.TIMES]),
    ],
)
def test_times_may_differ_a_little(changed: dict[str, datetime | None], kinds: list[Kind]) -> None:
    """Two seconds are two notes of one instant; a start is as late as the dialplan's tries; more is a difference."""
    found = differences(WITNESS, replace(OURS, **changed))  # type: ignore[arg-type]  # fields by name
    assert [finding.kind for finding in found] == kinds


def test_a_call_that_we_make_begins_with_the_agent() -> None:
    """Asterisk's record of it is of one of two channels; and nobody need have been dialled at all."""
    ours = replace(OURS, direction="out", started_at=START - timedelta(seconds=40), answered_at=after(30))
    assert differences(WITNESS, ours) == ()
    assert differences(None, replace(ours, disposition=Disposition.UNREACHED)) == ()
    assert [finding.kind for finding in differences(None, ours)] == [Kind.UNWITNESSED]


def test_answer_of_ours_alone() -> None:
    """That Asterisk does not know of an answer is said in other words than that we do not."""
    [ours] = differences(told(lasts=60), OURS)
    [theirs] = differences(WITNESS, replace(OURS, answered_at=None))
    assert ours.what == "our CDR says that the call was answered (failed), Asterisk that it was not"
    assert theirs.what == "Asterisk answered the call, our CDR says that nobody did (failed)"


@pytest.mark.parametrize(
    ("witness", "underway", "kind", "cause"),
    [
        (WITNESS, NOTHING, Kind.MISSING, "the journal was lost before"),
        (WITNESS, Underway({}, begun={"call-1"}), Kind.MISSING, "the journal was lost after"),
        (WITNESS, Underway({}, begun={"call-1"}, refused={"call-1"}), Kind.REFUSED, "rejected.jsonl"),
        (replace(WITNESS, application="Record"), NOTHING, Kind.MISSING, "the dialplan answered alone"),
        (replace(told(lasts=0), application="Set"), NOTHING, Kind.MISSING, "the caller left before"),
    ],
)
def test_missing_call_has_a_likely_cause(witness: Witness, underway: Underway, kind: Kind, cause: str) -> None:
    """Where the call got lost is read off what is left of it."""
    [finding] = differences(witness, None, underway)
    assert (finding.kind, finding.at) == (kind, witness.ended_at)
    assert cause in str(finding)


def test_call_that_asterisk_does_not_know() -> None:
    """It is listed, whatever became of it."""
    [finding] = differences(None, OURS)
    assert (finding.kind, finding.at) == (Kind.UNWITNESSED, OURS.ended_at)


@pytest.mark.parametrize("end", [None, WITNESS.ended_at])
def test_call_on_its_way_is_not_missing(end: datetime | None) -> None:
    """It is postponed, and the next comparison begins with it."""
    compared = compare({"call-1": WITNESS}, {}, WINDOW, Underway({"call-1": end}))
    assert compared.findings == ()
    assert (compared.checked, compared.postponed) == (0, frozenset({"call-1"}))
    assert compared.judged_until == WITNESS.ended_at
    stored = compare({"call-1": WITNESS}, {"call-1": OURS}, WINDOW, Underway({"call-1": end}))
    assert (stored.findings, stored.checked, stored.judged_until) == ((), 1, WINDOW.until)


def test_call_on_its_way_that_asterisk_does_not_know_is_waited_for() -> None:
    """An end that only the journal has is compared once it is stored, and a call that lives not at all."""
    compared = compare({}, {}, WINDOW, Underway({"ended": after(9), "living": None}))
    assert (compared.postponed, compared.judged_until) == (frozenset({"ended"}), after(9))


@pytest.mark.parametrize(
    ("seconds", "checked"),
    [(-0.001, 0), (0, 1), (3599.999, 1), (3600, 0)],
)
def test_each_call_belongs_to_one_window(seconds: float, checked: int) -> None:
    """Windows that follow one another judge each call once: by its end, by Asterisk's clock where it knows."""
    witness = replace(told(), started_at=after(-100), ended_at=after(seconds))
    assert compare({"call-1": witness}, {}, WINDOW, NOTHING).checked == checked
    ours = replace(OURS, ended_at=after(-50))
    assert compare({"call-1": witness}, {"call-1": ours}, WINDOW, NOTHING).checked == checked
    alone = replace(OURS, ended_at=after(seconds))
    assert compare({}, {"call-1": alone}, WINDOW, NOTHING).checked == checked


seconds = st.integers(0, 3599)


@st.composite
def witnesses(draw: st.DrawFn) -> Witness:
    """Any call of the hour."""
    lasts = draw(seconds)
    answered = draw(st.none() | st.integers(0, lasts))
    application = draw(st.sampled_from(["Stasis", "Set", "Record", ""]))
    return replace(told(draw(st.sampled_from("abcdef")), lasts, answered), application=application)


@given(
    st.lists(witnesses()), st.dictionaries(st.sampled_from("abcdefg"), st.none()), st.sets(st.sampled_from("abcdefg"))
)
def test_completing_leaves_nothing_to_complete(
    records: list[Witness], living: dict[str, None], stored: set[str]
) -> None:
    """Every call is either compared or postponed; once completed, the next comparison finds nothing missing."""
    theirs = {record.call_id: record for record in records}
    ours = {call_id: replace(OURS, call_id=call_id) for call_id in stored}
    underway = Underway(living)
    first = compare(theirs, ours, WINDOW, underway)
    assert first.checked + len(first.postponed) == len(theirs.keys() | ours.keys())
    assert not first.differing & first.postponed
    missing = [finding for finding in first.findings if finding.kind is Kind.MISSING]
    assert {finding.call_id for finding in missing} == theirs.keys() - ours.keys() - living.keys()
    after_it = ours | {finding.call_id: completed(theirs[finding.call_id]) for finding in missing}
    second = compare(theirs, after_it, WINDOW, underway)
    assert second.findings == tuple(finding for finding in first.findings if finding not in missing)
