"""Statistics in a real browser: of the house for an admin, and of its own calls for a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, FilePayload, Page, ViewportSize, expect

from tests.browser import portal_house
from tests.browser.chromium import Chromium
from tests.browser.portal_house import PortalHouse, signed_in
from tests.e2e.desk import add_user
from tests.web.test_worth_page import BOOK, LOG
from vorzimmer import app
from vorzimmer.core.account import BillingBook
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.role import Role
from vorzimmer.store import billing_book

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

HOURS = 200
PATIENCE = 20_000.0
"""Milliseconds until the calculator's process has begun and answered; four times what it takes."""

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def pages(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """The pages of a house whose phone rang every few hours for some weeks."""
    async with portal_house.running(dsn, tmp_path, app.Role.WEB) as house:
        async with house.database() as conn:
            for n in range(HOURS):
                kind = Disposition.ABANDONED if n % 7 == 0 else Disposition.ANSWERED
                await house.call(conn, f"past-{n}", kind, timedelta(hours=5 * n + 1, minutes=7 * n % 60), None, None)
        yield house


@pytest.fixture
async def window(browser: Chromium, pages: PortalHouse) -> AsyncIterator[BrowserContext]:
    """A browser. No script of a page may fail in it."""
    errors: list[str] = []
    async with browser.window(pages.url) as context:
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
    assert errors == []


async def test_statistics_of_the_house_and_of_a_client(pages: PortalHouse, window: BrowserContext) -> None:
    """Bars, tables and formulas; another choice asks anew; everything can be read by who does not see it."""
    page = await signed_in(pages, window, "root", "/admin#/statistics")
    calls, week = page.get_by_label("Anrufe", exact=True), page.get_by_label("Kommende Woche")
    await expect(calls.locator("tbody tr", has_text="Kanzlei Müller")).to_be_visible()
    await expect(calls).to_contain_text("angenommen innerhalb von 20 s nach Eingang ÷ (angenommen + aufgelegt)")
    await calls.get_by_label("Nach", exact=True).select_option("weekday")
    await expect(calls.locator("tbody tr")).to_have_count(7)
    await expect(week.locator("tbody tr")).to_have_count(7)
    await expect(page.get_by_label("Deckungsbeitrag").locator("tbody tr")).to_have_count(1)
    await _readable(page)
    await page.goto(f"{pages.url}/admin#/at/law/statistics")
    await expect(page.locator("h1")).to_have_text("Statistik")
    own = page.get_by_label("Anrufe", exact=True)
    await expect(own.get_by_label("Nach", exact=True).locator("option")).to_have_text(["Stunde", "Wochentag", "Tag"])
    await expect(own.locator("tfoot")).to_contain_text("Alle")


async def test_a_stranger_asks_the_calculator_and_a_supervisor_opens_the_statistics(
    pages: PortalHouse, window: BrowserContext
) -> None:
    """Without a login a log is answered by advice and a plot; the wall shows figures when asked to."""
    async with pages.database() as conn:
        await billing_book.save(conn, BillingBook.model_validate(BOOK), "test")
    page = await window.new_page()
    await page.goto(f"{pages.url}/worth")
    log: FilePayload = {"name": "log.csv", "mimeType": "text/csv", "buffer": LOG.encode("utf-16")}
    await page.get_by_label("CSV-Datei").set_input_files(files=[log])
    await page.get_by_role("button", name="Schätzen").click()
    await expect(page.get_by_role("status")).to_contain_text("am günstigsten", timeout=PATIENCE)
    assert await page.locator("main img").evaluate("image => image.naturalWidth") > 0
    await _readable(page)
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await add_user(pages.settings, "chef", Role.SUPERVISOR)
    page = await signed_in(pages, window, "chef")
    await page.locator("summary", has_text="Statistik").click()
    await expect(page.get_by_label("Anrufe", exact=True).locator("tbody tr")).not_to_have_count(0)
    await expect(page.get_by_label("Deckungsbeitrag")).to_have_count(0)


async def _readable(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
