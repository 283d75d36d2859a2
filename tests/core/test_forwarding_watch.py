"""The forwarding watchdog decides: what is rung when and how often, what a check says, and what is told of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import make_client
from vorzimmer.core.client import Client
from vorzimmer.core.forwarding_watch import (
    ATTEMPTS,
    LATE,
    RETRY,
    Done,
    Due,
    Return,
    Rules,
    Seen,
    Told,
    Verdict,
    due,
    judge,
    spread,
    to_tell,
)

BERLIN = ZoneInfo("Europe/Berlin")
DID, OTHER, OWN = "+4989123456", "+4989123457", "+4989777"
RULES = Rules(timedelta(minutes=60), per_day=1000, per_client=10)
MONDAY = datetime(2026, 11, 23, tzinfo=BERLIN)
EIGHT = MONDAY.replace(hour=8)


def watched(name: str = "mueller", **fields: Any) -> Client:
    """A client who is open from 8 to 18 on workdays and has one own number."""
    own = [{"number": OWN, "did": DID}]
    return make_client(
        **{"id": name, "hours": {"mon-fri": ["08:00-18:00"]}, "dids": [DID], "own_numbers": own} | fields
    )


def rings(*clients: Client, rules: Rules = RULES, begin: datetime = MONDAY, hours: float = 24) -> list[Due]:
    """Everything that is rung in so many hours, looked at each minute; each check finds the number forwarded."""
    found: list[Due] = []
    for minute in range(int(hours * 60)):
        at = begin + timedelta(minutes=minute)
        done = [Done(one.client, one.own.number, one.at, Verdict.FORWARDED, one.opening) for one in found]
        found += due(clients, done, rules, at, begin)
    return found


@pytest.mark.parametrize(
    ("returns", "rest", "verdict", "reason"),
    [
        ([Return(DID)], {"seconds": 1.24}, Verdict.FORWARDED, "came back on +4989123456 after 1.2 s"),
        ([Return(DID, marked=True, diverted=True)], {}, Verdict.FORWARDED, "came back"),
        ([Return(DID)], {"answered": True}, Verdict.FORWARDED, "came back"),
        ([Return(OTHER)], {}, Verdict.WRONG_DID, "forwarded to +4989123457 instead of +4989123456"),
        ([Return(DID), Return(DID)], {}, Verdict.LOOP, "came back 2 times: on +4989123456, +4989123456"),
        ([Return(DID), Return(OTHER)], {}, Verdict.LOOP, "came back 2 times"),
        ([Return(DID, marked=True)], {}, Verdict.LOOP, "our own call was sent back to us"),
        ([], {"answered": True, "seconds": 4.0}, Verdict.NOT_FORWARDED, "answered after 4 s; we hung up at once"),
        ([], {"cause": 17}, Verdict.NOT_FORWARDED, "it is busy"),
        ([], {"cause": 19}, Verdict.NOT_FORWARDED, "nobody answers there"),
        ([], {"cause": 1}, Verdict.NOT_FORWARDED, "not in service"),
        ([], {"cause": 99}, Verdict.NOT_FORWARDED, "ended there (cause 99)"),
        ([], {"seconds": 30.0}, Verdict.NOT_FORWARDED, "nothing came back within 30 s"),
        ([], {"cause": 34}, Verdict.NOT_CHECKED, "our line did not carry the call (cause 34)"),
    ],
)
def test_what_was_seen_is_judged(returns: list[Return], rest: dict[str, Any], verdict: Verdict, reason: str) -> None:
    """Each thing that can happen to the call has one verdict, and a sentence that names what happened."""
    finding = judge(DID, Seen(tuple(returns), **rest))
    assert finding.verdict is verdict
    assert reason in finding.reason


@pytest.mark.parametrize(
    ("fields", "openings"),
    [
        ({}, ["08:00"]),
        ({"lunch": ["12:00-13:00"]}, ["08:00"]),
        ({"hours": {"mon": ["08:00-12:00", "15:00-18:00"]}}, ["08:00", "15:00"]),
        ({"hours": {"mon": ["00:30-12:00"]}}, ["00:30"]),
        ({"hours": "always"}, ["08:00"]),
        ({"hours": {"daily": ["04:00-22:00"]}}, ["04:00"]),
        ({"hours": "always", "timezone": "America/New_York"}, ["14:00"]),
        ({"vacations": [{"first": "2026-11-23", "last": "2026-11-30"}]}, []),
        ({"special_days": [{"date": "2026-11-23", "hours": ["10:00-11:00"]}]}, ["10:00"]),
        ({"override": {"state": "closed"}}, []),
        ({"override": {"state": "closed", "until": "2026-11-23T09:30:00+01:00"}}, ["09:30"]),
        ({"dids": [{"number": DID, "hours": {"mon": ["11:00-12:00"]}}]}, ["11:00"]),
        ({"own_numbers": [{"number": OWN, "did": DID, "watch": False}]}, []),
        ({"own_numbers": [{"number": OWN, "did": DID}, {"number": "+4989778", "did": DID}]}, ["08:00", "08:00"]),
    ],
)
def test_each_number_is_rung_once_before_each_opening(fields: dict[str, Any], openings: list[str]) -> None:
    """Whatever the hours say: in the hour before, with time left for a second attempt, and not after a short break."""
    found = rings(watched(**fields), begin=MONDAY - timedelta(hours=1), hours=24)
    assert [f"{one.opening.astimezone(BERLIN):%H:%M}" for one in found] == openings
    for one in found:
        assert one.opening - RULES.before <= one.at <= one.opening - ATTEMPTS * RETRY


def test_hundreds_who_open_at_the_same_time_do_not_ring_in_one_minute() -> None:
    """Five hundred at eight: spread over the time before, in no minute more than a few, none forgotten."""
    clients = [
        watched(
            f"client-{n}", dids=[f"+49891{n:05}"], own_numbers=[{"number": f"+49892{n:05}", "did": f"+49891{n:05}"}]
        )
        for n in range(500)
    ]
    found = due(clients, (), Rules(RULES.before, 1000, 1), EIGHT, MONDAY)
    assert len({one.client for one in found}) == 500
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert max(Counter(f"{one.at:%H:%M}" for one in found).values()) <= 25


def test_a_bad_check_is_repeated_once_before_anybody_is_told() -> None:
    """Five minutes later and not again; one that was forwarded, or forwarded at the second attempt, is left alone."""
    client, (first,) = watched(), rings(watched(), hours=8)
    bad = Done("mueller", OWN, first.at, Verdict.NOT_FORWARDED, first.opening)
    assert due([client], [bad], RULES, first.at + RETRY - timedelta(seconds=1), MONDAY) == []
    (again,) = due([client], [bad], RULES, first.at + RETRY, MONDAY)
    assert (again.attempt, again.at) == (2, first.at + RETRY)
    for second in (Verdict.LOOP, Verdict.FORWARDED, Verdict.NOT_CHECKED):
        both = [bad, Done("mueller", OWN, again.at, second, first.opening)]
        assert due([client], both, RULES, EIGHT, MONDAY) == []


def test_what_could_not_be_checked_in_time_is_checked_late_and_then_left() -> None:
    """Half an hour after the opening it is still worth a call; at noon nobody is surprised by one."""
    client = watched()
    assert len(due([client], (), RULES, EIGHT + LATE - timedelta(minutes=1), MONDAY)) == 1
    assert due([client], (), RULES, EIGHT + LATE + timedelta(minutes=1), MONDAY) == []


@given(per_day=st.integers(0, 12), per_client=st.integers(0, 4), made=st.integers(0, 6), old=st.integers(0, 6))
def test_no_budget_is_overrun(per_day: int, per_client: int, made: int, old: int) -> None:
    """Of the house and of each client, with what was rung today, by a person too; what was rung yesterday is free."""
    numbers = [{"number": f"+498977{n}", "did": DID} for n in range(10, 15)]
    clients = [watched(name, own_numbers=numbers) for name in ("mueller", "meier")]
    today = [Done("mueller", OWN, MONDAY + timedelta(hours=1), Verdict.FORWARDED, None)] * made
    yesterday = [Done("meier", OWN, MONDAY - timedelta(hours=1), Verdict.LOOP, None)] * old
    found = due(clients, [*today, *yesterday], Rules(RULES.before, per_day, per_client), EIGHT, MONDAY)
    spent = Counter({"mueller": made}) + Counter(one.client for one in found)
    assert len(found) == 0 or spent.total() <= per_day
    assert all(spent[one.client] <= per_client for one in found)
    room = min(5, max(per_client - made, 0)) + min(5, per_client)
    assert len(found) == max(min(room, per_day - made), 0)


@given(st.text(), st.text(), st.integers(0, 100_000), st.integers(0, 300))
def test_the_spread_leaves_time_for_a_second_attempt(client: str, number: str, minute: int, before: int) -> None:
    """Always within the time before the opening, and the same whoever asks."""
    opening, length = MONDAY + timedelta(minutes=minute), timedelta(minutes=before)
    drawn = spread(client, number, opening, length)
    assert timedelta() <= drawn <= max(length - ATTEMPTS * RETRY, timedelta())
    assert drawn == spread(client, number, opening.astimezone(UTC), length)


@pytest.mark.parametrize(
    ("last", "verdict", "attempt", "told"),
    [
        (None, Verdict.NOT_FORWARDED, 1, None),
        (None, Verdict.NOT_FORWARDED, 2, Told.ALARM),
        (None, Verdict.WRONG_DID, None, None),
        (Told.ALARM, Verdict.LOOP, 2, None),
        (Told.CLEAR, Verdict.LOOP, 2, Told.ALARM),
        (Told.ALARM, Verdict.FORWARDED, 1, Told.CLEAR),
        (Told.ALARM, Verdict.FORWARDED, None, Told.CLEAR),
        (Told.ALARM, Verdict.NOT_CHECKED, 2, None),
        (Told.CLEAR, Verdict.FORWARDED, 1, None),
        (None, Verdict.FORWARDED, 1, None),
    ],
)
def test_each_change_is_told_once(last: Told | None, verdict: Verdict, attempt: int | None, told: Told | None) -> None:
    """An alarm after the second bad attempt, silence while it stays so, an all-clear when it is well again."""
    assert to_tell(last, verdict, attempt) is told
