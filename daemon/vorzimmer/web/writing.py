"""How messages are written, as the pages are given it: what a channel would send, without sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vorzimmer.core.notify_rule import Channel, Rule, Template


@dataclass(frozen=True, slots=True)
class Sms:
    """A text as a telephone gets it. `parts`: how many messages it costs; `encoding`: GSM-7 or UCS-2."""

    text: str
    parts: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it would go. `html`: empty where there is only text. `sms`: for that channel alone."""

    subject: str
    text: str
    html: str
    sms: Sms | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """What the channels do, and which of them this house has.

    `write`: a call's payload (`core.messages`, with the rule's part of it) by a rule in a language; it takes a moment,
    so it belongs into a thread. Raises ValueError with a sentence. `wrong`: what is wrong with the client's own words,
    by `subject` and `body`; empty: nothing.
    """

    write: Callable[[Mapping[str, Any], Rule, str], Written]
    wrong: Callable[[Template], Mapping[str, str]]
    channels: tuple[Channel, ...]
