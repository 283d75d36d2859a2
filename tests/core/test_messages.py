"""Whom to tell after a call."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import DID, event, make_client
from vorzimmer.core.cdr import Cdr, Disposition, build_cdr, from_json
from vorzimmer.core.ledger import Kind
from vorzimmer.core.messages import Addressee, end_record, messages_for, note_messages

ANNA, BERT = "anna@example.org", "bert@example.org"


def _cdr() -> Cdr:
    """A call that was abandoned."""
    return build_cdr(
        [
            event(0, Kind.ARRIVED, 0, dialled=DID, caller="+4930111111"),
            event(1, Kind.HANGUP, 4, by="caller", cause=16),
            event(2, Kind.ENDED, 4),
        ]
    )


@pytest.mark.parametrize(
    ("mail", "recipients"),
    [
        (None, []),
        ([ANNA, BERT], [ANNA, BERT]),
        ({"to": [ANNA]}, [ANNA]),
        ({"to": [ANNA], "of": ["abandoned", "message"]}, [ANNA]),
        ({"to": [ANNA], "of": ["answered"]}, []),
    ],
)
def test_each_recipient_is_told_of_the_dispositions_asked_for(mail: Any, recipients: list[str]) -> None:
    """One message for each address; none named means of every call."""
    assert [message.recipient for message in messages_for(_cdr(), make_client(mail=mail))] == recipients


@pytest.mark.parametrize(("of", "told"), [([], 0), (["blocked"], 1), (["answered"], 0)])
def test_a_blocked_caller_is_told_of_to_those_who_asked(of: list[str], told: int) -> None:
    """Who had a caller blocked does not want a mail each time instead."""
    blocked = replace(_cdr(), disposition=Disposition.BLOCKED)
    assert len(messages_for(blocked, make_client(mail={"to": [ANNA], "of": of}))) == told


def test_an_address_that_stands_twice_gets_one_mail() -> None:
    """In whatever case it is written; the first writing is used."""
    messages = messages_for(_cdr(), make_client(mail=["Anna@example.org", BERT, ANNA]))
    assert sorted(message.recipient for message in messages) == ["Anna@example.org", BERT]


def test_nobody_is_told_of_a_call_for_nobody() -> None:
    """An unknown number has no client, and so no message."""
    assert messages_for(_cdr(), None) == ()


def test_a_message_holds_all_that_rendering_needs() -> None:
    """A client renamed before the mail goes out does not change what the mail says of the call."""
    client = make_client(mail=[ANNA], language="zh", timezone="Asia/Shanghai")
    (message,) = messages_for(_cdr(), client)
    assert (message.channel, message.language) == ("email", "zh")
    assert message.payload["client_name"] == "Kanzlei Huber"
    assert message.payload["timezone"] == "Asia/Shanghai"
    assert message.payload["caller"] == "+4930111111"


def test_the_end_record_is_plain_json() -> None:
    """It goes through the journal as a line of JSON and comes back as the same CDR and messages."""
    cdr = _cdr()
    messages = messages_for(cdr, make_client(mail=[ANNA, BERT]))
    back = json.loads(json.dumps(end_record(cdr, messages)))
    assert from_json(back["cdr"]) == cdr
    assert [(m["channel"], m["recipient"]) for m in back["messages"]] == [("email", ANNA), ("email", BERT)]


@pytest.mark.parametrize(
    ("fields", "disposition", "hold"),
    [
        ({}, "answered", None),
        ({"forms": ["message"]}, "answered", 120),
        ({"forms": ["message"], "note_wait": 0}, "answered", 0),
        ({"forms": ["message"]}, "message", None),
        ({"forms": ["message"]}, "forwarded", None),
    ],
)
def test_only_what_an_agent_answered_waits_for_a_note(fields: Any, disposition: str, hold: int | None) -> None:
    """A client with forms reads its note in the mail; nobody waits for a note that no one will write."""
    cdr = replace(_cdr(), disposition=Disposition(disposition))
    (message,) = messages_for(cdr, make_client(mail=[ANNA], **fields))
    assert message.hold_seconds == hold
    (written,) = end_record(cdr, [message])["messages"]
    assert written["hold_seconds"] == hold


NOTE = {"title": "Nachricht", "fields": []}


def test_a_note_told_by_itself_brings_the_call_along_without_its_recording() -> None:
    """The client sees which call it was; what was attached before is not sent again."""
    cdr = replace(_cdr(), client="kanzlei", recording="x.wav")
    to = Addressee("kanzlei", "Kanzlei", "de", "Europe/Berlin", (ANNA, BERT, ANNA.upper()))
    messages = note_messages(cdr, NOTE, to)
    assert [message.recipient for message in messages] == [ANNA, BERT]
    assert messages[0].payload["notes"] == [NOTE]
    assert messages[0].payload["did"] == DID
    assert messages[0].payload["recording"] is None
    assert messages[0].hold_seconds is None


def test_a_corrected_note_tells_nothing_of_the_other_client() -> None:
    """It reads who called and when; the number that was dialled, the hours and lengths were another client's."""
    cdr = replace(_cdr(), client="other", reason="open: other's hours", office_state="open", forwarded_to="+4930222222")
    (message,) = note_messages(cdr, NOTE, Addressee("kanzlei", "Kanzlei", "de", "Europe/Berlin", (ANNA,)))
    told = message.payload
    assert (told["caller"], told["client"], told["client_name"]) == ("+4930111111", "kanzlei", "Kanzlei")
    assert not any("other" in str(value) or value in (DID, "+4930222222", "open") for value in told.values())
    assert {told[name] for name in ("duration", "ring", "talk", "did", "forwarded_to")} == {None}
