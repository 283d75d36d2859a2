"""What whoever watches is told."""

from __future__ import annotations

from typing import Any

from tests.calls.surroundings import Records
from tests.store.records import START, end, events
from vorzimmer.control.telling import Telling
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.presence import State


def test_everything_is_written_and_told() -> None:
    """The journal gets each record unchanged, and first: what is told has happened."""
    told: list[tuple[str, dict[str, Any], int]] = []
    journal = Records()

    def tell(event: str, /, **about: Any) -> None:
        told.append((event, about, len(journal.events) + len(journal.ends) + len(journal.agents)))

    telling = Telling(journal, tell)
    happened = events("c1")
    telling.append(happened[4])
    record = end(build_cdr(happened))
    telling.append_end(record)
    state = AgentEvent("1" * 32, "alice", START, State.WRAP_UP, call="c1", phone="alice1")
    telling.append_agent(state)
    assert (journal.events, journal.ends, journal.agents) == ([happened[4]], [record], [state])
    assert told == [
        ("phase.talk", {"at": happened[4].at, "call": "c1", "seq": 4, "data": {"by": "alice"}}, 1),
        ("call.record", {"call": "c1", "client": "mueller", "disposition": "answered"}, 2),
        (
            "agent.state",
            {"at": START, "agent": "alice", "state": "wrap_up", "reason": "", "call": "c1", "phone": "alice1"},
            3,
        ),
    ]
