"""`vorzimmer sandbox call`: a call like one from outside."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from vorzimmer.sandbox import call
from vorzimmer.sandbox.call import CallError
from vorzimmer.sandbox.sandbox import Sandbox


async def test_arrives_like_a_call_from_outside(sandbox: Sandbox) -> None:
    """The daemon's application gets the number dialled and the caller's number, and every step is told."""
    lines: list[str] = []
    password = aiohttp.encode_basic_auth(sandbox.ari_user, sandbox.ari_password)
    async with (
        aiohttp.ClientSession(f"{sandbox.ari_url}/ari/", headers={"Authorization": password}) as session,
        session.ws_connect("events", params={"app": "vorzimmer"}) as events,
    ):
        placed = asyncio.create_task(call.place(sandbox, "+4989123456", "+491701234567", 0, lines.append))
        started = await events.receive_json(timeout=10)
        while started["type"] != "StasisStart":
            started = await events.receive_json(timeout=10)
        channel = started["channel"]
        assert channel["name"].startswith("PJSIP/trunk-")
        assert channel["caller"]["number"] == "+491701234567"
        assert "+4989123456" in started["args"]
        for action in ("ring", "answer"):
            async with session.post(f"channels/{channel['id']}/{action}") as answer:
                assert answer.status == 204
        assert await asyncio.wait_for(placed, 10) == 16
    assert [line.split("s  ")[1].split(":")[0] for line in lines] == ["it rings", "answered", "ended"]


@pytest.mark.parametrize("did", ["", "abc", "1&PJSIP/2", "+49 89", "1\r\n2"])
async def test_refuses_what_is_no_number(sandbox: Sandbox, did: str) -> None:
    """A dial string cannot be smuggled in."""
    with pytest.raises(CallError, match="is no number"):
        await call.place(sandbox, did, "+493012345678", 0, lambda _line: None)
