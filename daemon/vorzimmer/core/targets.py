"""Whom a caller may be put through to: what an agent writes, dials or presses becomes a list of attempts, or a no.

Allowed are the client's contacts, its rota, its partners and the agents who may serve it; nobody else, whatever a
telephone asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from vorzimmer.core import number as numbers
from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.contact import Contact
from vorzimmer.core.handling import ToNumber
from vorzimmer.core.menu import targets_in
from vorzimmer.core.office_hours import covers
from vorzimmer.core.serving import may_serve, needs_of

ROTA = ("0", "rota")
"""How the on-call rota is named: by key, and in words."""

AGENT_SECONDS = 20
"""Seconds for which an agent's telephone rings."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One telephone to ring. `who`: the contact's, partner's or agent's id; `target`: E.164, or the agent's id."""

    kind: Literal["contact", "partner", "agent"]
    who: str
    target: str
    seconds: int


class NotAllowed(ValueError):
    """The client's callers are not put through there; the text says so to a person."""


def attempts(
    written: str, client: Client, agents: Mapping[str, Agent], region: str, at: datetime
) -> tuple[Attempt, ...]:
    """What to ring, in order.

    Args:
        written: `rota` or 0; a contact's id or its place in the client's list from 1; an agent's id, extension or
            telephone; a number of a contact or partner in any national form. `contact:` and `agent:` before an id tell
            two apart.
        client: whose caller it is.
        agents: of the house, by id.
        region: of national numbers (ISO 3166).
        at: now, aware: the rota and pledges go by it.

    Raises:
        NotAllowed: nobody is meant by that, or nobody whom this client's callers may be put through to.
    """
    wanted = written.strip().removeprefix("sip:").removeprefix("tel:").split("@")[0]
    if wanted in ROTA:
        return _on_duty(client, at)
    contact = _contact(wanted.removeprefix("contact:"), client)
    if contact is not None:
        _require_reachable(contact, client, at)
        return _numbers_of(contact, contact.seconds)
    if (agent := _agent(wanted.removeprefix("agent:"), agents)) is not None:
        if not may_serve(agent, needs_of(client), at.date()):
            raise NotAllowed(f"{agent.name} does not serve {client.name}")
        return (Attempt("agent", agent.id, agent.id, AGENT_SECONDS),)
    try:
        number = numbers.parse(wanted, region)
    except ValueError:
        raise NotAllowed(f"{written!r} is no contact of {client.name} and no agent") from None
    return _by_number(number, client, at)


def attempts_at(contact: str, client: Client, at: datetime) -> tuple[Attempt, ...]:
    """What to ring, in order, for a contact's id or the rota (`ROTA`), at an instant (aware).

    Raises:
        NotAllowed: there is no such contact, or nobody can be reached at this hour.
    """
    found = client.contact(contact)
    if found is None:
        if contact in ROTA:
            return _on_duty(client, at)
        raise NotAllowed(f"there is no contact {contact!r}")
    _require_reachable(found, client, at)
    return _numbers_of(found, found.seconds)


def can_be_reached(contact: Contact, client: Client, at: datetime) -> bool:
    """Whether the contact's hours let callers be put through at this instant (aware)."""
    return contact.hours is None or covers(contact.hours, at.astimezone(ZoneInfo(client.timezone)))


def on_duty(client: Client, at: datetime) -> tuple[Contact, ...]:
    """Who of the client is on call at this instant and can be reached, in the order in which they are tried."""
    if client.rota is None:
        return ()
    local = at.astimezone(ZoneInfo(client.timezone))
    named = [duty.contact for duty in client.rota.duties if duty.hours is None or covers(duty.hours, local)]
    found = (client.contact(name) for name in dict.fromkeys(named))
    return tuple(contact for contact in found if contact is not None and can_be_reached(contact, client, at))


def _require_reachable(contact: Contact, client: Client, at: datetime) -> None:
    if not can_be_reached(contact, client, at):
        raise NotAllowed(f"{contact.name} of {client.name} cannot be reached at this hour")


def _on_duty(client: Client, at: datetime) -> tuple[Attempt, ...]:
    if client.rota is None:
        raise NotAllowed(f"{client.name} has no rota")
    found = on_duty(client, at)
    if not found:
        raise NotAllowed(f"nobody of {client.name} is on call now")
    return tuple(one for contact in found for one in _numbers_of(contact, client.rota.escalate))


def _contact(name: str, client: Client) -> Contact | None:
    if name.isascii() and name.isdigit() and 1 <= int(name) <= len(client.contacts):
        return client.contacts[int(name) - 1]
    return client.contact(name)


def _agent(name: str, agents: Mapping[str, Agent]) -> Agent | None:
    if name in agents:
        return agents[name]
    return next((agent for agent in agents.values() if name == agent.extension or name in agent.endpoints), None)


def _numbers_of(contact: Contact, seconds: int) -> tuple[Attempt, ...]:
    return tuple(Attempt("contact", contact.id, number, seconds) for number in contact.numbers)


def _by_number(number: str, client: Client, at: datetime) -> tuple[Attempt, ...]:
    for contact in client.contacts:
        if number in contact.numbers:
            _require_reachable(contact, client, at)
            return (Attempt("contact", contact.id, number, contact.seconds),)
    for partner in _partners(client):
        if partner.number == number:
            return (Attempt("partner", number, number, partner.seconds),)
    raise NotAllowed(f"the number is none of {client.name}'s contacts")


def _partners(client: Client) -> Iterable[ToNumber]:
    targets = (*client.open.chain, *(target for _, _, _, target in targets_in(client.menus)))
    return (target for target in targets if isinstance(target, ToNumber))
