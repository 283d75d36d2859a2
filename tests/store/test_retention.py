"""Recordings whose time is over, that were taken back, or that nothing proves, on a real PostgreSQL."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from vorzimmer.store import retention

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def recorded(conn: Any, folder: Path, call_id: str, keep: timedelta) -> None:
    """A talk with its two files, to be kept so long from now on."""
    files = {f"{who}_file": f"talk-{call_id}-{who}.wav" for who in ("caller", "agent")}
    for name in files.values():
        (folder / name).write_bytes(b"sound")
    data = {**files, "seconds": "2.000", "consent": {"caller": "yes"}, "keep_until": (NOW + keep).isoformat()}
    await conn.execute(
        "INSERT INTO call_event (id, call_id, seq, at, kind, data) VALUES ($1, $2, 9, $3, 'recording.kept', $4)",
        str(uuid4()),
        call_id,
        NOW,
        json.dumps(data),
    )


def left(folder: Path) -> set[str]:
    """The calls of which there are files."""
    return {file.stem.split("-")[1] for file in folder.iterdir()}


def names(folder: Path) -> list[str]:
    """All files."""
    return sorted(file.name for file in folder.iterdir())


async def deleted(conn: Any) -> list[tuple[str, str]]:
    """Which recordings are noted as gone, and why."""
    rows = await conn.fetch("SELECT call_id, deleted_why FROM talk_recording WHERE deleted_at = $1", NOW)
    return [tuple(row) for row in rows]


async def test_whose_time_is_over_is_deleted_and_noted(conn: Any, tmp_path: Path) -> None:
    """To the instant; the others stay; a second sweep finds nothing to do; the proof stays readable."""
    await recorded(conn, tmp_path, "over", timedelta(0))
    await recorded(conn, tmp_path, "young", timedelta(seconds=1))
    assert await retention.sweep(conn, tmp_path, NOW) == 1
    assert (left(tmp_path), await deleted(conn)) == ({"young"}, [("over", "time is over")])
    assert await retention.sweep(conn, tmp_path, NOW) == 0
    assert await conn.fetchval("SELECT consent->>'caller' FROM talk_recording WHERE call_id = 'over'") == "yes"


async def test_taken_back_after_the_call(conn: Any, tmp_path: Path) -> None:
    """It is gone at once, with the reason; whoever asks again hears that there is none."""
    await recorded(conn, tmp_path, "c1", timedelta(days=30))
    assert await retention.withdraw(conn, tmp_path, "c1", NOW, "withdrawn: anna")
    assert (left(tmp_path), await deleted(conn)) == (set(), [("c1", "withdrawn: anna")])
    assert not await retention.withdraw(conn, tmp_path, "c1", NOW, "withdrawn: anna")


async def test_what_cannot_be_deleted_is_not_noted_as_gone(conn: Any, tmp_path: Path) -> None:
    """A folder in the file's place: the error is told, and the next sweep tries again."""
    await recorded(conn, tmp_path, "c1", timedelta(0))
    file = tmp_path / "talk-c1-agent.wav"
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match="directory"):
        await retention.sweep(conn, tmp_path, NOW)
    assert await deleted(conn) == []
    file.rmdir()
    assert await retention.sweep(conn, tmp_path, NOW) == 1


async def test_what_nothing_proves_goes_within_days(conn: Any, tmp_path: Path) -> None:
    """A file of which no record tells stays while one may be on its way, then goes; voicemail is never touched."""
    await recorded(conn, tmp_path, "known", timedelta(days=30))
    for name in ("talk-old-agent.wav", "talk-new-agent.wav", "message-old.wav"):
        (tmp_path / name).write_bytes(b"sound")
    long_ago = (NOW - retention.UNPROVEN - timedelta(hours=1)).timestamp()
    for name in ("talk-old-agent.wav", "message-old.wav", "talk-known-agent.wav"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    os.utime(tmp_path / "talk-new-agent.wav", (NOW.timestamp(), NOW.timestamp()))
    await retention.sweep(conn, tmp_path, NOW)
    assert names(tmp_path) == ["message-old.wav", "talk-known-agent.wav", "talk-known-caller.wav", "talk-new-agent.wav"]
