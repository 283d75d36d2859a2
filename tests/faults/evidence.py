"""What a round leaves behind, each piece from the one who saw it: callers, agents, Asterisk, database, mail server.

Every call has a caller's number of its own, by which the pieces are joined. Instants are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Spans = Sequence[tuple[float, float]]
"""Begin and end of the times in which sound came, in order."""


class Kind(StrEnum):
    """What a caller wants."""

    TALK = "talk"
    """Rings, talks with an agent, hangs up."""
    HOLD = "hold"
    """Hears music while the first telephone is not answered, then talks."""
    GIVE_UP = "give up"
    """Hears music, waits for agents who never come, hangs up."""
    MESSAGE = "message"
    """Speaks into the answering machine, hangs up."""
    PROBE = "probe"
    """As TALK, to telephones that are always free."""


@dataclass(frozen=True)
class Offered:
    """A call as its caller saw it; None for what did not happen.

    `by` tells who ended it; `status` is the INVITE's final one, `bye` that of the caller's own BYE (0: none came);
    `heard` is when sound came, where somebody listened; `spoke` says that a message was spoken to its end;
    `ladder` is the call for a reader.
    """

    caller: str
    kind: Kind
    invited: float
    answered: float | None = None
    ended: float | None = None
    by: Literal["caller", "called"] | None = None
    status: int = 0
    bye: int = 0
    heard: Spans | None = None
    spoke: bool = False
    ladder: str = field(default="", repr=False)


@dataclass(frozen=True)
class Leg:
    """A call at an agent's telephone, which never hangs up by itself."""

    caller: str
    agent: str
    invited: float
    answered: float | None = None
    ended: float | None = None


@dataclass(frozen=True)
class Stored:
    """A CDR in the database. Seconds; `message_id` is that of the mail that its client must get."""

    call_id: str
    caller: str
    disposition: str
    reason: str
    talk: float
    recorded: float | None
    message_id: str


@dataclass(frozen=True)
class Witnessed:
    """A line of Asterisk's own record; `app` is the dialplan's application that the caller was last in."""

    call_id: str
    caller: str
    app: str


@dataclass(frozen=True)
class Evidence:
    """All of a round, which was over at `over_at`.

    `mails`: how often each Message-ID came; `left`: channels that did not end in Asterisk.
    """

    fault_at: float
    over_at: float
    offered: Sequence[Offered]
    legs: Sequence[Leg]
    witnessed: Sequence[Witnessed]
    stored: Sequence[Stored]
    mails: Mapping[str, int]
    left: int = 0
