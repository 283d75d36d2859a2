"""The telephone in the page: a real browser, registered at the real Asterisk."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pytest
from aiohttp import web
from playwright.async_api import Page

from tests.browser import relay
from tests.browser.chromium import Chromium
from tests.browser.conftest import SPEECH
from tests.browser.relay import Relay
from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, group
from tests.e2e.test_softphone import Command, vorzimmer
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from vorzimmer.asterisk import phones
from vorzimmer.core.client import Book
from vorzimmer.sandbox import ports
from vorzimmer.store import book as books

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

__all__ = ["vorzimmer"]

ANNA = {"id": "anna", "name": "Anna", "phones": [{"endpoint": "anna-web", "transport": "webrtc"}]}
HER_GROUP = {"id": "office", "endpoints": ["anna-web"]}
FRONT = Path(__file__).parents[2] / "daemon" / "vorzimmer" / "web" / "front"

RECOGNISED = 0.6
"""The browser takes noise out of what is said, and evens its loudness: the same words, not the same samples."""


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that is nothing but a telephone."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text('<!doctype html><meta charset="utf-8"><script src="page.js"></script>')
    bundler, source = FRONT / "node_modules" / ".bin" / "esbuild", Path(__file__).with_name("phone_page.ts")
    arguments = ("--bundle", "--log-level=error", f"--outfile={folder / 'page.js'}")
    subprocess.run([bundler, source, *arguments], check=True)
    return folder


@pytest.fixture
async def url(page_folder: Path) -> AsyncIterator[str]:
    """Where the page is."""
    app = web.Application()
    app.router.add_static("/", page_folder)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := ports.free())
    await site.start()
    yield f"http://127.0.0.1:{port}/index.html"
    await runner.cleanup()


@pytest.fixture
async def way(house: House) -> AsyncIterator[Relay]:
    """The way from the page to Asterisk."""
    async with relay.running(int(house.sandbox.ari_url.rpartition(":")[2])) as running:
        yield running


@pytest.fixture
async def credentials(house: House, vorzimmer: Command, way: Relay) -> AsyncIterator[dict[str, Any]]:
    """Anna's telephone, made as an operator makes it, and what the page is told of it. Afterwards it is gone."""
    await house.use(client(group(seconds=20)), groups=(HER_GROUP,))
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    await books.save_book(conn, Book.model_validate({"agent": [ANNA]}))
    await conn.close()
    password = await vorzimmer("phone", "password", "anna-web")
    try:
        await vorzimmer("phone", "apply")
        yield {
            "endpoint": "anna-web",
            "ha1": phones.digest("anna-web", password),
            "realm": phones.REALM,
            "uri": f"sip:anna-web@{phones.REALM}",
            "sip_url": f"ws://127.0.0.1:{way.port}/ws",
            "ice_servers": [],
            "display_name": "Anna",
        }
    finally:
        house.settings.phones.file.unlink(missing_ok=True)
        await house.sandbox.cli("module reload res_pjsip.so")


@pytest.fixture
async def page(browser: Chromium, url: str, credentials: dict[str, Any]) -> AsyncIterator[Page]:
    """The page, registered."""
    async with browser.page(url) as page:
        await registered(page, credentials)
        yield page


async def registered(page: Page, credentials: dict[str, Any]) -> None:
    """Have a page register."""
    await page.evaluate("credentials => begin(credentials)", credentials)
    await page.wait_for_function("phone.registration.value === 'registered'")


async def becomes(page: Page, state: str) -> None:
    """Wait until the page's call is in a state."""
    await page.wait_for_function("state => phone.call.value?.state === state", arg=state)


async def talk(house: House, page: Page) -> Outgoing:
    """A call that the page has taken."""
    call = await house.call(DID)
    await becomes(page, "ringing")
    await page.evaluate("phone.answer()")
    await becomes(page, "talking")
    await call.answered()
    return call


async def contacts(house: House) -> int:
    """How many browsers are registered as Anna's telephone."""
    listed = await house.sandbox.cli("pjsip show contacts")
    return listed.count("anna-web/")


async def test_a_call_is_taken_in_the_browser(house: House, page: Page) -> None:
    """It registers by HA1, rings and shows the client, both sides hear each other, keys arrive, mute mutes, it ends."""
    await house.start()
    call = await house.call(DID)
    await becomes(page, "ringing")
    assert await page.evaluate("phone.call.value.from") == "Kanzlei Müller"
    await call.ringing(180)
    await page.evaluate("phone.answer()")
    await becomes(page, "talking")
    await call.line.hears(SPEECH, score=RECOGNISED)
    call.line.speak(sound.announcement(1, 1.0))
    await page.wait_for_function("packets().then(({ received, loudness }) => received > 50 && loudness > 0.05)")
    await page.wait_for_function("phone.level.value > 0")
    assert await page.evaluate("[phone.microphone.value, phone.network.value]") == ["ok", "good"]
    await page.evaluate("phone.sendKey('5')")
    await call.line.hears_keys("5")
    await page.evaluate("phone.mute(true)")
    muted_at = asyncio.get_running_loop().time() + 0.5  # what is on its way still arrives
    await eventually(lambda: later(call.line.heard(muted_at)), lambda heard: len(heard) > sound.RATE)
    assert np.abs(call.line.heard(muted_at)).max() < 100
    await page.evaluate("phone.hangUp()")
    await call.finished()
    await becomes(page, "ended")
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"], cdr["hung_up_by"]) == ("answered", "anna-web", "callee")


async def later(value: sound.Samples) -> sound.Samples:
    """A value for `eventually`."""
    return value


async def test_a_talk_outlives_its_connection(house: House, page: Page, way: Relay) -> None:
    """The connection is cut: the talk goes on. It comes back: registered again, and the caller's end of it is told."""
    await house.start()
    call = await talk(house, page)
    way.cut()
    await page.wait_for_function("phone.registration.value === 'connecting' && phone.network.value === 'lost'")
    cut_at = asyncio.get_running_loop().time()
    await eventually(lambda: contacts(house), lambda count: count == 0)
    await call.line.hears(SPEECH, score=RECOGNISED, since=cut_at)
    way.mend()
    await page.wait_for_function("phone.registration.value === 'registered'")
    assert await page.evaluate("phone.call.value.state") == "talking"
    await call.hang_up()
    await becomes(page, "ended")
    assert (await house.cdr())["hung_up_by"] == "caller"


async def test_a_reload_says_no_goodbye(house: House, page: Page, credentials: dict[str, Any]) -> None:
    """A page that is loaded anew in mid-talk leaves the talk standing, and takes the next ring without being asked."""
    await house.start()
    call = await talk(house, page)
    await page.reload()
    await registered(page, credentials)
    assert call.ended is None
    await call.hang_up()
    await house.cdr()
    await page.evaluate("phone.autoAnswerNext()")
    call = await house.call(DID)
    await becomes(page, "talking")
    await call.line.hears(SPEECH, score=RECOGNISED)
    await call.hang_up()
    assert len(await house.cdrs(2)) == 2


async def test_refused_for_a_while(
    house: House, browser: Chromium, url: str, vorzimmer: Command, credentials: dict[str, Any]
) -> None:
    """Asterisk does not know the telephone yet: the page says so, tries again, and is registered once it does."""
    house.settings.phones.file.unlink()
    await house.sandbox.cli("module reload res_pjsip.so")
    await eventually(lambda: house.sandbox.cli("pjsip show endpoint anna-web"), lambda shown: "Unable to find" in shown)
    async with browser.page(url) as page:
        await page.clock.install()
        await page.evaluate("credentials => begin(credentials)", credentials)
        await page.wait_for_function("phone.registration.value === 'failed' && phone.failure.value !== ''")
        await vorzimmer("phone", "apply")
        await page.clock.run_for(10_000)
        await page.wait_for_function("phone.registration.value === 'registered' && phone.failure.value === ''")


async def test_the_last_page_is_the_telephone(
    house: House, browser: Chromium, url: str, page: Page, credentials: dict[str, Any]
) -> None:
    """A second page takes over: the first falls silent and does not unregister the second; logging out does."""
    await house.start()
    async with browser.page(url) as second:
        await registered(second, credentials)
        await page.evaluate("phone.takenOver()")
        await page.wait_for_function("phone.registration.value === 'off'")
        call = await talk(house, second)
        assert await page.evaluate("phone.call.value") is None
        await call.hang_up()
        await becomes(second, "ended")
        assert await contacts(house) == 1
        await second.evaluate("phone.stop()")
        await eventually(lambda: contacts(house), lambda count: count == 0)
    await house.cdr()


async def test_without_a_microphone_nothing_is_taken(
    house: House, browser: Chromium, url: str, credentials: dict[str, Any]
) -> None:
    """The microphone is refused: the page says so, and a call rings on, for another telephone. Declining ends it."""
    await house.start()
    async with browser.page(url, microphone=False) as page:
        await registered(page, credentials)
        await page.wait_for_function("phone.microphone.value === 'denied'")
        call = await house.call(DID)
        await becomes(page, "ringing")
        await page.evaluate("phone.answer()")
        assert await page.evaluate("phone.call.value.state") == "ringing"
        await page.evaluate("phone.decline()")
        await becomes(page, "ended")
    await call.hang_up()
    await house.cdr()


async def test_a_bad_way_is_told(browser: Chromium, url: str) -> None:
    """The warning comes with loss, jitter or delay of either direction, and not with mere silence, as on hold."""
    before: dict[str, float] = {"received": 0, "lost": 0, "jitter": 0.001, "lostThere": 0, "roundTrip": 0.02}
    after = before | {"received": 100}
    changes: list[dict[str, float]] = [
        {},
        {"received": 0},
        {"lost": 4},
        {"jitter": 0.05},
        {"lostThere": 0.1},
        {"roundTrip": 0.5},
    ]
    async with browser.page(url) as page:
        graded = await page.evaluate(
            "([a, all]) => all.map(b => grade(a, b))", [before, [after | one for one in changes]]
        )
    assert graded == ["good", "good", "poor", "poor", "poor", "poor"]
