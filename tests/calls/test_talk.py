"""A talk, and those who ask something of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.calls.surroundings import DID, Pbx, Records, make_exchange
from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.calls.talk import Talk
from vorzimmer.core.plan import Incoming
from vorzimmer.core.talk import Hold, NotPossible, Retrieve, Wish


async def test_who_asks_while_the_caller_leaves_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wish is being done and one waits when the call ends: both are refused, and nobody waits for ever."""
    away = Ari("http://127.0.0.1:1", "u", "p", "vorzimmer", on_start=lambda _: None)
    exchange = replace(make_exchange(tmp_path, Pbx(), Records()), ari=away)
    call = Session(exchange, "call-1", Incoming(DID))
    talk = Talk(call, Leg(away.channels("call-1-l1"), "agent1", call.record, agent="anna", dialled=True))
    begun = asyncio.Event()

    async def for_ever(_: Wish) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(talk, "_do", for_ever)
    running = asyncio.create_task(talk.run())
    asking = [asyncio.create_task(talk.ask(wish)) for wish in (Hold(), Retrieve())]
    await begun.wait()
    running.cancel()
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [NotPossible, NotPossible]
    assert running.cancelled()
