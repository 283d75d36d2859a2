"""The channel webhook against a server that checks what it gets by an independent library."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
import standardwebhooks
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.conftest import Certificate
from tests.notify.examples import message
from tests.notify.webhook_receiver import Receiver
from vorzimmer.notify import webhook
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.webhook import LONGEST_AFTER, Webhook, is_public, retry_after, signed
from vorzimmer.store.signed_links import Signer
from vorzimmer.store.webhook_secrets import written

SECRET, OLD, OTHER = (written(bytes([n]) * 32) for n in (1, 2, 3))


def now() -> datetime:
    """The receiver's library reads the real clock."""
    return datetime.now(UTC)


async def signer() -> Signer:
    """Of links to recordings."""
    return Signer(b"0" * 32)


def channel(keys: Sequence[str] = (SECRET,), *, private: bool = True, tls: ssl.SSLContext | None = None) -> Webhook:
    """A channel whose every client has these secrets."""

    async def of(_client: str, _at: datetime) -> Sequence[str]:
        return keys

    return Webhook(of, signer, base_url="https://pages.example", link_days=14, clock=now, private=private, tls=tls)


async def sent_to(url: str, keys: Sequence[str] = (SECRET,), **options: Any) -> Outcome:
    """What became of a message to this address."""
    async with channel(keys, **options) as way:
        return await way.send(message(url))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A client's server."""
    async with Receiver(SECRET) as receiver:
        yield receiver


async def test_what_arrives_is_signed_and_kept(receiver: Receiver) -> None:
    """The receiver finds it valid; the copy that is kept is what it got; the recording's link is one of ours."""
    about = message(receiver.url, recording="a.wav", recording_seconds="3")
    async with channel() as way:
        outcome = await way.send(about)
    (got,) = receiver.got
    assert got.valid
    assert isinstance(outcome, Sent)
    assert outcome.copy is not None
    assert (outcome.copy.media_type, outcome.copy.content) == ("application/json", got.content)
    assert (got.path, got.headers["Content-Type"]) == ("/calls", "application/json")
    assert got.headers["webhook-id"] == got.said["id"]
    token = got.said["data"]["call"]["message"]["url"].removeprefix("https://pages.example/r/")
    opened = (await signer()).read("recording", token, about.created_at)
    assert opened == {"call": "1763816605.12", "client": "mueller"}


async def test_a_repetition_is_known_by_its_id(receiver: Receiver) -> None:
    """Id and body stay, so that the receiver can leave the second one aside; the connection is used again."""
    about = message(receiver.url)
    async with channel() as way:
        for attempt in (1, 2):
            await way.send(replace(about, attempts=attempt))
    first, second = receiver.got
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert len(receiver.connections) == 1


async def test_an_old_secret_signs_along(receiver: Receiver) -> None:
    """A server that knows either of the two finds the message valid, one that knows neither does not."""
    for known, valid in ((SECRET, True), (OLD, True), (OTHER, False)):
        receiver.secret = known
        await sent_to(receiver.url, (SECRET, OLD))
        assert receiver.got[-1].valid is valid


def test_a_changed_message_and_an_old_one_are_not_valid() -> None:
    """The signature is of id, time and every byte, and holds five minutes."""
    content, at = b'{"a": 1}', now()
    headers = signed("msg_1", content, (SECRET,), at)
    check = standardwebhooks.Webhook(SECRET)
    check.verify(content, headers)
    late = signed("msg_1", content, (SECRET,), at - timedelta(minutes=6))
    for wrong, told in ((b'{"a": 2}', headers), (content, {**headers, "webhook-id": "msg_2"}), (content, late)):
        with pytest.raises(Exception, match=r"signature|old"):
            check.verify(wrong, told)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (204, {}, Sent("204 No Content")),
        (400, {}, RetryLater("400 Bad Request")),
        (404, {}, RetryLater("404 Not Found")),
        (410, {}, Dead("410 Gone: the receiver wants no more")),
        (429, {"Retry-After": "7"}, RetryLater("429 Too Many Requests", after=timedelta(seconds=7))),
        (500, {"Retry-After": "7"}, RetryLater("500 Internal Server Error")),
        (503, {"Retry-After": "9" * 30}, RetryLater("503 Service Unavailable", after=LONGEST_AFTER, away=True)),
        (503, {"Retry-After": "soon"}, RetryLater("503 Service Unavailable", away=True)),
        (502, {}, RetryLater("502 Bad Gateway", away=True)),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
async def test_the_status_says_what_became_of_it(
    receiver: Receiver, status: int, headers: dict[str, str], expected: Outcome
) -> None:
    """2xx: taken; 410: never again; with 429 and 503 a server may say when; all else is tried again."""
    receiver.answers = [(status, headers)]
    outcome = await sent_to(receiver.url)
    assert (replace(outcome, copy=None) if isinstance(outcome, Sent) else outcome) == expected


async def test_a_redirection_is_not_followed(receiver: Receiver) -> None:
    """Nobody is led elsewhere, neither to a machine inside nor to another client's server."""
    async with Receiver(SECRET) as elsewhere:
        receiver.answers = [(307, {"Location": elsewhere.url})]
        outcome = await sent_to(receiver.url)
    assert isinstance(outcome, RetryLater)
    assert "not followed" in outcome.detail
    assert elsewhere.got == []


async def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    """What the status said holds, little is read, and the connection is closed."""
    written_bytes = 0
    gone = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal written_bytes
        answer = web.StreamResponse(headers={"Content-Length": str(10 * 2**30)})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x" * 65536)
                written_bytes += 65536
        except ConnectionError:
            gone.set()
            raise

    receiver.answers = [endless]
    assert isinstance(await sent_to(receiver.url), Sent)
    async with asyncio.timeout(10):
        await gone.wait()
    assert written_bytes < 64 * 2**20  # what the kernel's buffers hold


async def test_a_packed_answer_is_not_unpacked(receiver: Receiver) -> None:
    """Few bytes that stand for many cost nothing."""

    async def packed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})

    receiver.answers = [packed]
    assert isinstance(await sent_to(receiver.url), Sent)


async def test_who_never_answers_counts_as_away(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while it is given up, so that the others of that server need not each wait as long."""
    monkeypatch.setattr(webhook, "SECONDS", 0.2)
    forever = asyncio.Event()

    async def silent(_: web.Request) -> web.StreamResponse:
        await forever.wait()
        return web.Response()

    receiver.answers = [silent]
    outcome = await sent_to(receiver.url)
    forever.set()
    assert outcome == RetryLater("no answer within 0.2 s", away=True)


async def test_who_drips_after_the_status_has_taken_it(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow body behind a good status is not waited for."""
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.05)
    forever = asyncio.Event()

    async def dripping(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b".")
        await forever.wait()
        return answer

    receiver.answers = [dripping]
    assert isinstance(await sent_to(receiver.url), Sent)
    forever.set()


async def test_what_is_no_http_is_an_answer_of_somebody_else() -> None:
    """It is tried again, and the server counts as away."""

    async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await sent_to(f"http://127.0.0.1:{port}/")
    assert isinstance(outcome, RetryLater)
    assert outcome.away


async def test_nobody_there_counts_as_away() -> None:
    """A closed port, and a name that does not exist."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        refused = await sent_to(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert isinstance(refused, RetryLater)
    assert refused.away
    unknown = await sent_to("https://nobody.invalid/")
    assert isinstance(unknown, RetryLater)
    assert unknown.away


async def test_certificates_are_checked(certificates: tuple[Certificate, Certificate]) -> None:
    """An authority that is not known is no proof; a known one is."""
    own, other = certificates
    async with Receiver(SECRET, own.server()) as receiver:
        for known, expected in ((own, Sent), (other, RetryLater)):
            outcome = await sent_to(receiver.url, tls=ssl.create_default_context(cafile=known.file))
            assert isinstance(outcome, expected)
    assert isinstance(outcome, RetryLater)
    assert outcome.detail.startswith("the certificate is not valid")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"]
)
async def test_a_machine_inside_is_never_connected_to(host: str) -> None:
    """By address or by name: nothing arrives, and what is said of it does not tell whether somebody is there."""
    connected = asyncio.Event()

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        writer.close()

    server = await asyncio.start_server(take, ("127.0.0.1", "::1") if socket.has_ipv6 else "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outcome = await sent_to(f"https://{host}:{port}/", private=False)
    assert outcome == RetryLater("the address is not a public one")
    assert not connected.is_set()


async def test_a_name_that_changes_its_address_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the address that the socket is made for: every answer of every look-up is judged."""
    answers = iter([["192.0.2.7", "127.0.0.1"], ["127.0.0.1"]])

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> Any:  # noqa: ARG001 - aiohttp's
        return [
            {"hostname": host, "host": one, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for one in next(answers)
        ]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    async with channel(private=False) as way:
        for _ in range(2):
            outcome = await way.send(message("https://hooks.example/"))
            assert outcome == RetryLater("the address is not a public one")


async def test_odd_spellings_of_an_address_lead_nowhere() -> None:
    """`127.1` and a number are loopback to the C library."""
    for host in ("127.1", "2130706433", "0x7f000001", "0"):
        outcome = await sent_to(f"https://{host}/", private=False)
        assert outcome in (Dead("this is no address of a web server"), RetryLater("the address is not a public one"))


async def test_only_https_is_sent_by() -> None:
    """Also to this machine, unless the settings allow it."""
    assert await sent_to("http://127.0.0.1/", private=False) == Dead("only https addresses are sent to")


async def test_without_a_client_or_a_database_nothing_is_sent(receiver: Receiver) -> None:
    """A client that is gone gets nothing; a database that is away is waited for. Nothing goes unsigned."""
    assert isinstance(await sent_to(receiver.url, keys=()), Dead)

    async def away(_client: str, _at: datetime) -> Sequence[str]:
        raise asyncpg.InterfaceError("connection is closed")

    async with Webhook(away, signer, base_url="", link_days=14, clock=now, private=True) as way:
        outcome = await way.send(message(receiver.url))
    assert isinstance(outcome, RetryLater)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True),
        *((address, False) for address in ("0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254")),
        *((address, False) for address in ("172.16.0.1", "192.168.1.1", "192.0.2.1", "224.0.0.1", "239.1.1.1")),
        *((address, False) for address in ("240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1")),
        *((address, False) for address in ("ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::")),
        *((address, False) for address in ("2002:0a00:0001::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:db8::1")),
    ],
)
def test_public_addresses(address: str, *, public: bool) -> None:
    """Those of the internet; what only wraps an address inside is as that address."""
    assert is_public(address) is public


@given(st.text(max_size=40))
def test_whatever_stands_in_retry_after_is_a_time_or_nothing(value: str) -> None:
    """Never negative, never more than a day."""
    found = retry_after(value, now())
    assert found is None or timedelta(0) <= found <= LONGEST_AFTER


def test_retry_after_may_be_a_date() -> None:
    """In the form of HTTP; one that has passed means now."""
    at = datetime(2026, 12, 25, 10, 0, tzinfo=UTC)
    assert retry_after("Fri, 25 Dec 2026 10:02:00 GMT", at) == timedelta(minutes=2)
    assert retry_after("Fri, 25 Dec 2026 09:00:00 GMT", at) == timedelta(0)
