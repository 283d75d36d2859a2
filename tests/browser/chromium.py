"""A real browser, headless: Chromium as the machine has it, with a sound file as its microphone.

It is a process of its own, so that tests with loops of their own share one; each gets a window of its own, which knows
nothing of the others (`Chromium.window`).
"""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
"""What distributions call it."""

_PATIENCE = 30.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root, in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)


class ChromiumError(Exception):
    """There is no Chromium, or it did not start; the text says why."""


@dataclass(frozen=True)
class Chromium:
    """A running browser. `address`: where it is steered."""

    address: str

    @contextlib.asynccontextmanager
    async def window(self, origin: str, *, microphone: bool = True) -> AsyncIterator[BrowserContext]:
        """A window with cookies and permissions of its own; the microphone is allowed to this origin, or refused."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(self.address)
            context = await browser.new_context(locale="de-DE")
            try:
                await context.grant_permissions(["microphone"] if microphone else [], origin=origin)
                yield context
            finally:
                await context.close()
                await browser.close()

    @contextlib.asynccontextmanager
    async def page(self, url: str, *, microphone: bool = True) -> AsyncIterator[Page]:
        """A page in a window of its own. Its errors are the test's."""
        origin = "/".join(url.split("/")[:3])
        async with self.window(origin, microphone=microphone) as context:
            page = await context.new_page()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(url)
            yield page
            assert errors == []


@contextlib.contextmanager
def running(folder: Path, microphone: Path) -> Iterator[Chromium]:
    """Run one while inside. `microphone`: a wav that it speaks again and again, from the start of each capture.

    Raises:
        ChromiumError: none is installed, or it did not start.
    """
    profile, log = folder / "profile", folder / "chromium.log"
    arguments = [program(), *_FLAGS, f"--user-data-dir={profile}", f"--use-file-for-fake-audio-capture={microphone}"]
    with log.open("wb") as out:
        process = subprocess.Popen([*arguments, "about:blank"], stdout=out, stderr=out, start_new_session=True)
    try:
        yield Chromium(_address(process, log))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def program() -> str:
    """The browser that is installed.

    Raises:
        ChromiumError: there is none.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise ChromiumError(f"none of {', '.join(NAMES)} is installed")


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if told := re.search(r"DevTools listening on (ws://\S+)", log.read_text(errors="replace")):
            return told[1]
        time.sleep(0.02)
    raise ChromiumError(f"Chromium did not start: {log.read_text(errors='replace')[-2000:]}")
