"""A made-up call by which templates are tried where there is no real one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLE: Mapping[str, Any] = {
    "call_id": "1798200000.12",
    "client": "example",
    "client_name": "Example Ltd",
    "timezone": "Europe/Berlin",
    "did": "+4989123400",
    "direction": "in",
    "started_at": "2026-12-24T09:00:00+00:00",
    "duration": "125.000",
    "ring": "4.000",
    "queue": "6.000",
    "talk": "110.000",
    "forwarded": "0.000",
    "disposition": "answered",
    "cause": 16,
    "office_state": "open",
    "recording": None,
    "recording_seconds": "23.000",
    "withheld": False,
    "caller": "+498912345678",
    "caller_name": "Erika Muster",
    "forwarded_to": None,
    "notes": [
        {
            "title": "Message",
            "kind": "message",
            "name": "Erika Muster",
            "urgent": True,
            "author": "Anna Weber",
            "fields": [
                {"label": "Name", "type": "text", "value": "Erika Muster"},
                {"label": "Telephone", "type": "phone", "value": "+491712345678"},
                {"label": "Message", "type": "long_text", "value": "Please call me back today."},
            ],
        }
    ],
}
"""A payload as `core.messages.messages_for` makes it, with a note."""
