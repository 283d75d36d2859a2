"""Tells whoever watches what is written into the journal: the one place that every event passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.ledger import CallEvent
from vorzimmer.core.ports import Journal


class Tell(Protocol):
    """Tells an event to all who watch, and waits for nobody (`server.Server.tell`)."""

    def __call__(self, event: str, /, **about: Any) -> None:
        """Tell it."""


class Telling:
    """A journal that tells what it passes on; implements `core.ports.Journal`.

    A call's event is told under its kind (`phase.talk`) with `call`, `seq`, `at` and `data`, its record as
    `call.record`, and an agent's new state as `agent.state`.
    """

    def __init__(self, journal: Journal, tell: Tell) -> None:
        self._journal = journal
        self._tell = tell

    def append(self, event: CallEvent) -> None:
        """Write one event, and tell it."""
        self._journal.append(event)
        self._tell(event.kind.value, at=event.at, call=event.call_id, seq=event.seq, data=event.data)

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Write the end-of-call record, and tell what became of the call."""
        self._journal.append_end(record)
        cdr = record["cdr"]
        self._tell("call.record", call=cdr["call_id"], client=cdr.get("client"), disposition=cdr["disposition"])

    def append_agent(self, event: AgentEvent) -> None:
        """Write that an agent entered a state, and tell it."""
        self._journal.append_agent(event)
        self._tell(
            "agent.state",
            at=event.at,
            agent=event.agent,
            state=event.state.value,
            reason=event.reason,
            call=event.call,
            phone=event.phone,
        )
