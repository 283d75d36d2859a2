"""A client answers by the link in its mail, without a script; the agent who wrote the note sees it at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import portal_house
from tests.browser.chromium import Chromium
from tests.browser.portal_house import PortalHouse, signed_in
from tests.e2e.desk import add_user
from vorzimmer import app
from vorzimmer.core.role import Role
from vorzimmer.store.signed_links import open_signer

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other


@pytest.fixture
async def pages(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """The pages of a house with a past."""
    async with portal_house.running(dsn, tmp_path, app.Role.WEB) as house:
        yield house


async def link(house: PortalHouse) -> str:
    """The address that stands in the mail about a call with a note."""
    async with house.database() as conn:
        call = await conn.fetchval("SELECT call_id FROM note WHERE client = 'law' AND state = 'done' LIMIT 1")
        token = (await open_signer(conn)).token(
            "answer", {"call": call, "client": "law"}, datetime.now(UTC), timedelta(days=1)
        )
    return f"{house.url}/m/{token}"


async def test_what_a_client_says_by_its_link_stands_on_the_agents_page(browser: Chromium, pages: PortalHouse) -> None:
    """At once, and until the agent has taken note of it; markup in it is text."""
    await add_user(pages.settings, "anna", Role.AGENT, agent="anna")
    async with browser.window(pages.url) as window:
        assert window.browser is not None
        elsewhere = await window.browser.new_context(java_script_enabled=False)
        desk = await signed_in(pages, window, "anna")
        await expect(desk.get_by_role("heading", name="Heutige Anrufe")).to_be_visible()
        mail = await elsewhere.new_page()
        await mail.goto(await link(pages))
        await mail.get_by_label("Antwort an uns").fill("Wir rufen <b>heute</b> an.")
        await mail.get_by_role("button", name="Antwort senden").click()
        await expect(mail.get_by_role("status")).to_have_text("Danke. Ihre Antwort ist bei uns.")
        answers = desk.get_by_role("region", name="Antworten von Auftraggebern")
        await expect(answers).to_contain_text("Wir rufen <b>heute</b> an.")
        await mail.get_by_role("button", name="Erledigt").click()
        await expect(answers.get_by_role("listitem")).to_have_count(2)
        for left in (1, 0):
            await answers.get_by_role("button", name="Gesehen").first.click()
            await expect(answers.get_by_role("listitem")).to_have_count(left)
        await expect(answers).to_be_hidden()
        await elsewhere.close()
