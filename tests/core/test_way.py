"""Where a call goes in its plan: down the chain, into menus and out of them."""

from __future__ import annotations

import pytest

from tests.core.examples import START, event
from tests.core.menus import BACK, CALLBACK, GROUP, MACHINE, MAIN, QUEUE, SAY, menu, planned, to, with_menus
from vorzimmer.core.ledger import Kind
from vorzimmer.core.menu import OTHERWISE
from vorzimmer.core.plan import Plan
from vorzimmer.core.resume import arrival, incoming_of, place_in, place_of_target, routed
from vorzimmer.core.way import OUT, Place, Turn, begin, deed_at, onward, places, read, still, told

MAIN_MENU = menu("main", {"1": [GROUP, SAY], "5": [to("dates"), CALLBACK]}, QUEUE)
DATES = menu("dates", {"0": [BACK], "2": [QUEUE], "9": [MAIN], "*": [to("dates")]})
PLAN = planned(with_menus(MAIN_MENU, DATES, chain=(MAIN, MACHINE)))
"""Answer, the menus, answering machine."""

NESTED = Place(1, (Turn("main", "5"), Turn("dates")))
"""Asked in the second menu."""


def walked(plan: Plan, *outcomes: str) -> list[str]:
    """What is done, one step after another; each outcome is a key, or "-" for a step that served nobody."""
    place = begin(plan)
    done = []
    for outcome in (*outcomes, "-"):
        if place is None:
            break
        done.append(type(deed_at(plan, place)).__name__)
        place = onward(plan, place, OTHERWISE if outcome == "-" else outcome)
    return done


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("--", ["Answer", "Ask", "Queue"]),
        ("---", ["Answer", "Ask", "Queue", "Machine"]),
        ("-1--", ["Answer", "Ask", "RingGroup", "Announce", "Machine"]),
        ("-7-", ["Answer", "Ask", "Queue", "Machine"]),
        ("-5--", ["Answer", "Ask", "Ask", "CallBack", "Machine"]),
        ("-52--", ["Answer", "Ask", "Ask", "Queue", "CallBack", "Machine"]),
        ("-50--", ["Answer", "Ask", "Ask", "Ask", "Queue", "Machine"]),
        ("-59-", ["Answer", "Ask", "Ask", "Ask", "Queue"]),
        ("-5**0-", ["Answer", "Ask", "Ask", "Ask", "Ask", "Ask", "Queue"]),
    ],
)
def test_the_way(outcomes: str, expected: list[str]) -> None:
    """Behind a key its steps; who is not served goes on where the menu was entered; a menu above is asked again."""
    assert walked(PLAN, *outcomes) == expected


def test_enough_is_enough() -> None:
    """Asked too often, the caller leaves all menus at once and goes on behind them."""
    after = onward(PLAN, NESTED, OUT)
    assert after == Place(2)


def test_a_menu_is_not_entered_within_itself() -> None:
    """However often keys lead round in a circle, no more is remembered than one turn of each menu."""
    place = begin(PLAN, 1)
    for key in "595*9" * 20:
        assert place is not None
        place = onward(PLAN, place, key)
    assert place is not None
    assert len(place.turns) <= 2


@pytest.mark.parametrize("place", [Place(2), NESTED, Place(1, (Turn("main", "1", 1),))])
def test_the_ledger_keeps_a_place(place: Place) -> None:
    """What it says of a place is the place; one outside menus looks as it did before there were menus."""
    assert read(told(place)) == place
    assert told(Place(2)) == {"n": 2}


class TestResumed:
    """A daemon that comes back finds the caller's menu again, as far as there still is one."""

    def test_the_same_menu(self) -> None:
        """Asked in the second menu before, asked there again."""
        known = [
            event(0, Kind.ARRIVED, **arrival(incoming_of(event(0, Kind.ARRIVED, dialled="+4989")))),
            event(1, Kind.ROUTED, **routed(PLAN)),
            event(2, Kind.STEP, 3, **told(NESTED), step="Ask"),
        ]
        assert place_in(PLAN, known) == NESTED
        assert known[2].at > START

    @pytest.mark.parametrize(
        ("place", "expected"),
        [
            (Place(1, (Turn("main", "8"), Turn("dates"))), Place(1, (Turn("main"),))),
            (Place(1, (Turn("main", "1", 7),)), Place(1, (Turn("main"),))),
            (Place(1, (Turn("main", "1"), Turn("dates"))), Place(1, (Turn("main"),))),
            (Place(1, (Turn("gone"),)), Place(1, (Turn("main"),))),
            (Place(1, (Turn("main", "5"), Turn("dates", "2"))), Place(1, (Turn("main", "5"), Turn("dates", "2")))),
            (Place(2, (Turn("main"),)), Place(2)),
            (Place(9), None),
        ],
    )
    def test_a_menu_that_is_another_now(self, place: Place, expected: Place | None) -> None:
        """The caller is asked again in the last menu that is still as it was."""
        assert still(PLAN, place) == expected

    def test_what_is_dialled_in_a_menu_is_found(self) -> None:
        """A telephone that talks with a caller whose ledger is lost is known by the step behind the key."""
        assert place_of_target(PLAN, "first-2") == Place(1, (Turn("main", "1"),))
        assert all(deed_at(PLAN, place) is deed for place, deed in places(PLAN))
