"""Rules of what a client is told: what may stand in one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.examples import make_client
from vorzimmer.core.notify_rule import Rule, as_json, from_json, telling

CHIEF = {"id": "chief", "name": "Dr. Huber", "numbers": ["+49 171 1234567"], "email": "huber@example.org"}


def rule(**fields: Any) -> Rule:
    """A rule for mails to one address; `fields` are as in the TOML file."""
    return Rule.model_validate({"id": "all", "channel": "email", "to": ["a@example.org"], **fields})


@pytest.mark.parametrize(
    ("channel", "to", "kept"),
    [
        ("email", " Anna@Example.org ", "Anna@example.org"),
        ("sms", "0171 1234567", "+491711234567"),
        ("fax", "089 / 123 456", "+4989123456"),
        ("webhook", "https://hooks.example.org/calls?x=1", "https://hooks.example.org/calls?x=1"),
        ("webhook", "http://127.0.0.1:8000/", "http://127.0.0.1:8000/"),
        ("sms", "on-call", "on-call"),
        ("email", "contact:chief", "contact:chief"),
    ],
)
def test_an_address_is_kept_in_its_one_form(channel: str, to: str, kept: str) -> None:
    """Whoever writes a number in the national form gets the SMS all the same."""
    assert rule(channel=channel, to=[to]).to == (kept,)


@pytest.mark.parametrize(
    ("channel", "to"),
    [
        ("email", "no address"),
        ("email", "a@example.org\r\nBcc: b@example.org"),
        ("sms", "110"),
        ("sms", "a@example.org"),
        ("fax", ""),
        ("webhook", "http://hooks.example.org/"),
        ("webhook", "https://user:secret@hooks.example.org/"),
        ("webhook", "https://hooks.example.org/\r\nX: y"),
        ("webhook", "https://[::1"),
        ("webhook", "https:///calls"),
        ("webhook", "ftp://hooks.example.org/"),
        ("webhook", "https://hooks.example.org:99999/"),
        ("webhook", 7),
    ],
)
def test_what_is_no_address_of_the_channel_is_refused(channel: str, to: Any) -> None:
    """It is told when the rule is written, not when the first call is lost."""
    with pytest.raises(ValidationError):
        rule(channel=channel, to=[to])


@pytest.mark.parametrize("at", ["18:00:30", "18:00+01:00", "25:00"])
def test_a_digest_has_a_time_of_day(at: str) -> None:
    """In hours and minutes, by the client's clock."""
    with pytest.raises(ValidationError):
        rule(digest=[at])


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"id": "a", "channel": "sms", "to": ["contact:nobody"]}], "there is no contact 'nobody'"),
        ([{"id": "a", "channel": "sms", "to": ["on-call"]}], "nobody is on call"),
        ([{"id": "a", "channel": "sms", "to": ["contact:chief"]}] * 2, "a rule stands twice"),
    ],
)
def test_a_rule_names_people_of_the_client(rules: list[dict[str, Any]], said: str) -> None:
    """A contact that was removed would be told nothing, without a word."""
    with pytest.raises(ValidationError, match=said):
        make_client(contacts=[CHIEF], notify=rules)


def test_rules_go_through_the_journal_as_they_are() -> None:
    """What was decided by when the call ended holds, whatever the client changes meanwhile."""
    full = rule(
        of=["missed", "urgent"],
        digest=["12:00", "18:00"],
        quiet={"mon-sun": ["20:00-07:00"]},
        language="en",
        facts=["caller", "note"],
        numbers="shortened",
        recording="linked",
        template={"subject": "{{ caller }}", "body": "{{ headline }}"},
    )
    assert from_json(as_json([full, rule()])) == (full, rule())


def test_a_message_knows_of_its_rule_what_it_needs() -> None:
    """What is as usual is not said, and to whom it goes stands in the outbox."""
    assert telling(rule(of=["missed"], digest=["18:00"])) == {"id": "all"}
    assert telling(rule(numbers="shortened", facts=["caller"])) == {
        "id": "all",
        "numbers": "shortened",
        "facts": ["caller"],
    }
