"""The channel webhook: a signed POST to a server of the client's, as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks: `webhook-id` is the same at every attempt, `webhook-timestamp`
is that of the attempt, `webhook-signature` has one signature for each secret that holds.

Whoever enters the URL chooses where our machine connects to, and reads what came of it. So only public addresses are
connected to, which is decided when the socket is made, for a name may mean another address by then; no redirection is
followed; and of an answer no more is read than tells nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import asyncpg
from standardwebhooks import Webhook as Signature

from vorzimmer.core.ports import Clock
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.webhook_body import body, message_id
from vorzimmer.store.outbox import Copy, Leased
from vorzimmer.store.signed_links import Signer

SECONDS = 15.0
"""From the first look-up of the name to the status line, in all."""

ANSWER_SECONDS = 2.0
ANSWER_BYTES = 64 * 1024
"""What is read of an answer, and for how long, so that the connection can serve the next message; else it is cut."""

LONGEST_AFTER = timedelta(days=1)
"""The most that a Retry-After is heeded."""

MEDIA_TYPE = "application/json"

AWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""The server behind the address is not there, whatever it is asked."""

LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""With these a server may say when (RFC 9110, 10.2.3; RFC 6585, 4)."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 behind a translator (RFC 6052)."""

Keys = Callable[[str, datetime], Awaitable[Sequence[str]]]
"""The secrets of a client, `whsec_…`, at an instant (`store.webhook_secrets.signing`)."""


class NotPublic(OSError):
    """The address is not one of the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also where IPv6 only wraps an IPv4 address.

    Raises:
        ValueError: it is no address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is not None:
            ip = inner
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _public_socket(info: Any) -> socket.socket:
    """A socket for an address just looked up; made only if it may be connected to."""
    family, kind, proto, _, address = info
    if not is_public(address[0]):
        raise NotPublic("the address is not a public one")
    return socket.socket(family=family, type=kind, proto=proto)


class Webhook:
    """The channel. Use it as a context: leaving it closes the connections.

    Args:
        keys: tells the secrets of a client.
        signer: makes the links to recordings.
        base_url: before these links.
        link_days: how long they open a recording, from when the message was made.
        clock: gives the time of an attempt.
        private: other addresses than public ones may be sent to, and by http to this machine.
        tls: whom to trust; None: whom the machine trusts.
    """

    def __init__(
        self,
        keys: Keys,
        signer: Callable[[], Awaitable[Signer]],
        *,
        base_url: str,
        link_days: int,
        clock: Clock,
        private: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._keys = keys
        self._signer = signer
        self._base_url = base_url
        self._link_good_for = timedelta(days=link_days)
        self._clock = clock
        self._private = private
        self._tls = tls

    async def __aenter__(self) -> Self:
        # The names of clients' servers are looked up anew each time: whoever moved shall be found.
        connector = aiohttp.TCPConnector(
            ssl=self._tls or True,
            resolver=aiohttp.ThreadedResolver(),
            use_dns_cache=False,
            socket_factory=None if self._private else _public_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": "Vorzimmer", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def send(self, message: Leased, /) -> Outcome:
        """Post once.

        Raises:
            RenderError: the payload lacks something.
        """
        if urlsplit(message.recipient).scheme != "https" and not self._private:
            return Dead("only https addresses are sent to")
        try:
            keys = await self._keys(message.client_id, self._clock())
            signer = await self._signer()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return RetryLater(one_line(f"the database is away: {error or type(error).__name__}"))
        if not keys:
            return Dead("there is no such client any more")
        content = body(message, lambda call, client: self._link(signer, call, client, message.created_at))
        return await self._post(message.recipient, content, signed(message_id(message), content, keys, self._clock()))

    def _link(self, signer: Signer, call: str, client: str, made_at: datetime) -> str:
        # From when the message was made, so that it is the same at every attempt.
        token = signer.token("recording", {"call": call, "client": client}, made_at, self._link_good_for)
        return f"{self._base_url}/r/{token}"

    async def _post(self, url: str, content: bytes, headers: dict[str, str]) -> Outcome:
        try:
            async with self._session.post(url, data=content, headers=headers, allow_redirects=False) as answer:
                outcome = self._outcome(answer, content)
                await _read_a_little(answer)
                return outcome
        except (aiohttp.ClientError, OSError) as error:
            return _unanswered(error)

    def _outcome(self, answer: aiohttp.ClientResponse, content: bytes) -> Outcome:
        """What the status says; RFC 9110 and Standard Webhooks, "Consuming webhooks"."""
        detail = one_line(f"{answer.status} {answer.reason or ''}", 200)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Sent(detail, copy=Copy(MEDIA_TYPE, content))
        if answer.status == HTTPStatus.GONE:
            return Dead(f"{detail}: the receiver wants no more")
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
            return RetryLater(f"{detail}: redirections are not followed; enter the address that is meant")
        after = retry_after(answer.headers.get("Retry-After", ""), self._clock()) if answer.status in LATER else None
        return RetryLater(detail, after=after, away=answer.status in AWAY)


def _unanswered(error: Exception) -> Outcome:
    """What came of a message when no status line did."""
    match error:
        case aiohttp.InvalidURL():
            return Dead("this is no address of a web server")
        case aiohttp.ClientConnectorCertificateError():
            detail = f"the certificate is not valid: {error.certificate_error}"
        case aiohttp.ClientConnectorError(os_error=NotPublic()):
            return RetryLater(str(error.os_error))
        case aiohttp.ClientConnectorError():
            detail = f"cannot be reached: {error.os_error}"
        case TimeoutError():
            detail = f"no answer within {SECONDS:g} s"
        case _:
            detail = f"no answer: {type(error).__name__}: {error}"
    return RetryLater(one_line(detail), away=True)


async def _read_a_little(answer: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that the connection is good for another; a longer one is cut."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            read = 0
            while read <= ANSWER_BYTES and (some := await answer.content.readany()):
                read += len(some)
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass  # what the status said holds
    if not answer.content.at_eof():
        answer.close()


def signed(name: str, content: bytes, keys: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a message sent at this instant (aware)."""
    moment = at.astimezone(UTC)  # the library reads the digits as UTC, whatever the zone
    signatures = [Signature(key).sign(name, moment, content.decode()) for key in keys]
    return {
        "Content-Type": MEDIA_TYPE,
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def retry_after(value: str, at: datetime) -> timedelta | None:
    """How long to wait from `at` (aware) by a Retry-After header, in seconds or as a date; None: it says nothing."""
    if value.isascii() and value.isdecimal():
        wanted = timedelta(seconds=min(int(value[:9]), LONGEST_AFTER.total_seconds()))
    else:
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        wanted = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
    return min(max(wanted, timedelta(0)), LONGEST_AFTER)
