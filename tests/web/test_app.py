"""What is true of every answer of the pages' server, whatever was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, cast

import httpx
import pytest
from fastapi import APIRouter, Body

from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import Refused
from vorzimmer.web import app
from vorzimmer.web.app import LONGEST_BODY
from vorzimmer.web.parts import BrowserPhones, Parts
from vorzimmer.web.problems import Problem

room = APIRouter(prefix="/api")


@room.post("/said")
async def said(words: Annotated[str, Body(embed=True, max_length=LONGEST_BODY)]) -> int:
    """Counts the letters."""
    return len(words)


@room.get("/refused/{code}")
async def refused(code: str) -> None:
    """The calls process says no."""
    raise Refused(code, "no")


@room.get("/unreachable")
async def unreachable() -> None:
    """The calls process is away."""
    raise Unreachable("nobody listens")


@room.get("/problem")
async def problem() -> None:
    """A route says no."""
    raise Problem(409, "newer", "somebody was faster", headers={"Retry-After": "3"}, note=7)


class _Parts:
    """As much of the parts as the application looks at."""

    phones = BrowserPhones("wss://pages.example/ws")


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who asks."""
    served = httpx.ASGITransport(app.create(cast(Parts, _Parts()), (room,)))
    async with httpx.AsyncClient(transport=served, base_url="http://pages.example") as client:
        yield client


@pytest.mark.parametrize("path", ["/api/problem", "/api/nothing", "/nothing", "/api/openapi.json"])
async def test_every_answer_forbids_what_is_foreign(browser: httpx.AsyncClient, path: str) -> None:
    """Nothing inline and nothing from elsewhere may run, be it a page, an error or a description."""
    answer = await browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "connect-src 'self' wss://pages.example/ws;" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (answer.headers.get("cache-control") == "no-store") == path.startswith("/api/")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/problem", 409, "newer"),
        ("/api/nothing", 404, "unknown"),
        ("/api/unreachable", 503, "calls_away"),
        ("/api/refused/unknown_call", 404, "unknown_call"),
        ("/api/refused/bad_request", 422, "bad_request"),
        ("/api/refused/not_now", 409, "not_now"),
        ("/api/refused/database_away", 503, "database_away"),
    ],
)
async def test_every_failure_has_one_form(browser: httpx.AsyncClient, path: str, status: int, code: str) -> None:
    """A code for programs and a sentence for people, whoever said no."""
    answer = await browser.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["text"]


async def test_a_problem_brings_its_headers_and_what_goes_along(browser: httpx.AsyncClient) -> None:
    """When to try again, and what the page needs to go on."""
    answer = await browser.get("/api/problem")
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["error"]["note"] == 7


async def test_what_is_wrong_is_named(browser: httpx.AsyncClient) -> None:
    """The field that does not fit stands in the answer, and never what was sent."""
    answer = await browser.post("/api/said", json={"words": {"secret": "x"}})
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"].keys() == {"words"}
    assert "secret" not in answer.text


async def test_a_long_body_is_refused_before_it_is_read(browser: httpx.AsyncClient) -> None:
    """A megabyte of text costs nothing, whether its length is told or not; one that just fits goes through."""
    fits = await browser.post("/api/said", json={"words": "x" * (LONGEST_BODY - 20)})
    assert fits.status_code == 200
    told = await browser.post("/api/said", json={"words": "x" * 2**20})
    assert (told.status_code, told.json()["error"]["code"]) == (413, "too_long")
    taken = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(1024):
            taken += 1
            yield b"x" * 1024

    untold = await browser.post("/api/said", content=chunks(), headers={"Content-Type": "application/json"})
    assert (untold.status_code, untold.json()["error"]["code"]) == (413, "too_long")
    assert taken <= LONGEST_BODY // 1024 + 2
