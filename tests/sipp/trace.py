"""What SIPp sent and received, read from its message trace while it happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from tests.sipp import sip
from tests.sipp.sip import Message

_HEAD = re.compile(rb"-{20,} (\S+ [\d:.]+)\n\w+ message (sent|received) [\[(](\d+)[\])]? ?bytes\)? ?:\n\n")


class Traced(NamedTuple):
    """A message on the wire; `at` is SIPp's clock in seconds since the epoch, with microseconds."""

    at: float
    sent: bool
    message: Message


class TraceReader:
    """Cuts the stream of a message trace (`-trace_msg`) into messages; feed it as the bytes come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Traced]:
        """Take bytes and give every message that is complete by now."""
        self._rest += data
        while head := _HEAD.search(self._rest):
            end = head.end() + int(head[3])
            if len(self._rest) < end:
                return
            raw, self._rest = self._rest[head.end() : end], self._rest[end:]
            # SIPp prints the machine's local time without a zone.
            at = datetime.fromisoformat(head[1].decode()).astimezone(UTC).timestamp()
            yield Traced(at, head[2] == b"sent", Message.parse(raw))


class TracedCall:
    """One call as SIPp saw it. Instants are seconds since the epoch, None for what has not happened.

    `caller` tells whether SIPp made the call; `trace` holds its messages in order.
    """

    def __init__(self, first: Traced) -> None:
        self.trace = [first]
        self.id = first.message["Call-ID"]
        self.caller = first.sent

    def __repr__(self) -> str:
        return f"<TracedCall {self.invite.first} {self.statuses} ended by {self.ended_by}>"

    @property
    def invite(self) -> Message:
        """The INVITE."""
        return self.trace[0].message

    @property
    def dialled(self) -> str:
        """The number dialled: the user part of the Request-URI."""
        return sip.user(self.invite.first.split()[1])

    @property
    def statuses(self) -> list[int]:
        """What the INVITE was answered with, repetitions left out."""
        return list(dict.fromkeys(traced.message.status for traced in self._answers()))

    @property
    def status(self) -> int:
        """The final status of the INVITE, 0 if there is none yet."""
        return next((status for status in self.statuses if status >= 200), 0)

    @property
    def rang_at(self) -> float | None:
        """When it first rang (180) or gave early media (183)."""
        return next((traced.at for traced in self._answers() if traced.message.status in (180, 183)), None)

    @property
    def answered_at(self) -> float | None:
        """When the 200 went over the wire."""
        return next((traced.at for traced in self._answers() if traced.message.status == 200), None)

    @property
    def ended_by(self) -> Literal["caller", "called"] | None:
        """Who hung up, cancelled or refused; None while it goes on."""
        for traced in self.trace:
            if traced.message.method in ("BYE", "CANCEL") and not traced.message.status:
                return "caller" if traced.sent == self.caller else "called"
        return "called" if self.status >= 300 else None

    @property
    def ended_at(self) -> float | None:
        """When it was hung up, cancelled or refused."""
        for traced in self.trace:
            message = traced.message
            if message.method in ("BYE", "CANCEL") or (message.method == "INVITE" and message.status >= 300):
                return traced.at
        return None

    @property
    def over(self) -> bool:
        """Whether nothing more will come: the BYE is confirmed, or the refusal acknowledged."""
        refused = self.status >= 300 and bool(self.requests("ACK"))
        return refused or any(t.message.method == "BYE" and t.message.status >= 200 for t in self.trace)

    @property
    def talked(self) -> float:
        """Seconds from the answer to the end, 0 without both."""
        return self.ended_at - self.answered_at if self.answered_at and self.ended_at else 0.0

    def requests(self, method: str) -> list[Message]:
        """Give the requests of a method, in either direction, repetitions included."""
        return [
            traced.message for traced in self.trace if traced.message.method == method and not traced.message.status
        ]

    def ladder(self) -> str:
        """Write the call as lines for a reader: seconds since the INVITE, direction, first line."""
        start = self.trace[0].at
        rows = [f"{t.at - start:8.3f} {'->' if t.sent else '<-'} {t.message.first}" for t in self.trace]
        return "\n".join(rows)

    def _answers(self) -> Iterator[Traced]:
        return (traced for traced in self.trace if traced.message.status and traced.message.method == "INVITE")
