"""`vorzimmer check`: does anybody hear when the service is in trouble?"""

from __future__ import annotations

from collections.abc import Iterator

from vorzimmer.cli.check_web import local
from vorzimmer.cli.report import Report
from vorzimmer.notify import chat
from vorzimmer.settings import Settings

PART = "alarm"


def people(settings: Settings) -> Report:
    """Who is told; nothing is sent (`vorzimmer alarm test` does that)."""
    ways = [*settings.alarm.to, *chat.names(settings.alarm.chats)]
    return Report(PART, f"goes to {', '.join(ways)}" if ways else "goes to nobody", tuple(_findings(settings)))


def _findings(settings: Settings) -> Iterator[str]:
    for name in chat.unknown(settings.alarm.chats):
        yield f"alarm.urls: {name}: {chat.NOT_A_URL}"
    if not (settings.alarm.to or settings.alarm.urls or local(settings)):
        yield "nobody is told when the service is in trouble; set alarm.to or alarm.urls"
