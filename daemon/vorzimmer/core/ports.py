"""The shapes through which features meet; `app` passes the callables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.ledger import CallEvent

Clock = Callable[[], datetime]
"""Now, aware, UTC."""


class Trouble(Protocol):
    """Where a feature says what a person should hear of: a line in the log, and an alarm where one is set."""

    def __call__(self, event: str, /, **about: Any) -> None:
        """Report `event` (`feature.what_happened`) with plain values, never secrets. Does not raise."""


class Journal(Protocol):
    """Where the records of calls and agents go first.

    A plain write to the page cache: survives SIGKILL, never waits for the disk.
    """

    def append(self, event: CallEvent) -> None:
        """Write one event."""

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Write the end-of-call record (see `EndRecord` in `core.messages`) and ask for an fsync soon."""

    def append_agent(self, event: AgentEvent) -> None:
        """Write that an agent entered a state."""
