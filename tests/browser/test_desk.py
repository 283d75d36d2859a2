"""The agent's page beside a telephone on the desk: putting through, recording, pauses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.browser import relay
from tests.browser.relay import Relay
from tests.browser.test_console import DID, signed_in, talking, telephone, window
from tests.e2e.desk import add_user
from tests.e2e.house import House, eventually
from tests.e2e.test_talk_recording import sounds_on_disk
from tests.e2e.test_transfer import CHIEF, DEPUTY, hear_each_other, said
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.web.access import Role

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

__all__ = ["telephone", "window"]

SHOP_DID = "+4989123457"
ANNA: dict[str, Any] = {
    "id": "anna",
    "name": "Anna Weber",
    "phones": ["agent1"],
    "wrap_up": 600,
    "records_since": "2026-01-01",
}
LAW: dict[str, Any] = {
    "id": "law",
    "name": "Kanzlei Müller",
    "dids": [DID],
    "open": {"chain": [{"to": "queue"}, {"to": "machine"}]},
    "contacts": [
        {"id": "chief", "name": "Frau Müller", "numbers": [CHIEF]},
        {"id": "deputy", "name": "Herr Huber", "numbers": [DEPUTY]},
        {"id": "night", "name": "Herr Nacht", "numbers": ["+49 89 555003"], "hours": {}},
    ],
    "rota": {"duties": [{"contact": "deputy"}]},
    "forms": ["message", "free"],
    "recording": {"allowed": True},
    "announcements": {"consent": "consent.wav"},
}
SHOP: dict[str, Any] = {
    "id": "shop",
    "name": "Blumen Rot",
    "dids": [SHOP_DID],
    "forms": ["message", "free"],
    "open": {"chain": [{"to": "queue"}, {"to": "machine"}]},
}


@pytest.fixture
async def line(house: House) -> AsyncIterator[Relay]:
    """The way from browsers to the pages' server; the house is open, Anna serves two clients."""
    await house.use(LAW, SHOP | {"mail": [shop_of(house)]}, agents=(ANNA,))
    await house.announce("law", 1.0, consent=70)
    await add_user(house.settings, "anna", Role.AGENT, agent="anna")
    async with relay.running(house.settings.web.port) as way:
        web = house.settings.web.model_copy(update={"base_url": f"http://localhost:{way.port}"})
        house.settings = house.settings.model_copy(update={"web": web})
        await house.start()
        yield way


def shop_of(house: House) -> str:
    """Where the shop gets its mail."""
    return f"shop.{house.address}"


@contextlib.asynccontextmanager
async def in_talk(page: Page, house: House, telephone: Phone, did: str = DID) -> AsyncIterator[Outgoing]:
    """A caller with whom Anna talks, as her page shows; afterwards the caller hangs up, and the page shows that."""
    async with talking(house, telephone, did) as call:
        await expect(page.locator(".state.talking")).to_be_visible()
        await expect(
            page.get_by_role("button", name="Halten")
        ).to_be_enabled()  # what can be done is there, with its keys
        yield call
    await expect(page.locator(".state.talking")).to_be_hidden()


async def ready(page: Page) -> None:
    """Anna says that she is ready; who calls before the house has heard it is told that nobody is there."""
    await page.keyboard.press("F2")
    await expect(page.locator(".state.available")).to_be_visible()


def button(page: Page, name: str) -> Locator:
    """A button by what it says, or is announced as."""
    return page.get_by_role("button", name=name)


async def test_a_caller_is_put_through_by_a_click(house: House, window: BrowserContext, telephone: Phone) -> None:
    """Asked first, all three, back; the rota, left alone with the caller. Who has no hours now is not offered."""
    outside = await house.trunk()
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone) as call:
        night = page.locator(".contacts li.not")
        await expect(night).to_have_text("Herr Nacht ist zu dieser Zeit nicht zu erreichen")
        await expect(night.get_by_role("button")).to_have_count(0)
        await button(page, "Rückfrage bei Frau Müller").click()
        await expect(page.get_by_text("Frau Müller wird angerufen")).to_be_visible()
        await expect(page.get_by_role("button", name="Verbinden", exact=True)).to_have_attribute(
            "aria-disabled", "true"
        )
        chief = await outside.invited()
        assert chief.dialled == CHIEF
        await chief.answer()
        await expect(page.get_by_text("Frau Müller ist am Apparat")).to_be_visible()
        await page.keyboard.press("Alt+j")
        await expect(page.get_by_text("Sie sprechen zu dritt mit Frau Müller")).to_be_visible()
        await hear_each_other(call, chief, 51)
        await button(page, "Zurück zum Anrufer").click()
        await chief.finished()
        await expect(button(page, "Halten")).to_be_visible()
        await page.keyboard.press("Alt+0")
        deputy = await outside.invited()
        assert deputy.dialled == DEPUTY
        await deputy.answer()
        await expect(page.get_by_text("Herr Huber ist am Apparat")).to_be_visible()
        await page.get_by_role("button", name="Verbinden", exact=True).click()
        await expect(page.locator(".state.wrap_up")).to_be_visible()
        await hear_each_other(call, deputy, 53)
        await deputy.hang_up()
        await call.finished()


async def test_a_caller_is_put_through_at_once_by_a_key(house: House, window: BrowserContext, telephone: Phone) -> None:
    """The agent is out of it with one key; what the call was and the next caller cost one more each."""
    outside = await house.trunk()
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone) as call:
        await expect(button(page, "Direkt verbinden mit Frau Müller")).to_be_enabled()
        await page.keyboard.press("Alt+Shift+1")
        await expect(page.locator(".state.wrap_up")).to_be_visible()
        chief = await outside.invited()
        await chief.answer()
        chief.line.press("1")
        await said(house, "phase.put_through")
        await hear_each_other(call, chief, 55)
        await page.keyboard.press("Alt+o")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_text("Ergebnis gespeichert: Rückruf gewünscht")).to_be_visible()
        second = await house.call(SHOP_DID)
        await expect(page.get_by_text("1 wartet")).to_be_visible()
        await page.keyboard.press("F2")
        await (await telephone.invited()).answer()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Blumen Rot")
        await second.hang_up()
    assert [row["result"] for row in await house.query("SELECT result FROM call_result")] == ["callback"]


async def test_a_talk_is_recorded_with_consent_alone(house: House, window: BrowserContext, telephone: Phone) -> None:
    """A key of the caller, or a yes that the agent heard; nothing without it, nothing for whom it is not allowed."""
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone) as call:
        for key in ("2", "1"):
            since = asyncio.get_running_loop().time()
            await page.keyboard.press("Alt+Shift+r")
            await expect(page.get_by_text("Anrufer wird gefragt")).to_be_visible()
            await call.line.hears(sound.announcement(70, 1.0), since=since)
            call.line.press(key)
            if key == "2":
                await expect(page.get_by_text("nicht nachgewiesen")).to_be_visible()
                assert sounds_on_disk(house) == []
        await expect(page.get_by_text("Aufnahme läuft")).to_be_visible()
        await page.keyboard.press("Alt+r")
        await expect(page.get_by_text("Aufnahme angehalten")).to_be_visible()
        await page.keyboard.press("Alt+r")
        await expect(page.get_by_text("Aufnahme läuft")).to_be_visible()
        await button(page, "Löschen").click()
        await expect(page.get_by_text("Aufnahme läuft")).to_be_hidden()
        await eventually(lambda: on_disk(house), lambda found: found == [])
    await ready(page)
    async with in_talk(page, house, telephone):
        await button(page, "Ja gehört").click()
        await expect(page.get_by_text("Aufnahme läuft")).to_be_visible()
    await ready(page)
    async with in_talk(page, house, telephone, SHOP_DID):
        await expect(button(page, "Auflegen")).to_be_visible()
        await expect(page.get_by_role("group", name="Aufnahme")).to_be_hidden()
    await house.cdrs(3)
    assert len(await house.query("SELECT * FROM talk_recording")) == 1


async def on_disk(house: House) -> list[Path]:
    """`sounds_on_disk`, for `eventually`."""
    return sounds_on_disk(house)


async def test_pauses_and_going_home(house: House, window: BrowserContext, telephone: Phone) -> None:
    """A pause has a reason; asked for in a talk it begins after wrap-up; who logs out in a talk is out after it."""
    await house.use(LAW, agents=(ANNA | {"wrap_up": 2},))
    page = await signed_in(house, window)
    await page.keyboard.press("F9")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("1")
    await expect(page.locator(".state.paused")).to_contain_text("Mittag")
    await expect(page.get_by_role("dialog")).to_be_hidden()  # until then no key reaches the page behind it
    await ready(page)
    async with in_talk(page, house, telephone):
        await page.keyboard.press("F9")
        await expect(page.get_by_role("dialog")).to_contain_text("Die Pause beginnt danach")
        await page.get_by_label("Anderer Grund").fill("Zahnarzt")
        await page.keyboard.press("Enter")
        await expect(page.locator(".state.talking")).to_contain_text("danach Pause")
    await expect(page.locator(".state.wrap_up")).to_contain_text("danach Pause")
    await expect(page.locator(".state.paused")).to_contain_text("Zahnarzt")
    await ready(page)
    async with in_talk(page, house, telephone):
        await page.locator("header.top").get_by_role("button", name="Abmelden").click()
        await expect(page.locator(".state.talking")).to_contain_text("danach abgemeldet")
    await expect(page.locator(".state.logged_out")).to_be_visible()
