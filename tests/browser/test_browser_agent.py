"""The agent's page as the agent's telephone: a home-office agent needs a browser and a headset, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium import Chromium
from tests.browser.conftest import SPEECH
from tests.browser.test_console import DID, LAW, opened, signed_in
from tests.browser.test_phone import RECOGNISED
from tests.e2e.desk import add_user
from tests.e2e.house import House, eventually
from tests.e2e.test_softphone import Command, vorzimmer
from tests.sipp.outgoing import Outgoing
from vorzimmer.web.access import Role

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

__all__ = ["vorzimmer"]

ANNA: dict[str, Any] = {
    "id": "anna",
    "name": "Anna Weber",
    "phones": [{"endpoint": "anna-web", "transport": "webrtc"}, "agent1"],
    "wrap_up": 600,
}


@pytest.fixture
async def at_home(house: House, vorzimmer: Command) -> AsyncIterator[House]:
    """The house in which Anna has a telephone for the browser beside the one on her desk."""
    await house.use(LAW, agents=(ANNA,))
    await add_user(house.settings, "anna", Role.AGENT, agent="anna")
    await vorzimmer("phone", "password", "anna-web")
    try:
        await vorzimmer("phone", "apply")
        await house.start()
        yield house
    finally:
        house.settings.phones.file.unlink(missing_ok=True)
        await house.sandbox.cli("module reload res_pjsip.so")


async def called(house: House, page: Page) -> Outgoing:
    """A caller for whom this page rings."""
    call = await house.call(DID)
    await rings_here(page)
    return call


async def rings_here(page: Page) -> None:
    """Wait until this page rings, and can be answered."""
    await expect(page.get_by_role("button", name="Annehmen", disabled=False)).to_be_visible()


async def talks_here(page: Page, call: Outgoing) -> None:
    """Wait until the talk is at this page's telephone, and the caller hears what is said there from now on."""
    await expect(page.get_by_role("button", name="Stumm")).to_be_visible()
    since = asyncio.get_running_loop().time()
    await call.line.hears(SPEECH, score=RECOGNISED, since=since)


async def legs(house: House) -> int:
    """How many channels there are."""
    return len((await house.sandbox.cli("core show channels concise")).splitlines())


async def test_a_call_in_the_browser_outlives_reloads(at_home: House, browser: Chromium) -> None:
    """Loaded again the page rings again, and takes the talk back: one call, one talk, the caller is never let go."""
    house = at_home
    async with browser.window(house.settings.web.base_url) as window:
        page = await signed_in(house, window)
        await expect(page.locator(".phone-now")).to_contain_text("bereit")
        call = await called(house, page)
        await page.reload()
        await rings_here(page)
        await page.keyboard.press("F2")
        await call.answered()
        await talks_here(page, call)
        await page.reload()
        await talks_here(page, call)
        await eventually(lambda: legs(house), lambda found: found == 2)
        assert call.ended is None
        await page.keyboard.press("Alt+h")
        assert (await call.finished()).by == "far"
        await expect(page.locator(".state.wrap_up")).to_be_visible()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"], cdr["hung_up_by"]) == ("answered", "anna", "callee")
    rows = await eventually(lambda: house.query("SELECT state FROM agent_event ORDER BY n"), lambda rows: len(rows) > 4)
    assert [row["state"] for row in rows] == ["available", "reserved", "ringing", "talking", "wrap_up"]


async def test_the_telephone_goes_from_page_to_page_to_the_desk_and_back(at_home: House, browser: Chromium) -> None:
    """One click each, between calls and in one; the page that is not it any more says so, and does not ring."""
    house = at_home
    desk = await house.agent(1)
    async with browser.window(house.settings.web.base_url) as window:
        first = await signed_in(house, window)
        await expect(first.locator(".phone-now")).to_contain_text("bereit")
        second = await opened(house, window)
        await expect(second.locator(".phone-now")).to_contain_text("anderes Fenster")
        await second.get_by_role("button", name="Hierher holen").click()
        await expect(second.locator(".phone-now")).to_contain_text("bereit")
        await expect(first.locator(".phone-now")).to_contain_text("anderes Fenster")
        call = await called(house, second)
        await expect(first.locator(".call-bar")).to_contain_text("in einem anderen Fenster")
        await first.get_by_role("button", name="Hierher holen").click()
        await rings_here(first)
        await second.get_by_role("button", name="Hierher holen").click()
        await rings_here(second)
        await second.keyboard.press("F2")
        await talks_here(second, call)
        await first.get_by_role("button", name="Hierher holen").click()
        await talks_here(first, call)
        await expect(second.get_by_role("button", name="Stumm")).to_be_hidden()
        await first.get_by_role("button", name="Weiter an agent1").click()
        at_desk = await desk.invited()
        await at_desk.answer()
        await expect(first.locator(".phone-now")).to_contain_text("agent1")
        await first.get_by_role("button", name="Weiter im Browser").click()
        await talks_here(first, call)
        await at_desk.finished()
        await first.keyboard.press("Alt+h")
        await call.finished()
        await expect(first.locator(".state.wrap_up")).to_be_visible()
        await first.keyboard.press("F2")
        await expect(first.locator(".state.available")).to_be_visible()
        await first.get_by_role("button", name="Weiter an agent1").click()
        await expect(first.locator(".phone-now")).to_contain_text("agent1")
        call = await house.call(DID)
        await (await desk.invited()).answer()
        await call.answered()
        await call.hang_up()
    assert len(await house.cdrs(2)) == 2


async def test_without_a_microphone_the_desk_telephone_is_one_click_away(at_home: House, browser: Chromium) -> None:
    """It is said before the first call; a call rings on though it is answered, and goes to the desk telephone."""
    house = at_home
    desk = await house.agent(1)
    async with browser.window(house.settings.web.base_url, microphone=False) as window:
        page = await signed_in(house, window)
        await expect(page.get_by_text("Das Mikrofon ist gesperrt")).to_be_visible()
        call = await called(house, page)
        await page.keyboard.press("F2")
        await page.get_by_role("button", name="Weiter an agent1").click()
        at_desk = await desk.invited()
        await expect(page.get_by_text("Bitte am Telefon agent1 abheben")).to_be_visible()
        await at_desk.answer()
        await call.answered()
        await expect(page.locator(".state.talking")).to_be_visible()
        await expect(page.locator(".phone-now")).to_contain_text("agent1")
        await call.hang_up()


LOST_ON_THE_WAY = """
const set = RTCPeerConnection.prototype.setRemoteDescription;
let first = true;
RTCPeerConnection.prototype.setRemoteDescription = function (description) {
  if (!first) return set.call(this, description);
  first = false;
  const sdp = description.sdp.replace(/a=ice-pwd:.*/g, "a=ice-pwd:" + "x".repeat(24));
  return set.call(this, { type: description.type, sdp });
};
"""
"""The first connection of the page never finds a way for its sound: the other side refuses each attempt."""


async def test_a_talk_without_sound_heals_by_itself(at_home: House, browser: Chromium) -> None:
    """Sound that finds no way gets another connection: the caller hears the agent, and it is one call."""
    house = at_home
    async with browser.window(house.settings.web.base_url) as window:
        await window.add_init_script(LOST_ON_THE_WAY)
        page = await signed_in(house, window)
        await expect(page.locator(".phone-now")).to_contain_text("bereit")
        call = await called(house, page)
        await page.keyboard.press("F2")
        await call.answered()
        await talks_here(page, call)
        await eventually(lambda: legs(house), lambda found: found == 2)
        await call.hang_up()
    assert (await house.cdr())["answered_by"] == "anna"
