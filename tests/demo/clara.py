"""Clara of the demo: an agent who has a browser and a headset, and nothing else. Pictures are taken on the way."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
from playwright.async_api import Page, expect

from tests.browser import chromium
from tests.browser.chromium import Chromium
from tests.demo.people import words
from tests.sipp import sound

VOICE = words(91)
"""What she says into the headset, again and again."""

SURE = 0.6
"""Through a browser (echo canceller, resampler) a sound is recognised less surely; any other stays below 0.1."""

_COUNTED = """
window.connections = [];
const Real = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Real {
  constructor(...how) { super(...how); window.connections.push(this); }
};
"""
"""So that the packets which have come to the headset can be counted."""

_PACKETS = """async () => {
  let packets = 0;
  for (const connection of window.connections)
    for (const found of (await connection.getStats()).values())
      if (found.type === "inbound-rtp") packets += found.packetsReceived;
  return packets;
}"""


@contextlib.contextmanager
def headset(folder: Path) -> Iterator[Chromium]:
    """A browser whose microphone hears her."""
    folder.mkdir(parents=True, exist_ok=True)
    says = np.concatenate((VOICE, np.zeros(sound.RATE // 3, dtype=np.int16)))
    with chromium.running(folder, sound.write_wav(folder / "clara.wav", says)) as browser:
        yield browser


class Person:
    """Somebody at a page. `pictures`: the folder of the screenshots."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures

    async def enter(self, url: str, user: str, password: str) -> None:
        """Log in, by the keyboard."""
        await self.page.goto(url)
        await expect(self.page.get_by_label("Benutzername")).to_be_focused()
        for typed, key in ((user, "Tab"), (password, "Enter")):
            await self.page.keyboard.type(typed)
            await self.page.keyboard.press(key)

    async def picture(self, name: str) -> None:
        """Take one, light and dark."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        for scheme in ("dark", "light"):
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await self.page.screenshot(path=self._pictures / f"{name}-{scheme}.png")

    async def shows(self, state: str) -> None:
        """Wait until the page shows this state of the agent's."""
        await expect(self.page.locator(f".state.{state}")).to_be_visible()

    async def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def packets(self) -> int:
        """How many packets of sound have come to the headset."""
        return int(await self.page.evaluate(_PACKETS))


@contextlib.asynccontextmanager
async def at_the_page(browser: Chromium, origin: str, pictures: Path) -> AsyncIterator[Person]:
    """A window of one's own."""
    async with browser.window(origin) as window:
        await window.add_init_script(_COUNTED)
        page = await window.new_page()
        await page.set_viewport_size({"width": 1440, "height": 900})
        page.set_default_timeout(20_000)
        yield Person(page, pictures)
