"""What a client's rule lets be told: which facts of a call, and numbers whole or shortened.

A message's payload has the `rule` it is sent by (`store.release`), with only what differs from the usual; without one,
everything is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from vorzimmer.core.notify_rule import Fact

HIDDEN = 3
"""The last digits that are not told of a shortened number, as itemised bills shorten them."""

_WRITTEN = re.compile(r"(?<![0-9.,])[+0](?:[ ()\-]{0,2}[0-9]){1,6}/?(?:[ ()\-]{0,2}[0-9]){5,14}")
"""A telephone number in the middle of a text: it begins with 0 or +. Dates have dots, or more than one slash."""


def rule_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule by which this message is sent; an empty one where there is none."""
    rule: Mapping[str, Any] = payload.get("rule") or {}
    return rule


def tells(rule: Mapping[str, Any], fact: Fact) -> bool:
    """Whether this fact may stand in the message; a rule that names none tells all."""
    return not rule.get("facts") or fact.value in rule["facts"]


def recording_as(payload: Mapping[str, Any]) -> Literal["attached", "linked", "none"]:
    """How the caller's message is told, if there is one; a rule that does not say attaches it."""
    rule = rule_of(payload)
    if not payload.get("recording") or not tells(rule, Fact.MESSAGE):
        return "none"
    way = rule.get("recording")
    return way if way in ("linked", "none") else "attached"


def shortens(rule: Mapping[str, Any]) -> bool:
    """Whether numbers are told without their last digits."""
    return bool(rule.get("numbers") == "shortened")


def shown_number(value: str, rule: Mapping[str, Any]) -> str:
    """A number in whatever form, whole, or with its last three digits as `XXX`: `+498912345XXX`, `089 12345XXX`."""
    return _shortened(value) if shortens(rule) else value


def shown_text(value: str, rule: Mapping[str, Any]) -> str:
    """A text, with the telephone numbers in it shortened where the rule wants that."""
    return _WRITTEN.sub(lambda found: _shortened(found[0]), value) if shortens(rule) else value


def _shortened(value: str) -> str:
    left = HIDDEN
    shown = []
    for character in reversed(value):
        hide = left > 0 and character.isdecimal()
        left -= hide
        shown.append("X" if hide else character)
    return "".join(reversed(shown))
