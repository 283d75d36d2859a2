"""An agent's state and the call it is reserved for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.calls.surroundings import START, Pbx, Records, make_exchange
from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.session import Session
from vorzimmer.calls.steps import queue
from vorzimmer.core.agent import Agent
from vorzimmer.core.line import Offer
from vorzimmer.core.model import Language
from vorzimmer.core.plan import Incoming, Queue
from vorzimmer.core.presence import Act, State
from vorzimmer.core.serving import Needs

STEP = Queue(
    needs=Needs("kanzlei", None, frozenset(), Language.GERMAN, secrecy=False),
    priority=5,
    at_once=1,
    seconds=15,
    wait=300,
    most_waiting=None,
    most_wait=None,
    announce_every=0,
    callback=False,
    music=False,
    reason="",
)


async def test_who_leaves_before_the_telephone_rings_sets_the_agent_free(tmp_path: Path) -> None:
    """The caller goes in the very instant in which an agent was reserved: the agent does not stay so for ever."""
    away = Ari("http://127.0.0.1:1", "u", "p", "vorzimmer", on_start=lambda _: None)
    exchange = replace(make_exchange(tmp_path, Pbx(), Records()), ari=away)
    floor = exchange.floor
    floor.use({"anna": Agent.model_validate({"id": "anna", "name": "Anna", "phones": ["p1"]})}, START)
    floor.act("anna", Act.LOG_IN, START)
    call = Session(exchange, "c1", Incoming("+4989123456"))
    floor.act("anna", Act.RESERVE, START, call=call.id)
    ringing = asyncio.create_task(queue._ring(call, STEP, Offer(call.id, ("anna",), "longest idle")))
    asyncio.get_running_loop().call_soon(ringing.cancel)
    with pytest.raises(asyncio.CancelledError):
        await ringing
    assert floor.presence("anna").state is State.AVAILABLE
