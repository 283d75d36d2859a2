"""The keys that an agent presses during a call: which are codes, and which are meant for the other side.

A code begins with a star. Everything else is passed on, and so is what begins like a code and is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What an agent can ask for by keys. The value is the key behind the star."""

    ATTENDED = "2"
    """Ask somebody, the caller on hold: `*2`, the target's digits, `#`."""
    BLIND = "3"
    """Put the caller through without asking: `*3`, digits, `#`."""
    COMPLETE = "4"
    BACK = "5"
    JOIN = "6"
    RECORD = "7"
    """The caller has said yes to being recorded."""
    UNRECORD = "8"
    HOLD = "9"
    """Hold, or take back."""


WITH_DIGITS = frozenset({Code.ATTENDED, Code.BLIND})

PATIENCE = 4.0
"""Seconds between two keys of a code; after that, what was pressed is no code."""

LONGEST = 20
"""Digits of a target: an E.164 number with an international prefix, and some to spare."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What came of a key: a code with its digits, or keys to pass on; neither while a code is being typed."""

    code: Code | None = None
    digits: str = ""
    passed: str = ""


NOTHING = Pressed()


class Keypad:
    """Tells codes from other keys, one key at a time."""

    def __init__(self) -> None:
        self._typed = ""

    @property
    def is_typing(self) -> bool:
        """Whether a code has been begun."""
        return bool(self._typed)

    def press(self, key: str) -> Pressed:
        """Take a key: 0 to 9, A to D, `*`, `#`."""
        if not self._typed and key != "*":
            return Pressed(passed=key)
        self._typed += key
        if len(self._typed) == 1:
            return NOTHING
        code = next((code for code in Code if code.value == self._typed[1]), None)
        if code is None:
            return self.give_up()
        digits = self._typed[2:]
        if code not in WITH_DIGITS or digits.endswith("#"):
            self._typed = ""
            return Pressed(code, digits.removesuffix("#"))
        if len(digits) > LONGEST or not (digits.isdigit() or not digits):
            return self.give_up()
        return NOTHING

    def give_up(self) -> Pressed:
        """The next key did not come in time, or was no part of any code."""
        typed, self._typed = self._typed, ""
        return Pressed(passed=typed)
