"""A client writes rules with a preview beside them, and reads what was sent; the operator sends it again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser import portal_house
from tests.browser.chromium import Chromium
from tests.browser.portal_house import PortalHouse, signed_in
from tests.browser.test_portal import PHONE, THEMES, accessible, fits, go
from vorzimmer import app

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other


@pytest.fixture
async def pages(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """The pages of a house with a past; nobody sends."""
    async with portal_house.running(dsn, tmp_path, app.Role.WEB) as house:
        yield house


@pytest.fixture
async def window(browser: Chromium, pages: PortalHouse) -> AsyncIterator[BrowserContext]:
    """A browser. No script of a page may fail in it."""
    errors: list[str] = []
    async with browser.window(pages.url) as context:
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
    assert errors == []


async def put(pages: PortalHouse, state: str, channel: str, to: str, said: str, copy: str | None = None) -> int:
    """A message that had one attempt; its id."""
    async with pages.database() as conn:
        message: int = await conn.fetchval(
            "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state,"
            " attempts)"
            " VALUES ('call-0-0', 'law', $1, $2, 'de', '{\"x\": 1}', gen_random_uuid()::text, $3, 1) RETURNING id",
            channel,
            to,
            state,
        )
        await conn.execute(
            "INSERT INTO outbox_attempt (outbox_id, outcome, detail) VALUES ($1, $2, $3)", message, state, said
        )
        if copy is not None:
            await conn.execute("INSERT INTO outbox_copy VALUES ($1, now(), 'text/plain', $2)", message, copy.encode())
    return message


async def test_a_rule_is_written_looked_at_and_saved(pages: PortalHouse, window: BrowserContext) -> None:
    """The preview follows what is typed, with a real call; what is wrong is said at its field; it is there again."""
    page = await signed_in(pages, window, "kanzlei", "/#/notifications")
    await page.get_by_role("button", name="Regel hinzufügen").click()
    rule = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=re.compile("^1. E-Mail")))
    preview = page.get_by_role("region", name="Vorschau")
    await expect(preview).to_contain_text("Bittet um Rückruf wegen des Termins am Freitag")
    await rule.get_by_label("E-Mail-Adresse").fill("nicht@richtig@law.example")
    await rule.get_by_role("group", name="Bei welchen Anrufen?").get_by_label("dringend").check()
    await rule.get_by_label("gesammelt, zu festen Uhrzeiten").check()
    await rule.get_by_role("button", name="Zeit hinzufügen: Ruhezeit").click()
    await rule.get_by_label("Mit eigenen Worten schreiben").check()
    await rule.get_by_label("Betreff").fill("Neu von {{ name }}")
    await expect(preview.get_by_text("Neu von Erika Muster")).to_be_visible()
    await rule.get_by_role("textbox", name="Text").fill("{{ nothing }}")
    await expect(preview.get_by_text("Einen Wert „nothing“ gibt es nicht")).to_be_visible()
    await rule.get_by_role("textbox", name="Text").fill("{{ headline }}")
    await expect(preview.locator("pre")).to_be_visible()
    for theme in THEMES:
        await accessible(page, theme)
    await page.get_by_role("button", name="Speichern").click()
    await expect(rule.get_by_text("ist keine E-Mail-Adresse")).to_be_visible()
    await rule.get_by_label("E-Mail-Adresse").fill("team@law.example")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_text("Gespeichert")).to_be_visible()
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await fits(page)
    await rule.get_by_role("button", name="Testnachricht senden: Regel 1").click()
    await expect(page.get_by_text("Unterwegs an team@law.example.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="1. E-Mail: team@law.example")).to_be_visible()


async def test_what_was_sent_is_read_and_sent_again(pages: PortalHouse, window: BrowserContext) -> None:
    """The client reads what was sent word for word; the operator sends again what was given up, one and all."""
    await put(pages, "sent", "sms", "+491701112223", "200 OK", "Kanzlei Müller: Erika Muster bittet um Rückruf")
    hooks = [await put(pages, "dead", "webhook", f"https://shop.example/{n}", "410 Gone") for n in range(2)]
    await put(pages, "dead", "email", "weg@law.example", "550 no such user here")
    page = await signed_in(pages, window, "kanzlei", "/#/messages")
    await expect(page.locator("a.message-line")).to_have_count(4)
    await page.get_by_label("Zustand").select_option("sent")
    await expect(page.locator("a.message-line")).to_have_count(1)
    await page.locator("a.message-line").click()
    await expect(page.get_by_role("region", name="Was gesendet wurde")).to_contain_text("bittet um Rückruf")
    await expect(page.get_by_role("region", name="Versuche")).to_contain_text("200 OK")
    for theme in THEMES:
        await accessible(page, theme)
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await fits(page)

    await window.clear_cookies()
    page = await signed_in(pages, window, "root", "/admin#/messages")
    await expect(page.get_by_role("listitem").filter(has_text="550 no such user here")).to_be_visible()
    await page.get_by_role("button", name="Noch einmal senden: weg@law.example").click()
    await expect(page.get_by_text("550 no such user here")).to_have_count(0)
    await page.get_by_label(re.compile("^Ziel")).fill("shop.example")
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Alle diese noch einmal senden: shop.example").click()
    await page.get_by_role("button", name="Alle diese noch einmal senden: shop.example").click()
    await expect(page.get_by_text("2 werden noch einmal gesendet.")).to_be_visible()
    await expect(page.get_by_text("Nichts liegt fest")).to_be_visible()
    await accessible(page, "light")
    async with pages.database() as conn:
        states = await conn.fetch("SELECT state FROM outbox WHERE id = ANY($1)", hooks)
    assert [row["state"] for row in states] == ["pending"] * 2
    await go(page, "at/law/messages")
    await expect(page.locator("a.message-line")).to_have_count(4)
