"""Whom a caller may be put through to: contacts, rota, partners, agents; and nobody else, whatever is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import make_client
from vorzimmer.core.agent import Agent
from vorzimmer.core.targets import AGENT_SECONDS, Attempt, NotAllowed, attempts, can_be_reached, on_duty

CHIEF, MOBILE, DEPUTY, PARTNER = "+4989555001", "+4915112345678", "+4989555002", "+4930555003"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)

CLIENT = make_client(
    contacts=[
        {"id": "chief", "name": "Frau Müller", "numbers": [CHIEF, MOBILE], "seconds": 20},
        {"id": "deputy", "name": "Herr Huber", "numbers": [DEPUTY]},
    ],
    rota={
        "duties": [{"contact": "chief", "hours": {"mon-fri": ["08:00-18:00"]}}, {"contact": "deputy"}],
        "escalate": 15,
    },
    open={"chain": [{"to": "partner", "number": PARTNER, "seconds": 25}]},
    secrecy=True,
)
AGENTS = {
    one.id: one
    for one in (
        Agent.model_validate({"id": "anna", "name": "Anna", "phones": ["p1"], "pledged_on": "2026-01-01"}),
        Agent.model_validate({"id": "ben", "name": "Ben", "phones": ["p2"]}),
        Agent.model_validate(
            {"id": "eva", "name": "Eva", "phones": ["p3"], "pledged_on": "2026-01-01", "extension": "301"}
        ),
    )
}


def _attempts(written: str, at: datetime = MONDAY) -> tuple[Attempt, ...]:
    return attempts(written, CLIENT, AGENTS, "DE", at)


@pytest.mark.parametrize("written", ["chief", "1", "contact:chief", " chief ", "sip:chief@pbx"])
def test_a_contact(written: str) -> None:
    """By id, by its place in the list, as a telephone writes it: its numbers, one after another."""
    assert _attempts(written) == (Attempt("contact", "chief", CHIEF, 20), Attempt("contact", "chief", MOBILE, 20))


@pytest.mark.parametrize("written", ["089 555001", "0049 89 555001", "+4989555001", "tel:+4989555001"])
def test_a_contacts_number(written: str) -> None:
    """In any national form; only that number is rung."""
    assert _attempts(written) == (Attempt("contact", "chief", CHIEF, 20),)


def test_a_partner() -> None:
    """The partner of the client's chain, by its number."""
    assert _attempts("030 555003") == (Attempt("partner", PARTNER, PARTNER, 25),)


@pytest.mark.parametrize("written", ["0", "rota"])
def test_the_rota(written: str) -> None:
    """Who is on duty now, in order, each for the set time; at night only the one who is on duty then."""
    assert [(one.who, one.seconds) for one in _attempts(written)] == [("chief", 15), ("chief", 15), ("deputy", 15)]
    assert [one.who for one in _attempts(written, NIGHT)] == ["deputy"]


@pytest.mark.parametrize("written", ["eva", "agent:eva", "p3", "301"])
def test_an_agent(written: str) -> None:
    """By id, telephone or extension."""
    assert _attempts(written) == (Attempt("agent", "eva", "eva", AGENT_SECONDS),)


@pytest.mark.parametrize(
    "written", ["ben", "3", "", "nobody", "+499001234567", "112", "+4989555009", "agent:ghost", "*", "²", "chief\r\nX:"]
)
def test_nobody_else(written: str) -> None:
    """An agent without the client's pledge, strangers, premium and emergency numbers, nonsense: refused in words."""
    with pytest.raises(NotAllowed, match=r"\w"):
        _attempts(written)


@given(st.text(max_size=40))
def test_whatever_is_written(written: str) -> None:
    """Only numbers of the client and its agents ever come out."""
    try:
        found = _attempts(written)
    except NotAllowed:
        return
    assert {one.target for one in found} <= {CHIEF, MOBILE, DEPUTY, PARTNER, "anna", "eva"}


OFFICE = make_client(
    contacts=[
        {"id": "chief", "name": "Frau Müller", "numbers": [CHIEF], "hours": {"mon-fri": ["08:00-18:00"]}},
        {"id": "deputy", "name": "Herr Huber", "role": "Vertretung", "numbers": [DEPUTY]},
    ],
    rota={"duties": [{"contact": "chief"}, {"contact": "deputy"}]},
)


@pytest.mark.parametrize("written", ["chief", "1", CHIEF])
def test_a_contact_is_left_alone_outside_its_hours(written: str) -> None:
    """However it is asked for, nobody is rung at night who said when callers may be put through."""
    assert [one.target for one in attempts(written, OFFICE, {}, "DE", MONDAY)] == [CHIEF]
    assert can_be_reached(OFFICE.contacts[0], OFFICE, MONDAY)
    assert not can_be_reached(OFFICE.contacts[0], OFFICE, NIGHT)
    with pytest.raises(NotAllowed, match="Frau Müller"):
        attempts(written, OFFICE, {}, "DE", NIGHT)


def test_the_rota_skips_who_cannot_be_reached() -> None:
    """At night the next on duty is tried at once, and it is said when there is none."""
    assert [one.who for one in attempts("rota", OFFICE, {}, "DE", MONDAY)] == ["chief", "deputy"]
    assert [one.who for one in attempts("rota", OFFICE, {}, "DE", NIGHT)] == ["deputy"]
    assert [contact.id for contact in on_duty(OFFICE, NIGHT)] == ["deputy"]
    alone = make_client(contacts=[OFFICE.contacts[0].model_dump()], rota={"duties": [{"contact": "chief"}]})
    with pytest.raises(NotAllowed, match="nobody"):
        attempts("rota", alone, {}, "DE", NIGHT)
