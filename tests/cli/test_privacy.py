"""`vorzimmer erase` and `vorzimmer export --number`: one caller's data on request."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import asyncpg
import orjson
import pytest

from tests.cli.conftest import Vorzimmer
from tests.store.erasing import broken_digests, places_of, stands_in
from tests.store.noting import begin, client, finish, open_house
from tests.store.records import START, STORY
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.fax import reference
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.store import batch, segments

CALLER = "+491701234567"
OTHER = "+498955555555"


def at_once(dsn: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something with the test's database."""

    async def done() -> Any:
        conn = await asyncpg.connect(dsn)
        try:
            return await work(conn)
        finally:
            await conn.close()

    return asyncio.run(done())


async def call(conn: Any, call_id: str, caller: str, *, of: str = "mueller", over: bool = True, **arrived: str) -> None:
    """A call of this caller, with its messages; `over`: it has ended."""
    at = START if over else datetime.now(UTC) - timedelta(minutes=5)
    story = [
        (after, kind, {**data, "caller": caller, **arrived} if kind is Kind.ARRIVED else data)
        for after, kind, data in (STORY if over else STORY[:5])
    ]
    happened = [
        CallEvent(
            str(uuid5(NAMESPACE_OID, f"{call_id} {n}")),
            call_id,
            n,
            at + timedelta(milliseconds=after),
            kind,
            data,
        )
        for n, (after, kind, data) in enumerate(story)
    ]
    routed = [
        CallEvent(e.id, e.call_id, e.seq, e.at, e.kind, {**e.data, "client": of}) if e.kind is Kind.ROUTED else e
        for e in happened
    ]
    bodies = [segments.render(segments.event_record(event)) for event in routed]
    if over:
        cdr = build_cdr(routed)
        record = end_record(cdr, messages_for(cdr, client(of)), segments_of(routed))
        bodies.append(orjson.dumps({"t": "end", "record": record}))
    await batch.store(conn, bodies, "vorzimmer.example")


async def furnish(conn: Any) -> None:
    """Calls of the caller for two clients, one of somebody else that names the number, one that goes on."""
    await open_house(conn)
    await call(conn, "c.1", CALLER)
    await finish(conn, await begin(conn, "c.1"), "please ring 0170 1234567")
    await call(conn, "c.2", CALLER, of="baecker")
    await call(conn, "c.3", OTHER, diverted_from=CALLER)
    await finish(conn, await begin(conn, "c.3"), "my neighbour: 0170/1234567")
    await call(conn, "c.4", CALLER, over=False)


def test_all_of_one_caller_goes_at_once(vorzimmer: Vorzimmer, dsn: str) -> None:
    """Calls, notes, messages; in others' calls the number alone. A call that goes on is left and told of."""
    at_once(dsn, furnish)
    done = vorzimmer("erase", "--number", "0170 1234567", "--reason", "asked by 0170 1234567", "--yes")
    assert done.exit_code == 0, done.output
    assert "erased: 2 calls, 1 notes, 3 messages" in done.output
    assert "call c.4 goes on" in done.output
    left = at_once(dsn, lambda conn: places_of(conn, CALLER))
    assert {place.split(":")[0] for place in left} == {"call_event.data"}
    assert at_once(dsn, broken_digests) == []
    rows = at_once(dsn, lambda conn: conn.fetch("SELECT caller, diverted_from FROM cdr_person ORDER BY call_id"))
    assert [tuple(row) for row in rows] == [(OTHER, None)]
    note = at_once(dsn, lambda conn: conn.fetchval("SELECT filled FROM note WHERE call_id = 'c.3'"))
    assert json.loads(note)["message"] == "my neighbour: [erased]"
    trail = at_once(dsn, lambda conn: conn.fetchrow("SELECT * FROM audit"))
    assert (trail["what"], len(trail["about"])) == ("caller.erase", 32)
    assert json.loads(trail["after"])["reason"] == "asked by [erased]"
    listed = vorzimmer("calls")
    assert listed.exit_code == 0
    shown = vorzimmer("call", "c.1")
    assert (shown.exit_code, "numbers and names of this call were erased" in shown.output) == (0, True)


def test_the_pages_of_faxes_go_with_the_caller(
    vorzimmer: Vorzimmer, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are files and tell of the caller; those of others stay, and how a fax ended tells of nobody."""
    monkeypatch.setenv("VORZIMMER_PATHS__FAX", str(folder := tmp_path / "fax"))
    folder.mkdir()

    async def as_faxes(conn: Any) -> dict[str, str]:
        await furnish(conn)
        await call(conn, "c.5", OTHER)
        rows = await conn.fetch(
            "UPDATE outbox SET channel = 'fax' WHERE call_id IN ('c.1', 'c.5') RETURNING call_id, message_id"
        )
        return {row["call_id"]: reference(row["message_id"]) for row in rows}

    of = at_once(dsn, as_faxes)
    for name in of.values():
        for end in (".tiff", ".new", ".result"):
            (folder / f"{name}{end}").write_text("Erika")
    done = vorzimmer("erase", "--number", CALLER, "--reason", "asked", "--yes")
    assert (done.exit_code, "erased: 2 files with pages of faxes" in done.output) == (0, True), done.output
    assert sorted(file.suffix for file in folder.glob(f"{of['c.1']}*")) == [".result"]
    assert len(list(folder.glob(f"{of['c.5']}*"))) == 3


def test_of_one_client_only(vorzimmer: Vorzimmer, dsn: str) -> None:
    """What other clients know of the caller stays."""
    at_once(dsn, furnish)
    done = vorzimmer("erase", "--number", CALLER, "--client", "baecker", "--reason", "asked", "--yes")
    assert done.exit_code == 0, done.output
    rows = at_once(dsn, lambda conn: conn.fetch("SELECT call_id FROM cdr_person ORDER BY call_id"))
    assert [row["call_id"] for row in rows] == ["c.1", "c.3"]


def test_nothing_goes_unless_it_is_confirmed(vorzimmer: Vorzimmer, dsn: str) -> None:
    """It asks first; what is no number is refused with a sentence."""
    at_once(dsn, furnish)
    before = at_once(dsn, lambda conn: places_of(conn, CALLER))
    assert vorzimmer("erase", "--number", CALLER, "--reason", "asked").exit_code == 1
    assert at_once(dsn, lambda conn: places_of(conn, CALLER)) == before
    wrong = vorzimmer("erase", "--number", "nobody", "--reason", "asked", "--yes")
    assert (wrong.exit_code, "not a telephone number" in wrong.output) == (2, True)


def test_all_that_is_kept_is_handed_over(vorzimmer: Vorzimmer, dsn: str, tmp_path: Path) -> None:
    """Records, events, notes, messages with what was sent, recordings; nothing of other callers."""
    at_once(dsn, furnish)
    at_once(
        dsn,
        lambda conn: conn.execute(
            "INSERT INTO outbox_copy SELECT id, now(), 'message/rfc822', 'Subject: x' FROM outbox WHERE call_id = 'c.2'"
        ),
    )
    out = tmp_path / "caller.zip"
    done = vorzimmer("export", "--number", "0170/1234567", "--out", out)
    assert done.exit_code == 0, done.output
    assert "2 calls" in done.output
    with zipfile.ZipFile(out) as packed:
        told = json.loads(packed.read("data.json"))
        copies = [name for name in packed.namelist() if name.startswith("messages/")]
        assert [packed.read(name) for name in copies] == [b"Subject: x"]
    assert [one["call_id"] for one in told["calls"]] == ["c.1", "c.2"]
    assert told["calls"][0]["record"]["caller"] == CALLER
    assert told["calls"][0]["notes"][0]["filled"]["message"] == "please ring 0170 1234567"
    assert told["under_way"] == ["c.4"]
    assert not stands_in(OTHER, json.dumps(told))
    assert out.stat().st_mode & 0o777 == 0o600
    again = vorzimmer("export", "--number", CALLER, "--out", out)
    assert (again.exit_code, "exists" in again.output) == (1, True)


def test_a_part_as_json(vorzimmer: Vorzimmer, dsn: str, tmp_path: Path) -> None:
    """Of one client alone; without a number the options are refused."""
    at_once(dsn, furnish)
    out = tmp_path / "caller.json"
    assert vorzimmer("export", "--number", CALLER, "--client", "baecker", "--out", out).exit_code == 0
    assert [one["call_id"] for one in json.loads(out.read_text())["calls"]] == ["c.2"]
    assert vorzimmer("export", "--out", out).exit_code == 2
    assert vorzimmer("export", "--number", CALLER, "--out", tmp_path / "caller.txt").exit_code == 2
