"""Calls that somebody must be told of."""

from __future__ import annotations

import math
import struct
import wave
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from vorzimmer.store.outbox import Leased

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
_ids = count(1)


def payload(**changes: Any) -> dict[str, Any]:
    """The payload of a call to a closed office, with a message on the machine and no recording, or as changed."""
    return {
        "call_id": "1763816605.12",
        "client": "mueller",
        "did": "+4989123400",
        "direction": "in",
        "started_at": "2026-11-22T13:03:25.120000+00:00",
        "answered_at": "2026-11-22T13:03:37+00:00",
        "ended_at": "2026-11-22T13:04:25.120000+00:00",
        "duration": "60.000",
        "ring": "12.400",
        "announcement": "5.000",
        "queue": "0.000",
        "talk": "0.000",
        "forwarded": "0.000",
        "machine": "42.600",
        "disposition": "message",
        "cause": 16,
        "hung_up_by": "caller",
        "answered_by": None,
        "office_state": "closed",
        "reason": "closed on Sundays",
        "recording": None,
        "recording_seconds": None,
        "withheld": False,
        "caller": "+498912345678",
        "caller_name": "Erika Muster",
        "diverted_from": None,
        "forwarded_to": None,
        "client_name": "Kanzlei Müller",
        "timezone": "Europe/Berlin",
        **changes,
    }


def message(recipient: str = "rena@kanzlei.example", language: str = "de", **changes: Any) -> Leased:
    """A leased message about a call; changes are those of the payload."""
    number = next(_ids)
    return Leased(
        id=number,
        call_id="1763816605.12",
        client_id="mueller",
        channel="email",
        recipient=recipient,
        language=language,
        payload=payload(**changes),
        message_id=f"<call-{number}@vorzimmer.example>",
        attempts=1,
        created_at=NOW,
    )


def speak(wav: Path, seconds: float) -> None:
    """Write a recording: a tone, as Asterisk writes wav."""
    samples = [int(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(int(8000 * seconds))]
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
