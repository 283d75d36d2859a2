"""A client has its server's secret made, and sees it once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser import portal_house
from tests.browser.chromium import Chromium
from tests.browser.portal_house import PortalHouse, signed_in
from tests.browser.test_portal import THEMES, accessible
from vorzimmer import app
from vorzimmer.roles.running import now
from vorzimmer.store.webhook_secrets import signing

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other


@pytest.fixture
async def pages(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """The pages of a house with a past; nobody sends."""
    async with portal_house.running(dsn, tmp_path, app.Role.WEB) as house:
        yield house


@pytest.fixture
async def window(browser: Chromium, pages: PortalHouse) -> AsyncIterator[BrowserContext]:
    """A browser."""
    async with browser.window(pages.url) as context:
        yield context


async def test_a_secret_is_shown_when_it_is_made(pages: PortalHouse, window: BrowserContext) -> None:
    """Where a rule goes by webhook; what is shown is what is signed with, and loading the page again hides it."""
    page = await signed_in(pages, window, "kanzlei", "/#/notifications")
    card = page.get_by_role("region", name="Geheimnis für Webhooks")
    await expect(page.get_by_role("heading", name="Regeln", exact=True)).to_be_visible()
    await expect(card).to_have_count(0)
    await page.get_by_role("button", name="Regel hinzufügen").click()
    await page.get_by_label("Weg").select_option("webhook")
    await page.get_by_label("URL (https)").fill("https://crm.example/hook")
    await card.get_by_role("button", name="Geheimnis erzeugen").click()
    shown = await card.get_by_role("status").locator("code").inner_text()
    async with pages.database() as conn:
        assert await signing(conn, "law", now()) == (shown,)
    for theme in THEMES:
        await accessible(page, theme)
    await page.get_by_role("button", name="Speichern").click()
    await page.reload()
    await expect(card).to_contain_text("Erzeugt am")
    await expect(card.get_by_role("status")).to_have_count(0)
