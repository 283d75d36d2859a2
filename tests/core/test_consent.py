"""Whose consent a recording needs, and what of it stands in the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.calls.surroundings import START, event, make_client
from vorzimmer.core.agent import Agent
from vorzimmer.core.consent import (
    Consent,
    Refusal,
    by_key,
    keep_until,
    may_record,
    proof,
    spoken,
    takes_part,
    tape_of,
)
from vorzimmer.core.ledger import Kind

TODAY = START.date()
CLIENT = make_client(recording={"allowed": True, "keep_days": 10})
KEY = by_key("1", "lib:mueller/consent", START)
YES = spoken("anna", "code", START)


def agent(since: str | None = "2026-01-01", name: str = "anna") -> Agent:
    """An agent whose consent is on file since a day."""
    return Agent.model_validate({"id": name, "name": name, "phones": ["agent1"], "records_since": since})


@pytest.mark.parametrize("consent", [KEY, YES, spoken("anna", "api", START)])
def test_everybody_has_consented(consent: Consent) -> None:
    """A pressed key, or a yes confirmed by the agent who talks: the talk may be recorded."""
    assert may_record(CLIENT, agent(), consent, TODAY) is None


@pytest.mark.parametrize(
    ("client", "who", "consent", "refusal"),
    [
        (None, agent(), KEY, Refusal.CLIENT),
        (make_client(), agent(), KEY, Refusal.CLIENT),
        (CLIENT, agent(None), KEY, Refusal.AGENT),
        (CLIENT, agent("2026-11-24"), KEY, Refusal.AGENT),
        (CLIENT, agent(), None, Refusal.CALLER),
        (CLIENT, agent(), by_key("2", "lib:mueller/consent", START), Refusal.CALLER),
        (CLIENT, agent(), by_key("1", "", START), Refusal.CALLER),
        (CLIENT, agent(), spoken("bert", "code", START), Refusal.CALLER),
        (CLIENT, agent(), spoken("anna", "", START), Refusal.CALLER),
    ],
)
def test_without_one_of_them_nothing_is_recorded(
    client: Any, who: Agent, consent: Consent | None, refusal: Refusal
) -> None:
    """Whatever is missing is named: the client's leave, the agent's file, the caller's proof; the text says it."""
    assert may_record(client, who, consent, TODAY) is refusal
    assert refusal.text.endswith(("not recorded", "not on file", "not proven"))


def test_the_agents_consent_counts_from_its_day() -> None:
    """On the day that stands on file, and not on the one before."""
    assert takes_part(agent("2026-11-23"), date(2026, 11, 23))
    assert not takes_part(agent("2026-11-23"), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("consent", "caller"),
    [
        (KEY, {"way": "key", "key": "1", "announcement": "lib:mueller/consent"}),
        (YES, {"way": "spoken", "confirmed_by": "anna", "through": "code"}),
    ],
)
def test_the_proof_is_plain_and_whole(consent: Consent, caller: dict[str, str]) -> None:
    """Who, how, when, on what question; the agent's day; the client's term: all of it as JSON."""
    assert proof(CLIENT, agent(), consent) == {
        "client": "mueller",
        "keep_days": 10,
        "caller": {**caller, "at": "2026-11-23T09:00:00+00:00"},
        "agent": {"id": "anna", "since": "2026-01-01"},
    }


def test_it_is_kept_as_long_as_was_said_at_the_consent() -> None:
    """The client's term of that day counts, from the end of the talk."""
    assert keep_until(START, proof(CLIENT, agent(), KEY)) == START + timedelta(days=10)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], {}),
        ([(Kind.TALK_RECORDING, {})], {"begun": True}),
        ([(Kind.RECORDING_PAUSED, {"why": "other"})], {"paused": True, "why_paused": "other"}),
        ([(Kind.RECORDING_PAUSED, {}), (Kind.RECORDING_RESUMED, {})], {}),
        ([(Kind.RECORDING_RESUMED, {}), (Kind.RECORDING_PAUSED, {})], {"paused": True}),
        ([(Kind.TALK_RECORDING, {}), (Kind.WITHDRAWN, {})], {"begun": True, "withdrawn": True}),
        ([(Kind.TALK_RECORDED, {})], {"kept": True}),
    ],
)
def test_the_ledger_tells_how_the_recording_is(
    told: list[tuple[Kind, dict[str, Any]]], expected: dict[str, Any]
) -> None:
    """After a restart this is all that is known: whether it runs, pauses, must go, or is done."""
    tape = tape_of([event(n, kind, **data) for n, (kind, data) in enumerate(told)])
    plain = {"proof": None, "begun": False, "paused": False, "why_paused": "", "withdrawn": False, "kept": False}
    assert {name: getattr(tape, name) for name in plain} == {**plain, **expected}


def test_the_last_consent_is_the_proof() -> None:
    """Consent given again, after a recording that did not begin, stands in the place of the first."""
    tape = tape_of([event(0, Kind.CONSENTED, n=1), event(1, Kind.CONSENTED, n=2)])
    assert tape.proof == {"n": 2}
