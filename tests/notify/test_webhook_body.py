"""What a webhook says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tests.notify.examples import message, payload
from vorzimmer.core.notify_rule import Fact
from vorzimmer.notify.render import RenderError
from vorzimmer.notify.webhook_body import body, message_id

AT = datetime(2026, 12, 25, 9, 0, 30, tzinfo=UTC)

NOTE = {
    "title": "Rückruf",
    "kind": "callback",
    "name": "Erika Muster",
    "urgent": True,
    "author": "Anna",
    "fields": [
        {"label": "Telefon", "type": "phone", "value": "+498912345678"},
        {"label": "Eilig", "type": "tick", "value": True},
        {"label": "Text", "type": "text", "value": "bitte 0171 2345678 anrufen,\nbis 12.30 Uhr"},
    ],
}


def link(call: str, client: str) -> str:
    """Where a recording is heard."""
    return f"https://pages.example/r/{client}-{call}"


def said(**changes: Any) -> Any:
    """The JSON about a call, as the receiver reads it."""
    return orjson.loads(body(replace(message(**changes), created_at=AT), link))


def test_a_call_is_told_in_values() -> None:
    """Times with the client's offset, seconds as numbers, numbers in E.164, the recording by its link."""
    found = said(recording="a.wav", recording_seconds="37.500", notes=[NOTE])
    assert found["type"] == "call.ended"
    assert found["timestamp"] == "2026-12-25T10:00:30+01:00"
    data = found["data"]
    assert (data["client"], data["client_name"], data["urgent"]) == ("mueller", "Kanzlei Müller", True)
    assert data["call"] == {
        "id": "1763816605.12",
        "direction": "in",
        "disposition": "message",
        "kinds": ["message", "noted", "urgent"],
        "withheld": False,
        "caller": "+498912345678",
        "caller_name": "Erika Muster",
        "did": "+4989123400",
        "started_at": "2026-11-22T14:03:25.120000+01:00",
        "answered_at": "2026-11-22T14:03:37+01:00",
        "ended_at": "2026-11-22T14:04:25.120000+01:00",
        "office_state": "closed",
        "forwarded_to": None,
        "waited_seconds": 12.4,
        "talked_seconds": 0.0,
        "duration_seconds": 60.0,
        "message": {"seconds": 37.5, "url": "https://pages.example/r/mueller-1763816605.12"},
    }
    assert data["notes"] == [{**NOTE, "corrected": False}]


def test_a_message_has_one_name_and_one_body() -> None:
    """Whatever attempt it is, the bytes and the id are the same; the id is that of the message."""
    first = message(recording="a.wav", recording_seconds="3")
    again = replace(first, attempts=7, unclear=True)
    assert body(first, link) == body(again, link)
    assert message_id(first) == message_id(again) == orjson.loads(body(first, link))["id"]
    assert "@" not in message_id(first)
    assert message_id(message()) != message_id(first)


def test_a_withheld_number_is_nobodys() -> None:
    """Neither number nor name is told of whoever withheld them, whatever the payload holds."""
    call = said(withheld=True)["data"]["call"]
    assert (call["withheld"], call["caller"], call["caller_name"]) == (True, None, None)


@pytest.mark.parametrize(
    ("fact", "keys"),
    [
        (Fact.CALLER, {"withheld", "caller", "caller_name"}),
        (Fact.TIME, {"started_at", "answered_at", "ended_at"}),
        (Fact.DID, {"did"}),
        (Fact.MESSAGE, {"message"}),
        (Fact.NOTE, set()),
    ],
    ids=lambda value: value.value if isinstance(value, Fact) else "",
)
def test_only_what_the_rule_allows_is_told(fact: Fact, keys: set[str]) -> None:
    """A fact that a rule leaves out is not in the JSON at all."""
    data = said(rule={"id": "r", "facts": [fact.value]}, notes=[NOTE])["data"]
    assert data["call"].keys() == {"id", "direction", "disposition", "kinds"} | keys
    assert ("notes" in data) is (fact is Fact.NOTE)
    assert data["urgent"] is True


def test_numbers_are_shortened_everywhere() -> None:
    """Where the rule says so: the caller's, the one put through to, and those in notes."""
    rule = {"id": "r", "numbers": "shortened", "recording": "none"}
    data = said(rule=rule, notes=[NOTE], forwarded_to="+491701234567", recording="a.wav", recording_seconds="1")["data"]
    assert (data["call"]["caller"], data["call"]["forwarded_to"]) == ("+498912345XXX", "+491701234XXX")
    phone, tick, text = (field["value"] for field in data["notes"][0]["fields"])
    assert (phone, tick, text) == ("+498912345XXX", True, "bitte 0171 2345XXX anrufen,\nbis 12.30 Uhr")
    assert data["call"]["message"] == {"seconds": 1.0}


def test_a_note_told_by_itself_is_a_type_of_its_own() -> None:
    """Of the other client's call nothing is known but that it was."""
    gone = dict.fromkeys(("did", "office_state", "duration", "ring", "queue", "talk", "forwarded", "forwarded_to"))
    found = said(note_alone=True, notes=[NOTE], **gone)
    assert found["type"] == "note.finished"
    assert found["data"]["call"]["waited_seconds"] is None
    assert found["data"]["notes"][0]["title"] == "Rückruf"


def test_a_digest_tells_each_call_by_its_own_rule() -> None:
    """One message, the calls in their order, shortened as the digest's rule says."""
    calls = [payload(call_id="1"), payload(call_id="2", notes=[NOTE])]
    wrapped = {
        "digest": calls,
        "client_name": "Kanzlei Müller",
        "timezone": "Europe/Berlin",
        "rule": {"id": "evening", "numbers": "shortened"},
    }
    sent = replace(message(), call_id=None, about="digest:evening:x", payload=wrapped)
    found = orjson.loads(body(sent, link))
    assert found["type"] == "calls.digest"
    assert [each["call"]["id"] for each in found["data"]["calls"]] == ["1", "2"]
    assert {each["call"]["caller"] for each in found["data"]["calls"]} == {"+498912345XXX"}


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Nowhere/Land"},
        {"disposition": "new"},
        {"started_at": "soon"},
        {"notes": [{}]},
        {"duration": "long"},
    ],
    ids=["zone", "disposition", "time", "note", "length"],
)
def test_a_payload_that_is_none_cannot_be_written(changes: dict[str, Any]) -> None:
    """It is said so, as of every channel."""
    with pytest.raises(RenderError):
        said(**changes)
