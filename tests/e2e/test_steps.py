"""The steps one by one, in the corners that a normal day does not show, on the real Asterisk."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, MACHINE, client, group, talking
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from vorzimmer.asterisk.objects import Bridge, Channels

PAIR = {"id": "office", "endpoints": ["agent1", "agent2"]}


async def test_a_sequential_group_rings_one_after_another(house: House) -> None:
    """Strategy `sequential`: the second phone rings only after the first had its seconds."""
    await house.use(client(group(seconds=1)), groups=({**PAIR, "strategy": "sequential"},))
    await house.start()
    one, other = await house.agent(1), await house.agent(2)
    call = await house.call(DID)
    first = await one.invited()
    first.ring()
    assert not other.incoming
    second = await other.invited()
    assert (await first.finished()).status == 487
    await second.answer()
    await talking(call, second)
    await second.hang_up()
    assert (await house.cdr())["answered_by"] == "agent2"


async def test_an_unreachable_group_is_passed_over_at_once(house: House) -> None:
    """Nobody registered: no second is spent on ringing, and the reason is in the ledger."""
    away = {"id": "away", "endpoints": ["softphone1", "softphone2"]}
    await house.use(client(group("away", seconds=60), group()), groups=(away, PAIR))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["ring"] < 1
    reasons = await house.query("SELECT data->>'reason' AS reason FROM call_event WHERE kind = 'step.ended'")
    assert [row["reason"] for row in reasons] == ["nobody is reachable"]


async def test_the_agent_who_hangs_up_at_once_does_not_end_the_call(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent answers and is gone before the two are bridged: the next target is tried, the caller is not dropped."""
    await house.use(client(group(), MACHINE), groups=({"id": "office", "endpoints": ["agent1"]},))
    await house.start()
    phone = await house.agent(1)
    talks: list[Incoming] = []
    add = Bridge.add

    async def add_too_late(bridge: Bridge, *channel_ids: str) -> None:
        await talks[0].hang_up()
        await eventually(lambda: Channels(bridge._ari).exists(channel_ids[-1]), lambda there: not there)
        await add(bridge, *channel_ids)

    monkeypatch.setattr(Bridge, "add", add_too_late)
    call = await house.call(DID)
    talks.append(await phone.invited())
    await talks[0].answer()
    await call.answered()
    await call.line.until("the machine's greeting", lambda: call.line.packets > 100)
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["talk"]) == ("announced", 0)


async def test_the_greeting_is_early_media_where_asked(house: House) -> None:
    """`begin = "early"`: the caller hears the greeting before the call is answered, and pays for nothing yet."""
    await house.use(client(group(), begin="early", announcements={"greeting": "greeting.wav"}), groups=({**PAIR},))
    await house.announce("mueller", greeting=41)
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    assert await call.ringing(183) == 183
    await call.line.hears(sound.announcement(41))
    assert call.answered_at is None
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    cdr = await house.cdr()
    assert cdr["announcement"] > 2
    assert cdr["answered_at"] > cdr["started_at"]


async def test_silence_ends_the_message(house: House) -> None:
    """A caller who has stopped talking is hung up by the machine after its seconds of silence; the words are kept."""
    await house.use(client(MACHINE, announcements={"machine": "machine.wav"}))
    await house.announce("mueller", 0.5, machine=42)
    await house.start()
    call = await house.call(DID)
    await call.answered()
    await call.line.hears(sound.announcement(42, 0.5))
    call.line.speak(sound.announcement(43, 4.0))
    assert (await call.finished(30)).by == "far"
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["hung_up_by"]) == ("message", "system")


async def test_a_message_is_kept_when_the_caller_just_hangs_up(house: House) -> None:
    """Most callers hang up after speaking: the recording up to then is the message."""
    await house.use(client({**MACHINE, "silence": 20}, announcements={"machine": "machine.wav"}))
    await house.announce("mueller", 0.5, machine=42)
    await house.start()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(42, 0.5))
    call.line.speak(sound.announcement(44, 3.0))
    await call.line.sent()
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["hung_up_by"]) == ("message", "caller")
    assert cdr["recording_seconds"] > 2
    assert list(house.settings.paths.spool.glob("message-*")) == []


async def test_nobody_spoke_nothing_is_kept(house: House) -> None:
    """Who hangs up at the beep has left no message: no file, no attachment."""
    await house.use(client(MACHINE, announcements={"machine": "machine.wav"}))
    await house.announce("mueller", 0.5, machine=42)
    await house.start()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(42, 0.5))
    await call.hang_up()
    assert (await house.cdr())["recording"] is None
    [mail] = await house.mails()
    assert list(mail.iter_attachments()) == []


async def test_the_gate_keeps_legs_from_places_not_released(house: House) -> None:
    """A mobile in a country that is not released is never dialled; the machine takes the call, the ledger says why."""
    abroad = {"to": "mobile", "number": "+12125550123", "seconds": 5}
    await house.use(client(abroad, MACHINE))
    await house.start()
    outside = await house.trunk()
    call = await house.call(DID)
    await call.answered()
    await call.hang_up()
    await house.cdr()
    assert not outside.incoming
    [routed] = await house.query("SELECT data->>'skipped' AS skipped FROM call_event WHERE kind = 'call.routed'")
    assert "released" in routed["skipped"]


async def test_the_cap_on_parallel_forwards_holds(house: House) -> None:
    """With one forward allowed at a time, a second caller is not forwarded but goes on to the machine."""
    mobile = {"to": "mobile", "number": "+4915112345678", "seconds": 20}
    await house.use(client(mobile, MACHINE, forwarding={"parallel": 1}))
    await house.start()
    outside = await house.trunk()
    first = await house.call(DID)
    ringing = await outside.invited()
    second = await house.call(DID, from_="+49309999999")
    await second.answered()
    await second.hang_up()
    assert len(outside.incoming) == 1
    ringing.reject(486)
    await first.answered()
    await first.hang_up()
    await house.cdrs(2)
    refused = await house.query("SELECT data->>'code' AS code FROM call_event WHERE kind = 'leg.refused'")
    assert [row["code"] for row in refused] == ["parallel"]


async def test_a_missing_announcement_does_not_end_the_call(house: House) -> None:
    """The client's announcement is not on disk: a problem is written down and the call goes on to the agent."""
    await house.use(client(group(), begin="answer", announcements={"greeting": "gone.wav"}), groups=(PAIR,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["disposition"] == "answered"
    problems = await house.query("SELECT data->>'what' AS what FROM call_event WHERE kind = 'call.problem'")
    assert [row["what"] for row in problems] == ["playback failed"]


async def test_a_change_of_the_clients_counts_for_the_next_call(house: House) -> None:
    """An import while the daemon runs is used by the next call, without a restart."""
    await house.use(client(group()), groups=(PAIR,))
    await house.start()
    phone = await house.agent(2)
    await house.use(client(group()), groups=({"id": "office", "endpoints": ["agent2"]},))

    async def rings() -> Any:
        call = await house.call(DID)
        await call.ringing(180)
        rang = bool(phone.incoming)
        await call.hang_up()
        return rang and len(phone.incoming[-1].invite.first) > 0

    await eventually(rings, bool)


async def test_a_cdr_cannot_be_changed_or_deleted(house: House) -> None:
    """The database refuses UPDATE and DELETE of a CDR, whoever asks."""
    await house.use(client(group()), groups=(PAIR,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    (await phone.invited()).ring()
    await call.ringing(180)
    await call.hang_up()
    await house.cdr()
    for change in ("UPDATE cdr SET talk = 0", "DELETE FROM cdr", "TRUNCATE cdr CASCADE"):
        with pytest.raises(asyncpg.PostgresError, match="append"):
            await house.query(change)
