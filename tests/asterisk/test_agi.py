"""The FastAGI server, against peers that are not Asterisk, or an Asterisk that behaves badly."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.agi_peer import HEADER, connected
from tests.asterisk.ami_peer import until
from vorzimmer.asterisk.agi import REFUSAL, AgiServer, Handler, Limits
from vorzimmer.asterisk.agi_session import AgiError, HungUp, Session

PATIENCE = 5.0


@asynccontextmanager
async def serving(handler: Handler, limits: Limits | None = None) -> AsyncIterator[AgiServer]:
    """A server on a free port, that leaves no task behind."""
    before = asyncio.all_tasks()
    async with asyncio.timeout(PATIENCE):
        async with AgiServer("127.0.0.1", 0, handler, limits) as server:
            yield server
    assert asyncio.all_tasks() == before


async def idle(server: AgiServer) -> None:
    """Wait until no session is left."""
    await until(lambda: not server.sessions)


async def answers(server: AgiServer) -> None:
    """The server still serves the next one (its handler answers the channel and is done)."""
    async with connected(server.port) as asterisk:
        await asterisk.knock()
        await asterisk.asked(b"ANSWER\n", b"200 result=0\n")
        assert await asterisk.rest() == b""


async def answer(session: Session) -> None:
    """The simplest handler."""
    await session.answer()


async def test_a_session_from_header_to_hang_up() -> None:
    """Each verb says what Asterisk expects and reads what Asterisk answers; a wrong word would be silence there."""
    seen: list[object] = []

    async def handler(session: Session) -> None:
        seen.extend([session.script, session.variables["agi_arg_1"], session.variables["agi_accountcode"]])
        await session.answer()
        seen.append(await session.stream_file("agent-loginok"))
        seen.append(await session.stream_file("vm-options", "12"))
        seen.append(await session.say_number(14))
        seen.append(await session.wait_for_digit(2000))
        seen.append(await session.wait_for_digit(2000))
        seen.append(await session.get_variable("CHANNEL(endpoint)"))
        seen.append(await session.get_variable("NOTHING"))
        await session.set_variable("NAME", 'a "quoted" \\ value')
        seen.append(await session.record_file("/spool/a b", "wav", "#*", 5000))
        seen.append(await session.record_file("/spool/c", "wav", "#*", 5000))
        await session.hangup()

    async with serving(handler) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        await asterisk.asked(b"ANSWER\n", b"200 result=0\n")
        await asterisk.asked(b'STREAM FILE "agent-loginok" ""\n', b"200 result=0 endpos=14080\n")
        await asterisk.asked(b'STREAM FILE "vm-options" "12"\n', b"200 result=50 endpos=800\n")
        await asterisk.asked(b'SAY NUMBER "14" ""\n', b"200 result=0\n")
        await asterisk.asked(b'WAIT FOR DIGIT "2000"\n', b"200 result=35\n")
        await asterisk.asked(b'WAIT FOR DIGIT "2000"\n', b"200 result=0\n")
        await asterisk.asked(b'GET VARIABLE "CHANNEL(endpoint)"\n', b"200 result=1 (a (b) c)\n")
        await asterisk.asked(b'GET VARIABLE "NOTHING"\n', b"200 result=0\n")
        await asterisk.asked(b'SET VARIABLE "NAME" "a \\"quoted\\" \\\\ value"\n', b"200 result=1\n")
        recording = b'RECORD FILE "/spool/%s" "wav" "#*" "5000" "BEEP"\n'
        await asterisk.asked(recording % b"a b", b"200 result=35 (dtmf) endpos=8000\n")
        await asterisk.asked(recording % b"c", b"200 result=0 (timeout) endpos=40000\n")
        await asterisk.asked(b"HANGUP\n", b"200 result=1\n")
        assert await asterisk.rest() == b""
    assert seen == ["agents/log_in", "softphone1", "", "", "2", "", "#", "", "a (b) c", None, "#", ""]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"agi_netw",
        HEADER,
        b"\x00\xff\xfe\r\n\x80\x81" * 50,
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"agi_calleridname: a\nagi_arg_1: softphone2\n" + HEADER + b"\n",
        b"agi_network: yes\n\n",
        HEADER.replace(b"agents/log_in", b"../../etc/passwd") + b"\n",
        b"\n",
    ],
    ids=["nothing", "half a line", "half a header", "binary", "http", "forged", "no script", "odd script", "empty"],
)
@pytest.mark.parametrize("closes", [True, False])
async def test_what_is_no_agi_ends_and_reaches_no_handler(sent: bytes, *, closes: bool) -> None:
    """Connect-and-close, silence, another protocol and a forged header end by themselves; the next one is served."""
    called: list[str] = []

    async def handler(session: Session) -> None:
        called.append(session.script)
        await session.answer()

    async with serving(handler, Limits(header_seconds=0.1)) as server:
        async with connected(server.port) as peer:
            await peer.send(sent)
            if closes:
                peer.leave()
            else:
                assert await peer.rest() == b""
        await idle(server)
        assert called == []
        await answers(server)
        assert called == ["agents/log_in"]


@pytest.mark.parametrize(
    "flood", [b"".join(b"agi_arg_%d: x\n" % n for n in range(10_000)), b"agi_arg_1: " + b"x" * 1_000_000]
)
async def test_a_header_without_end_is_cut_off(flood: bytes) -> None:
    """10,000 lines, or one of a megabyte, are refused at the limit and not collected first."""
    async with serving(answer) as server:
        async with connected(server.port) as peer:
            await peer.send(flood)
            assert await peer.rest() == b""
        await answers(server)


async def test_a_header_that_ends_too_early_is_noticed() -> None:
    """A caller id with an empty line and a made-up answer behind it does not tell us whose the channel is."""
    believed: list[str | None] = []

    async def handler(session: Session) -> None:
        believed.append(await session.get_variable("CHANNEL(endpoint)"))

    async with serving(handler) as server, connected(server.port) as peer:
        await peer.send(b"agi_network_script: agents/log_in\nagi_callerid: x\n\n200 result=1 (softphone2)\n" + HEADER)
        assert (await peer.rest()).count(b"\n") == 1
    assert believed == []


async def test_control_characters_of_values_are_gone() -> None:
    """A value reaches the log and the handler as one printable line, whatever bytes the network put in."""
    seen: list[str] = []

    async def handler(session: Session) -> None:
        seen.append(session.variables["agi_calleridname"])

    async with serving(handler) as server, connected(server.port) as peer:
        await peer.knock(b"agi_calleridname: a\x1b[2J\x00\rb \xff\xe2\x80\xa8c\n" + HEADER)
        assert await peer.rest() == b""
    assert seen == ["a[2Jb \ufffdc"]


async def test_500_at_once_are_capped_and_the_rest_goes_on() -> None:
    """Beyond the cap a connection is told so and closed at once; those inside stay, and later ones are served."""
    free = asyncio.Event()

    async def one(port: int) -> bytes:
        async with connected(port) as peer:
            await peer.send(HEADER + b"\n")
            said = await peer.command()
            if said != REFUSAL:
                await free.wait()
            return said

    async with serving(answer, Limits(sessions=20)) as server:
        calls = [asyncio.create_task(one(server.port)) for _ in range(500)]
        await until(lambda: sum(call.done() for call in calls) >= 480)
        assert server.sessions == 20
        free.set()
        said = await asyncio.gather(*calls)
        assert said.count(REFUSAL) == 480
        await idle(server)
        await answers(server)


@pytest.mark.parametrize(
    "last",
    [b"HANGUP\n200 result=-1 endpos=800\n", b"HANGUP\n511 Command Not Permitted on a dead channel\n", b"HANGUP\n", b""],
)
async def test_a_hang_up_ends_the_handler(last: bytes) -> None:
    """Whoever hangs up in the middle raises HungUp in the handler, and no further command is sent."""
    ended: list[str] = []

    async def handler(session: Session) -> None:
        try:
            await session.stream_file("agent-loginok")
        except HungUp:
            with pytest.raises(HungUp):
                await session.answer()
            ended.append(session.script)
            raise

    async with serving(handler) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        await asterisk.asked(b'STREAM FILE "agent-loginok" ""\n', last)
        if last.count(b"\n") < 2:
            asterisk.leave()
        else:
            assert await asterisk.rest() == b""
        await idle(server)
    assert ended == ["agents/log_in"]


async def test_a_hang_up_behind_an_answer_is_seen_by_the_next_command() -> None:
    """The unasked line HANGUP is not taken for the next command's answer, which would put all later ones one off."""

    async def handler(session: Session) -> None:
        await session.answer()
        with pytest.raises(HungUp):
            await session.stream_file("agent-loginok")

    async with serving(handler) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        await asterisk.asked(b"ANSWER\n", b"200 result=0\nHANGUP\n")
        await asterisk.asked(b'STREAM FILE "agent-loginok" ""\n', b"511 Command Not Permitted on a dead channel\n")
        assert await asterisk.rest() == b""


@pytest.mark.parametrize(
    "said",
    [
        b"510 Invalid or unknown command\n",
        b"520-Invalid command syntax.  Proper usage follows:\nUsage: ANSWER\n520 End of proper usage.\n",
        b"200 what?\n",
        b"Good morning\n",
        b"200 result=0" + b"0" * 10_000 + b"\n",
    ],
)
async def test_a_refused_command_is_an_error(said: bytes) -> None:
    """Asterisk's refusal, its manual of several lines included, raises once and is read whole."""

    async def handler(session: Session) -> None:
        with pytest.raises(AgiError):
            await session.stream_file("x")
        if said.startswith(b"5"):
            await session.answer()

    async with serving(handler) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        await asterisk.asked(b'STREAM FILE "x" ""\n', said)
        if said.startswith(b"5"):
            await asterisk.asked(b"ANSWER\n", b"200 result=0\n")
        assert await asterisk.rest() == b""


@pytest.mark.parametrize("value", ["a\nHANGUP", "a\r\nb", "a\x00b", "x" * 3000])
async def test_no_line_break_goes_out(value: str) -> None:
    """A value with a line break would be a second command; it is refused here, and so is one Asterisk would cut."""
    raised: list[bool] = []

    async def handler(session: Session) -> None:
        with pytest.raises(ValueError, match=r"control characters|too long"):
            await session.set_variable("X", value)
        raised.append(True)

    async with serving(handler) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        assert await asterisk.rest() == b""
    assert raised == [True]


async def test_a_handler_that_raises_ends_its_session_only() -> None:
    """A mistake of ours is a line in the log; the channel goes on in the dialplan and the next one is served."""
    faults = iter([RuntimeError("a mistake"), TimeoutError()])

    async def handler(session: Session) -> None:
        if fault := next(faults, None):
            raise fault
        await session.answer()

    async with serving(handler) as server:
        for _ in range(2):
            async with connected(server.port) as asterisk:
                await asterisk.knock()
                assert await asterisk.rest() == b""
        await answers(server)


async def test_a_session_has_an_end() -> None:
    """An Asterisk that answers nothing more does not hold its session for ever."""
    async with serving(answer, Limits(session_seconds=0.1)) as server, connected(server.port) as asterisk:
        await asterisk.knock()
        assert await asterisk.rest() == b"ANSWER\n"


@pytest.mark.parametrize("turns", range(6))
async def test_who_comes_while_it_closes_is_let_go(turns: int) -> None:
    """However many turns of the loop a connection came before the end: it is closed, and does not stay for ever."""
    with socket.socket() as comer:
        async with serving(answer) as server:
            comer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                comer.connect(("127.0.0.1", server.port))
            for _ in range(turns):
                await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.get_running_loop().sock_recv(comer, 1) == b""


async def test_closing_ends_every_session() -> None:
    """At the daemon's end sessions are cut, whatever they wait for, and nothing listens any more."""
    entered = asyncio.Event()

    async def handler(session: Session) -> None:
        entered.set()
        await session.answer()

    async with contextlib.AsyncExitStack() as stack:
        async with serving(handler) as server:
            port = server.port
            silent, waiting = [await stack.enter_async_context(connected(port)) for _ in range(2)]
            await waiting.knock()
            await entered.wait()
        assert await silent.rest() == b""
        assert await waiting.rest() == b"ANSWER\n"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_in_use_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon that died before us may hold the port a moment longer: calls do not wait for it, codes come later."""
    monkeypatch.setattr("vorzimmer.asterisk.agi.AGAIN", 0.01)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with AgiServer("127.0.0.1", port, answer) as server:
            assert server.port == 0
        async with asyncio.timeout(PATIENCE), AgiServer("127.0.0.1", port, answer) as server:
            other.close()
            await until(lambda: server.port)
            await answers(server)
