"""The wall for all who watch it: how often it is made, what makes it new, and what it does without the database."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.web.wall_house import AWAY, WallHouse, queued, seen, wall_house
from vorzimmer.web import wall_feed
from vorzimmer.web.wall_feed import PACE, Feed, Shown

PATIENCE = 10


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WallHouse]:
    """A house whose database is away, and whose calls process has one agent."""
    async with wall_house(AWAY, tmp_path) as made:
        made.see(agents=(seen("anna"),))
        yield made


async def test_a_hundred_screens_see_one_wall_twice_a_second(house: WallHouse) -> None:
    """Whoever looks at the same time gets the same wall; the next one is made half a second later."""
    feed = Feed(house.parts)
    first = await feed.look()
    many = await asyncio.gather(*(feed.look() for _ in range(100)))
    assert {id(one) for one in many} == {id(many[0])}
    assert many[0] is not first
    assert many[0].made - first.made >= PACE - 0.01


async def test_a_change_is_told_at_once_and_a_flood_of_changes_once(
    house: WallHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a quiet moment the next wall comes with the first change; what follows is told together, all of it."""
    feed = Feed(house.parts)
    shown: list[Shown] = []
    told = asyncio.Event()

    async def watch() -> None:
        async for one in feed.follow():
            shown.append(one)
            told.set()

    async def until(count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(shown) < count:
                told.clear()
                await told.wait()

    watching = asyncio.create_task(watch())
    await until(1)
    monkeypatch.setattr(wall_feed, "PACE", 2 * PATIENCE)
    feed._shown = replace(shown[0], made=shown[0].made - 2 * PATIENCE)  # so long ago
    queued(house, "c1")
    await until(2)
    monkeypatch.setattr(wall_feed, "PACE", PACE)
    for n in range(2, 30):
        queued(house, f"c{n}")
    await until(3)
    assert [len(one.wall.waiting) for one in shown] == [0, 1, 29]
    assert shown[2].made - shown[1].made >= PACE - 0.01
    house.parts.live.close()
    async with asyncio.timeout(PATIENCE):
        await watching


async def test_who_watches_in_a_quiet_house_hears_of_it(house: WallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changes: the wall comes all the same every few seconds, so that a silent line is known to be broken."""
    monkeypatch.setattr(wall_feed, "RECOUNT", 0.05)
    monkeypatch.setattr(wall_feed, "PACE", 0.01)
    monkeypatch.setattr(wall_feed, "SILENCE", 0.3)
    shown = []
    async with asyncio.timeout(PATIENCE):
        async for one in Feed(house.parts).follow():
            shown.append(one)
            if len(shown) == 3:
                break
    assert all(after.made - before.made >= 0.3 for before, after in itertools.pairwise(shown))


async def test_the_wall_stands_without_the_database(house: WallHouse) -> None:
    """Who waits is seen, the database is told to be away, and no figure is made up."""
    queued(house, "c1")
    shown = (await Feed(house.parts).look()).wall
    assert (len(shown.waiting), shown.database_away, shown.calls_away) == (1, True, False)
    assert (shown.service_level, shown.last_hour) == (None, ())


async def test_the_figures_stay_while_the_database_is_away(
    tmp_path: Path, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are as they were last counted, with the time of that beside them; counted again when it is back."""
    monkeypatch.setattr(wall_feed, "RECOUNT", 0.0)
    monkeypatch.setattr(wall_feed, "PACE", 0.01)
    async with wall_house(dsn, tmp_path) as house:
        feed = Feed(house.parts)

        async def counted(*, away: bool) -> Shown:
            async with asyncio.timeout(PATIENCE):
                while (shown := await feed.look()).wall.database_away is not away:
                    pass
                return shown

        before = (await counted(away=False)).wall.service_level
        assert before is not None
        database = house.parts.database
        pool = database._pool
        house.clock.now = house.clock.now.replace(minute=1)
        async with wall_house(AWAY, tmp_path) as away:
            database._pool = away.parts.database._pool
            assert (await counted(away=True)).wall.service_level == before
        database._pool, database._away_until = pool, 0.0
        after = (await counted(away=False)).wall.service_level
        assert after is not None
        assert after.at > before.at
