"""The control API of the real daemon: what is asked takes effect, is shown, is told, and outlives a restart."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.e2e.house import CALLER, House
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_queue import agent, queue
from vorzimmer.control.client import connect
from vorzimmer.control.commands import AgentMove, AgentPause, CallResult, Calls, Refused, Wall, Watch


async def told(events: AsyncGenerator[dict[str, Any], None], name: str) -> dict[str, Any]:
    """The next event of this name; others are passed over."""
    while (event := await anext(events)).get("event") != name:
        pass
    return event


async def test_a_call_is_shown_and_told(house: House) -> None:
    """Logged in by command, an agent gets the call; wall and stream show it; a restart keeps what was said."""
    await house.use(client(queue()), agents=(agent(1, teams=["law"]), agent(2)))
    await house.start()
    phone = await house.agent(1)
    async with connect(house.settings.paths.control) as c:
        events = c.watch(Watch(actor="test"))
        await anext(events)
        await house.log_in("a1")
        assert (await told(events, "agent.state"))["state"] == "available"
        call = await house.call(DID)
        arrived = await told(events, "call.arrived")
        ringing = await phone.invited()
        await ringing.answer()
        await talking(call, ringing)
        assert (await told(events, "phase.talk"))["call"] == arrived["call"]
        wall = await house.ask(Wall(actor="test"))
        (living,) = wall["calls"]
        assert (living["client"], living["caller"], living["phase"], living["agents"]) == (
            "mueller",
            CALLER,
            "talk",
            ["a1"],
        )
        assert [(one["agent"], one["state"]) for one in wall["agents"]] == [("a1", "talking"), ("a2", "logged_out")]
        assert wall["waiting"] == []
        await house.ask(CallResult(actor="test", call=arrived["call"], result="order"))
        assert (await told(events, "call.result"))["data"]["result"] == "order"
        await call.hang_up()
        assert (await told(events, "call.record"))["disposition"] == "answered"
        await events.aclose()
    await house.cdr()
    await house.ask(CallResult(actor="test", call=arrived["call"], result="spam"))
    assert [tuple(row) for row in await house.query("SELECT call_id, result FROM call_result")] == [
        (arrived["call"], "spam")
    ]
    await house.ask(AgentPause(actor="test", agent="a1", reason="lunch"))
    await house.stop()
    await house.start()
    assert await house.state("a1") == ("paused", "lunch")
    assert (await house.ask(Calls(actor="test")))["calls"] == []


async def test_what_is_not_there_is_refused(house: House) -> None:
    """Unknown agents and calls are named; what is there is changed, in the book too."""
    await house.use(client(queue()), agents=(agent(1),))
    await house.start()
    for command, code in (
        (AgentMove(actor="test", agent="nobody", team="law"), "unknown_agent"),
        (CallResult(actor="test", call="1.2", result="spam"), "unknown_call"),
    ):
        with pytest.raises(Refused) as caught:
            await house.ask(command)
        assert caught.value.code == code
    await house.ask(AgentMove(actor="test", agent="a1", team="law"))
    rows = await house.query("SELECT data ->> 'teams' AS teams FROM agent")
    assert [row["teams"] for row in rows] == ['["law"]']
