"""When the operator is told of trouble: by tables, and whatever happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import START
from vorzimmer.core.service_alarm import (
    AGAIN,
    APART,
    MOST_TEXTS,
    PATIENCE,
    Seen,
    Sign,
    State,
    Turn,
    What,
    observe,
)

TRUNK = Sign(What.TRUNK, "trunk", "the trunk cannot be reached")
NOBODY = Sign(What.NOBODY, "anna", "nobody can be reached of anna")
LASTING = tuple(PATIENCE)


def at(seconds: float) -> datetime:
    """So many seconds after the first look."""
    return START + timedelta(seconds=seconds)


def told(looks: Iterable[tuple[float, Seen]]) -> list[tuple[float, Turn, What]]:
    """What is told, and when."""
    state, found = State(), []
    for second, seen in looks:
        state, alarms = observe(state, seen, at(second))
        found += [(second, alarm.turn, alarm.what) for alarm in alarms]
    return found


def every(seconds: float, until: float, seen: Seen, since: float = 0) -> list[tuple[float, Seen]]:
    """The same seen at each look."""
    return [(since + n * seconds, seen) for n in range(int((until - since) / seconds))]


HERE, GONE = Seen((TRUNK,)), Seen()


def test_what_lasts_is_told_at_its_beginning_each_hour_and_at_its_end() -> None:
    """Of a trunk that is away for two hours: after half a minute, an hour later, and when it is back for a minute."""
    looks = [*every(5, 7000, HERE), *every(5, 7200, GONE, 7000)]
    assert told(looks) == [
        (30, Turn.BEGINS, What.TRUNK),
        (3630, Turn.GOES_ON, What.TRUNK),
        (7055, Turn.OVER, What.TRUNK),
    ]


def test_what_is_short_is_never_told() -> None:
    """A telephone that registers anew, a daemon that is started anew: again and again, and nobody is woken."""
    looks = [(n * 5.0, HERE if n % 6 else GONE) for n in range(200)]
    assert told(looks) == []


def test_what_comes_and_goes_is_one_trouble() -> None:
    """Once told, it is over only when it stays over."""
    looks = [*every(5, 60, HERE), *((60 + n * 5.0, HERE if n % 8 == 0 else GONE) for n in range(100))]
    assert [turn for _, turn, _ in told(looks)] == [Turn.BEGINS]


def test_what_cannot_be_seen_is_neither_there_nor_over() -> None:
    """While the calls process is away nothing is said of the queue; back again it is as before."""
    blind = Seen(unknown=frozenset({What.TRUNK}))
    looks = [*every(5, 60, HERE), *every(5, 600, blind, 60), *every(5, 700, HERE, 600), *every(5, 800, GONE, 700)]
    assert [turn for _, turn, _ in told(looks)] == [Turn.BEGINS, Turn.OVER]
    assert told([(0, HERE), *every(5, 600, blind, 5)]) == []


def test_what_happens_is_told_at_once_and_the_rest_of_the_hour_together() -> None:
    """One dead message is told; ten more within the hour are one mail at its end; then it is quiet."""
    dead = Seen(happened=(Sign(What.DEAD, "1", "message 1"),))
    looks = [(n * 60.0, dead if n <= 10 else GONE) for n in range(200)]
    assert told(looks) == [(0, Turn.HAPPENED, What.DEAD), (3600, Turn.HAPPENED, What.DEAD)]


def test_many_are_counted_and_some_are_named() -> None:
    """A thousand callers who give up are one alarm."""
    signs = tuple(Sign(What.ABANDONED, str(n), f"caller {n}") for n in range(1000))
    _, (alarm,) = observe(State(), Seen(happened=signs), START)
    assert (alarm.count, alarm.texts) == (1000, tuple(f"caller {n}" for n in range(MOST_TEXTS)))


def test_several_at_a_time_go_together_the_worst_first() -> None:
    """One telling holds all that is due; what begins right behind waits a minute for its companions."""
    happened = (Sign(What.DEAD, "1", "message 1"),)
    state, _ = observe(State(), Seen((TRUNK, NOBODY)), START)
    state, alarms = observe(state, Seen((TRUNK, NOBODY), happened), at(60))
    assert [(alarm.turn, alarm.what) for alarm in alarms] == [
        (Turn.BEGINS, What.NOBODY),
        (Turn.BEGINS, What.TRUNK),
        (Turn.HAPPENED, What.DEAD),
    ]
    more = (Sign(What.ABANDONED, "1", "a caller"),)
    state, alarms = observe(state, Seen((TRUNK, NOBODY), more), at(65))
    assert alarms == ()
    _, alarms = observe(state, Seen((TRUNK, NOBODY)), at(120))
    assert [alarm.what for alarm in alarms] == [What.ABANDONED]


@pytest.mark.parametrize("jump", [-86400.0, 86400.0], ids=["back", "forward"])
def test_a_clock_that_jumps_silences_nobody(jump: float) -> None:
    """Set back or forward by a day: what is wrong is told, not after that day."""
    state, _ = observe(State(), HERE, START)
    state, alarms = observe(state, HERE, at(40))
    assert alarms
    turns = []
    for n in range(40):
        state, alarms = observe(state, GONE, at(jump + 5 * n))
        turns += [alarm.turn for alarm in alarms]
    assert turns == [Turn.OVER]
    _, alarms = observe(state, Seen(happened=(Sign(What.DEAD, "1", "message 1"),)), at(jump + 400))
    assert [alarm.what for alarm in alarms] == [What.DEAD]


signs = st.builds(Sign, st.sampled_from(LASTING), st.sampled_from(["a", "b"]), st.just("text"))
events = st.builds(Sign, st.sampled_from([What.DEAD, What.ABANDONED]), st.just("1"), st.just("text"))
sights = st.builds(
    Seen,
    st.lists(signs, max_size=4, unique_by=lambda sign: (sign.what, sign.about)).map(tuple),
    st.lists(events, max_size=3).map(tuple),
    st.frozensets(st.sampled_from(LASTING), max_size=2),
)
courses = st.lists(st.tuples(st.integers(1, 1200), sights), max_size=60)


@given(courses)
def test_whatever_happens_alarms_alternate_and_are_few(course: list[tuple[int, Seen]]) -> None:
    """Begin, perhaps again, over, and so on; never twice in a minute; what lasts at most each hour; nothing is lost."""
    state, now = State(), START
    begun: set[tuple[What, str]] = set()
    last: dict[tuple[What, str], datetime] = {}
    mails: list[datetime] = []
    counted = happened = 0
    for pause, seen in course:
        now += timedelta(seconds=pause)
        happened += len(seen.happened)
        state, alarms = observe(state, seen, now)
        if alarms:
            assert not mails or now - mails[-1] >= APART
            mails.append(now)
        for alarm in alarms:
            key = (alarm.what, alarm.about)
            match alarm.turn:
                case Turn.BEGINS:
                    assert key not in begun
                    begun.add(key)
                case Turn.GOES_ON:
                    assert key in begun
                    assert now - last[key] >= AGAIN
                case Turn.OVER:
                    begun.remove(key)
                case Turn.HAPPENED:
                    assert key not in last or now - last[key] >= AGAIN
                    counted += alarm.count
            last[key] = now
            assert alarm.since <= now
    for n in range(3):
        state, alarms = observe(state, Seen(), now + (n + 1) * AGAIN)
        counted += sum(alarm.count for alarm in alarms if alarm.turn is Turn.HAPPENED)
        begun -= {(alarm.what, alarm.about) for alarm in alarms if alarm.turn is Turn.OVER}
    assert counted == happened
    assert begun == set()
    assert state == State(told=state.told)
