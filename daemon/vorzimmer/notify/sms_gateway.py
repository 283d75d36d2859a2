"""What a gateway for text messages is, and the one HTTP request that those on the web need.

Who may have been sent something is never sent it again blindly: a request that was written and not answered, or
answered with an error of the server's, is unclear; a connection that never came about is not.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol, Self

import aiohttp
import orjson

from vorzimmer.notify.channel import Dead, Outcome, RetryLater
from vorzimmer.notify.plain import one_line

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 45.0
"""From the request to the end of its answer; a worker gives a message 120."""

LONGEST_ANSWER = 64 * 1024
"""Bytes that are read of an answer; what comes after them is not waited for."""

LONGEST_PAUSE = timedelta(hours=6)
"""The longest that a gateway may make us wait."""

NOBODY_KNOWS = Dead("it may have gone, and the gateway cannot tell; a person decides whether it is sent again")


@dataclass(frozen=True, slots=True)
class Sms:
    """One text message. `to`: E.164; `sender`: a number or up to 11 letters; empty: the gateway's own.

    `reference`: ours, the same at every attempt: 32 hexadecimal digits. `made_at`: before the first attempt.
    `provider_id`: of an earlier attempt, where the gateway told one.
    """

    to: str
    text: str
    sender: str
    reference: str
    made_at: datetime
    provider_id: str | None = None


class Gateway(Protocol):
    """A way for text messages."""

    name: str

    async def __aenter__(self) -> object:
        """Make ready; a gateway that is away does not hinder that."""

    async def __aexit__(self, *exc: object) -> None:
        """Close what is open."""

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over once. May be cancelled at any await."""

    async def look(self, sms: Sms, /) -> Outcome | None:
        """What became of the last attempt, whose outcome nobody knows. None: the gateway never got it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway answered. `json`: None where that is none, or too long. `words`: its beginning, for people."""

    status: int
    json: Any
    words: str
    retry_after: timedelta | None

    @property
    def good(self) -> bool:
        """Whether the request was understood; the answer may still hold a refusal."""
        return 200 <= self.status < 300


def new_session() -> aiohttp.ClientSession:
    """The connections to a gateway: a new one for each request.

    A kept one may be closed by the other side at the very instant of a request, and nobody would know whether it was
    read.
    """
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS),
        # An answer of a few bytes must not become one of gigabytes: none is to come compressed, and none is unpacked.
        headers={"User-Agent": "vorzimmer", "Accept": "application/json", "Accept-Encoding": "identity"},
        auto_decompress=False,
    )
    # aiohttp repeats a GET by itself, and some gateways send a message for each GET; it has no public switch for that.
    session._retry_connection = False  # noqa: SLF001 - see above; a test holds it
    return session


class OverHttp:
    """What gateways that are asked over HTTP share: the session, as long as they are inside."""

    async def __aenter__(self) -> Self:
        self._session = new_session()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    now: datetime,
    content: Literal["json", "form", "query"] = "query",
    fields: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer | RetryLater:
    """One request; what goes wrong on the way is an outcome, unclear if the request may have been read."""
    sent = {"query": "params", "form": "data", "json": "data"}[content]
    body: Any = orjson.dumps(fields) if content == "json" else fields
    more = dict(headers or {}) | ({"Content-Type": "application/json"} if content == "json" else {})
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            session.request(method, url, headers=more, allow_redirects=False, **{sent: body}) as answer,
        ):
            return await _read(answer, now)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        return RetryLater(one_line(f"the gateway cannot be reached: {error}"), away=True)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        return RetryLater(one_line(f"no answer from the gateway: {why}"), away=True, unclear=True)


async def _read(answer: aiohttp.ClientResponse, now: datetime) -> Answer:
    try:
        body = await answer.content.readexactly(LONGEST_ANSWER)
    except asyncio.IncompleteReadError as whole:
        body = whole.partial
    try:
        json = orjson.loads(body)
    except orjson.JSONDecodeError:
        json = None
    words = one_line(body[:400].decode("utf-8", "replace"), 200)
    return Answer(answer.status, json, words, _pause(answer.headers.get("Retry-After", ""), now))


def _pause(value: str, now: datetime) -> timedelta | None:
    """A Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if re.fullmatch("[0-9]{1,9}", value):
        return min(timedelta(seconds=int(value)), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
        return min(max(until - now, timedelta(0)), LONGEST_PAUSE)
    except (TypeError, ValueError):  # no date, or one of no time zone
        return None


def refused(answer: Answer, why: str = "") -> Dead | RetryLater:
    """What an answer that is no success means, by its status alone. `why`: what the gateway said of it.

    A refused login and missing credit are ours to mend, and what waits then still goes. 503 says that nothing was
    done; any other error of the server says nothing.
    """
    status, after = answer.status, answer.retry_after
    detail = one_line(f"the gateway answers {status}: {why or answer.words or 'nothing'}")
    if status == 429:
        return RetryLater(detail, after=after)
    if status == 402:
        return RetryLater(f"out of credit; {detail}", after=after, away=True)
    if status in (401, 403, 404, 405, 407) or 300 <= status < 400:
        return RetryLater(f"see [sms]; {detail}", away=True)
    if 400 <= status < 500:
        return Dead(detail)
    return RetryLater(detail, after=after, away=True, unclear=status != 503)


def wrong(answer: Answer | RetryLater) -> str:
    """What an answer to a harmless question says is wrong; empty: nothing."""
    if isinstance(answer, RetryLater):
        return answer.detail
    return "" if answer.good else refused(answer).detail


def not_understood(answer: Answer) -> RetryLater:
    """A success that does not say what it should: the message has most likely gone."""
    return RetryLater(one_line(f"the gateway's answer is not understood: {answer.words}"), unclear=True)


_LINK = re.compile(r"https?://\S+")


def same_text(ours: str, theirs: object) -> bool:
    """Whether it is the same message; links differ each time they are made."""
    return isinstance(theirs, str) and _LINK.sub("", ours).split() == _LINK.sub("", theirs).split()


def dig(json: Any, path: str) -> Any:
    """What stands at `a.0.b` of an answer; None where nothing does."""
    for key in path.split("."):
        if isinstance(json, list) and key.isdecimal() and int(key) < len(json):
            json = json[int(key)]
        elif isinstance(json, dict):
            json = json.get(key)
        else:
            return None
    return json


def written(value: Any, longest: int = 100) -> str:
    """A number or text of an answer as text; anything else: empty."""
    return one_line(str(value), longest) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
