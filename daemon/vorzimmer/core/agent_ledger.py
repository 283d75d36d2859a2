"""What happened to an agent, in order: each change of state is an `AgentEvent`, kept beside the events of calls.

Wrap-up begins when a call has ended and its record is written, so what it took stands here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vorzimmer.core.presence import State


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """An agent entered a state. `id`: 32 hexadecimal digits, unique; `at` is aware.

    `reason`: of a pause; `call`: which one the state is about; `phone`: the endpoint at which the agent is logged in.
    All three are empty where there is none.
    """

    id: str
    agent: str
    at: datetime
    state: State
    reason: str = ""
    call: str = ""
    phone: str = ""
