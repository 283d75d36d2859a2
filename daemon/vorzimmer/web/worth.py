"""Who may ask the calculator, how often, and what came in its form: the page needs no login."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from vorzimmer.core.login import neighbourhood
from vorzimmer.core.worth_asked import Answer, Asked

Calculator = Callable[[Asked], Awaitable[Answer]]
"""Raises `Busy`."""

MOST_FIELDS = 40

LONGEST_HEAD = 1000
"""Bytes in front of a field in which its name is looked for."""

_KIND = re.compile(r"multipart/form-data *; *boundary=\"?([\w'()+,./:=?-]{1,70})\"?", re.ASCII | re.IGNORECASE)
_NAME = re.compile(rb'\r\ncontent-disposition: *form-data; *name="([a-z]{1,20})"', re.IGNORECASE)

OFTEN, WITHIN = 20, timedelta(minutes=10)
"""Answers for one neighbourhood of addresses, within so long."""

MOST_KNOWN = 10_000
"""Neighbourhoods that are remembered."""


class Busy(Exception):
    """So many ask that this one would wait for long."""


class Turns:
    """Counts how often each neighbourhood asks."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def take(self, address: str, at: datetime) -> bool:
        """Whether whoever is at this address may ask now; if so, it counts."""
        key = neighbourhood(address)
        began, count = self._counts.pop(key, (at, 0))
        if at - began >= WITHIN:
            began, count = at, 0
        self._counts[key] = (began, min(count + 1, OFTEN + 1))
        if len(self._counts) > MOST_KNOWN:
            self._counts.popitem(last=False)
        return count < OFTEN


def fields(kind: str, body: bytes) -> Mapping[str, bytes]:
    """The fields of a form as browsers send it (RFC 7578), the first of each name. `kind`: the request's content type.

    A library for mails would read more, but takes hours for some headers that strangers can think of.

    Raises:
        ValueError: it is no such form, or it ends too early.
    """
    told = _KIND.fullmatch(kind)
    if told is None:
        raise ValueError("no form")
    boundary = b"\r\n--" + told[1].encode()
    _, *parts = (b"\r\n" + body).split(boundary, MOST_FIELDS + 1)
    if not 1 < len(parts) <= MOST_FIELDS + 1 or not parts.pop().startswith(b"--"):
        raise ValueError("no form, or a very long one")
    found: dict[str, bytes] = {}
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head[:LONGEST_HEAD])
        if name is not None:
            found.setdefault(name[1].decode(), content)
    return found
