"""What is written at the desk: notices of the day, notes and whose they are, work for clients."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.test_console import LONG_AGO, notes, signed_in, telephone, window
from tests.browser.test_desk import button, in_talk, line, shop_of
from tests.e2e.desk import Desk
from tests.e2e.house import House
from tests.e2e.test_calls import text_of
from tests.sipp.phone import Phone

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

__all__ = ["line", "telephone", "window"]


async def test_a_notice_is_on_top_until_its_time(house: House, window: BrowserContext, telephone: Phone) -> None:
    """Written in the call it is there with its end; it goes with its time, by the server's clock, or by a click."""
    await window.add_init_script(LONG_AGO)
    page = await signed_in(house, window)
    async with Desk.open(house.settings, "anna") as desk, in_talk(page, house, telephone):
        await page.keyboard.press("Alt+i")
        await page.get_by_label("Was ist zu beachten?").fill("Bei Gericht.")
        tomorrow = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=1)
        await page.get_by_label("Gilt bis").fill(f"{tomorrow:%Y-%m-%d}")
        await page.get_by_label("Uhrzeit").fill("15:00")
        await page.keyboard.press("Enter")
        notices = page.get_by_role("region", name="Heute zu beachten")
        await expect(notices).to_contain_text(re.compile(rf"Bei Gericht\. bis {tomorrow.day}\. \w+\.? 15:00 von Anna"))
        soon = datetime.now(UTC) + timedelta(seconds=3)
        await desk.post("/clients/law/notices", text="Kommt gleich wieder.", until=soon.isoformat())
        await expect(notices).to_contain_text("Kommt gleich wieder.")
        await expect(notices).not_to_contain_text("Kommt gleich wieder.")
        await expect(notices).to_contain_text("Bei Gericht.")
        await notices.get_by_role("button", name="Löschen").click()
        await notices.get_by_role("button", name="Ja").click()
        await expect(notices).to_be_hidden()


async def test_each_note_goes_to_its_client(house: House, window: BrowserContext, telephone: Phone) -> None:
    """Of two notes of a call one was for the other client, who gets it; corrected after it was sent, it goes again."""
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone):
        await page.get_by_label("Name *").fill("Herr Schmidt")
        await page.get_by_label("Nachricht *").fill("Bitte um Rückruf.")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Fertig um")).to_be_visible()
        await page.keyboard.press("Alt+n")
        await page.get_by_role("group", name="Formular").get_by_role("button", name="Notiz").click()
        await page.get_by_label("Notiz *").fill("Zwölf Rosen bis Freitag.")
        await button(page, "Falscher Auftraggeber?").click()
        await page.get_by_label("Richtiger Auftraggeber").select_option(label="Blumen Rot")
        await page.get_by_label("Weshalb?").fill("Hat sich verwählt")
        await button(page, "Übertragen").click()
        await expect(page.get_by_text("Diese Notiz geht an Blumen Rot")).to_be_visible()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Notiz fertig: Notiz")).to_be_visible()
    [first] = await house.mails()
    assert "Bitte um Rückruf." in text_of(first)
    assert "Rosen" not in first.as_string()
    [ordered] = await house.mails(to=shop_of(house))
    assert "Zwölf Rosen bis Freitag." in text_of(ordered)
    assert "Schmidt" not in ordered.as_string()
    await page.keyboard.press("F2")
    await page.locator(".log").get_by_role("button").click()
    await button(page, "✓ Nachricht").click()
    await expect(page.get_by_text("Dem Auftraggeber mitgeteilt um")).to_be_visible()
    await button(page, "Ändern").click()
    await page.get_by_label("Nachricht *").fill("Rückruf erst morgen.")
    await page.keyboard.press("Control+Enter")
    _, again = await house.mails(2)
    assert "Rückruf erst morgen." in text_of(again)
    traces = await house.query("SELECT client, from_client, reason FROM note_change WHERE what = 'client'")
    assert [tuple(row) for row in traces] == [("shop", "law", "Hat sich verwählt")]


async def test_what_is_left_over_is_finished_from_the_log(
    house: House, window: BrowserContext, telephone: Phone
) -> None:
    """A draft does not hold up the next caller; it waits in the log, and the work for a client is counted meanwhile."""
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone):
        await page.get_by_label("Name *").fill("Herr Schmidt")
        await expect(page.locator(".is-saved")).to_be_visible()
        await button(page, "Arbeit zu diesem Anruf").click()
        await page.get_by_label("Was wird getan?").fill("Akte suchen")
        await button(page, "Beginnen").click()
        await expect(page.get_by_text("Arbeit für Kanzlei Müller: Akte suchen")).to_be_visible()
    await page.keyboard.press("F2")
    await expect(page.locator(".state.available")).to_be_visible()
    await expect(page.get_by_label("Name *")).to_have_value("Herr Schmidt")
    await page.keyboard.press("Alt+l")
    await button(page, "Beenden: Akte suchen").click()
    tasks = page.locator(".tasks")
    await tasks.get_by_label("Auftraggeber").select_option(label="Blumen Rot")
    await tasks.get_by_label("Was wird getan?").fill("Bestellungen abtippen")
    await tasks.get_by_role("button", name="Beginnen").click()
    await expect(tasks.get_by_role("listitem")).to_have_count(2)
    await button(page, "Beenden: Bestellungen abtippen").click()
    await expect(page.get_by_text("Arbeit für")).to_have_count(1)
    await page.get_by_role("heading", name="Noch fertigzustellen").locator("..").get_by_role("button").click()
    await expect(page.get_by_label("Nachricht *")).to_be_focused()
    await page.keyboard.type("Ruft morgen wieder an.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Noch fertigzustellen")).to_be_hidden()
    [mail] = await house.mails()
    assert "Ruft morgen wieder an." in text_of(mail)
    rows = await house.query(
        "SELECT client, what, call_id IS NULL, ended_at IS NULL FROM task_work ORDER BY started_at"
    )
    assert [tuple(row) for row in rows] == [
        ("law", "Akte suchen", False, False),
        ("shop", "Bestellungen abtippen", True, False),
    ]


PASTE = """([name, text]) => {
  const box = document.querySelector(`[name=${name}]`);
  box.focus();
  document.execCommand("insertText", false, text);
}"""


async def test_what_is_pasted_is_kept_whatever_it_is(house: House, window: BrowserContext, telephone: Phone) -> None:
    """A megabyte is refused in clear words and not lost; controls go, emoji and markup stay the text they are."""
    page = await signed_in(house, window)
    async with in_talk(page, house, telephone):
        await page.get_by_label("Name *").fill("Zoë 👩‍🚀 <b>\x00\x07\u202e")
        await page.evaluate(PASTE, ["message", "Wort " * 200_000])
        box = page.get_by_label("Nachricht *")
        await expect(box).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_text("zu lang")).to_contain_text("höchstens 20.000")
        assert len(await box.input_value()) == 1_000_000
        await page.keyboard.press("Control+Enter")
        await page.reload()
        assert len(await box.input_value()) == 1_000_000
        await box.fill("Wort " * 4000)
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Fertig um")).to_be_visible()
    [note] = await notes(house)
    assert "Zoë 👩‍🚀 <b>" in note["filled"]
    assert "\\u202e" not in note["filled"]
