"""`vorzimmer calls` and `vorzimmer call`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg

from tests.cli.conftest import Vorzimmer

Stored = Callable[..., None]


def test_list_shows_filters_and_speaks_json(vorzimmer: Vorzimmer, call_stored: Stored) -> None:
    """One line a call in the house's time; `--client` and `--since` narrow the list; `--json` is a CDR a line."""
    call_stored("c-1")
    call_stored("c-2", client="schulz", withheld=True, caller=None, at=datetime(2026, 4, 1, 8, tzinfo=UTC))
    lines = vorzimmer("calls").stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["c-2", "c-1"]
    assert "2026-04-01 10:00:00" in lines[1]
    assert "withheld" in lines[1]
    assert "+491701234567" in lines[2]
    rows = [json.loads(line) for line in vorzimmer("calls", "--client", "mueller", "--json").stdout.splitlines()]
    assert [(row["call_id"], row["talk"], row["disposition"]) for row in rows] == [("c-1", "60.000", "answered")]
    since = vorzimmer("calls", "--since", "2026-04-01T10:00", "--json").stdout
    assert [json.loads(line)["call_id"] for line in since.splitlines()] == ["c-2"]
    assert vorzimmer("calls", "--limit", "1", "--json").stdout.count("\n") == 1


def test_since_may_be_an_age(vorzimmer: Vorzimmer, call_stored: Stored) -> None:
    """`2h` means the last two hours; what is neither age nor time is refused with 2."""
    now = datetime.now(UTC)
    call_stored("young", at=now - timedelta(minutes=30))
    call_stored("old", at=now - timedelta(hours=3))
    rows = vorzimmer("calls", "--since", "2h", "--json").stdout.splitlines()
    assert [json.loads(row)["call_id"] for row in rows] == ["young"]
    refused = vorzimmer("calls", "--since", "yesterday")
    assert refused.exit_code == 2
    assert "not a time: 'yesterday'" in refused.stderr


def test_timeline_tells_the_call(vorzimmer: Vorzimmer, call_stored: Stored) -> None:
    """Every event stands in order with its offset and reason, then the record and the message's state."""
    call_stored("c-1")
    shown = vorzimmer("call", "c-1")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[1].split()[:4] == ["2026-03-02", "10:00:00.000", "+0.000", "call.arrived"]
    assert any("+0.001" in line and "open: Monday 08:00-18:00" in line for line in lines)
    assert any("answered, cause 16, hung up by caller" in line for line in lines)
    assert "talk +4.0 to +64.0: alice" in lines
    assert any(line.startswith("email to office@example.org: pending, attempts: 0") for line in lines)


def test_timeline_as_json(vorzimmer: Vorzimmer, call_stored: Stored) -> None:
    """One object holds the record, whether it is intact, the events and the messages."""
    call_stored("c-1")
    told = json.loads(vorzimmer("call", "c-1", "--json").stdout)
    assert told["cdr"]["call_id"] == "c-1"
    assert told["intact"] is True
    assert told["events"][0]["data"]["caller_name"] == "Jürgen Groß"
    assert told["messages"][0]["recipient"] == "office@example.org"


def test_changed_record_is_found(vorzimmer: Vorzimmer, call_stored: Stored, dsn: str) -> None:
    """A record that somebody changed behind the daemon's back is shown, and the command exits with 1."""
    call_stored("c-1")

    async def forge() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            await conn.execute("ALTER TABLE cdr DISABLE TRIGGER ALL; UPDATE cdr SET talk = 1")
        finally:
            await conn.close()

    asyncio.run(forge())
    shown = vorzimmer("call", "c-1")
    assert shown.exit_code == 1
    assert "changed after it was written" in shown.stderr


def test_unknown_call_is_told(vorzimmer: Vorzimmer) -> None:
    """An unknown id is no empty page."""
    shown = vorzimmer("call", "nothing")
    assert shown.exit_code == 1
    assert shown.stderr == "no call nothing; `vorzimmer calls` lists the ids\n"
