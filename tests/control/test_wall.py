"""What the wall shows, from ledgers and states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.core.examples import DID, START, event
from vorzimmer.agents.staff import Seen
from vorzimmer.control.wall import Caller, Living, View
from vorzimmer.core.ledger import CallEvent, Kind, Phase
from vorzimmer.core.presence import Act, State

ARRIVED = event(0, Kind.ARRIVED, dialled=DID, caller="+49301234567")
ROUTED = event(1, Kind.ROUTED, client="kanzlei")


def living(*then: tuple[Kind, float, dict[str, Any]]) -> Living:
    """The call after these events."""
    events: list[CallEvent] = [ARRIVED, ROUTED]
    events += [event(n, kind, after, **data) for n, (kind, after, data) in enumerate(then, 2)]
    return Living.of(events)


def test_a_call_that_has_just_arrived() -> None:
    """Before it is routed it is nobody's, and it rings."""
    call = Living.of([ARRIVED])
    assert (call.call, call.client, call.caller, call.phase) == ("call-1", None, "+49301234567", Phase.RING)
    assert (call.arrived, call.since, call.agents) == (START, START, ())


def test_a_call_shows_whose_telephones_belong_to_it_now() -> None:
    """Two ring, one answers and talks, the other is gone; a leg to outside is no agent."""
    waiting: tuple[Kind, float, dict[str, Any]] = (Kind.WAITING, 1.0, {})
    rings = [
        (Kind.LEG_DIALLED, 2.0, {"leg": leg, "target": f"{agent}1", "agent": agent})
        for leg, agent in (("l1", "bob"), ("l2", "alice"))
    ]
    assert living(waiting, *rings).agents == ("bob", "alice")
    talks = [
        (Kind.LEG_ENDED, 5.0, {"leg": "l1"}),
        (Kind.TALKING, 5.0, {"leg": "l2", "by": "alice1"}),
        (Kind.LEG_DIALLED, 9.0, {"leg": "l3", "target": "+49", "agent": ""}),
    ]
    call = living(waiting, *rings, *talks)
    assert (call.client, call.phase, call.since, call.agents) == (
        "kanzlei",
        Phase.TALK,
        START + timedelta(seconds=5),
        ("alice",),
    )


def test_the_view_survives_the_wire() -> None:
    """Put together in the daemon, written as JSON and read by the command line it is the same."""
    now = datetime(2026, 11, 23, 9, 1, tzinfo=UTC)
    seen = Seen("alice", "Alice", State.TALKING, now, "", "alice1", True, "call-1", Act.PAUSE, False)
    caller = Caller(call="call-2", client="kanzlei", since=now, place=1, predicted=12.5)
    view = View.of(now, [caller], [Living.of([ARRIVED])], [seen])
    assert View.model_validate_json(view.model_dump_json()) == view
    assert (view.agents[0].agent, view.agents[0].then) == ("alice", Act.PAUSE)
