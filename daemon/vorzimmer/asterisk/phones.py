"""The agents' telephones for Asterisk: the file that defines them (`vorzimmer.d/phones.conf`), and whether it has them.

Asterisk refuses the whole of its SIP settings if a name stands in them twice, at the next start too. So before a
telephone is written it is asked whether it knows the name from elsewhere. All questions go over ARI, which the daemon
has anyway: nobody needs the right to run commands.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from vorzimmer.asterisk.errors import Gone
from vorzimmer.asterisk.objects import Rest
from vorzimmer.asterisk.render import RenderError, checked_name, section
from vorzimmer.core.agent import Transport

REALM = "vorzimmer"
"""As in dialplan/pjsip.conf: part of every digest."""

_PAUSE, _TRIES = 0.05, 100
"""Asterisk takes a new file over in the background and tells nobody: it is asked again after so many seconds."""

_LEGS = {Transport.TLS: "agent-leg-tls", Transport.WEBRTC: "agent-leg-webrtc"}
_HEAD = "; Written by `vorzimmer phone apply` from the database. Changes made here are lost.\n\n"


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone that registers. `digest`: of its password, see `digest()`."""

    endpoint: str
    transport: Transport
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where Asterisk takes telephones besides UDP, as `address:port`; TLS needs a certificate and its key (PEM).

    `media_address`: the address of sound, where Asterisk is not to look for it.
    """

    tcp: str
    tls: str
    certificate: Path | None = None
    key: Path | None = None
    media_address: str | None = None


def digest(endpoint: str, password: str) -> str:
    """What Asterisk needs to know of a password (HA1 of RFC 2617). Whoever has it can register as this telephone."""
    return hashlib.md5(f"{endpoint}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def text(phones: Iterable[Phone], listening: Listening) -> str:
    """The file. A transport stands in it only if a telephone uses it.

    Raises:
        RenderError: a value cannot be written, or a telephone uses TLS and there is no certificate.
    """
    wanted = sorted(phones, key=lambda phone: phone.endpoint)
    used = {phone.transport for phone in wanted}
    sections = []
    if Transport.TCP in used:
        sections.append(section("phones-tcp", {"type": "transport", "protocol": "tcp", "bind": listening.tcp}))
    if Transport.TLS in used:
        sections.append(_tls(listening))
    media: dict[str, str] = {}
    if listening.media_address is not None:
        media = {"media_address": listening.media_address, "bind_rtp_to_media_address": "yes"}
    for phone in wanted:
        name = checked_name(phone.endpoint)
        leg = _LEGS.get(phone.transport, "agent-leg")
        # A browser is offered all addresses, and tries which one it reaches: bound to one, others would not answer.
        bound = {**media, "bind_rtp_to_media_address": "no"} if media and phone.transport is Transport.WEBRTC else media
        sections.append(
            section(name, {"auth": name, "aors": name, **bound}, leg)
            + section(name, {"username": name, "password_digest": f"MD5:{phone.digest}"}, "phone-password")
            + section(name, {}, "phone-address")
        )
    return _HEAD + "\n".join(sections)


def _tls(listening: Listening) -> str:
    if listening.certificate is None or listening.key is None:
        raise RenderError("a telephone uses TLS: set phones.certificate and phones.key")
    return section(
        "phones-tls",
        {
            "type": "transport",
            "protocol": "tls",
            "bind": listening.tls,
            "cert_file": listening.certificate,
            "priv_key_file": listening.key,
            "method": "tlsv1_2",
        },
    )


def names(written: str) -> frozenset[str]:
    """The telephones of a file that `text` made."""
    return frozenset(re.findall(r"(?m)^\[([^\]]+)\]\(agent-leg", written))


async def foreign(rest: Rest, endpoints: Collection[str]) -> list[str]:
    """Which of these names Asterisk has although our file does not have them: they stand in another one.

    Raises:
        AriError: Asterisk could not be asked.
    """
    if not await _known(rest, endpoints):
        return []
    # Perhaps our file was lost, and Asterisk remembers what stood in it.
    await _read_again(rest)
    return await _once_settled(lambda: _known(rest, endpoints), _TRIES // 5)


async def _known(rest: Rest, endpoints: Iterable[str]) -> list[str]:
    kinds = ("endpoint", "auth", "aor")
    return [name for name in endpoints if any([await _setting(rest, kind, name) is not None for kind in kinds])]


async def take_over(rest: Rest, phones: Collection[Phone], listening: Listening, gone: Iterable[str]) -> list[str]:
    """Have Asterisk read the file, and wait until it has done so.

    Returns a sentence for each telephone that it does not have then with this password, each that it still has
    although it is `gone`, and each transport that it does not have.

    Raises:
        AriError: Asterisk refused, or could not be asked.
    """
    await _read_again(rest)
    return await _once_settled(lambda: _wrong(rest, phones, listening, gone), _TRIES)


async def _once_settled(look: Callable[[], Awaitable[list[str]]], tries: int) -> list[str]:
    """What there is to be said when Asterisk has had the time to read its files."""
    for _ in range(tries):
        if not await look():
            return []
        await asyncio.sleep(_PAUSE)
    return await look()


async def _read_again(rest: Rest) -> None:
    await rest.request("PUT", "/asterisk/modules/res_pjsip.so")


async def _wrong(rest: Rest, phones: Collection[Phone], listening: Listening, gone: Iterable[str]) -> list[str]:
    found = []
    for phone in phones:
        if await _setting(rest, "endpoint", phone.endpoint) is None:
            found.append(f"Asterisk does not have the telephone {phone.endpoint}")
        elif (await _setting(rest, "auth", phone.endpoint) or {}).get("md5_cred") != phone.digest:
            found.append(f"Asterisk does not have the password of {phone.endpoint}")
    found += [
        f"Asterisk still has the telephone {name}"
        for name in gone
        if await _setting(rest, "endpoint", name) is not None
    ]
    used = {phone.transport for phone in phones}
    for transport, bind in ((Transport.TCP, listening.tcp), (Transport.TLS, listening.tls)):
        if transport in used and (await _setting(rest, "transport", f"phones-{transport}") or {}).get("bind") != bind:
            found.append(f"Asterisk does not take telephones by {transport.upper()} at {bind}")
    return found


async def _setting(rest: Rest, kind: str, name: str) -> dict[str, str] | None:
    """An object of Asterisk's SIP settings as it is in use, or None. ARI's list of endpoints keeps those long gone."""
    try:
        found = await rest.request("GET", f"/asterisk/config/dynamic/res_pjsip/{kind}/{checked_name(name)}")
    except Gone:
        return None
    return {one["attribute"]: one["value"] for one in found}


async def registered(rest: Rest, endpoints: Iterable[str]) -> dict[str, bool]:
    """Those of these telephones that Asterisk has, and whether somebody is there.

    Raises:
        AriError: Asterisk could not be asked.
    """
    listed = {one["resource"]: one["state"] == "online" for one in await rest.request("GET", "/endpoints/PJSIP")}
    return {name: listed.get(name, False) for name in endpoints if await _setting(rest, "endpoint", name) is not None}
