"""From the ring to the screen: 20 calls/s to 200 agents whose pages are open, three of them in a real browser.

A telephone has rung when the kernel has received its INVITE. A scripted page has it when the event that says so has
been read; a real one when the client's name has been painted. Each agent's telephone is answered after a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from playwright.async_api import BrowserContext

from tests.bench import ways
from tests.bench.report import percentile
from tests.bench.stage import BenchError, Stage
from tests.bench.telephones import Telephones
from tests.browser import chromium
from tests.e2e.desk import PASSWORD, add_user
from tests.sipp import sip, sound
from tests.sipp.harness import COUNTED, read_load
from tests.sipp.scenario import CALLERS
from tests.sipp.sipp import Sipp, free_port
from vorzimmer.control.client import connect
from vorzimmer.control.commands import AgentLogIn
from vorzimmer.core.client import Book
from vorzimmer.core.role import Role
from vorzimmer.settings import load
from vorzimmer.store import tokens
from vorzimmer.web.sessions import digest_of, new_token

AGENTS, CLIENTS, PAGES = 200, 100, 3
RATE = 20
"""Calls a second."""

RING, TALK = 1.0, 5.0
_PATIENCE = 60.0
_SETTLE = 3.0
"""Seconds of load before it counts."""

_WATCH = """
window.shown = [];
let before = null;
new MutationObserver(() => {
  const name = document.querySelector(".desk.ringing .client h1");
  if (name !== null && before === null) {
    requestAnimationFrame(() => window.shown.push(performance.timeOrigin + performance.now()));
  }
  before = name;
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["class"]});
"""


@dataclass(frozen=True)
class Popped:
    """Milliseconds from the ring, in scripted pages and in real ones; `missed`: rings that a page did not show."""

    scripted: Sequence[float]
    real: Sequence[float]
    missed: int
    calls: int
    failed: int
    cpu: dict[str, float]

    def __str__(self) -> str:
        cpu = ", ".join(f"{part} {self.cpu[part]:.1f} ms" for part in ("calls", "web", "asterisk"))
        lines = [
            f"{RATE} calls/s, {AGENTS} agents with open pages: {self.calls} calls, {self.failed} failed",
            f"{self.missed} rings not shown; processor a call: {cpu}",
        ]
        for name, found in (("event read", self.scripted), (f"painted in {PAGES} real pages", self.real)):
            if found:
                lines.append(
                    f"Ring to {name}: {percentile(found, 50):.1f} ms p50, {percentile(found, 99):.1f} ms p99, "
                    f"{max(found):.1f} ms at most ({len(found)})"
                )
        return "\n".join(lines)


def book() -> Book:
    """Clients with much to tell, one queue of all agents."""
    briefing = "Was der Anrufer wissen darf, und was nicht. " * 40
    clients: list[dict[str, Any]] = [
        {
            "id": f"c{n}",
            "name": f"Kanzlei {n}",
            "dids": [_did(n)],
            "hours": "always",
            "greeting": f"Kanzlei {n}, guten Tag, was kann ich für Sie tun?",
            "briefing": briefing,
            "contacts": [{"id": f"p{k}", "name": f"Frau {k}", "numbers": [f"+4989555{k:03}"]} for k in range(6)],
            "forms": ["message", "order", "appointment"],
            "open": {"chain": [{"to": "queue", "seconds": 30, "announce_every": 0}]},
        }
        for n in range(CLIENTS)
    ]
    agents = [{"id": f"a{n}", "name": f"Agent {n}", "phones": [f"agent{n}"], "wrap_up": 0} for n in _numbers()]
    return Book.model_validate({"client": clients, "agent": agents})


def _did(n: int) -> str:
    return f"+493060{n:05}"


def _numbers() -> range:
    return range(1, AGENTS + 1)


async def measure(folder: Path, seconds: float) -> Popped:
    """Play it for so many seconds."""
    async with Stage(folder, book) as stage, await Telephones.open() as telephones:
        telephones.ring, telephones.talk = RING, TALK
        ways.move_telephones(stage.sandbox.etc, lambda _: telephones.port)
        await stage.sandbox.cli("module reload res_pjsip.so")
        await stage.start_daemon()
        await stage.start_pages()
        await _log_in(stage)
        bearers = await _users(stage)
        microphone = sound.write_wav(folder / "silence.wav", sound.announcement(1, 1.0))
        async with contextlib.AsyncExitStack() as stack:
            browser = stack.enter_context(chromium.running(folder, microphone))
            real = {
                f"a{n}": await stack.enter_async_context(_page(browser, stage, f"a{n}")) for n in range(1, PAGES + 1)
            }
            shown: dict[str, list[int]] = {f"a{n}": [] for n in _numbers()}
            for agent, bearer in bearers.items():
                await stack.enter_async_context(_listening(stage.sandbox.web_port, bearer, shown[agent]))
            return await _play(stage, telephones, seconds, shown, real)


async def _log_in(stage: Stage) -> None:
    async with connect(stage.sandbox.control) as control:
        for n in _numbers():
            await control.ask(AgentLogIn(actor="bench", agent=f"a{n}"))


async def _users(stage: Stage) -> dict[str, str]:
    """A user and a token for each agent."""
    settings = load(stage.sandbox.settings_toml)
    bearers = {}
    conn = await asyncpg.connect(stage.sandbox.dsn)
    try:
        now = await conn.fetchval("SELECT now()")
        for n in _numbers():
            await add_user(settings, f"a{n}", Role.AGENT, agent=f"a{n}")
            bearers[f"a{n}"] = new_token()
            await tokens.add(conn, digest_of(bearers[f"a{n}"]), f"a{n}", "bench", now, None)
    finally:
        await conn.close()
    return bearers


@contextlib.asynccontextmanager
async def _page(browser: chromium.Chromium, stage: Stage, user: str) -> AsyncIterator[Any]:
    """A real page of an agent's, logged in, which notes when a client's name is painted."""
    origin = f"http://localhost:{stage.sandbox.web_port}"
    async with browser.window(origin) as window:
        await _enter(window, origin, user)
        page = await window.new_page()
        await page.add_init_script(_WATCH)
        await page.goto(origin)
        await page.wait_for_selector(".desk")
        yield page


async def _enter(window: BrowserContext, origin: str, user: str) -> None:
    answer = await window.request.post(f"{origin}/api/login", data={"user": user, "password": PASSWORD})
    if not answer.ok:
        raise BenchError(f"{user} cannot log in: {await answer.text()}")


@contextlib.asynccontextmanager
async def _listening(port: int, bearer: str, shown: list[int]) -> AsyncIterator[None]:
    """A scripted page: the instants (ns since 1970) at which it was told that the telephone rings."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(
        f"GET /api/agent/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
    )
    if b" 200 " not in (status := await reader.readline()):
        raise BenchError(f"no events: {status!r}")

    async def read() -> None:
        ringing = False
        while line := await reader.readline():
            if line.startswith(b'data: {"at"'):
                rings = b'"state":"ringing"' in line
                if rings and not ringing:
                    shown.append(time.time_ns())
                ringing = rings

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        writer.close()


async def _play(
    stage: Stage, telephones: Telephones, seconds: float, shown: dict[str, list[int]], real: dict[str, Any]
) -> Popped:
    port = free_port()
    rows = [
        (_did(n % CLIENTS), sip.party(f"+4930{n:07}", "127.0.0.1", port), telephones.port)
        for n in range(1, int(RATE * (seconds + _SETTLE)) + 1)
    ]
    options = (f"127.0.0.1:{stage.sandbox.sip_port}", "-r", str(RATE), "-m", str(len(rows)), "-l", "400", *COUNTED)
    async with Sipp(
        CALLERS["stays"].render(answer_within_ms=60_000), rows, "127.0.0.1", port, *options, trace=False
    ) as callers:
        await asyncio.sleep(_SETTLE)
        answered, before, telephones.noting = telephones.answered, stage.cpu(), True
        await asyncio.sleep(seconds)
        telephones.noting, after = False, stage.cpu()
        calls = telephones.answered - answered
        await callers.finished(_PATIENCE)
        failed = read_load(callers.folder).failed
    painted = {agent: [int(ms * 1e6) for ms in await page.evaluate("window.shown")] for agent, page in real.items()}
    scripted, missed = _delays(telephones.rung, shown)
    seen, unseen = _delays([one for one in telephones.rung if _agent(one[0]) in painted], painted)
    cpu = {part: 1000 * (after[part] - before[part]) / max(calls, 1) for part in after}
    return Popped(scripted, seen, missed + unseen, calls, failed, cpu)


def _agent(endpoint: str) -> str:
    return endpoint.replace("agent", "a")


def _delays(rung: Sequence[tuple[str, int]], shown: dict[str, list[int]]) -> tuple[list[float], int]:
    """Milliseconds from each ring to when it was shown, and how many were not within the second that it rings.

    A page may be told before the INVITE has come, for Asterisk makes a channel first: that counts as no time.
    """
    delays, missed = [], 0
    for endpoint, instant in rung:
        early, late = instant - int(RING * 1e9), instant + int(RING * 1e9)
        found = next((one for one in shown[_agent(endpoint)] if early <= one <= late), None)
        if found is None:
            missed += 1
        else:
            delays.append(max(found - instant, 0) / 1e6)
    return delays, missed
