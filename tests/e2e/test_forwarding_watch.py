"""The forwarding watchdog on the real Asterisk: the carrier forwards a client's own number back to us, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, client, group
from tests.e2e.test_reconcile import reconcile
from tests.sipp import sip
from tests.sipp.incoming import Incoming
from tests.sipp.phone import Phone
from vorzimmer.calls import forwarding_check
from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import NumberCheck, Refused
from vorzimmer.numbers.watchdog import Watchdog

OWN = "+498977766"
"""The number that the client's callers dial."""

OTHER = "+4989123457"
"""Another DID of the client's."""

CHECKER = "+498900001"
"""From which the house rings."""

SECONDS = 5


def watched(house: House, seconds: int = SECONDS, **fields: Any) -> dict[str, Any]:
    """A client with two DIDs whose own number is forwarded to the first; the house rings it for so many seconds."""
    watchdog = house.settings.watchdog.model_copy(update={"caller": CHECKER, "seconds": seconds})
    house.settings = house.settings.model_copy(update={"watchdog": watchdog})
    own = [{"number": OWN, "did": DID}]
    return client(group(), **{"dids": [DID, OTHER], "own_numbers": own, **fields})


OFFICE = {"id": "office", "endpoints": ["agent1"]}

Carrier = Callable[[House, Incoming], Awaitable[None]]


def forwarding(*dids: str, **more: Any) -> Carrier:
    """A carrier that forwards the call to these DIDs, the next one when the one before is busy."""

    async def forward(house: House, dialled: Incoming) -> None:
        for did in dids:
            back = await house.call(did, dialled.caller, **more)
            assert (await back.finished()).status == 486
        dialled.reject(486)

    return forward


async def busy(_: House, dialled: Incoming) -> None:
    """Nobody forwards."""
    dialled.reject(486)


async def no_circuit(_: House, dialled: Incoming) -> None:
    """The carrier takes no calls."""
    dialled.reject(503)


async def voicemail(_: House, dialled: Incoming) -> None:
    """The client's own machine answers, and is hung up on."""
    await dialled.answer()
    assert (await dialled.finished()).by == "far"


async def silence(_: House, dialled: Incoming) -> None:
    """It rings and rings."""
    dialled.ring()
    assert (await dialled.finished(SECONDS + 5)).status == 487


async def straight_back(house: House, dialled: Incoming) -> None:
    """Our very call is sent back to us, headers and all."""
    mark = dialled.invite["X-Vorzimmer-Call"]
    await forwarding(DID, headers=(f"X-Vorzimmer-Call: {mark}",))(house, dialled)


async def check(house: House, trunk: Phone, carrier: Carrier) -> dict[str, Any]:
    """Check the number, with this carrier."""
    answer = asyncio.create_task(house.ask(NumberCheck(actor="test", client="mueller", number=OWN)))
    dialled = await trunk.invited()
    assert (dialled.dialled, dialled.caller) == (OWN, CHECKER)
    async with asyncio.timeout(20):
        await carrier(house, dialled)
        return await answer


async def test_the_check_says_where_the_call_came_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwarded, to the wrong DID, twice, straight back, not at all: each has its verdict, and nobody is called.

    Neither an agent's telephone nor a CDR, a mail or the comparison with Asterisk's records knows of any of them.
    """
    monkeypatch.setattr(forwarding_check, "GRACE", 0.2)
    since = datetime.now(UTC)
    await house.use(watched(house), groups=(OFFICE,))
    await house.start()
    trunk, agent = await house.trunk(), await house.agent(1)
    for carrier, verdict, seen in (
        (forwarding(DID), "forwarded", [DID]),
        (forwarding("089123456", headers=(sip.diverted_from(OWN),)), "forwarded", [DID]),
        (forwarding(OTHER), "wrong_did", [OTHER]),
        (forwarding(DID, DID), "loop", [DID, DID]),
        (straight_back, "loop", [DID]),
        (busy, "not_forwarded", []),
        (voicemail, "not_forwarded", []),
        (silence, "not_forwarded", []),
        (no_circuit, "not_checked", []),
    ):
        found = await check(house, trunk, carrier)
        assert (found["verdict"], found["seen"]) == (verdict, seen), found
        await house.quiet()
    assert not agent.incoming
    assert (await reconcile(house, since))[0] == 0
    assert await house.query("SELECT FROM cdr") == []
    assert await house.query("SELECT FROM outbox") == []


async def test_callers_are_served_as_always_while_a_number_is_checked(house: House) -> None:
    """One who was forwarded from that very number rings at the agent's; so does the checking number an hour later."""
    await house.use(watched(house), groups=(OFFICE,))
    await house.start()
    trunk, agent = await house.trunk(), await house.agent(1)

    async def with_a_caller(house: House, dialled: Incoming) -> None:
        call = await house.call(DID, CALLER, headers=(sip.diverted_from(OWN),))
        (await agent.invited()).ring()
        await call.ringing(180)
        await forwarding(DID, headers=(sip.diverted_from(OWN),))(house, dialled)
        await call.hang_up()

    assert (await check(house, trunk, with_a_caller))["verdict"] == "forwarded"
    call = await house.call(DID, CHECKER)
    (await agent.invited()).ring()
    await call.ringing(180)
    await call.hang_up()
    assert [cdr["caller"] for cdr in await house.cdrs(2)] == [CALLER, CHECKER]


async def test_what_is_not_to_be_dialled_is_not(house: House) -> None:
    """The gate's countries and counts hold for checks too, the same number is not rung twice at once, strangers not."""
    await house.use(watched(house, forwarding={"per_day": 1}), groups=(OFFICE,))
    await house.start()
    trunk = await house.trunk()

    async def twice(house: House, dialled: Incoming) -> None:
        with pytest.raises(Refused, match="is being checked at this moment"):
            await house.ask(NumberCheck(actor="test", client="mueller", number=OWN))
        await forwarding(DID)(house, dialled)

    assert (await check(house, trunk, twice))["verdict"] == "forwarded"
    refused = await house.ask(NumberCheck(actor="test", client="mueller", number=OWN))
    assert (refused["verdict"], refused["reason"]) == ("not_checked", "1 forwarded calls today, 1 are allowed")
    with pytest.raises(Refused, match="not among the client's own_numbers"):
        await house.ask(NumberCheck(actor="test", client="mueller", number=DID))
    assert len(trunk.incoming) == 1


@pytest.mark.parametrize("end", ["stopped", "killed"])
async def test_a_check_does_not_outlive_the_daemon(house: House, kill: Callable[[], Awaitable[None]], end: str) -> None:
    """Stopped or killed in mid-check: the leg does not ring on, and what came back becomes nobody's call."""
    await house.use(watched(house, seconds=60), groups=(OFFICE,))
    await house.start()
    trunk, agent = await house.trunk(), await house.agent(1)
    answer = asyncio.create_task(house.ask(NumberCheck(actor="test", client="mueller", number=OWN)))
    dialled = await trunk.invited()
    dialled.ring()
    if end == "stopped":
        await house.stop()
        assert (await dialled.finished()).status == 487
    else:
        await kill()
        back = await house.call(DID, CHECKER)
        await house.start()
        assert (await back.finished()).status == 486
        await dialled.finished()
    with pytest.raises((Unreachable, Refused)):
        await answer
    await house.quiet()
    assert not agent.incoming
    await eventually(lambda: house.query("SELECT FROM cdr"), lambda rows: rows == [])


async def test_before_the_office_opens_the_number_is_rung_by_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker asks, the calls process rings, and what was seen stands in the database: nobody does anything."""
    monkeypatch.setattr(Watchdog.run, "__defaults__", (0.5,))
    opening = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=6)
    hours = f"{opening:%H:%M}-{opening + timedelta(hours=1):%H:%M}"
    await house.use(watched(house, hours={"daily": [hours]}, timezone="UTC"), groups=(OFFICE,))
    watchdog = house.settings.watchdog.model_copy(update={"enabled": True})
    house.settings = house.settings.model_copy(update={"watchdog": watchdog})
    trunk = await house.trunk()
    await house.start()
    await forwarding(DID)(house, await trunk.invited())
    (row,) = await eventually(lambda: house.query("SELECT * FROM forwarding_check"), lambda rows: len(rows) > 0)
    assert (row["verdict"], row["seen"], row["opening"]) == ("forwarded", [DID], opening)
