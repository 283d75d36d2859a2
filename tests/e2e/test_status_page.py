"""The operator's page, served by the role `web`."""

from __future__ import annotations

import aiohttp

from tests.e2e.house import House
from tests.e2e.test_calls import OFFICE, client, group
from tests.e2e.test_daemon import in_talk


async def shown(house: House) -> str:
    """The page as it is now."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{house.settings.watch.web}/") as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def test_the_page_follows_the_house(house: House) -> None:
    """Roles that are ready, and the calls of today as they end; no caller's number is on it."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    assert "none yet" in await shown(house)
    call, _ = await in_talk(house, await house.agent(1))
    await call.hang_up()
    await house.cdr()
    page = await shown(house)
    assert "<td>answered</td><td>1</td>" in page
    assert page.count("ready") >= 2
    assert "+4930" not in page
