"""What is played, by name: a client's own announcements, and Asterisk's own sounds where there is none."""

from __future__ import annotations

from datetime import datetime

from vorzimmer.core.announcement import Sound, heard
from vorzimmer.core.client import Client
from vorzimmer.core.plan import Media

NO_SERVICE: Media = "sys:ss-noservice"
NOBODY_AVAILABLE: Media = "sys:vm-nobodyavail"
LEAVE_A_MESSAGE: Media = "sys:vm-intro"
BLOCKED: Media = "sys:followme/sorry"
NOT_UNDERSTOOD: Media = "sys:vm-sorry"
"""After a wrong key; one of the few of this meaning that the German sounds have too."""


def media(client: Client, name: str, at: datetime) -> Media | None:
    """The client's announcement as callers hear it at `at` (aware); None if the client has none of that name.

    An approved version is heard before the file that came with the book.
    """
    version = heard(client.versions, name, at)
    if version is not None:
        return f"lib:{client.id}/{version.item}"
    return f"lib:{client.id}/{name}" if name in client.announcements else None


def fallback_media(client: Client, at: datetime) -> Media:
    """What the dialplan plays before it records on its own, while the daemon is away."""
    return media(client, Sound.MACHINE, at) or media(client, Sound.CLOSED, at) or LEAVE_A_MESSAGE
