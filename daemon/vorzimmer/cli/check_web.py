"""The part of `check` about the pages, and about the telephones in them: the way from a browser to Asterisk."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.core.agent import Transport
from vorzimmer.settings import Settings
from vorzimmer.store import phones
from vorzimmer.web.app import STATIC

TIMEOUT = 5.0
"""Seconds for one answer, and for the database's."""

MODULES = ("res_pjsip_transport_websocket", "res_srtp")
"""What Asterisk needs for browsers besides what it needs anyway."""

PART = "telephones in browsers"

_GUIDE = "see docs/browser-phone.md"
_OUTSIDE = ("198.51.100.1", 9)
"""Some address on the internet (RFC 5737): nothing is sent there, only the way to it is looked up."""


@dataclass(frozen=True, slots=True)
class Door:
    """What stands where telephones register. `problem`: why it is none; `stranger`: the status a stranger gets there.

    The status is None where the web server lets nobody through who is not logged in.
    """

    problem: str = ""
    stranger: int | None = None


def pages(static: Path = STATIC) -> Report:
    """Whether they were built."""
    missing = [name for name in ("index.html", "app.js", "app.css") if not (static / name).is_file()]
    if missing:
        return Report("pages", findings=(f"{static} has no {', '.join(missing)}; call `make setup` in the checkout",))
    return Report("pages", "built")


async def telephones(settings: Settings) -> Report | None:
    """The way of a browser's call, if an agent has a telephone for the browser; None where that cannot be told."""
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
        try:
            all_phones = await phones.load(conn)
        finally:
            await conn.close()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None  # the database's report tells
    count = sum(phone.transport is Transport.WEBRTC for phone in all_phones)
    if not count:
        return Report(PART, "nobody has one")
    findings = [*_settings(settings), *await _asterisk(settings)]
    if not findings:
        findings = [*await _way_in(settings)]
    relay = "" if settings.web.turn else "; no TURN server: behind a router that lets no UDP out nothing is heard"
    return Report(PART, f"{count}{relay}", tuple(findings))


def local(settings: Settings) -> bool:
    """Whether the pages are for this machine only."""
    host = urlsplit(settings.web.base_url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or _loopback(host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _settings(settings: Settings) -> Iterator[str]:
    web = settings.web
    if not web.base_url.startswith("https:") and not local(settings):
        yield f"web.base_url {web.base_url} is not https: browsers give it no microphone; {_GUIDE}"
    if web.base_url.startswith("https:") and not web.sip.startswith("wss:"):
        yield f"web.sip_url {web.sip} is not wss: a page that came by https may not use it"
    if web.turn and web.turn_secret is None:
        yield "web.turn is set, but web.turn_secret is not: nobody could use it"


async def _asterisk(settings: Settings) -> list[str]:
    """Its modules, and its own WebSocket, without the web server in front."""
    base = settings.ari.url.rstrip("/")
    login = aiohttp.encode_basic_auth(settings.ari.user, settings.ari.password.get_secret_value())
    findings = []
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
            for name in MODULES:
                url = f"{base}/ari/asterisk/modules/{name}.so"
                async with session.get(url, headers={"Authorization": login}) as answer:
                    running = answer.status == 200 and (await answer.json())["status"] == "Running"
                if not running:
                    findings.append(f"{name}.so does not run; load it in modules.conf")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
        return []  # ARI's report tells
    own = f"ws{base.removeprefix('http')}/ws"
    if not findings and (problem := (await _knock(own)).problem):
        findings.append(f"Asterisk takes no telephones at {own} ({problem}); see http.conf and modules.conf")
    return findings


async def _way_in(settings: Settings) -> list[str]:
    """From where the agents are: through the web server, and back to them with sound."""
    door = await _knock(settings.web.sip)
    if door.problem:
        return [f"no telephone gets through at {settings.web.sip} ({door.problem}); {_GUIDE}"]
    if local(settings):
        return []
    findings = []
    if door.stranger not in (None, 401):
        findings.append(
            f"whoever comes by {settings.web.sip} is taken for the trunk, for both come from the same address; "
            f"have the web server ask who it is, and connect from another address; {_GUIDE}"
        )
    if await _unreachable(settings):
        findings.append(
            "browsers outside are told only this machine's private addresses and would hear nothing; "
            f"name the public one in vorzimmer.d/rtp.conf; {_GUIDE}"
        )
    return findings


async def _knock(url: str) -> Door:
    """Connect as a telephone does, and ask what a stranger may ask."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    closing = aiohttp.ClientWSTimeout(ws_close=1.0)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.ws_connect(url, protocols=["sip"], timeout=closing) as socket,
        ):
            if socket.protocol != "sip":
                return Door("what answers there does not speak SIP")
            await socket.send_str(_question())
            return Door(stranger=_status(await socket.receive(timeout=TIMEOUT)))
    except aiohttp.WSServerHandshakeError as error:
        return Door() if error.status in (401, 403) else Door(f"it answers {error.status}")
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Door(reason(error))


def _question() -> str:
    """OPTIONS from nobody: no call, and no account."""
    token = secrets.token_hex(8)
    lines = (
        "OPTIONS sip:check@vorzimmer SIP/2.0",
        f"Via: SIP/2.0/WS check.invalid;branch=z9hG4bK{token}",
        f"From: <sip:check-{token}@check.invalid>;tag={token}",
        "To: <sip:check@vorzimmer>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", ""))


def _status(answer: aiohttp.WSMessage) -> int:
    text = answer.data if isinstance(answer.data, str) else bytes(answer.data or b"").decode(errors="replace")
    found = re.match(r"SIP/2\.0 (\d{3}) ", text)
    return int(found[1]) if found else 0


async def _unreachable(settings: Settings) -> bool:
    """Whether the pages are on the internet, while Asterisk, on this machine, knows private addresses of it only."""
    host = urlsplit(settings.web.base_url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return False  # the handshake has told
    public = any(ipaddress.ip_address(address[0]).is_global for *_, address in found)
    return public and not ipaddress.ip_address(_own_address()).is_global and not _named(settings)


def _own_address() -> str:
    """The address with which this machine goes to the internet, or loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_OUTSIDE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _named(settings: Settings) -> bool:
    """Whether rtp.conf names a public address, or a server to ask for it; also if it cannot be read."""
    folder = settings.phones.file.parent
    texts = []
    for file in (folder / "rtp.conf", folder.parent / "rtp.conf"):
        try:
            texts.append(file.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return bool(re.search(r"(?m)^\s*(\[ice_host_candidates\]|stunaddr\s*=)", "\n".join(texts)))
