"""The wall's routes: who may ask, what they answer, and what a file of calls holds."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.store.records import Troubles
from tests.store.test_statistics import Keeping
from tests.web.wall_house import AWAY, WallHouse, queued, seen, wall_house
from vorzimmer.control import commands
from vorzimmer.control.commands import Refused
from vorzimmer.control.server import Server
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.day import bounds
from vorzimmer.core.presence import State
from vorzimmer.core.role import Role
from vorzimmer.core.service_level import figures
from vorzimmer.store import statistics

OVERSEERS = (Role.SUPERVISOR, Role.ADMIN)
EXPORT = "/api/wall/export.csv?from=2026-03-02&to=2026-03-02"
ROUTES = (
    ("GET", "/api/wall"),
    ("GET", "/api/wall/events"),
    ("GET", "/api/wall/history?day=2026-03-02"),
    ("GET", EXPORT),
    ("POST", "/api/supervise"),
)
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def house(dsn: str, tmp_path: Path) -> AsyncIterator[WallHouse]:
    """A house with an empty database."""
    async with wall_house(dsn, tmp_path) as made:
        yield made


@pytest.fixture
def keeping(tmp_path: Path, dsn: str) -> Keeping:
    """What the test's database is filled with."""
    return Keeping(tmp_path, dsn)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_supervisors_and_admins(house: WallHouse, method: str, path: str) -> None:
    """Agents and clients are refused by role, strangers by 401, whatever they send."""
    body = {"agent": "anna", "stage": "listen"} if method == "POST" else None
    for role, status in ((Role.AGENT, 403), (Role.CLIENT, 403), (None, 401)):
        async with house.client_of(role) as client:
            assert (await client.request(method, path, json=body)).status_code == status


async def test_the_wall_with_calls_and_agents(house: WallHouse) -> None:
    """One who waits, an agent, the level of a day without calls; and nowhere a whole number of a caller."""
    house.see(agents=(seen("anna", State.PAUSED, reason="lunch"),))
    queued(house, "c1")
    for role in OVERSEERS:
        async with house.client_of(role) as client:
            answer = await client.get("/api/wall")
        told = answer.json()
        assert [(one["call"], one["client_name"]) for one in told["waiting"]] == [("c1", "Kanzlei Huber")]
        assert [(one["agent"], one["state"], one["reason"]) for one in told["agents"]] == [("anna", "paused", "lunch")]
        assert told["service_level"]["formula"].startswith("answered within 20 s")
        assert len(told["last_hour"]) == 60
        assert "4567" not in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_a_day_is_counted_as_the_command_line_counts_it(house: WallHouse, keeping: Keeping, dsn: str) -> None:
    """Offered, answered, abandoned and level of the history and the wall are those of `vorzimmer stats`."""
    calls: list[tuple[str, datetime, dict[str, Any]]] = [
        ("a", MORNING, {}),
        ("b", MORNING + timedelta(minutes=20), {"disposition": Disposition.ABANDONED, "duration": 9}),
        ("c", MORNING + timedelta(minutes=21), {"disposition": Disposition.FORWARDED, "overflow": "waited"}),
        ("night before", MORNING - timedelta(hours=11), {}),
    ]
    await keeping.calls(*calls)
    async with house.client_of(Role.SUPERVISOR) as client:
        told = (await client.get("/api/wall/history?day=2026-03-02")).json()
        today = (await client.get("/api/wall")).json()["service_level"]
    conn = await asyncpg.connect(dsn)
    span = bounds(date(2026, 3, 2), ZoneInfo("Europe/Berlin"))
    by_command = figures(await statistics.served(conn, *span))
    await conn.close()
    assert by_command.level is not None
    for level in (told["whole"], today):
        counts = (level["offered"], level["answered"], level["abandoned"])
        assert counts == (by_command.offered, by_command.answered, by_command.abandoned) == (3, 1, 1)
        assert level["percent"] == float(by_command.level * 100) == 50.0
    busy = {quarter["since"]: quarter["offered"] for quarter in told["quarters"] if quarter["offered"]}
    assert busy == {"2026-03-02T10:00:00+01:00": 1, "2026-03-02T10:15:00+01:00": 2}


def read(text: str) -> list[dict[str, str]]:
    """A file of calls, as a spreadsheet reads it."""
    assert text.startswith("\ufeff"), "else Excel takes it for Latin-1"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


async def test_a_file_of_calls(house: WallHouse, keeping: Keeping) -> None:
    """All calls of the days by the house's clock, seconds as they are stored, times with their distance from UTC."""
    await keeping.calls(
        ("first", datetime(2026, 3, 1, 23, 0, tzinfo=UTC), {"client": "kanzlei"}),
        ("second", MORNING, {"direction": "out"}),
        ("next day", datetime(2026, 3, 2, 23, 0, tzinfo=UTC), {}),
    )
    async with house.client_of(Role.SUPERVISOR) as client:
        answer = await client.get(EXPORT)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="calls-2026-03-02-2026-03-02.csv"'
    first, second = read(answer.text)
    assert (first["call"], first["day"], first["began"], first["offset from UTC"]) == (
        "first",
        "2026-03-02",
        "00:00:00",
        "UTC+01:00",
    )
    assert (first["name of client"], first["talk (s)"], first["wait (s)"]) == ("Kanzlei Huber", "60.000", "4.002")
    assert (second["call"], second["direction"], second["client"]) == ("second", "out", "mueller")


async def test_whose_numbers_are_whole(house: WallHouse, keeping: Keeping) -> None:
    """For an admin; for a supervisor the last three digits are hidden."""
    await keeping.calls(("c", MORNING, {}))
    for role, number in ((Role.ADMIN, "'+491701234567"), (Role.SUPERVISOR, "'+491701234•••")):
        async with house.client_of(role) as client:
            answer = await client.get(EXPORT)
        assert [row["caller"] for row in read(answer.text)] == [number]
    assert "4567" not in answer.text, "nowhere else either"


@pytest.mark.parametrize("evil", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=1;\n=2", "\uff1d1"])
async def test_no_cell_is_a_formula(house: WallHouse, keeping: Keeping, evil: str) -> None:
    """What a spreadsheet would compute begins with an apostrophe, and no text begins a line of its own."""
    await keeping.calls(("c", MORNING, {"reason": evil, "overflow": evil, "did": evil}))
    async with house.client_of(Role.ADMIN) as client:
        (row,) = read((await client.get(EXPORT)).text)
    assert not any(str(value).startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())
    assert row["rule"] == f"'{' '.join(evil.split())}"


async def test_long_files_are_whole(house: WallHouse, keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read page by page, each call stands there once."""
    monkeypatch.setattr("vorzimmer.web.routes.wall.PAGE", 2)
    there = 0
    for count in (0, 1, 2, 5):
        await keeping.calls(*((f"c{n}", MORNING + timedelta(seconds=n), {}) for n in range(there, count)))
        assert await _exported(house) == [f"c{n}" for n in range(count)]
        there = count


async def _exported(house: WallHouse) -> list[str]:
    async with house.client_of(Role.ADMIN) as client:
        return [row["call"] for row in read((await client.get(EXPORT)).text)]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-03-02&to=2026-03-01",
        "from=2026-03-01&to=2026-04-01",
        "from=0001-01-01&to=0001-01-02",
        "from=9999-12-31&to=9999-12-31",
        "from=tomorrow&to=2026-03-01",
        "from=2026-03-02",
    ],
)
async def test_days_that_are_none(house: WallHouse, query: str) -> None:
    """Backwards, more than a month, out of all calendars, no day: refused, with the field."""
    async with house.client_of(Role.ADMIN) as client:
        answer = await client.get(f"/api/wall/export.csv?{query}")
        assert answer.status_code == 422
        assert answer.json()["error"]["fields"]
        for day in ("0001-01-01", "9999-12-31", "x"):
            assert (await client.get(f"/api/wall/history?day={day}")).status_code == 422


async def test_files_and_history_need_the_database(tmp_path: Path) -> None:
    """It is said before the first line that it is away; the wall itself stands."""
    async with wall_house(AWAY, tmp_path) as house, house.client_of(Role.ADMIN) as client:
        for path in (EXPORT, "/api/wall/history?day=2026-03-02"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database_away")
        told = (await client.get("/api/wall")).json()
    assert (told["database_away"], told["calls_away"], told["living_at"]) == (True, True, None)


class Calls:
    """A calls process that takes supervisors' commands; `refusal` refuses them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.refusal: Refused | None = None

    async def __call__(self, command: commands.Supervision) -> Mapping[str, Any]:
        """Do it."""
        if self.refusal is not None:
            raise self.refusal
        self.asked.append((command.do, command.supervisor, command.agent, command.actor))
        return {}


@pytest.fixture
async def calls(house: WallHouse, tmp_path: Path) -> AsyncIterator[Calls]:
    """A calls process behind the house's control socket."""
    made = Calls()
    kinds = (commands.Listen, commands.Whisper, commands.Barge)
    server = Server(tmp_path / "control.sock", dict.fromkeys(kinds, made), house.clock, Troubles())
    serving = asyncio.create_task(server.run())
    async with asyncio.timeout(10):
        await server.listening.wait()
    yield made
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_a_supervisor_listens_at_the_own_telephone(house: WallHouse, calls: Calls) -> None:
    """Logged in, at that telephone; else at the first one: nobody says which, so nobody rings another's."""
    async with house.client_of(Role.SUPERVISOR) as client:
        for phone, stage in (("", "listen"), ("boss2", "whisper"), ("anna1", "barge")):
            house.see(agents=(seen("boss", phone=phone),))
            answer = await client.post("/api/supervise", json={"agent": "anna", "stage": stage})
            expected = "boss2" if phone == "boss2" else "boss1"
            assert answer.json() == {"agent": "anna", "stage": stage, "phone": expected}
            assert calls.asked[-1][:3] == (f"supervise.{stage}", expected, "anna")
            assert calls.asked[-1][3].startswith("page:supervisor")


async def test_why_nobody_listens(house: WallHouse, calls: Calls) -> None:
    """The sentence of the calls process comes along; who is no agent has no telephone; nonsense is refused here."""
    calls.refusal = Refused("no_consent", "the agent's consent to being listened to is not on file")
    async with house.client_of(Role.SUPERVISOR) as client:
        refused = await client.post("/api/supervise", json={"agent": "anna", "stage": "listen"})
        for body in ({"agent": "anna", "stage": "shout"}, {"agent": "../x", "stage": "listen"}, {"agent": "anna"}):
            assert (await client.post("/api/supervise", json=body)).status_code == 422
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_consent")
    assert "consent" in refused.json()["error"]["text"]
    async with house.client_of(Role.ADMIN) as client:
        refused = await client.post("/api/supervise", json={"agent": "anna", "stage": "listen"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_phone")
    assert calls.asked == []


async def test_the_calls_process_is_away(house: WallHouse) -> None:
    """The supervisor is told so."""
    async with house.client_of(Role.SUPERVISOR) as client:
        answer = await client.post("/api/supervise", json={"agent": "anna", "stage": "listen"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "calls_away")
