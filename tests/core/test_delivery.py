"""What rules make of a finished call: whether it is told, to whom, when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, event, make_client
from tests.core.test_notify_rule import CHIEF, rule
from vorzimmer.core.cdr import Cdr, Disposition, build_cdr
from vorzimmer.core.delivery import choose, due, kinds_of, kinds_of_payload, may_want, recipients
from vorzimmer.core.ledger import Kind as Event
from vorzimmer.core.messages import messages_for
from vorzimmer.core.notify_rule import Kind
from vorzimmer.core.office_hours import covers

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = {"mon-thu": ["20:00-07:00"], "fri": ["20:00-24:00"], "sat-sun": ["00:00-24:00"]}
INSTANTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def cdr(disposition: Disposition = Disposition.ANSWERED, **changed: Any) -> Cdr:
    """A call that ended so."""
    known = build_cdr(
        [
            event(0, Event.ARRIVED, 0, dialled=DID, caller="+4930111111"),
            event(1, Event.HANGUP, 4, by="caller", cause=16),
            event(2, Event.ENDED, 4),
        ]
    )
    return replace(known, disposition=disposition, **changed)


def here(text: str) -> datetime:
    """An instant by the clock of Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_every_disposition_is_a_kind() -> None:
    """A new way to end a call must be told to somebody."""
    assert all(kinds_of(cdr(disposition)) for disposition in Disposition)


def test_an_answered_call_that_was_put_through_is_both() -> None:
    """Whoever wants to hear of calls put through hears of those that an agent put through."""
    assert kinds_of(cdr(put_through=Decimal(30))) == {Kind.ANSWERED, Kind.PUT_THROUGH}
    assert kinds_of_payload({"disposition": "answered", "put_through": "30.000", "notes": []}) == {
        Kind.ANSWERED,
        Kind.PUT_THROUGH,
    }


@pytest.mark.parametrize(
    ("of", "payload", "wanted"),
    [
        ([], {"disposition": "answered"}, True),
        ([], {"disposition": "blocked"}, False),
        (["blocked"], {"disposition": "blocked"}, True),
        (["missed"], {"disposition": "abandoned"}, True),
        (["missed"], {"disposition": "answered"}, False),
        (["noted"], {"disposition": "answered"}, False),
        (["noted"], {"disposition": "answered", "notes": [{"urgent": False}]}, True),
        (["urgent"], {"disposition": "answered", "notes": [{"urgent": False}]}, False),
        (["urgent"], {"disposition": "answered", "notes": [{"urgent": False}, {"urgent": True}]}, True),
    ],
)
def test_a_rule_wants_the_calls_that_it_names(of: list[str], payload: dict[str, Any], *, wanted: bool) -> None:
    """None named: all but blocked ones."""
    assert (choose([rule(of=of)], kinds_of_payload(payload)) is not None) == wanted


def test_the_first_rule_that_wants_a_call_holds() -> None:
    """So an urgent call goes at once where all others wait for the evening."""
    urgent, rest = rule(id="urgent", of=["urgent"]), rule(id="rest", digest=["18:00"])
    assert choose([urgent, rest], frozenset({Kind.ANSWERED})) is rest
    assert choose([urgent, rest], frozenset({Kind.ANSWERED, Kind.URGENT})) is urgent


def test_a_call_is_kept_for_a_rule_that_its_note_may_call_for() -> None:
    """What may become urgent is not thrown away; what is over cannot get a note."""
    assert may_want(rule(of=["urgent"]), kinds_of(cdr()))
    assert not may_want(rule(of=["urgent"]), kinds_of(cdr(Disposition.ABANDONED)))


@pytest.mark.parametrize(
    ("fields", "at", "then"),
    [
        ({}, "2026-11-23T10:00", "2026-11-23T10:00"),
        ({"digest": ["12:00", "18:00"]}, "2026-11-23T10:00", "2026-11-23T12:00"),
        ({"digest": ["12:00", "18:00"]}, "2026-11-23T12:00", "2026-11-23T18:00"),
        ({"digest": ["12:00", "18:00"]}, "2026-11-23T18:30", "2026-11-24T12:00"),
        ({"quiet": NIGHTS}, "2026-11-23T19:59", "2026-11-23T19:59"),
        ({"quiet": NIGHTS}, "2026-11-23T20:00", "2026-11-24T07:00"),
        ({"quiet": NIGHTS}, "2026-11-24T06:59", "2026-11-24T07:00"),
        ({"quiet": NIGHTS}, "2026-11-27T20:00", "2026-11-30T00:00"),
        ({"quiet": NIGHTS, "digest": ["22:00"]}, "2026-11-23T10:00", "2026-11-24T07:00"),
        # The night in which 02:30 does not exist: at the jump; the night in which it happens twice: the first time.
        ({"digest": ["02:30"]}, "2026-03-28T23:00", "2026-03-29T03:30"),
        ({"digest": ["02:30"]}, "2026-10-24T23:00", "2026-10-25T02:30"),
        ({"quiet": {"mon-sun": ["00:00-24:00"]}}, "2026-11-23T10:00", "2026-11-23T10:00"),
    ],
)
def test_when_a_message_may_go(fields: dict[str, Any], at: str, then: str) -> None:
    """By the client's clock; quiet hours that never end stop nothing."""
    assert due(rule(**fields), here(at), "Europe/Berlin", urgent=False).at == here(then).astimezone(UTC)


@given(at=INSTANTS)
def test_urgent_calls_wait_for_nothing(at: datetime) -> None:
    """Neither for the evening nor for the morning."""
    found = due(rule(quiet=NIGHTS, digest=["18:00"]), at, "Europe/Berlin", urgent=True)
    assert (found.at, found.digest) == (at, False)


@given(
    at=INSTANTS,
    digest=st.lists(st.times().map(lambda one: f"{one:%H:%M}"), max_size=4),
)
def test_nothing_goes_too_early_or_in_quiet_hours(at: datetime, digest: list[str]) -> None:
    """A message waits for a week at most, and never for the past."""
    ruled = rule(quiet=NIGHTS, digest=digest)
    then = due(ruled, at, "Europe/Berlin", urgent=False).at
    assert timedelta(0) <= then - at <= timedelta(days=8)
    assert ruled.quiet is not None
    assert not covers(ruled.quiet, then.astimezone(BERLIN))


def test_contacts_and_the_rota_are_found_when_the_call_ends() -> None:
    """A contact's first mobile number gets the SMS; who has no address of the kind is left out."""
    deputy = {"id": "deputy", "name": "Eva", "numbers": ["+49 89 999999", "+49 160 7654321"]}
    client = make_client(
        contacts=[CHIEF, deputy],
        rota={
            "duties": [
                {"contact": "chief", "hours": {"mon-fri": ["08:00-18:00"]}},
                {"contact": "deputy", "hours": {"mon-fri": ["18:00-08:00"]}},
            ]
        },
    )
    by_day, by_night = here("2026-11-23T10:00"), here("2026-11-23T22:00")
    sms = rule(channel="sms", to=["on-call", "contact:chief", "+49 171 1234567"])
    assert recipients(sms, client, by_day) == ("+491711234567",)
    assert recipients(sms, client, by_night) == ("+491607654321", "+491711234567")
    mail = rule(to=["on-call", "office@example.org"])
    assert recipients(mail, client, by_day) == ("huber@example.org", "office@example.org")
    assert recipients(mail, client, by_night) == ("office@example.org",)
    assert recipients(rule(channel="fax", to=["contact:chief"]), client, by_day) == ()


def test_each_way_to_an_address_is_gone_once() -> None:
    """The plain list of addresses comes before the rules, and several rules for an address are one message."""
    rules = [
        {"id": "a", "channel": "email", "to": ["A@example.org", "b@example.org"]},
        {"id": "b", "channel": "email", "to": ["B@example.org"], "of": ["urgent"]},
        {"id": "c", "channel": "sms", "to": ["+491711234567"], "of": ["missed"]},
    ]
    client = make_client(mail=["a@example.org"], notify=rules)
    found = messages_for(cdr(), client)
    assert [(one.channel, one.recipient, one.hold_seconds) for one in found] == [
        ("email", "a@example.org", None),
        ("email", "b@example.org", 120),
    ]
    assert [one["id"] for one in found[1].payload["rules"]] == ["a", "b"]
    missed = messages_for(cdr(Disposition.ABANDONED), client)
    assert [(one.channel, one.hold_seconds) for one in missed] == [("email", None), ("email", 0), ("sms", 0)]
