"""The manager interface of a real Asterisk."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.asterisk.ami_peer import until
from tests.asterisk.registration import Registration
from vorzimmer.asterisk.ami import Ami, Fields
from vorzimmer.asterisk.reachability import Reachability
from vorzimmer.sandbox.sandbox import Sandbox

PATIENCE = 30.0


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An Asterisk for these tests, one of which halts it."""
    started = Sandbox.up(tmp_path_factory.mktemp("sandbox"), agents=1)
    yield started
    started.down()


@pytest.fixture
async def ami(sandbox: Sandbox) -> AsyncIterator[Ami]:
    """Connected to it, with limits short enough for a test."""
    ami = Ami("127.0.0.1", sandbox.ami_port, sandbox.ami_user, sandbox.ami_password, timeout=2.0, ping=0.1)
    task = asyncio.create_task(ami.run())
    async with asyncio.timeout(PATIENCE):
        await ami.ready()
    yield ami
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def softphone(sandbox: Sandbox) -> Iterator[Registration]:
    """An agent's softphone whose contact tries to smuggle an event in."""
    contact = "x%0d%0a%0d%0aEvent%3a%20PeerStatus%0d%0aPrivilege%3a%20system,all%0d%0aPeer%3a%20PJSIP%2fagent1"
    phone = Registration(sandbox.sip_port, "softphone1", sandbox.state.passwords["softphone1"], contact)
    yield phone
    phone.close()


async def test_lists_and_refusals(ami: Ami) -> None:
    """A real list arrives whole, and what the user may not do is an answer, not a hang."""
    listed = await ami.action("ShowDialPlan", Context="vorzimmer", Extension="arrive")
    assert listed.success
    assert len(listed.events) > 10
    assert {entry["context"] for entry in listed.events} == {"vorzimmer"}
    assert (await ami.action("CoreSettings")).fields["asteriskversion"]
    refused = await ami.action("Originate", Channel="PJSIP/agent1", Async="true")
    assert (refused.success, refused.message) == (False, "Permission denied")


async def test_registration_makes_a_telephone_reachable(ami: Ami, softphone: Registration) -> None:
    """A softphone counts as reachable from its registration to its end; a forged event in its contact does nothing."""
    events: list[Fields] = []
    reachability = Reachability(ami)
    await reachability.load()
    ami.on_event(events.append)
    assert reachability.endpoints()["agent1"]
    assert "softphone1" in reachability.unreachable()
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.to_thread(softphone.register, 60) == "SIP/2.0 200 OK"
        await until(lambda: "softphone1" not in reachability.unreachable())
        assert await asyncio.to_thread(softphone.register, 0) == "SIP/2.0 200 OK"
        await until(lambda: "softphone1" in reachability.unreachable())
    assert reachability.endpoints()["agent1"]
    assert {event.get("peer") for event in events if event["event"] == "PeerStatus"} == {"PJSIP/softphone1"}


async def test_halted_asterisk_is_noticed_and_found_again(ami: Ami, sandbox: Sandbox) -> None:
    """An Asterisk that keeps the connection and answers nothing is left; when it goes on, so do we."""
    (pid,) = [part.pid for part in sandbox.parts() if part.name == "asterisk"]
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(PATIENCE):
            await ami.gone()
        assert "no answer to Ping" in ami.problem
    finally:
        os.kill(pid, signal.SIGCONT)
    async with asyncio.timeout(PATIENCE):
        await ami.ready()
    assert (await ami.action("Ping")).success
