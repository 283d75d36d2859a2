"""The SIPp scenarios by name, and their files made ready to play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

_FOLDER = Path(__file__).with_name("scenarios")
_FOREVER = 3_600_000
"""Milliseconds that no call of a test lasts."""
_PATIENCE = 60_000
"""Milliseconds that a caller waits for an answer."""


class _Xml(Template):
    """A scenario file with `%name` for its values: `$name` means a variable to SIPp."""

    delimiter = "%"


class Scenario(NamedTuple):
    """A way to behave.

    `file` plays it with `values`; `after` names the value, in milliseconds, that a tester's `--after` sets.
    """

    about: str
    file: str
    values: Mapping[str, object]
    after: str = ""

    def render(self, after_ms: int | None = None, headers: Sequence[str] = (), **values: object) -> str:
        """Make the file that SIPp plays.

        Args:
            after_ms: the scenario's own delay in milliseconds; its usual one if None.
            headers: further header lines of the INVITE, in which SIPp's keywords work (`[field3]`).
            values: replacements for the scenario's values.

        Raises:
            ValueError: a header would break out of its line, or the scenario has no delay.
        """
        if any("]]>" in line or "\n" in line or "\r" in line for line in headers):
            raise ValueError("a header is one line and holds no ]]>")
        if after_ms is not None and not self.after:
            raise ValueError(f"nothing to delay in the scenario: {self.about}")
        delay = {} if after_ms is None else {self.after: after_ms}
        indent = "      "
        filled = {**self.values, **delay, **values, "headers": f"\n{indent}".join(headers)}
        lines = _Xml((_FOLDER / f"{self.file}.xml").read_text()).substitute(filled).split("\n")
        # Without headers their line is left with nothing, which would end the head of the message.
        return "\n".join(line for line in lines if line != indent)


_waits = {"answer_within_ms": _PATIENCE}

CALLERS = {
    "talks": Scenario("is answered, talks, hangs up", "caller", {**_waits, "talk_ms": 1000}, "talk_ms"),
    "stays": Scenario("is answered, stays until the far side hangs up", "caller", {**_waits, "talk_ms": _FOREVER}),
    "cancels": Scenario("hangs up while it rings", "caller_cancels", {**_waits, "ring_ms": 1000}, "ring_ms"),
    "abandons": Scenario("hangs up right after dialling", "caller_abandons", {}),
}
"""What a caller can do, by name."""

AGENTS = {
    "answer": Scenario("rings, answers, stays", "agent", {"ring_ms": 500, "talk_ms": _FOREVER}, "ring_ms"),
    "hangup": Scenario("rings, answers, hangs up first", "agent", {"ring_ms": 500, "talk_ms": 1000}, "talk_ms"),
    "silent": Scenario("rings for ever", "agent", {"ring_ms": _FOREVER, "talk_ms": _FOREVER}),
    "busy": Scenario("486", "agent_rejects", {"status": 486, "phrase": "Busy Here"}),
    "decline": Scenario("603", "agent_rejects", {"status": 603, "phrase": "Decline"}),
    "unknown": Scenario("404", "agent_rejects", {"status": 404, "phrase": "Not Found"}),
}
"""What a called side can do, by name: an agent's telephone, a mobile or a partner behind the trunk."""
