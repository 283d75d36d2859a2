"""Alarms by chat services (Slack, Teams, Matrix, ntfy, …), through apprise: for the operator, not for clients.

apprise tells neither why something failed nor what the service calls the message, and blocks: fit for an alarm that
goes by several ways.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from vorzimmer.notify.plain import one_line

SECONDS = 30.0
"""For one service, in all."""

LONGEST = 3000
"""Characters of a message: what the least of the large services takes in one."""

NOT_A_URL = "this is no address that apprise knows (https://appriseit.com/services/)"


def names(urls: Sequence[str]) -> list[str]:
    """How each way is called where people read it: the rest of such an address is a password."""
    return [f"{url.partition(':')[0]} ({n})" for n, url in enumerate(urls, 1)]


async def send_chat(urls: Sequence[str], subject: str, lines: Iterable[str]) -> dict[str, str]:
    """Send these lines by each of the addresses, all at once, and wait for them.

    Returns what went wrong, by the way's name (`names`); empty if all were taken. Raises nothing for what a service
    does or is.
    """
    title, text = one_line(subject, 150), _text(lines)
    outcomes = await asyncio.gather(*(_send(url, title, text) for url in urls))
    return {name: why for name, why in zip(names(urls), outcomes, strict=True) if why is not None}


async def _send(url: str, title: str, text: str) -> str | None:
    """What went wrong."""
    try:
        async with asyncio.timeout(SECONDS):
            return await asyncio.to_thread(_notify, url, title, text)
    except TimeoutError:
        return f"took longer than {SECONDS:g} s"


def unknown(urls: Sequence[str]) -> list[str]:
    """The names of those that are no addresses of a service; nothing is sent. Takes a second."""
    return [name for name, url in zip(names(urls), urls, strict=True) if not _service(url)]


def _service(url: str) -> Any:
    """What sends to this address; nothing, where it is none."""
    # Imported when it is needed: it takes a second, and commands that alarm rarely must be there at once.
    apprise = import_module("apprise")
    for talkative in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(talkative).disabled = True  # they write addresses, which hold passwords
    return apprise.Apprise.instantiate(url)


def _notify(url: str, title: str, text: str) -> str | None:
    try:
        service = _service(url)
        if not service:
            return NOT_A_URL
        return None if service.notify(body=text, title=title) else "was not taken"
    except Exception as error:  # noqa: BLE001 - a hundred services, each with faults of its own; texts hold addresses
        return f"failed: {type(error).__name__}"


def _text(lines: Iterable[str]) -> str:
    text = "\n".join(one_line(line, LONGEST) for line in lines).strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"
