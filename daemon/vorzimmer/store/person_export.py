"""All that is kept about one caller, as a file to hand over (GDPR Art. 15 and 20): JSON, or a ZIP with the recordings.

What others said or wrote about the caller is in it; what tells of other callers is not.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import asyncpg
import orjson

from vorzimmer.core.cdr import to_json
from vorzimmer.store import person
from vorzimmer.store.calls import Timeline, call_timeline

_NOTES = """
SELECT id::text, client, form ->> 'title' AS form, filled, words, urgent, state, author_name, created_at, updated_at
FROM note WHERE call_id = $1 ORDER BY created_at, id
"""

_ANSWERS = "SELECT client, kind, text, by, via, at FROM client_answer WHERE call_id = $1 ORDER BY id"

_MESSAGES = """
SELECT outbox.id, client_id AS client, channel, recipient, state, created_at, payload, media_type, content
FROM outbox LEFT JOIN outbox_copy ON outbox_id = outbox.id
WHERE call_id = $1 ORDER BY outbox.id
"""

_FILES = """
SELECT recording AS file FROM cdr WHERE call_id = $1 AND recording IS NOT NULL
UNION ALL
SELECT unnest(ARRAY[caller_file, agent_file]) FROM talk_recording WHERE call_id = $1 AND deleted_at IS NULL
"""

_ENDINGS = {"message/rfc822": ".eml", "text/plain": ".txt", "application/pdf": ".pdf", "application/json": ".json"}


async def export(
    conn: asyncpg.Connection, number: str, client: str | None, *, recordings: Path, at: datetime, file: IO[bytes] | None
) -> dict[str, Any]:
    """Everything about this caller, as plain JSON. `file`: a ZIP is written there too, with copies and recordings.

    Args:
        conn: to the database.
        number: E.164, or bare digits.
        client: whose data; None: of all.
        recordings: the folder.
        at: now.
        file: open for writing; the JSON stands in it as `data.json`.

    Raises:
        OSError: a file cannot be read or written.
    """
    found = await person.find(conn, number, client, at)
    parts: dict[str, bytes | Path] = {}
    calls = [await _call(conn, call_id, client, recordings, parts) for call_id in found.calls]
    told = {
        "number": number,
        "client": client,
        "at": at.isoformat(),
        "calls": calls,
        "under_way": list(found.under_way),
        "named_by_clients": list(found.named_by),
    }
    if file is not None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("data.json", as_bytes(told))
            for name, content in parts.items():
                if isinstance(content, Path):
                    packed.write(content, name)
                else:
                    packed.writestr(name, content)
    return told


def as_bytes(told: Mapping[str, Any]) -> bytes:
    """The JSON as it is handed over, readable by people too."""
    return orjson.dumps(told, default=str, option=orjson.OPT_INDENT_2) + b"\n"


async def _call(
    conn: asyncpg.Connection, call_id: str, client: str | None, recordings: Path, parts: dict[str, bytes | Path]
) -> dict[str, Any]:
    timeline = await call_timeline(conn, call_id)
    mine = [row for row in await conn.fetch(_NOTES, call_id) if client in (None, row["client"])]
    answers = [dict(row) for row in await conn.fetch(_ANSWERS, call_id) if client in (None, row["client"])]
    messages = [_message(row, parts) for row in await conn.fetch(_MESSAGES, call_id) if client in (None, row["client"])]
    files = [Path(row["file"]).name for row in await conn.fetch(_FILES, call_id)]
    there = [name for name in files if (recordings / name).is_file()]
    parts |= {f"recordings/{name}": recordings / name for name in there}
    return {
        "call_id": call_id,
        **_told(timeline),
        "notes": [{**row, "filled": _json(row["filled"]), "words": _json(row["words"])} for row in mine],
        "answers": answers,
        "messages": messages,
        "recordings": there,
    }


def _told(timeline: Timeline | None) -> dict[str, Any]:
    if timeline is None:
        return {}
    return {
        "record": to_json(timeline.cdr) if timeline.cdr is not None else None,
        "events": [{"at": event.at, "kind": event.kind.value, "data": event.data} for event in timeline.events],
        "segments": [asdict(segment) for segment in timeline.segments],
    }


def _message(row: Mapping[str, Any], parts: dict[str, bytes | Path]) -> dict[str, Any]:
    told = {name: value for name, value in row.items() if name not in ("content", "payload")}
    if row["content"] is not None:
        plain = row["media_type"].partition(";")[0]
        told["copy"] = f"messages/{row['id']}{_ENDINGS.get(plain, '.bin')}"
        parts[told["copy"]] = row["content"]
    return {**told, "said": _json(row["payload"])}


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
