"""The agent's page in a real browser, over real calls: what an agent does with it, and what it survives."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import relay
from tests.browser.chromium import Chromium
from tests.browser.relay import Relay
from tests.e2e.desk import PASSWORD, add_user
from tests.e2e.house import House, eventually
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.web.access import Role

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

DID = "+4989123456"
MARKUP = "<img src=x onerror=document.title='hacked'><b>"

ANNA: dict[str, Any] = {"id": "anna", "name": "Anna Weber", "phones": ["agent1"], "wrap_up": 600}
LAW: dict[str, Any] = {
    "id": "law",
    "name": "Kanzlei Müller",
    "dids": [DID],
    "greeting": "Kanzlei Müller, guten Tag, mein Name ist Anna Weber.",
    "briefing": f"Scheidungen: sofort verbinden. {MARKUP}",
    "contacts": [{"id": "chief", "name": "Frau Müller", "numbers": ["+49 89 555001"]}],
    "open": {"chain": [{"to": "queue"}, {"to": "machine"}]},
}
LONG_AGO = "const real = Date; Date = class extends real { constructor(...a) { a.length ? super(...a) : super(0) } };"
LONG_AGO += "Date.now = () => 0;"
"""A browser whose clock stands at the beginning of 1970."""


@pytest.fixture
async def line(house: House) -> AsyncIterator[Relay]:
    """The way from browsers to the pages' server, which can be cut; the house is open, Anna's telephone is there."""
    await house.use(LAW, agents=(ANNA,))
    await add_user(house.settings, "anna", Role.AGENT, agent="anna")
    async with relay.running(house.settings.web.port) as way:
        web = house.settings.web.model_copy(update={"base_url": f"http://localhost:{way.port}"})
        house.settings = house.settings.model_copy(update={"web": web})
        await house.start()
        yield way


@pytest.fixture
async def telephone(house: House) -> Phone:
    """On Anna's desk."""
    return await house.agent(1)


@pytest.fixture
async def window(browser: Chromium, line: Relay) -> AsyncIterator[BrowserContext]:
    """Anna's browser. No script of a page may fail in it."""
    errors: list[str] = []
    async with browser.window(f"http://localhost:{line.port}") as context:
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
    assert errors == []


async def opened(house: House, window: BrowserContext) -> Page:
    """A page, whoever is signed in."""
    page = await window.new_page()
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.goto(house.settings.web.base_url)
    return page


async def signed_in(house: House, window: BrowserContext) -> Page:
    """A page at which Anna has signed in and gone on duty, by the keyboard."""
    page = await opened(house, window)
    await expect(page.get_by_label("Benutzername")).to_be_focused()
    await page.keyboard.type("anna")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".state.logged_out")).to_be_visible()
    await page.keyboard.press("F2")
    await expect(page.locator(".state.available")).to_be_visible()
    return page


@contextlib.asynccontextmanager
async def talking(house: House, telephone: Phone, did: str = DID) -> AsyncIterator[Outgoing]:
    """A caller whom Anna's telephone has taken; it is hung up in the end."""
    call = await house.call(did)
    await (await telephone.invited()).answer()
    await call.answered()
    try:
        yield call
    finally:
        await call.hang_up()


async def notes(house: House) -> list[dict[str, Any]]:
    """All notes, as they are kept."""
    return [dict(row) for row in await house.query("SELECT * FROM note ORDER BY created_at")]


async def test_a_call_is_noted_by_the_keyboard_alone(house: House, window: BrowserContext, telephone: Phone) -> None:
    """From the login to the next caller no mouse is touched; what is missing is asked for; markup is shown as text."""
    page = await signed_in(house, window)
    call = await house.call(DID)
    ringing = await telephone.invited()
    ringing.ring()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kanzlei Müller")
    await expect(page.locator("blockquote")).to_have_text(LAW["greeting"])
    await expect(page.locator(".briefing")).to_have_text(LAW["briefing"])
    await expect(page.get_by_role("alert")).to_contain_text("Kanzlei Müller")
    await ringing.answer()
    await expect(page.get_by_label("Name *")).to_be_focused()
    await page.keyboard.type(MARKUP)
    await page.keyboard.press("Alt+u")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_label("Nachricht *")).to_be_focused()
    await expect(page.get_by_label("Nachricht *")).to_have_attribute("aria-invalid", "true")
    await page.keyboard.type("Ruft wieder an.\nMorgen.")
    await page.keyboard.press("F4")
    await expect(page.locator(".state.held")).to_be_visible()
    await page.keyboard.press("F4")
    await expect(page.locator(".state.talking")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Fertig um")).to_be_visible()
    await page.keyboard.press("Alt+h")
    await call.finished()
    await expect(page.locator(".state.wrap_up")).to_be_visible()
    await page.keyboard.press("F2")
    await expect(page.locator(".state.available")).to_be_visible()
    await expect(page.locator(".log")).to_contain_text("✓ 1")
    assert await page.locator("img").count() == 0
    (note,) = await notes(house)
    assert (note["state"], note["urgent"], note["client"]) == ("done", True, "law")
    assert '"message": "Ruft wieder an.\\nMorgen."' in note["filled"]


async def test_what_is_typed_outlives_a_reload_and_a_second_page(
    house: House, window: BrowserContext, telephone: Phone
) -> None:
    """Loaded again in mid-call, the page has call and draft; where two pages differ, the agent says which one holds."""
    page = await signed_in(house, window)
    async with talking(house, telephone):
        await page.get_by_label("Name *").fill("Herr Schmidt")
        await page.reload()
        await expect(page.get_by_label("Name *")).to_have_value("Herr Schmidt")
        await expect(page.locator(".state.talking")).to_be_visible()
        second = await opened(house, window)
        await expect(second.get_by_label("Name *")).to_have_value("Herr Schmidt")
        await page.get_by_label("Nachricht *").fill("Die eine.")
        await expect(page.locator(".is-saved")).to_be_visible()
        await second.get_by_label("Firma").fill("Die andere")
        dialog = second.get_by_role("alertdialog")
        await expect(dialog).to_contain_text("Die eine.")
        await expect(dialog).to_contain_text("Die andere")
        await dialog.get_by_role("button", name="Meine behalten").click()
        await expect(second.locator(".is-saved")).to_be_visible()
        (note,) = await notes(house)
        assert '"company": "Die andere"' in note["filled"]
        assert "Die eine." not in note["filled"]


async def test_a_session_that_ends_in_the_middle_of_a_note_loses_nothing(
    house: House, window: BrowserContext, telephone: Phone
) -> None:
    """The login comes up on top of the page; after it the page goes on, and saves what was typed."""
    page = await signed_in(house, window)
    async with talking(house, telephone):
        await window.clear_cookies()
        await page.get_by_label("Name *").fill("Herr Schmidt")  # at once: the login comes up with the first save
        await expect(page.get_by_role("dialog")).to_contain_text("Bitte neu anmelden")
        await expect(page.get_by_label("Passwort")).to_be_focused()
        assert await notes(house) == []
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(page.locator(".is-saved")).to_be_visible()
        await expect(page.get_by_label("Name *")).to_have_value("Herr Schmidt")
        await eventually(lambda: notes(house), lambda found: len(found) == 1)


async def test_a_dropped_connection_is_told_and_taken_up_again(
    house: House, window: BrowserContext, telephone: Phone, line: Relay
) -> None:
    """While the server cannot be reached the page says so, and what is typed is kept; then it shows what has become."""
    page = await signed_in(house, window)
    async with talking(house, telephone) as call:
        await expect(page.get_by_label("Name *")).to_be_focused()
        line.cut()
        await expect(page.get_by_text("Verbindung zum Server unterbrochen")).to_be_visible()
        await page.keyboard.type("Herr Schmidt")
        await expect(page.locator(".is-unsaved")).to_be_visible()
        await call.hang_up()
        await house.becomes("anna", "wrap_up")
        line.mend()
        await expect(page.locator(".state.wrap_up")).to_be_visible()
        await expect(page.get_by_text("Verbindung zum Server unterbrochen")).to_be_hidden()
        await expect(page.locator(".is-saved")).to_be_visible()
    (note,) = await notes(house)
    assert "Herr Schmidt" in note["filled"]


async def test_every_screen_is_fit_for_screen_readers_whatever_the_time(
    house: House, window: BrowserContext, telephone: Phone
) -> None:
    """No serious finding of axe, dark, light and narrow; durations are the server's though the browser is in 1970."""
    await window.add_init_script(LONG_AGO)
    page = await opened(house, window)
    await expect(page.get_by_label("Benutzername")).to_be_visible()
    await fit(page, "login")
    await page.close()
    page = await signed_in(house, window)
    await expect(page.locator(".log, .between .soft").first).to_be_visible()
    await fit(page, "idle")
    await page.keyboard.press("F1")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await fit(page, "keys")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Konto").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await fit(page, "account")
    call = await house.call(DID)
    ringing = await telephone.invited()
    ringing.ring()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.locator(".state.ringing .number")).to_have_text(SOON)
    await fit(page, "ringing")
    await ringing.answer()
    await page.get_by_label("Name *").fill("Herr Schmidt")
    await fit(page, "talking")
    await page.set_viewport_size({"width": 640, "height": 400})
    await fit(page, "narrow")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    await call.hang_up()
    await expect(page.locator(".state.wrap_up .number")).to_contain_text("noch 9:5")


SOON = re.compile(r"0:[0-2]\d")


async def fit(page: Page, screen: str) -> None:
    """No serious finding, dark and light."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = (await Axe().run(page)).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [(one["id"], [node["target"] for node in one["nodes"]]) for one in serious]
        assert told == [], f"{screen}, {scheme}"
