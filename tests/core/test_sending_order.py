"""Which messages start next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.sending_order import Head, Room, choose


def heads(*words: str) -> list[Head]:
    """`1 a` is the first attempt at message 1 to target a; `2 a again` a retry."""
    split = [word.split() for word in words]
    return [Head(int(number), "webhook", target, "c", bool(rest)) for number, target, *rest in split]


def ids(found: list[Head]) -> list[int]:
    """In the order in which they start."""
    return [head.id for head in found]


def test_first_attempts_go_in_order_and_retries_after_them() -> None:
    """A call that has just ended is not told of after one that failed all night."""
    waiting = heads("1 a again", "2 a", "3 b", "4 a")
    assert ids(choose(waiting, {"webhook": Room(10, 5, 9)}, {})) == [2, 3, 4, 1]


def test_every_fourth_start_is_a_retrys() -> None:
    """Under an endless stream of calls a retry still has its turn, also when places come free one by one."""
    waiting = heads("9 a again", *(f"{n} b" for n in range(1, 9)))
    assert ids(choose(waiting, {"webhook": Room(5, 2, 9)}, {})) == [1, 2, 3, 9, 4]
    assert ids(choose(waiting, {"webhook": Room(1, 2, 9, since_retry=3)}, {})) == [9]
    assert ids(choose(waiting, {"webhook": Room(1, 2, 9, since_retry=2)}, {})) == [1]


def test_retries_take_only_their_places() -> None:
    """Places stay free for the next call, although retries wait."""
    waiting = heads(*(f"{n} a again" for n in range(1, 9)))
    assert ids(choose(waiting, {"webhook": Room(6, 2, 9)}, {})) == [1, 2]


def test_a_full_target_holds_up_no_other() -> None:
    """Its messages wait; the next target's go."""
    waiting = heads("1 a", "2 a", "3 b", "4 a again")
    assert ids(choose(waiting, {"webhook": Room(9, 4, 9)}, {("webhook", "a"): 1})) == [1, 3]


def test_a_full_lane_takes_nothing() -> None:
    """Nor does a channel that is not asked for."""
    assert choose(heads("1 a"), {"webhook": Room(0, 0, 9)}, {}) == []
    assert choose(heads("1 a"), {}, {}) == []


@given(
    waiting=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30),
    places=st.integers(0, 12),
    retries=st.integers(1, 6),
    room=st.integers(0, 4),
)
def test_limits_hold_and_orders_are_kept(waiting: list[tuple[str, bool]], places: int, retries: int, room: int) -> None:
    """Never more than fit, never a later first attempt to a target before an earlier one, nothing twice."""
    line = [Head(n, "webhook", target, "c", again) for n, (target, again) in enumerate(waiting)]
    found = choose(line, {"webhook": Room(places, retries, room)}, {})
    assert len(found) <= places
    assert len({head.id for head in found}) == len(found)
    assert sum(head.again for head in found) <= retries
    for target in "abc":
        mine = [head for head in found if head.target == target]
        assert len(mine) <= room
        first = [head.id for head in mine if not head.again]
        assert first == [head.id for head in line if head.target == target and not head.again][: len(first)]
