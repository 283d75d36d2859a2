"""What an act of the demo is: telephones that play it, and what must be left of each of its calls."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """A caller, and what the CDR must say: whose call it was, what became of it, who answered.

    `lasted`: seconds of some phases at least, by the CDR's columns. Each client gets one mail of each call, with what
    was `noted` in it.
    """

    caller: str
    client: str | None
    disposition: str
    answered_by: str | None = None
    lasted: Mapping[str, float] = field(default_factory=dict)
    noted: str = ""

    @property
    def mail(self) -> str | None:
        """The address to which a mail is due."""
        return f"{self.client}@client.example" if self.client else None


@dataclass(frozen=True)
class Act:
    """`play` is given the stage and the callers' numbers, in the order of `calls`."""

    title: str
    play: Callable[..., Coroutine[None, None, None]]
    calls: tuple[Call, ...]

    @property
    def callers(self) -> tuple[str, ...]:
        """Who calls, each once."""
        return tuple(dict.fromkeys(call.caller for call in self.calls))
