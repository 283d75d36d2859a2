"""The client's portal and the operator's pages in a real browser, on a house without telephones."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import portal_house
from tests.browser.chromium import Chromium
from tests.browser.portal_house import PortalHouse, signed_in
from tests.e2e.desk import PASSWORD
from tests.e2e.house import eventually
from tests.sipp import sound
from vorzimmer import app
from vorzimmer.announcements.voicemail import to_mp3

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE = {"width": 360, "height": 740}
PATIENCE = 20_000.0
"""Milliseconds until a file is converted; ten times what it takes."""

NEW_PASSWORD = "ein langes neues Kennwort"
PAGES = (
    "today",
    "calls",
    "hours",
    "announcements",
    "menus",
    "contacts",
    "notifications",
    "messages",
    "numbers",
    "statements",
    "statistics",
    "orders",
    "users",
    "trail",
)


@pytest.fixture
async def pages(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """The pages of a house with a past."""
    async with portal_house.running(dsn, tmp_path, app.Role.WEB, app.Role.WORKER) as house:
        yield house


@pytest.fixture
async def window(browser: Chromium, pages: PortalHouse) -> AsyncIterator[BrowserContext]:
    """A browser. No script of a page may fail in it."""
    errors: list[str] = []
    async with browser.window(pages.url) as context:
        context.on("weberror", lambda error: errors.append(str(error.error)))
        yield context
    assert errors == []


async def accessible(page: Page, theme: Literal["light", "dark"]) -> None:
    """No finding."""
    await page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # no colour is on its way to another
    found = (await Axe().run(page)).response["violations"]
    assert [(page.url, one["id"], one["nodes"][0]["html"]) for one in found] == []


async def fits(page: Page) -> None:
    """Nothing scrolls sideways."""
    wide, screen = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= screen, page.url


async def go(page: Page, where: str) -> None:
    """Go to one of the portal's pages by its address."""
    await page.evaluate("where => { location.hash = where }", f"#/{where}")
    await expect(page.get_by_text(re.compile("wird geladen|loading", re.IGNORECASE))).to_have_count(0)


async def test_a_clients_day(pages: PortalHouse, window: BrowserContext) -> None:
    """Closed by one click and open again; a call is found by its note and heard; what is found is taken along."""
    page = await signed_in(pages, window, "kanzlei")
    office = page.locator("header .office")
    await expect(office).to_be_visible()
    switch = page.get_by_role("button", name=re.compile("^Jetzt (schließen|öffnen)$"))
    closing = await switch.inner_text() == "Jetzt schließen"
    await page.get_by_label("bis ich es zurücknehme").check()
    await switch.click()
    await expect(office).to_have_text(re.compile("Geschlossen" if closing else "Offen"))
    await page.get_by_role("button", name="Wieder nach den Zeiten").click()
    await expect(switch).to_have_text("Jetzt schließen" if closing else "Jetzt öffnen")

    await page.get_by_label("Neuer Hinweis").fill("Heute nur Notfälle")
    day = page.get_by_role("region", name="Hinweise für heute")
    await day.get_by_label("Uhrzeit").fill("23:59")
    await day.get_by_role("button", name="Hinweis geben").click()
    await expect(day.get_by_role("listitem")).to_contain_text("Heute nur Notfälle")

    await page.get_by_role("link", name="Anrufe", exact=True).click()
    lines = page.locator("a.call")
    await expect(lines).to_have_count(18)
    await page.get_by_label("Suche", exact=True).fill("Termins am Freitag")
    await expect(lines).to_have_count(1)
    assert "q=Termins" in page.url, "a search can be sent on"
    await page.get_by_role("button", name="Alles zeigen").click()
    await page.get_by_label("Art").select_option("message")
    await expect(lines).to_have_count(3)
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="CSV").click()
    text = (await (await loading.value).path()).read_text("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text), delimiter=";"))) == 1 + 3

    await lines.first.click()
    await expect(page.get_by_role("heading", name="Anhören")).to_be_visible()
    heard = await page.evaluate(
        """() => new Promise((done) => {
          const sound = document.querySelector("audio");
          sound.onended = () => done(sound.duration);
          sound.onerror = () => done(-1);
          sound.play();
        })"""
    )
    assert heard == pytest.approx(2.0, abs=0.2)


async def test_hours_are_tried_before_they_are_saved(pages: PortalHouse, window: BrowserContext) -> None:
    """The preview follows what is typed; what somebody else saved meanwhile is shown beside it, and nothing is lost."""
    page = await signed_in(pages, window, "kanzlei", "/#/hours")
    preview = page.get_by_role("region", name="Was passiert, wenn jemand anruft?")
    await preview.get_by_label("Tag").fill("2030-06-03")  # a Monday
    await preview.get_by_label("Uhrzeit").fill("14:00")
    await expect(preview.locator(".office")).to_have_text("Offen")
    await page.get_by_label("Montag, bis").fill("12:00")
    await expect(preview.locator(".office")).to_have_text("Geschlossen")
    await expect(preview.locator(".steps")).to_contain_text("Anrufbeantworter")

    async with httpx.AsyncClient(base_url=pages.url, trust_env=False) as other:
        me = await other.post("/api/login", json={"user": "kanzlei", "password": PASSWORD})
        told = (await other.get("/api/clients/law/hours")).json()
        news = {name: told[name] for name in ("version", "hours", "special_days", "vacations", "holidays")}
        headers = {"X-CSRF-Token": me.json()["csrf"]}
        saved = await other.put("/api/clients/law/hours", json={**news, "lunch": ["12:30-13:30"]}, headers=headers)
        assert saved.status_code == 200, saved.text

        await go(page, "calls")
        await go(page, "hours")
        await expect(page.get_by_label("Montag, bis")).to_have_value("12:00")
        newer = page.get_by_role("alertdialog", name="Inzwischen hat jemand anderes gespeichert")
        await expect(newer).to_contain_text(re.compile("12:30.13:30"))
        await newer.get_by_role("button", name="Meine speichern").click()
        await expect(page.locator(".said")).to_contain_text("Gespeichert.")
        await expect(newer).to_have_count(0)
        kept = (await other.get("/api/clients/law/hours")).json()
    assert kept["hours"]["mon"] == ["08:00-12:00"]
    assert kept["lunch"] == ["12:00-13:00"]


async def test_an_announcement_on_its_way_to_callers(pages: PortalHouse, window: BrowserContext) -> None:
    """A file becomes a draft that is heard, then approved; what is no sound is refused; the microphone does as well."""
    wav = sound.write_wav(pages.folder / "greeting.wav", sound.announcement(3, 3.0))
    mp3, text = pages.folder / "Grüß Gott.mp3", pages.folder / "text.mp3"
    await to_mp3(wav, mp3)
    text.write_text("no sound at all", encoding="utf-8")
    page = await signed_in(pages, window, "kanzlei", "/#/announcements")
    await page.get_by_role("link", name="Begrüßung").click()

    await page.get_by_label("Datei hochladen").set_input_files(mp3)
    draft = page.get_by_role("article", name="Datei Grüß Gott.mp3")
    await expect(draft.get_by_text("Entwurf")).to_be_visible(timeout=PATIENCE)
    await expect(draft).to_contain_text(re.compile(r"Lautheit -2[2-4],\d LUFS"))
    await expect(draft).to_contain_text(re.compile(r"Kennzahl zum Probehören am Telefon: \d{4,6}"))
    assert len(await draft.locator("path.ahead").get_attribute("d") or "") > 1000, "the waveform is drawn"
    await draft.get_by_role("button", name=re.compile("^Anhören")).click()
    await expect(draft.locator(".number", has_text=re.compile(r"0:0[123] / 0:03"))).to_be_visible()
    await accessible(page, "light")
    await page.screenshot(path=pages.folder / "announcement.png")
    await draft.get_by_role("button", name="Freigeben").click()
    await expect(draft.get_by_text("wird jetzt gehört")).to_be_visible()

    await page.get_by_label("Datei hochladen").set_input_files(text)
    refused = page.get_by_role("article", name="Datei text.mp3")
    await expect(refused).to_contain_text("text.mp3 ist keine mp3-Datei", timeout=PATIENCE)

    await page.get_by_text("Hier aufnehmen").click()
    await page.get_by_role("button", name="Aufnahme beginnen").click()
    await eventually(lambda: page.evaluate("document.querySelector('meter')?.value ?? 0"), lambda level: level > 0.2)
    await expect(page.get_by_role("timer")).to_have_text("0:02")
    await page.get_by_role("button", name="Aufnahme beenden").click()
    await page.get_by_role("button", name="Diese Aufnahme verwenden").click()
    spoken = page.get_by_role("article", name="hier gesprochen")
    await expect(spoken.get_by_text("Entwurf")).to_be_visible(timeout=PATIENCE)


async def test_a_menu_without_a_way_out_is_refused_and_drawn(pages: PortalHouse, window: BrowserContext) -> None:
    """A circle is told at its place and in the picture before it can be saved; mended it is saved.

    So is a new menu to which nothing leads, until callers come into it first.
    """
    page = await signed_in(pages, window, "kanzlei", "/#/menus")
    picture = page.get_by_role("img", name=re.compile("Plan des Menüs"))
    await expect(picture).to_be_visible()
    await expect(page.get_by_text("Alles passt")).to_be_visible()
    otherwise = page.get_by_label("Wohin: Hauptmenü, Wenn nichts gedrückt wird", exact=True)
    await otherwise.select_option("menu")
    fault = re.compile("Menü „Hauptmenü“, wenn nichts gedrückt wird: es wird immer wieder gefragt")
    await expect(page.get_by_role("region", name="Hauptmenü").get_by_text(fault)).to_be_visible()
    await expect(picture.locator(".station.faulty")).to_have_count(1)
    save = page.get_by_role("button", name="Speichern")
    await expect(save).to_have_attribute("aria-disabled", "true")
    await accessible(page, "dark")
    await page.screenshot(path=pages.folder / "menu.png", full_page=True)

    await otherwise.select_option("machine")
    await expect(page.get_by_text("Alles passt")).to_be_visible()
    await page.get_by_label("Taste hinzufügen").select_option("3")
    await page.get_by_label("Wohin: Hauptmenü, Taste 3", exact=True).select_option("callback")
    await expect(picture.locator("text", has_text="Rückruf")).to_be_visible()
    first = page.get_by_role("region", name="Anrufer kommen zuerst in")
    await expect(first.get_by_label("während der Geschäftszeiten")).to_have_value("main")
    await page.get_by_role("button", name="Menü hinzufügen").click()
    new = page.get_by_role("region", name="Neues Menü 2")
    await new.get_by_label("Taste hinzufügen").select_option("1")
    await expect(new).to_contain_text("nichts führt dorthin")
    await first.get_by_label("außerhalb der Geschäftszeiten").select_option(label="Neues Menü 2")
    await expect(page.get_by_text("Alles passt")).to_be_visible()
    await page.screenshot(path=pages.folder / "menus.png", full_page=True)
    await save.click()
    await expect(page.locator(".said")).to_contain_text("Gespeichert.")
    await page.reload()
    await expect(page.get_by_label("Wohin: Hauptmenü, Taste 3", exact=True)).to_have_value("callback")
    await expect(first.get_by_label("außerhalb der Geschäftszeiten")).to_have_value("menu-2")


async def test_every_page_fits_a_phone(pages: PortalHouse, window: BrowserContext) -> None:
    """At 360 pixels nothing scrolls sideways, nothing is inaccessible, light and dark in turn; in English too."""
    page = await signed_in(pages, window, "kanzlei")
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await expect(page.locator("header .office")).to_be_visible()
    for name, theme in zip((*PAGES, "calls/call-0-0", "more"), cycle(THEMES), strict=False):
        await go(page, name)
        await fits(page)
        await accessible(page, theme)
        await page.screenshot(path=pages.folder / f"{name.replace('/', '-')}.png")
    await page.get_by_role("button", name=re.compile("^Konto")).click()
    await page.get_by_label("Sprache").select_option("en")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Calls")
    await go(page, "hours")
    await expect(page.get_by_role("heading", name="What happens if somebody calls?")).to_be_visible()
    await fits(page)


async def test_an_admin_acts_for_somebody_and_is_seen_to(pages: PortalHouse, window: BrowserContext) -> None:
    """The banner stands on every page until it is ended; the trail says who it was, with what was before and after."""
    page = await signed_in(pages, window, "root", "/admin")
    await page.get_by_role("link", name="Kanzlei Müller & Partner mbB").click()
    await expect(page.get_by_role("heading", name="Heute", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Alle Auftraggeber").click()
    await page.get_by_role("link", name="Zugänge").click()
    await page.get_by_role("button", name="Für diesen Benutzer handeln: Kanzlei").click()

    banner = page.locator(".acting")
    await expect(banner).to_contain_text("Sie handeln für Kanzlei.")
    await go(page, "contacts")
    await expect(banner).to_be_visible()
    await accessible(page, "light")
    await page.get_by_label("Aufgabe").first.fill("Notarin")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.locator(".said")).to_contain_text("Gespeichert.")
    await banner.get_by_role("button", name="Beenden").click()

    await expect(page.locator(".acting")).to_have_count(0)
    await page.get_by_role("link", name="Änderungen").click()
    changed = page.get_by_role("listitem").filter(has_text="client.contacts")
    await expect(changed).to_contain_text("root für kanzlei")
    await changed.get_by_text("Was genau?").click()
    await expect(changed).to_contain_text("Notarin")
    await accessible(page, "dark")


async def test_an_orders_steps_are_brought_on(pages: PortalHouse, window: BrowserContext) -> None:
    """A question and its answer stand at the step; done, the next one begins; a cancelled order is out of the way.

    Times are the house's, in whatever zone the browser is.
    """
    async with httpx.AsyncClient(base_url=pages.url, trust_env=False) as client:
        me = await client.post("/api/login", json={"user": "kanzlei", "password": PASSWORD})
        wanted: dict[str, Any] = {"kind": "setup", "options": {"own-number": {"number": "089 7654321"}}, "wishes": ""}
        headers = {"X-CSRF-Token": me.json()["csrf"]}
        placed = (await client.post("/api/clients/law/orders", json=wanted, headers=headers)).json()
    page = await signed_in(pages, window, "root", "/admin")
    await expect(page.get_by_role("heading", name="Auftraggeber", exact=True)).to_be_visible()
    await (await window.new_cdp_session(page)).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    await go(page, "orders")
    order = page.get_by_role("article", name=f"Einrichtung {placed['id']}")
    here = datetime.fromisoformat(placed["placed_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    await expect(order).to_contain_text(f"{here:%H:%M} von kanzlei")
    check = order.get_by_role("listitem").filter(has_text="Technisch prüfen")
    after = order.get_by_role("listitem").filter(has_text="Weiterleitung prüfen")
    await expect(after.get_by_role("button")).to_have_count(0)

    await check.get_by_text("Nachfragen").click()
    await check.get_by_label("Bei wem").select_option("client")
    await check.get_by_label("Frage").fill("Wer ist Ihr Anbieter?")
    await check.get_by_role("button", name="Fragen", exact=True).click()
    await expect(check).to_contain_text("Rückfrage")
    await check.get_by_label("Antwort von Auftraggeber").fill("Die Beispiel AG")
    await check.get_by_role("button", name="Eintragen").click()
    await expect(check).to_contain_text("beantwortet")
    await expect(check).to_contain_text("Die Beispiel AG")
    await accessible(page, "light")
    await page.screenshot(path=pages.folder / "order.png", full_page=True)
    await check.get_by_role("button", name="Erledigt").click()
    await expect(check).to_contain_text("erledigt")
    await expect(after).to_contain_text("in Arbeit")

    cancel = order.get_by_role("button", name=re.compile("^Stornieren"))
    await cancel.click()
    await cancel.click()
    await expect(page.get_by_text("Keine Bestellung.")).to_be_visible()


async def mailed(pages: PortalHouse, place: str) -> str:
    """The address in the last mail that leads to this place of the pages, once there is one."""
    pattern = rf"(http://[^\"]*/#{place}=[^\"]+)"

    async def last() -> str:
        async with pages.database() as conn:
            found = await conn.fetchval(
                "SELECT substring(payload::text FROM $1) FROM outbox WHERE payload::text ~ $1 ORDER BY id DESC LIMIT 1",
                pattern,
            )
        return str(found or "")

    return await eventually(last, bool)


async def test_what_mails_lead_to_needs_no_login(pages: PortalHouse, window: BrowserContext) -> None:
    """A client orders by its link once; who is invited chooses a password and is in; a forgotten one is chosen anew."""
    page = await signed_in(pages, window, "root", "/admin#/at/law/users")
    await page.get_by_label("Name", exact=True).fill("Vera Vertretung")
    await page.get_by_label("E-Mail-Adresse").fill("vera@law.example")
    await page.get_by_role("button", name="Einladung senden").click()
    await expect(page.get_by_text("Die Einladung ist unterwegs")).to_be_visible()
    await go(page, "at/law/orders")
    await page.get_by_role("button", name="Bestell-Link senden").click()
    await expect(page.get_by_text("Unterwegs an kanzlei@law.example")).to_be_visible()

    await window.clear_cookies()
    await page.goto(await mailed(pages, "order"))
    await expect(page.get_by_role("heading", name="Bestellung für Kanzlei Müller & Partner mbB")).to_be_visible()
    await page.get_by_label(re.compile("^Eigene Rufnummer des Kunden")).check()
    await page.get_by_label("Ihre Rufnummer").fill("089 7654321")
    await expect(page.get_by_role("status").filter(has_text="Zusammen")).to_contain_text("99,00")
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await fits(page)
    await accessible(page, "light")
    await page.get_by_role("button", name="Verbindlich bestellen").click()
    await expect(page.get_by_role("heading", name="Danke, die Bestellung ist eingegangen.")).to_be_visible()
    await page.reload()
    refused = page.get_by_role("alert")
    await expect(refused).to_have_text(re.compile(r"wurde am \d{1,2}\. [A-ZÄÖÜa-zäöü]+ \d{4} schon die Bestellung"))
    await expect(refused.get_by_role("button")).to_have_count(0)

    await page.goto(await mailed(pages, "invite"))
    await expect(page.get_by_text("Vera Vertretung, Ihr Benutzername ist")).to_be_visible()
    await page.get_by_label("Passwort", exact=True).fill("kurz")
    await page.get_by_label("Passwort, noch einmal").fill("kurz")
    await page.get_by_role("button", name="Passwort setzen").click()
    await expect(page.get_by_role("alert")).to_contain_text("Zeichen")
    await page.get_by_label("Passwort", exact=True).fill(NEW_PASSWORD)
    await page.get_by_label("Passwort, noch einmal").fill(NEW_PASSWORD)
    await page.get_by_role("button", name="Passwort setzen").click()
    await expect(page.get_by_text("Das Passwort gilt.")).to_be_visible()
    await page.get_by_role("link", name="Zur Anmeldung").click()

    await page.get_by_role("button", name="Passwort vergessen?").click()
    await page.get_by_label("Benutzername").fill("law-vera")
    await page.get_by_role("button", name="Link anfordern").click()
    await expect(page.get_by_text("ist der Link jetzt unterwegs")).to_be_visible()
    await page.goto(await mailed(pages, "reset"))
    await expect(page.get_by_role("heading", name="Neues Passwort")).to_be_visible()
