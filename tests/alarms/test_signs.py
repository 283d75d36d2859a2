"""What of the wall is a sign of trouble."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.core.agents import make_agent
from tests.core.examples import START, make_client, make_groups
from tests.core.menus import menu, with_menus
from vorzimmer.alarms.signs import Limits, of_line, of_people, of_trunk
from vorzimmer.control.wall import AgentSeen, Caller, View
from vorzimmer.core.directory import Directory
from vorzimmer.core.presence import State
from vorzimmer.core.service_alarm import What

QUEUE = {"open": {"chain": [{"to": "queue"}]}}
CLOSED = {"hours": {"mon-fri": ["20:00-21:00"]}}


def waits(seconds: float, call: str = "1") -> Caller:
    """Somebody who has been waiting for so long at START."""
    return Caller(call=call, client="kanzlei", since=START - timedelta(seconds=seconds), place=1)


def seen(name: str, state: State = State.AVAILABLE, *, reachable: bool = True, expected: bool = False) -> AgentSeen:
    """An agent on the wall."""
    return AgentSeen(
        agent=name,
        name=name.title(),
        state=state,
        since=START,
        reason="",
        phone=f"{name}-desk",
        reachable=reachable,
        call="",
        expected=expected,
    )


def people(view: View, *clients: Any, agents: tuple[str, ...] = ("anna", "ben")) -> list[tuple[str, str]]:
    """Who is missing, in a house of these clients, a group `desk`, and two agents who may serve everybody."""
    directory = Directory(make_groups("desk"), clients, [make_agent(name) for name in agents])
    found = list(of_people(view, directory, START))
    assert all(sign.what is What.NOBODY for sign in found)
    return [(sign.about, sign.text) for sign in found]


def wall(*agents: AgentSeen, unreachable: tuple[str, ...] = ()) -> View:
    """A wall with nobody on the line."""
    return View.of(START, (), (), agents, unreachable)


MANY, LONG = "callers wait (more than 2)", "a caller has been waiting for 90 s (more than 60 s)"


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        ([], []),
        ([waits(60)] * 2, []),
        ([waits(1)] * 3, [(What.WAITING, f"3 {MANY}")]),
        ([waits(1), waits(90)], [(What.WAIT, LONG)]),
        ([waits(90)] * 4, [(What.WAITING, f"4 {MANY}"), (What.WAIT, LONG)]),
    ],
    ids=["empty", "at the limits", "too many", "too long", "both"],
)
def test_the_line_has_two_limits(waiting: list[Caller], expected: list[tuple[What, str]]) -> None:
    """What is above them is told with its figure; without limits nothing is."""
    assert [(sign.what, sign.text) for sign in of_line(waiting, Limits(waiting=2, seconds=60), START)] == expected
    assert list(of_line(waiting, Limits(), START)) == []


def test_the_trunk_is_one_of_the_endpoints() -> None:
    """It is named; other endpoints are not the trunk."""
    assert [sign.about for sign in of_trunk(wall(unreachable=("carrier", "desk")), Limits(trunk="carrier"))] == [
        "carrier"
    ]
    assert list(of_trunk(wall(unreachable=("desk",)), Limits(trunk="carrier"))) == []


def test_one_telephone_that_is_left_is_enough() -> None:
    """Only where none of those who work can be reached somebody is told, with whom it hits."""
    client = make_client(**QUEUE)
    gone = seen("anna", reachable=False)
    assert people(wall(gone, seen("ben")), client) == []
    assert people(wall(gone, seen("ben", State.TALKING)), client) == []
    assert people(wall(gone, seen("ben", State.PAUSED)), client) == []
    alone = people(wall(gone, seen("ben", State.LOGGED_OUT)), client)
    assert alone == [("anna ben", "nobody can be reached of anna; open now: kanzlei")]
    both = people(wall(gone, seen("ben", State.LOGGED_OUT, expected=True)), client)
    assert both == [("anna ben", "nobody can be reached of anna, ben; open now: kanzlei")]


def test_where_nobody_works_nobody_is_missed() -> None:
    """All have gone home, as every evening; and where clients are closed."""
    home = wall(seen("anna", State.LOGGED_OUT), seen("ben", State.LOGGED_OUT))
    assert people(home, make_client(**QUEUE)) == []
    assert people(wall(seen("anna", reachable=False)), make_client(**QUEUE, **CLOSED)) == []


def test_who_may_not_serve_is_no_help() -> None:
    """An agent of another team leaves the client alone; clients with the same agents are one sign."""
    anna = make_agent("anna", teams=["law"])
    directory = Directory(
        (),
        [make_client(id=f"c{n}", dids=[f"+4989999981{n}0"], team="law", **QUEUE) for n in range(1, 6)],
        [anna, make_agent("ben", teams=["health"])],
    )
    found = list(of_people(wall(seen("anna", reachable=False), seen("ben")), directory, START))
    assert [(sign.about, sign.text) for sign in found] == [
        ("anna", "nobody can be reached of anna; open now: c1, c2, c3 and 2 more")
    ]


def test_a_group_is_its_telephones() -> None:
    """All of them gone is a sign, while an open client rings them; by the chain or by a menu."""
    client = make_client(open={"chain": [{"to": "group", "group": "desk"}]})
    both = wall(unreachable=("desk-1", "desk-2"))
    text = "no telephone of the group desk can be reached (desk-1, desk-2); open now: kanzlei"
    assert people(both, client) == [("group desk", text)]
    assert people(wall(unreachable=("desk-1",)), client) == []
    assert people(both, make_client(**CLOSED, open={"chain": [{"to": "group", "group": "desk"}]})) == []
    asked = with_menus(menu("main", {"1": [{"to": "group", "group": "desk"}]}))
    assert people(both, asked) == [("group desk", text)]
