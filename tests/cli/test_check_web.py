"""`vorzimmer check` on the pages and on the telephones in them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.e2e.house import eventually
from vorzimmer.cli import check_web
from vorzimmer.core.client import Book
from vorzimmer.sandbox.ports import free
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import Settings, load
from vorzimmer.settings_sections import Web
from vorzimmer.store import book as books

ANNA = {"id": "anna", "name": "Anna", "phones": [{"endpoint": "anna-web", "transport": "webrtc"}]}
OUTSIDE = "https://203.0.113.7"

With = Callable[..., Settings]


@pytest.fixture
def with_web(sandbox: Sandbox, dsn: str) -> With:
    """The sandbox's settings, with others of `[web]`."""
    plain = load(sandbox.settings_toml)
    database = plain.database.model_copy(update={"dsn": SecretStr(dsn)})

    def changed(**update: object) -> Settings:
        fields = plain.web.model_dump() | update
        return plain.model_copy(update={"database": database, "web": Web.model_validate(fields)})

    return changed


async def give_anna_a_telephone(dsn: str) -> None:
    """An agent with a telephone for the browser stands in the book."""
    conn = await asyncpg.connect(dsn)
    await books.save_book(conn, Book.model_validate({"agent": [ANNA]}))
    await conn.close()


async def found(settings: Settings) -> list[str]:
    """The lines about telephones in browsers."""
    report = await check_web.telephones(settings)
    assert report is not None
    return [*report.lines()]


@contextlib.asynccontextmanager
async def web_server(status: int) -> AsyncIterator[str]:
    """A web server that answers everything so; its address for telephones."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/ws", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port := free()).start()
    yield f"ws://127.0.0.1:{port}/ws"
    await runner.cleanup()


def test_pages_that_were_not_built(tmp_path: Path) -> None:
    """Nobody gets a page that is not there: the files are named, and what makes them."""
    (tmp_path / "index.html").touch()
    report = check_web.pages(tmp_path)
    assert report.findings == (f"{tmp_path} has no app.js, app.css; call `make setup` in the checkout",)


async def test_only_whoever_has_one_is_checked(with_web: With) -> None:
    """A house without telephones in browsers needs none of what they need."""
    assert await found(with_web(base_url="http://pbx.example")) == ["ok     telephones in browsers: nobody has one"]


async def test_in_the_sandbox_all_is_well(with_web: With, dsn: str) -> None:
    """On one's own machine no certificate is needed; that there is no relay is said, and is no finding."""
    await give_anna_a_telephone(dsn)
    [line] = await found(with_web())
    assert line.startswith("ok     telephones in browsers: 1; no TURN server")
    relayed = await found(with_web(turn=("turn:turn.example",), turn_secret="s"))
    assert relayed == ["ok     telephones in browsers: 1"]


@pytest.mark.parametrize(
    ("update", "finding"),
    [
        ({"base_url": "http://pbx.example"}, "web.base_url http://pbx.example is not https"),
        ({"base_url": OUTSIDE, "sip_url": "ws://pbx.example/ws"}, "web.sip_url ws://pbx.example/ws is not wss"),
        ({"turn": ("turn:turn.example",)}, "web.turn is set, but web.turn_secret is not"),
    ],
)
async def test_settings_that_cannot_work(with_web: With, dsn: str, update: dict[str, object], finding: str) -> None:
    """Each mistake that a browser would tell of only in its own console is named."""
    await give_anna_a_telephone(dsn)
    [line] = await found(with_web(**update))
    assert line.startswith(f"WRONG  telephones in browsers: {finding}")


@pytest.mark.parametrize(("status", "why"), [(404, "it answers 404"), (200, "it answers 200"), (502, "it answers 502")])
async def test_a_web_server_that_lets_nothing_through(with_web: With, dsn: str, status: int, why: str) -> None:
    """The web server is there, and does not pass on to Asterisk."""
    await give_anna_a_telephone(dsn)
    async with web_server(status) as url:
        [line] = await found(with_web(sip_url=url))
    assert f"no telephone gets through at {url} ({why}); see docs/browser-phone.md" in line


async def test_a_web_server_that_asks_first(with_web: With) -> None:
    """Who is not logged in is sent away at the door: as it should be."""
    async with web_server(401) as url:
        assert await check_web._way_in(with_web(base_url=OUTSIDE, sip_url=url)) == []


async def test_strangers_who_are_taken_for_the_trunk(with_web: With) -> None:
    """Browsers come from the trunk's own address and nobody asks who they are: anybody could make calls come in."""
    url = with_web().web.sip
    [finding] = await check_web._way_in(with_web(base_url=OUTSIDE, sip_url=url))
    assert finding.startswith(f"whoever comes by {url} is taken for the trunk")


async def test_strangers_who_are_asked(with_web: With, sandbox: Sandbox) -> None:
    """Where they come from another address Asterisk asks for a password: nothing to be said."""
    own = sandbox.etc / "vorzimmer.d" / "pjsip.conf"
    before = own.read_text()
    own.write_text(before.replace("match = 127.0.0.1", "match = 192.0.2.10"))
    try:
        await sandbox.cli("module reload res_pjsip_endpoint_identifier_ip.so")
        await eventually(lambda: check_web._knock(with_web().web.sip), lambda door: door.stranger == 401)
        assert await check_web._way_in(with_web(base_url=OUTSIDE, sip_url=with_web().web.sip)) == []
    finally:
        own.write_text(before)
        await sandbox.cli("module reload res_pjsip_endpoint_identifier_ip.so")


@pytest.mark.parametrize(
    ("base_url", "own", "rtp", "heard"),
    [
        ("https://8.8.8.8", "10.0.0.5", "rtpstart = 10000\n", False),
        ("https://8.8.8.8", "10.0.0.5", "[ice_host_candidates]\n10.0.0.5 = 8.8.8.8\n", True),
        ("https://8.8.8.8", "10.0.0.5", "stunaddr = stun.example\n", True),
        ("https://8.8.8.8", "10.0.0.5", ";stunaddr = stun.example\n", False),
        ("https://8.8.8.8", "8.8.4.4", "", True),
        ("https://10.0.0.7", "10.0.0.5", "", True),
    ],
)
async def test_sound_that_would_get_lost(
    with_web: With, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_url: str, own: str, rtp: str, *, heard: bool
) -> None:
    """Pages on the internet and an Asterisk behind address translation: its public address must stand in rtp.conf."""
    (tmp_path / "rtp.conf").write_text(rtp)
    settings = with_web(base_url=base_url)
    settings = settings.model_copy(
        update={"phones": settings.phones.model_copy(update={"file": tmp_path / "phones.conf"})}
    )
    monkeypatch.setattr(check_web, "_own_address", lambda: own)
    assert await check_web._unreachable(settings) is not heard


async def test_an_asterisk_without_the_module(with_web: With, dsn: str, sandbox: Sandbox) -> None:
    """Without its transport Asterisk takes no browser: the module is named."""
    await give_anna_a_telephone(dsn)
    await sandbox.cli("module unload res_srtp.so")
    try:
        [line] = await found(with_web())
    finally:
        await sandbox.cli("module load res_srtp.so")
    assert "res_srtp.so does not run; load it in modules.conf" in line
