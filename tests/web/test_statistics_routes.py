"""Statistics by their routes: who may ask, and what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.store.test_statistics import Keeping
from tests.web.wall_house import WallHouse, wall_house
from vorzimmer.core.role import Role
from vorzimmer.web import app
from vorzimmer.web.routes import statistics

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAYS = "since=2026-03-01&until=2026-03-02"
BY_AGENT = f"/api/statistics?by=agent&{DAYS}"
OWN = f"/api/clients/kanzlei/statistics?by=hour&{DAYS}"


@pytest.fixture
async def house(dsn: str, tmp_path: Path) -> AsyncIterator[WallHouse]:
    """A house whose statistics can be asked for."""
    async with wall_house(dsn, tmp_path) as made:
        made.app = app.create(made.parts, (statistics.router,))
        yield made


async def asked(house: WallHouse, role: Role | None, path: str) -> httpx.Response:
    """The answer to somebody of this role."""
    async with house.client_of(role) as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (BY_AGENT, {Role.SUPERVISOR, Role.ADMIN}),
        ("/api/statistics/staffing", {Role.SUPERVISOR, Role.ADMIN}),
        ("/api/statistics/margin?month=2026-03", {Role.ADMIN}),
        (OWN, {Role.CLIENT, Role.SUPERVISOR, Role.ADMIN}),
    ],
)
async def test_who_may_ask(house: WallHouse, path: str, allowed: set[Role]) -> None:
    """What single agents did is for who leads them, what clients bring for admins; an agent gets neither."""
    told = {role for role in Role if (await asked(house, role, path)).status_code == 200}
    assert told == allowed
    assert (await asked(house, None, path)).status_code == 401


async def test_a_client_hears_of_itself_alone(house: WallHouse, tmp_path: Path, dsn: str) -> None:
    """Its own calls by hour; not by agent, and of another client what is said of one that does not exist."""
    await Keeping(tmp_path, dsn).calls(("a", MORNING, {"client": "kanzlei"}), ("b", MORNING, {"client": "other"}))
    told = (await asked(house, Role.CLIENT, OWN)).json()
    assert [(row["key"], row["offered"]) for row in told["rows"]] == [("10", 1)]
    assert told["agents"] == []
    assert (await asked(house, Role.CLIENT, OWN.replace("by=hour", "by=agent"))).status_code == 422
    assert (await asked(house, Role.CLIENT, OWN.replace("kanzlei", "other"))).status_code == 404


async def test_calls_by_client_margins_and_the_week(house: WallHouse, tmp_path: Path, dsn: str) -> None:
    """Names as the book has them, formulas beside the figures, a whole week of half hours."""
    calls = ((f"c{weeks}", MORNING - timedelta(weeks=weeks), {"client": "kanzlei"}) for weeks in range(3))
    await Keeping(tmp_path, dsn).calls(*calls)
    told = (await asked(house, Role.SUPERVISOR, f"/api/statistics?by=client&{DAYS}")).json()
    assert [(row["key"], row["name"], row["offered"]) for row in told["rows"]] == [("kanzlei", "Kanzlei Huber", 1)]
    assert told["formula"].startswith("answered within 20 s of arrival")
    assert told["total"]["offered"] == 1
    money = (await asked(house, Role.ADMIN, "/api/statistics/margin?month=2026-02")).json()
    assert [(row["name"], row["calls"], row["margin"]) for row in money["clients"]] == [("Kanzlei Huber", 2, "0.00")]
    week = (await asked(house, Role.SUPERVISOR, "/api/statistics/staffing?target=0.9&within=10")).json()
    assert len(week["half_hours"]) == 336
    assert max(row["agents_c"] for row in week["half_hours"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/statistics?by=moon&since=2026-03-01&until=2026-03-02",
        "/api/statistics?by=day&since=2026-03-02&until=2026-03-01",
        "/api/statistics?by=day&since=2020-01-01&until=2026-03-01",
        "/api/statistics/staffing?target=1",
        "/api/statistics/staffing?target=nan",
        "/api/statistics/margin?month=2026-13",
    ],
)
async def test_what_cannot_be_asked(house: WallHouse, path: str) -> None:
    """Refused with 422 before the database is asked."""
    assert (await asked(house, Role.ADMIN, path)).status_code == 422
