"""Calls of a normal day, from INVITE to CDR and mail, on the real Asterisk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

import numpy as np
import pytest

from tests.e2e.house import CALLER, House
from tests.sipp import sip, sound
from tests.sipp.call import Call

DID = "+4989123456"
OFFICE = {"id": "office", "endpoints": ["agent1"]}
HOME = {"id": "home", "endpoints": ["agent2", "agent3"]}


def client(*chain: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A client whose open chain is this."""
    handling: dict[str, Any] = {"chain": list(chain)}
    handling |= {key: more.pop(key) for key in ("begin", "music") if key in more}
    return {"id": "mueller", "name": "Kanzlei Müller", "dids": [DID], "open": handling, **more}


def group(name: str = "office", seconds: int = 5, wait: int = 0) -> dict[str, Any]:
    """Ring a group."""
    return {"to": "group", "group": name, "seconds": seconds, "wait": wait}


MACHINE = {"to": "machine", "silence": 2}
MOBILE = {"to": "mobile", "number": "+4915112345678", "seconds": 5}


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def talking(caller: Call, agent: Call) -> None:
    """Wait until the agent hears the caller."""
    await caller.until("the answer", lambda: caller.answered_at is not None)
    for _ in range(2):  # the answer is a moment ahead of the bridge: the first words may be lost
        caller.line.speak(sound.announcement(99, 0.5))
    await agent.line.hears(sound.announcement(99, 0.5))


async def heard(speaker: Call, listener: Call, samples: sound.Samples, tries: int = 4) -> None:
    """One speaks until the other has heard it whole: right after a change in the bridge the first words may be lost."""
    for left in reversed(range(tries)):
        speaker.line.speak(samples)
        await speaker.line.sent()
        try:
            await listener.line.hears(samples, patience=3.0)
        except TimeoutError:
            if not left:
                raise
        else:
            return


async def test_an_agent_answers_and_the_client_is_told(house: House) -> None:
    """The main job: ring, talk, hang up; one CDR with ring and talk, one mail that names caller and client."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call("089123456")
    ringing = await phone.invited()
    assert ringing.caller == CALLER
    ringing.ring()
    await call.ringing(180)
    await ringing.answer()
    await call.answered()
    call.line.speak(sound.announcement(1))
    ringing.line.speak(sound.announcement(2))
    await ringing.line.hears(sound.announcement(1))
    await call.line.hears(sound.announcement(2))
    await ringing.hang_up()
    ended = await call.finished()
    assert (ended.by, ended.status) == ("far", 200)
    cdr = await house.cdr()
    assert (cdr["client"], cdr["disposition"], cdr["answered_by"]) == ("mueller", "answered", "agent1")
    assert (cdr["caller"], cdr["did"], cdr["hung_up_by"], cdr["cause"]) == (CALLER, DID, "callee", 16)
    assert cdr["talk"] > Decimal(2)
    assert cdr["ring"] + cdr["talk"] == cdr["duration"]
    [mail] = await house.mails()
    assert "Kanzlei Müller" in mail["Subject"]
    assert "030 1234567" in text_of(mail)


async def test_the_caller_hangs_up_in_the_talk(house: House) -> None:
    """The caller's BYE ends the agent's leg too, and the CDR says who hung up."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    await call.hang_up()
    assert (await talk.finished()).by == "far"
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["hung_up_by"]) == ("answered", "caller")


async def test_the_caller_hangs_up_while_it_rings(house: House) -> None:
    """A CANCEL stops the agent's phone at once and makes an abandoned call."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    ringing = await phone.invited()
    ringing.ring()
    await call.ringing(180)
    await call.hang_up()
    assert (await ringing.finished()).status == 487
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["hung_up_by"], cdr["talk"]) == ("abandoned", "caller", 0)


async def test_a_silent_group_overflows_to_the_next(house: House) -> None:
    """When nobody of the first group answers in its seconds, the second rings, and its agent takes the call."""
    await house.use(client(group(seconds=1), group("home")), groups=(OFFICE, HOME))
    await house.start()
    first, second = await house.agent(1), await house.agent(2)
    call = await house.call(DID)
    (await first.invited()).ring()
    talk = await second.invited()
    await talk.answer()
    await talking(call, talk)
    await talk.hang_up()
    assert (await house.cdr())["answered_by"] == "agent2"


async def test_of_all_that_ring_one_talks_and_the_others_are_told(house: House) -> None:
    """Ring all: the first to answer gets the call, the other is told it was answered elsewhere (no missed call)."""
    await house.use(client(group("home")), groups=(HOME,))
    await house.start()
    one, other = await house.agent(2), await house.agent(3)
    call = await house.call(DID)
    first, second = await one.invited(), await other.invited()
    first.ring()
    second.ring()
    await second.answer()
    ended = await first.finished()
    assert "answered elsewhere" in ended.reason.lower() or "cause=26" in ended.reason or "completed" in ended.reason
    await talking(call, second)
    await call.hang_up()
    assert (await house.cdr())["answered_by"] == "agent3"


async def test_busy_and_declined_phones_lead_on_to_the_mobile(house: House) -> None:
    """All busy: the client's mobile is dialled over the trunk, shows the DID, and counts once 1 was pressed."""
    await house.use(client(group("home"), MOBILE), groups=(HOME,))
    await house.start()
    one, other, outside = await house.agent(2), await house.agent(3), await house.trunk()
    call = await house.call(DID)
    (await one.invited()).reject(486)
    (await other.invited()).reject(603)
    mobile = await outside.invited()
    assert (mobile.dialled, mobile.caller) == ("+4915112345678", DID)
    await mobile.answer()
    mobile.line.press("1")
    await call.answered()
    call.line.speak(sound.announcement(5))
    await mobile.line.hears(sound.announcement(5))
    await mobile.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"]) == ("forwarded", "mobile")
    assert cdr["forwarded_to"] == "+4915112345678"
    assert cdr["forwarded"] > 0


async def test_a_mobile_that_does_not_press_one_never_counts(house: House) -> None:
    """Somebody's voicemail answers and presses nothing, or a wrong key: the machine takes the call instead."""
    await house.use(client(MOBILE, MACHINE))
    await house.start()
    outside = await house.trunk()
    call = await house.call(DID)
    mobile = await outside.invited()
    await mobile.answer()
    mobile.line.press("2")
    assert (await mobile.finished()).by == "far"
    await call.answered()
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["forwarded"]) == ("announced", 0)


async def test_closed_the_machine_takes_a_message(house: House) -> None:
    """At night the caller hears the closed announcement and the machine's; the message is kept and mailed."""
    await house.use(
        client(
            group(),
            hours={"mon-fri": ["08:00-18:00"]},
            closed={
                "begin": "answer",
                "chain": [
                    {"to": "announcement", "sound": "closed"},
                    MACHINE,
                ],
            },
            announcements={"closed": "closed.wav", "machine": "machine.wav"},
        ),
        groups=(OFFICE,),
    )
    await house.announce("mueller", closed=11, machine=12)
    house.now = datetime.fromisoformat("2026-11-24T22:00:00+01:00")
    await house.start()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(11))
    await call.line.hears(sound.announcement(12))
    assert sound.similarity(call.line.heard(), sound.announcement(13)) < 0.2
    spoken = sound.announcement(77, 4.0)
    call.line.speak(np.concatenate([np.zeros(8000), spoken]))
    await call.line.sent()
    call.line.press("#")
    assert (await call.finished()).by == "far"
    cdr = await house.cdr()
    assert cdr["disposition"] == "message"
    assert cdr["recording_seconds"] > 3
    recorded = sound.load(house.settings.paths.recordings / cdr["recording"])
    assert sound.similarity(recorded, spoken) > 0.9
    [mail] = await house.mails()
    [attachment] = mail.iter_attachments()
    assert attachment.get_content_type() == "audio/mpeg"


@pytest.mark.parametrize(
    ("at", "state", "seed"),
    [("2026-11-24T12:30:00+01:00", "lunch", 21), ("2026-06-04T10:00:00+02:00", "holiday", 22)],
)
async def test_lunch_and_holiday_have_their_own_words(house: House, at: str, state: str, seed: int) -> None:
    """In the lunch break and on a Bavarian holiday callers hear the announcement made for it."""
    await house.use(
        client(
            group(),
            hours={"mon-fri": ["08:00-18:00"]},
            lunch=["12:00-13:00"],
            holidays="DE-BY",
            announcements={"closed": "c.wav", "lunch": "l.wav", "holiday": "h.wav"},
        ),
        groups=(OFFICE,),
    )
    await house.announce("mueller", closed=20, lunch=21, holiday=22)
    house.now = datetime.fromisoformat(at)
    await house.start()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(seed))
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["office_state"], cdr["disposition"]) == (state, "announced")


async def test_an_unknown_number_is_told_and_logged(house: House) -> None:
    """A DID of nobody: an announcement without an answer, then cause 1, and a CDR without a client."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    call = await house.call("+498999999")
    assert await call.ringing(183) == 183
    ended = await call.finished()
    assert ended.status == 404
    assert call.line.packets > 50
    cdr = await house.cdr()
    assert (cdr["client"], cdr["did"], cdr["answered_at"]) == (None, "+498999999", None)


async def test_clients_that_share_a_number_are_told_apart_by_the_diversion(house: House) -> None:
    """Two clients forward to one number: Diversion (and History-Info) decide; without it, the bare entry."""
    shared = "+498955555"
    first = client(group(), id="first", dids=[{"number": shared, "diverted_from": ["+498911111"]}])
    second = client(group(), id="second", dids=[{"number": shared, "diverted_from": ["+498922222"]}])
    await house.use(first, second, groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    for header in (sip.diverted_from("08911111"), sip.history_info("+498922222", shared)):
        call = await house.call(shared, headers=(header,))
        (await phone.invited()).reject(486)
        await call.finished()
    cdrs = await house.cdrs(2)
    assert [(cdr["client"], cdr["diverted_from"]) for cdr in cdrs] == [
        ("first", "+498911111"),
        ("second", "+498922222"),
    ]


async def test_who_withholds_the_number_stays_withheld(house: House) -> None:
    """Privacy with P-Asserted-Identity: the number is nowhere, on the agent's display, in the rows or in the mail."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID, from_="anonymous", headers=sip.withheld("+49307654321"))
    ringing = await phone.invited()
    assert "7654321" not in str(ringing.invite)
    await ringing.answer()
    await call.answered()
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["withheld"], cdr["caller"], cdr["caller_name"]) == (True, None, None)
    [mail] = await house.mails()
    assert "7654321" not in mail.as_string()
    events = await house.query("SELECT data::text FROM call_event")
    assert not any("7654321" in row["data"] for row in events)


async def test_a_forward_that_comes_back_is_a_loop(house: House) -> None:
    """The client's mobile forwards to our DID again: the second call is ended as busy, the first goes on."""
    await house.use(client(MOBILE, MACHINE))
    await house.start()
    outside = await house.trunk()
    call = await house.call(DID)
    mobile = await outside.invited()
    back = await house.call(DID, from_=DID, headers=(sip.diverted_from("+4915112345678"),))
    assert (await back.finished()).status == 486
    mobile.reject(486)
    await call.answered()
    await call.hang_up()
    looped = next(cdr for cdr in await house.cdrs(2) if "loop" in cdr["reason"])
    assert looped["cause"] == 17


async def test_all_phones_talking_the_caller_waits_with_music(house: House) -> None:
    """With `wait`, a second caller is answered with music until the only agent is free, then it rings there."""
    await house.use(client(group(wait=20), music=True), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    first = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(first, talk)
    second = await house.call(DID)
    await second.answered()
    await first.hang_up()
    next_talk = await phone.invited()
    await next_talk.answer()
    await talking(second, next_talk)
    await second.hang_up()
    waited = next(cdr for cdr in await house.cdrs(2) if cdr["queue"] > 0)
    assert waited["answered_by"] == "agent1"
