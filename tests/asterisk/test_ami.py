"""The manager interface, against a peer that speaks it badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.ami_peer import BANNER, BOOTED, Script, Session, peer, until
from vorzimmer.asterisk.ami import Ami, Disconnected, Fields
from vorzimmer.asterisk.reachability import Reachability

PATIENCE = 5.0


@asynccontextmanager
async def connected(script: Script, *, limit: float = 2.0, ping: float = 60.0) -> AsyncIterator[Ami]:
    """An `Ami` that runs against a scripted peer."""
    async with peer(script) as port, asyncio.timeout(PATIENCE):
        ami = Ami("127.0.0.1", port, "vorzimmer", "geheim", timeout=limit, ping=ping)
        task = asyncio.create_task(ami.run())
        try:
            yield ami
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def polite(session: Session) -> None:
    """Log in and answer everything."""
    await session.login()
    await session.serve()


async def problem(ami: Ami, part: str) -> None:
    """Wait until the stated problem contains `part`."""
    await until(lambda: part in ami.problem)


async def test_action_before_connecting_says_why() -> None:
    """An action before the first connect raises a sentence instead of an AttributeError."""
    ami = Ami("127.0.0.1", 1, "vorzimmer", "geheim")
    with pytest.raises(Disconnected, match="not connected yet"):
        await ami.action("Ping")


async def test_asks_for_system_events_only() -> None:
    """The login asks for the class `system`, so that a too generous manager.conf does not let forged events in."""
    seen: list[dict[str, str]] = []

    async def script(session: Session) -> None:
        await session.login()
        seen.extend(session.seen)
        await session.serve()

    async with connected(script) as ami:
        await ami.ready()
    assert seen[0]["Events"] == "system"
    assert seen[0]["Secret"] == "geheim"


async def test_not_ready_before_asterisk_is_booted() -> None:
    """A login while Asterisk still boots does not count as ready: its modules do not answer yet."""
    boot = asyncio.Event()

    async def script(session: Session) -> None:
        await session.send(BANNER)
        await session.answer(await session.request())
        await boot.wait()
        await session.send(BOOTED)
        await session.serve()

    async with connected(script) as ami:
        await problem(ami, "still booting")
        assert not ami.connected
        boot.set()
        await ami.ready()
        assert ami.problem == ""


@pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\nb", "a\rb", "a\x00b", "x" * 1200, "\ud800"])
async def test_values_that_would_break_out_are_refused(value: str) -> None:
    """CR, LF and other control characters, lines too long for Asterisk and lone surrogates are never sent."""
    async with connected(polite) as ami:
        await ami.ready()
        with pytest.raises(ValueError, match="the value of Channel"):
            await ami.action("Redirect", Channel=value)


async def test_originate_without_async_is_refused() -> None:
    """A synchronous Originate would stop every other answer while it rings."""
    async with connected(polite) as ami:
        await ami.ready()
        with pytest.raises(ValueError, match="Async"):
            await ami.action("Originate", Channel="PJSIP/anna")
        assert (await ami.action("Originate", Channel="PJSIP/anna", Async="true")).success


@pytest.mark.parametrize("message", ["Added interface to queue", "Status will follow", "Originate successfully queued"])
async def test_success_resolves_whatever_its_wording(message: str) -> None:
    """Answers that panoramisk takes for the head of a list, by their wording, resolve at once."""

    async def script(session: Session) -> None:
        await session.login()
        await session.answer(await session.request(), f"Message: {message}")
        await session.closed()

    async with connected(script) as ami:
        await ami.ready()
        answer = await ami.action("QueueAdd")
        assert answer.success
        assert answer.message == message


async def test_list_is_collected_to_its_end() -> None:
    """A list's entries belong to the answer, with repeated headers as tuples, and not to the event callbacks."""
    events: list[Fields] = []

    async def script(session: Session) -> None:
        await session.login()
        request = await session.request()
        name = f"ActionID: {request['ActionID']}\r\n"
        await session.answer(request, "EventList: start")
        await session.send(f"Event: Entry\r\n{name}Name: anna\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n".encode())
        await session.send(f"Event: Entry\r\n{name}Name: ben\r\n\r\n".encode())
        await session.send(f"Event: EntriesComplete\r\n{name}EventList: Complete\r\n\r\n".encode())
        await session.closed()

    async with connected(script) as ami:
        ami.on_event(events.append)
        await ami.ready()
        answer = await ami.action("List")
        assert [entry["name"] for entry in answer.events] == ["anna", "ben"]
        assert answer.events[0]["variable"] == ("a=1", "b=2")
    assert [event["event"] for event in events] == ["FullyBooted"]


async def test_refusal_is_an_answer() -> None:
    """`Response: Error` to a list action resolves with Asterisk's sentence."""

    async def script(session: Session) -> None:
        await session.login()
        await session.answer(await session.request(), "Message: Permission denied", response="Error")
        await session.closed()

    async with connected(script) as ami:
        await ami.ready()
        answer = await ami.action("PJSIPShowEndpoints")
        assert not answer.success
        assert answer.message == "Permission denied"


async def test_character_split_over_segments() -> None:
    """A UTF-8 character whose bytes come in two segments arrives whole, and the message with it."""
    got: asyncio.Queue[Fields] = asyncio.Queue()
    event = "Event: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/Müller\r\n\r\n".encode()

    async def script(session: Session) -> None:
        await session.login()
        for byte in event:
            await session.send(bytes([byte]))
        await session.serve()

    async with connected(script) as ami:
        ami.on_event(got.put_nowait)
        while (fields := await got.get())["event"] != "PeerStatus":
            pass
        assert fields["peer"] == "PJSIP/Müller"


async def test_half_open_connection_is_noticed() -> None:
    """A peer that stays silent is left after an unanswered ping, and the next connection works."""

    async def script(session: Session) -> None:
        await session.login()
        if session.number == 1:
            await session.closed()
        await session.serve()

    async with connected(script, limit=0.1, ping=0.05) as ami:
        await ami.ready()
        await ami.gone()
        assert "no answer to Ping" in ami.problem
        await ami.ready()


async def test_unanswered_action_times_out_and_its_late_answer_is_dropped() -> None:
    """A late answer neither resolves another action nor reaches the callbacks."""
    late = asyncio.Event()

    async def script(session: Session) -> None:
        await session.login()
        first = await session.request()
        await late.wait()
        await session.answer(first, "Message: late")
        await session.answer(await session.request(), "Message: in time")
        await session.closed()

    async with connected(script, limit=0.1) as ami:
        await ami.ready()
        with pytest.raises(TimeoutError, match="no answer to Slow"):
            await ami.action("Slow")
        late.set()
        assert (await ami.action("Quick")).message == "in time"


async def test_pending_action_fails_on_disconnect_and_is_not_sent_again() -> None:
    """A broken connection fails what is pending; an Originate must not ring twice after the reconnect."""
    sessions: list[Session] = []

    async def script(session: Session) -> None:
        sessions.append(session)
        await session.login()
        if session.number == 1:
            await session.request()
            return
        await session.serve()

    async with connected(script) as ami:
        await ami.ready()
        with pytest.raises(Disconnected, match="connection lost"):
            await ami.action("Originate", Channel="PJSIP/anna", Async="true")
        await ami.gone()
        await ami.ready()
        assert (await ami.action("Ping")).success
        assert [request["Action"] for request in sessions[1].seen] == ["Login", "Ping"]


async def test_shutdown_event_closes_and_reconnects() -> None:
    """Asterisk's announcement of its shutdown is taken as a disconnect, and we come back."""

    async def script(session: Session) -> None:
        await session.login()
        if session.number == 1:
            await session.send(b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\n\r\n")
            await session.closed()
        await session.serve()

    async with connected(script) as ami:
        await problem(ami, "shutting down")
        await ami.ready()


async def test_wrong_login_is_said_and_tried_again() -> None:
    """A refused login is stated without the password, and tried again, so that a mended manager.conf is found."""

    async def script(session: Session) -> None:
        if session.number > 1:
            await polite(session)
        await session.send(BANNER)
        await session.answer(await session.request(), "Message: Authentication failed", response="Error")

    async with connected(script) as ami:
        await problem(ami, "login as 'vorzimmer' refused: Authentication failed")
        assert "geheim" not in ami.problem
        await ami.ready()


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\xff\xfe\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_another_protocol_is_recognised(greeting: bytes) -> None:
    """A wrong port is said at once; no password is sent to it."""
    seen: list[dict[str, str]] = []

    async def script(session: Session) -> None:
        await session.send(greeting)
        await session.closed()
        seen.extend(session.seen)

    async with connected(script) as ami:
        await problem(ami, "is the port right?")
    assert seen == []


async def test_silent_peer_does_not_hang_the_login() -> None:
    """A peer that accepts and says nothing is left after the timeout."""
    async with connected(Session.closed, limit=0.05) as ami:
        await problem(ami, "no greeting within")


@pytest.mark.parametrize("junk", [b"X", b"Event: Huge\r\nPrivilege: system,all\r\nValue: "], ids=["line", "event"])
async def test_endless_message_is_cut(junk: bytes) -> None:
    """A line or an event without an end ends the connection instead of eating the memory; the next one works."""

    async def script(session: Session) -> None:
        await session.login()
        if session.number == 1:
            await session.send(junk)
            while True:
                await session.send(b"A" * 65536)
        await session.serve()

    async with connected(script) as ami:
        await problem(ami, "a message without an end")
        await ami.ready()


async def test_garbage_between_messages_is_skipped() -> None:
    """Lines that are no headers, broken UTF-8 and empty messages do not disturb the next answer."""

    async def script(session: Session) -> None:
        await session.login()
        await session.send(b"\r\n\r\n\r\nnonsense\r\n\r\n\xff\xfe: \xff\r\n\r\nKey:\r\n\r\nResponse: Success\r\n\r\n")
        await session.serve()

    async with connected(script) as ami:
        await ami.ready()
        assert (await ami.action("Ping")).success


async def test_events_of_other_classes_and_doubled_headers_are_refused() -> None:
    """Only class `system` is taken, and no event into which a header was smuggled."""
    events: list[Fields] = []

    async def script(session: Session) -> None:
        await session.login()
        await session.send(b"Event: PeerStatus\r\nPrivilege: call,all\r\nPeer: PJSIP/anna\r\n\r\n")
        await session.send(b"Event: PeerStatus\r\nPeer: PJSIP/anna\r\n\r\n")
        await session.send(b"Event: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/a\r\nPeer: PJSIP/b\r\n\r\n")
        await session.serve()

    async with connected(script) as ami:
        ami.on_event(events.append)
        await ami.ready()
        await ami.action("Ping")
    assert [event["event"] for event in events] == ["FullyBooted"]


async def test_callback_that_raises_harms_nobody() -> None:
    """One broken callback neither stops the others nor ends the connection."""
    events: list[Fields] = []

    def broken(_: Fields) -> None:
        raise RuntimeError("broken")

    async with connected(polite) as ami:
        ami.on_event(broken)
        ami.on_event(events.append)
        await ami.ready()
        assert (await ami.action("Ping")).success
    assert len(events) == 1


def _device(name: str, state: str, action_id: str) -> bytes:
    lines = ("Event: DeviceStateChange", f"ActionID: {action_id}", f"Device: {name}", f"State: {state}")
    return "\r\n".join((*lines, "", "")).encode()


def _status(name: str, status: str) -> bytes:
    return f"Event: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/{name}\r\nPeerStatus: {status}\r\n\r\n".encode()


async def test_reachability_is_learned_and_followed() -> None:
    """Endpoints are listed on connect; an event in the same segment as the list's end is newer than the list."""
    go = asyncio.Event()

    async def script(session: Session) -> None:
        await session.login()
        request = await session.request()
        name = request["ActionID"]
        assert request["Action"] == "DeviceStateList"
        await session.answer(request, "EventList: start")
        await session.send(
            _device("PJSIP/anna", "NOT_INUSE", name)
            + _device("PJSIP/ben", "UNAVAILABLE", name)
            + _device("PJSIP/cem", "INUSE", name)
            + _device("Local/anna@x", "UNAVAILABLE", name)
            + f"Event: DeviceStateListComplete\r\nActionID: {name}\r\nEventList: Complete\r\n\r\n".encode()
            + _status("cem", "Unreachable")
        )
        await go.wait()
        await session.send(_status("anna", "Unreachable") + _status("ben", "Reachable"))
        await session.serve()

    async with connected(script) as ami:
        reachability = Reachability(ami)
        assert reachability.unreachable() == frozenset()
        task = asyncio.create_task(reachability.run())
        await until(reachability.endpoints)
        assert reachability.endpoints() == {"anna": True, "ben": False, "cem": False}
        assert reachability.unreachable() == {"ben", "cem"}
        go.set()
        await until(lambda: reachability.unreachable() == {"anna", "cem"})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
