"""The harness against a real Asterisk: what it reports is what happened, right and wrong alike."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.sipp import sip, sipp, sound
from tests.sipp.agent import Agent
from tests.sipp.conftest import Pbx
from tests.sipp.harness import CallResult, run_caller, run_load
from tests.sipp.phone import Phone
from tests.sipp.sipp import SippError

CALLER = "+49301234567"


async def test_right_announcement_is_recognised_and_wrong_one_rejected(pbx: Pbx) -> None:
    """The ear tells the played announcement from another one: otherwise no end-to-end test proves anything."""
    result = await run_caller(pbx.target, "announcement", CALLER, scenario="stays")
    assert result.ok
    assert (result.status, result.call.ended_by) == (200, "called")
    assert sound.similarity(result.heard, pbx.announcement) > 0.98
    assert sound.similarity(result.heard, pbx.other) < 0.1
    assert result.call.talked == pytest.approx(3.0, abs=0.5)


async def test_early_media_is_heard_before_the_answer(pbx: Pbx) -> None:
    """What sounds before the answer is told apart from what sounds after it: the first costs the caller nothing."""
    result = await run_caller(pbx.target, "early", CALLER, scenario="stays")
    assert result.ok, result.call.ladder()
    assert result.call.statuses == [100, 180, 183, 200]
    assert sound.similarity(result.early, pbx.announcement) > 0.98
    assert sound.similarity(result.early, pbx.other) < 0.2
    assert sound.similarity(result.heard, pbx.other) > 0.98


async def test_ten_calls_at_once_hear_each_their_own(pbx: Pbx) -> None:
    """Sound is not mixed up between calls that run at the same time, though on a busy machine some lose packets."""
    calls = [run_caller(pbx.target, "announcement", CALLER, scenario="stays") for _ in range(10)]
    results = await asyncio.gather(*calls)
    assert min(sound.similarity(result.heard, pbx.announcement) for result in results) > 0.5
    assert max(sound.similarity(result.heard, pbx.other) for result in results) < 0.2


async def test_speech_arrives_in_the_recording(pbx: Pbx) -> None:
    """What the caller says is what is recorded: the answering machine's tests rest on this."""
    speech = sound.announcement(7, 2.0)
    result = await run_caller(pbx.target, "record", CALLER, speak=speech)
    assert result.ok
    assert result.call.ended_by == "caller"
    assert sound.similarity(sound.load(pbx.folder / "recording.wav"), speech) >= 0.95


async def test_keys_arrive_in_order(pbx: Pbx) -> None:
    """Keys pressed by the caller are read by the PBX, each once and in order."""
    result = await run_caller(pbx.target, "keys", CALLER, scenario="stays", press="1193")
    assert result.ok
    assert (pbx.folder / "pressed").read_text().strip() == "1193"


@pytest.mark.parametrize(("scenario", "statuses"), [("cancels", [100, 180, 487]), ("abandons", [100, 487])])
async def test_caller_gives_up_while_it_rings(pbx: Pbx, scenario: str, statuses: list[int]) -> None:
    """A call cancelled while ringing or right after dialling ends by the caller's doing, and nothing is left of it."""
    after_ms = 300 if scenario == "cancels" else None
    result = await run_caller(pbx.target, "silence", CALLER, scenario=scenario, after_ms=after_ms)
    assert result.ok, result.call.ladder()
    assert result.call.ended_by == "caller"
    assert [status for status in result.call.statuses if status in statuses] == statuses
    assert result.call.talked == 0


async def test_unknown_number_is_a_result_and_not_an_error(pbx: Pbx) -> None:
    """A refused call is reported with its status, for a test may want just that."""
    result = await run_caller(pbx.target, "nobody", CALLER)
    assert not result.ok
    assert result.status == 404


async def test_sipp_sends_numbers_and_headers_as_written(pbx: Pbx) -> None:
    """Numbers in any writing and hostile values go out unchanged: a harness that tidied them up would hide attacks."""
    hostile = '"=?utf-8?q?a=0d=0aBcc:x?=" <sip:%0d%0aEvent%3a@evil.invalid>'
    headers = [sip.diverted_from("+4989555"), sip.history_info("+4989555", "echo"), *sip.withheld("0171 5")]
    result = await run_caller(pbx.target, "0049-30/12", hostile, headers=headers)
    invite = result.call.invite
    assert result.call.dialled == "0049-30/12"
    assert invite["From"].startswith(f"{hostile};tag=")
    assert [f"{name}: {invite[name]}" for name in ("Diversion", "History-Info")] == headers[:2]
    assert invite["P-Asserted-Identity"] == "<sip:0171 5@carrier.invalid>"


async def _through(pbx: Pbx, agent: Agent, scenario: str = "talks", after_ms: int | None = None) -> CallResult:
    headers = [f"X-Port: {agent.port}"]
    result = await run_caller(pbx.target, "agent", CALLER, scenario=scenario, after_ms=after_ms, headers=headers)
    await agent.until("the end of the agent's leg", lambda: agent.ended == 1)
    return result


@pytest.mark.parametrize(("behaviour", "status"), [("busy", 486), ("decline", 603), ("unknown", 404)])
async def test_agent_refuses(pbx: Pbx, behaviour: str, status: int) -> None:
    """Each refusal reaches the PBX as its own status, and the agent counts no answer."""
    async with Agent(behaviour) as agent:
        result = await _through(pbx, agent)
        assert result.status >= 400
        call = await agent.invited()
        assert (call.status, call.ended_by, agent.answered) == (status, "called", 0)


async def test_agent_answers_after_ringing(pbx: Pbx) -> None:
    """An agent rings as long as told, speaks to the caller, and takes note of the caller's hanging up."""
    greeting = sound.announcement(8, 1.0)
    async with Agent("answer", after_ms=200, speak=greeting) as agent:
        headers = [f"X-Port: {agent.port}"]
        result = await run_caller(pbx.target, "agent", CALLER, headers=headers, after_ms=1500)
        call = await agent.invited()
        await agent.until("the end of the agent's leg", lambda: agent.ended == 1)
    assert sound.similarity(result.heard, greeting) > 0.95
    assert call.rang_at
    assert call.answered_at
    assert call.answered_at - call.rang_at == pytest.approx(0.2, abs=0.15)
    assert call.ended_by == "caller"


async def test_agent_hangs_up_first(pbx: Pbx) -> None:
    """An agent who hangs up is told apart from a caller who does, on both sides."""
    async with Agent("hangup", after_ms=300) as agent:
        result = await _through(pbx, agent, "stays")
        call = await agent.invited()
    assert (result.call.ended_by, call.ended_by) == ("called", "called")


async def test_agent_who_does_not_answer_is_cancelled(pbx: Pbx) -> None:
    """A silent agent rings until the caller gives up, confirms that with 487 and is free again."""
    async with Agent("silent") as agent:
        result = await _through(pbx, agent, "cancels", 300)
        call = await agent.invited()
    assert result.status == 487
    assert (call.statuses, call.ended_by) == ([180, 487], "caller")


async def test_mobile_accepts_by_pressing_a_key(pbx: Pbx) -> None:
    """A mobile's key press reaches the far side, and what is said to the mobile is heard there."""
    request = sound.announcement(9, 1.0)
    async with Agent("answer", after_ms=50, press="1") as mobile, await Phone.open() as phone:
        call = await phone.call("agent", pbx.target, CALLER, [f"X-Port: {mobile.port}"])
        await call.answered()
        await call.line.hears_keys("1")
        call.line.speak(request)
        leg = await mobile.invited()
        await mobile.line(leg).hears(request)
        await call.hang_up()


async def test_load_is_counted(pbx: Pbx) -> None:
    """Many calls by one SIPp: those that went well and those that did not are counted apart."""
    right = await run_load(pbx.target, [("echo", CALLER), ("echo", "030")], count=20, rate=20, after_ms=100)
    assert (right.succeeded, right.failed, len(right.answer_ms)) == (20, 0, 20)
    assert right.percentile(99) >= right.percentile(50)
    wrong = await run_load(pbx.target, [("echo", CALLER), ("nobody", CALLER)], count=10, rate=20, after_ms=100)
    assert (wrong.succeeded, wrong.failed) == (5, 5)


async def test_phone_against_the_pbx(pbx: Pbx) -> None:
    """The programmable phone hangs up at the instant of an event, here of a sound heard, and the PBX follows."""
    async with await Phone.open() as phone:
        call = await phone.call("announcement", pbx.target, CALLER)
        await call.line.hears(pbx.announcement, score=0.5)
        await call.hang_up()
        assert call.ended
        assert call.ended.by == "near"
        assert 0.5 < sound.similarity(call.line.heard(), pbx.announcement) < 0.95


async def test_taken_port_and_broken_fields_are_errors(pbx: Pbx) -> None:
    """A harness that cannot do what it was told says so, and never reports a call that was not made."""
    with pytest.raises(OSError, match="in use"):
        Agent("answer", port=pbx.target[1])
    with pytest.raises(ValueError, match="semicolons"):
        await run_caller(pbx.target, "echo;x", CALLER)
    with pytest.raises(ValueError, match="one line"):
        await run_caller(pbx.target, "echo", CALLER, headers=["X-A: 1\r\nX-B: 2"])
    with pytest.raises(SippError):
        await run_caller(pbx.target, "echo", CALLER, headers=["X-A: [nothing]]["])


async def test_a_control_port_that_was_taken_meanwhile_costs_nothing(pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between finding a free port and SIPp's binding it somebody else may come: the next port is tried."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
        somebody.bind(("127.0.0.1", 0))
        control_ports = [somebody.getsockname()[1], sipp.free_port()]
        monkeypatch.setattr(sipp.Sipp, "control_port", lambda _: control_ports.pop(0))
        assert (await run_caller(pbx.target, "announcement", CALLER, scenario="stays")).ok
    assert not control_ports
