"""The supervisor's wall and the room's screen in a real browser, over real calls."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import relay
from tests.browser.chromium import Chromium
from tests.browser.relay import Relay
from tests.e2e.desk import PASSWORD, Desk, add_user
from tests.e2e.house import House
from vorzimmer.web.access import Role

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

DID = "+4989123456"
LAW: dict[str, Any] = {
    "id": "law",
    "name": "Kanzlei Müller",
    "dids": [DID],
    "open": {"chain": [{"to": "queue"}, {"to": "machine"}]},
}
ANNA: dict[str, Any] = {"id": "anna", "name": "Anna Weber", "phones": ["agent1"], "records_since": "2026-01-01"}
CHIEF: dict[str, Any] = {"id": "chief", "name": "Chief", "phones": ["agent3"], "supervisor": True}

FUTURE = """{
  const real = Date, ahead = 5 * 3600e3;
  Date = class extends real { constructor(...a) { a.length ? super(...a) : super(real.now() + ahead) } };
  Date.now = () => real.now() + ahead;
}"""
"""A browser whose clock is five hours ahead."""


@pytest.fixture
async def line(house: House) -> AsyncIterator[Relay]:
    """The way from browsers to the pages' server; Anna is on duty, the chief has a telephone and a page."""
    await house.use(LAW, agents=(ANNA, CHIEF))
    await add_user(house.settings, "chief", Role.SUPERVISOR, agent="chief")
    async with relay.running(house.settings.web.port) as way:
        web = house.settings.web.model_copy(update={"base_url": f"http://localhost:{way.port}", "totp_for": ()})
        house.settings = house.settings.model_copy(update={"web": web})
        await house.start()
        await house.log_in("anna")
        yield way


@pytest.fixture
async def window(browser: Chromium, line: Relay) -> AsyncIterator[BrowserContext]:
    """A browser with a wrong clock. No script of a page may fail in it."""
    errors: list[str] = []
    async with browser.window(f"http://localhost:{line.port}") as context:
        await context.add_init_script(FUTURE)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
    assert errors == []


async def accessible(page: Page) -> None:
    """No serious finding, light or dark."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        found = (await Axe().run(page)).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


async def test_a_supervisor_goes_into_a_talk_from_the_wall(house: House, window: BrowserContext) -> None:
    """One key press rings the own telephone; which stage is on is told; who waits is counted by the server's clock."""
    anna, chief = await house.agent(1), await house.agent(3)
    page = await window.new_page()
    await page.goto(f"{house.settings.web.base_url}/wall")
    await page.get_by_label("Benutzername").fill("chief")
    await page.get_by_label("Passwort").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Niemand wartet.")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Anna Weber"))
    await expect(row).to_contain_text("frei")

    call = await house.call(DID)
    await (await anna.invited()).answer()
    await expect(row).to_contain_text("spricht")
    await expect(row).to_contain_text("Kanzlei Müller")
    await page.get_by_role("button", name="Mithören: Anna Weber").press("Enter")
    ringing = await chief.invited()
    await expect(page.get_by_text("Ihr Telefon agent3 klingelt")).to_be_visible()
    await ringing.answer()
    await expect(page.get_by_text("Aktiv: Mithören: Anna Weber.")).to_be_visible()
    await expect(page.get_by_role("button", name="Mithören: Anna Weber", pressed=True)).to_be_visible()
    await page.get_by_role("button", name="Flüstern: Anna Weber").click()
    await expect(page.get_by_role("button", name="Flüstern: Anna Weber", pressed=True)).to_be_visible()

    second = await house.call(DID, from_="+49301111222")
    waits = page.get_by_role("row").filter(has_text="Kanzlei Müller").locator(".wait")
    await expect(waits).to_have_text(re.compile(r"0:0[0-2]"))
    await expect(waits).to_have_text(re.compile(r"0:0[3-6]"))
    await expect(page.get_by_text("+49301111•••")).to_be_visible()
    assert "+49301111222" not in await page.content()
    await accessible(page)

    await ringing.hang_up()
    await expect(page.get_by_text("Aktiv:")).to_have_count(0)
    await second.hang_up()
    await call.hang_up()
    await expect(page.get_by_text("Niemand wartet.")).to_be_visible()


async def test_the_rooms_screen_needs_nobody_and_says_when_it_is_old(
    house: House, window: BrowserContext, line: Relay
) -> None:
    """Opened with a token it shows the house for ever; while the line is cut it says since when, and then goes on."""
    async with Desk.open(house.settings, "chief") as desk:
        token = (await desk.post("/me/tokens", name="room"))["token"]
    page = await window.new_page()
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await page.goto(f"{house.settings.web.base_url}/wall#room={token}")
    await expect(page.get_by_text("Niemand wartet.")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="Anna")).to_contain_text("frei")
    assert token not in page.url, "who stands before the screen cannot read it"
    await accessible(page)
    await page.emulate_media(color_scheme="light")
    assert await page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"

    line.cut()
    await expect(page.get_by_text("Verbindung unterbrochen")).to_be_visible()
    await expect(page.locator(".tile.old")).to_have_count(4)
    line.mend()
    await expect(page.get_by_text("Verbindung unterbrochen")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_text("Niemand wartet.")).to_be_visible()
