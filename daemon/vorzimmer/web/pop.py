"""The screen pop: what an agent must know of a call before the first word. Made from memory alone.

What a query would have to tell, the caller's earlier calls and notes, comes after it (`routes.calls`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from vorzimmer.core import number
from vorzimmer.core.agent import Agent
from vorzimmer.core.call_view import CallView
from vorzimmer.core.client import Client, Did
from vorzimmer.core.contact import Contact, Treatment
from vorzimmer.core.directory import Directory
from vorzimmer.core.hours import Interval
from vorzimmer.core.note_form import Form
from vorzimmer.core.office_hours import state
from vorzimmer.core.plan import OfficeState
from vorzimmer.core.targets import NotAllowed, attempts


class PopClient(BaseModel):
    """Whose call it is."""

    id: str
    name: str
    language: str


class OpenNow(BaseModel):
    """Is the client's office open: the rule that says so, and today's plain hours, `08:00-18:00`."""

    state: OfficeState
    reason: str
    hours_today: tuple[str, ...]


class PopNotice(BaseModel):
    """What is to be known today. `spoken`: it is heard at its `audio`, and `text` only says so."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    until: datetime
    by: str
    spoken: bool


class PopContact(BaseModel):
    """Somebody the caller can be put through to. `place`: the key, from 1; `why_not`: why not now."""

    id: str
    name: str
    role: str
    place: int
    can_be_put_through: bool
    why_not: str | None
    on_call: bool


class Pop(BaseModel):
    """All of it. `client` None: the dialled number is nobody's."""

    call: str
    arrived: datetime
    client: PopClient | None
    did: str
    did_shown: str
    caller: str | None
    caller_shown: str | None
    caller_name: str | None
    withheld: bool
    treatment: str | None
    rule_note: str | None
    greeting: str
    briefing: str
    open: OpenNow | None
    notices: tuple[PopNotice, ...]
    contacts: tuple[PopContact, ...]
    rota: bool
    recording_allowed: bool
    forms: tuple[Form, ...]


def pop_of(
    view: CallView, directory: Directory, notices: Sequence[PopNotice], at: datetime, region: str, *, records: bool
) -> Pop:
    """The screen pop of a call at an instant (aware).

    Args:
        view: the call.
        directory: clients and agents.
        notices: of this client, today's.
        at: now.
        region: ISO 3166; its numbers are shown without the country code.
        records: whether the agent's own consent to being recorded is on file.
    """
    client = directory.clients.get(view.client or "")
    rule = client.rule_for(view.caller) if client is not None else None
    return Pop(
        call=view.call,
        arrived=view.arrived,
        client=PopClient(id=client.id, name=client.name, language=client.language.value) if client else None,
        did=view.did,
        did_shown=number.show(view.did, region),
        caller=view.caller,
        caller_shown=number.show(view.caller, region) if view.caller else None,
        caller_name=view.caller_name,
        withheld=view.withheld,
        treatment=view.treatment,
        rule_note=rule.treatment.value if rule is not None else None,
        greeting=_greeting(client),
        briefing=client.briefing if client is not None else "",
        open=_open(client, view.did, at) if client is not None else None,
        notices=tuple(notices),
        contacts=tuple(_contacts(client, view.caller, directory.agents, region, at)) if client is not None else (),
        rota=client is not None and client.rota is not None and _on_call(client, directory.agents, region, at) != (),
        recording_allowed=client is not None and client.recording.allowed and records,
        forms=client.note_forms if client is not None else (),
    )


def _greeting(client: Client | None) -> str:
    """What the agent says first; without a text of its own, the client's name."""
    return (client.greeting or client.name) if client is not None else ""


def _open(client: Client, did: str, at: datetime) -> OpenNow:
    entry: Did = next((one for one in client.dids if one.number == did), client.dids[0])
    now = state(client, entry, at)
    week = client.hours if entry.hours is None else entry.hours
    today: Sequence[Interval] = week.days[at.astimezone(ZoneInfo(client.timezone)).weekday()]
    return OpenNow(state=now.state, reason=now.reason, hours_today=tuple(map(str, today)))


def _contacts(
    client: Client, caller: str | None, agents: Mapping[str, Agent], region: str, at: datetime
) -> Sequence[PopContact]:
    on_call = _on_call(client, agents, region, at)
    rule = client.rule_for(caller)
    never = rule is not None and rule.treatment is Treatment.NEVER_PUT_THROUGH
    found = []
    for place, contact in enumerate(client.contacts, 1):
        why_not = "the client wants this caller never to be put through" if never else None
        why_not = why_not or _why_not(contact, client, agents, region, at)
        found.append(
            PopContact(
                id=contact.id,
                name=contact.name,
                role=contact.role,
                place=place,
                can_be_put_through=why_not is None,
                why_not=why_not,
                on_call=contact.id in on_call,
            )
        )
    return found


def _why_not(contact: Contact, client: Client, agents: Mapping[str, Agent], region: str, at: datetime) -> str | None:
    try:
        attempts(f"contact:{contact.id}", client, agents, region, at)
    except NotAllowed as error:
        return str(error)
    return None


def _on_call(client: Client, agents: Mapping[str, Agent], region: str, at: datetime) -> tuple[str, ...]:
    """The contacts who are on duty now, in the rota's order."""
    try:
        return tuple(dict.fromkeys(one.who for one in attempts("rota", client, agents, region, at)))
    except NotAllowed:
        return ()
