"""Who may note something about a call, whose client it is, and what is said of values that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import asyncpg

from vorzimmer.core.client import Client
from vorzimmer.core.notes import Called, Checked, Wrong
from vorzimmer.core.role import Role
from vorzimmer.core.serving import may_know, may_serve, needs_of
from vorzimmer.store import notes
from vorzimmer.store.notes import CallKnown, Note
from vorzimmer.web.access import Who
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, unknown

OVERSEERS = (Role.ADMIN, Role.SUPERVISOR)
"""They see the notes of all."""


async def call_of(person: Who, here: Parts, conn: asyncpg.Connection, call_id: str) -> CallKnown:
    """A call that this person may write and read notes about: any for overseers, for agents those they were in.

    The client comes from the call, never from who asks. An agent who may not know of the client any more has lost them.

    Raises:
        Problem: there is none, or it is somebody else's.
    """
    known = await _known(here, conn, call_id)
    if known is None or not (person.role in OVERSEERS or person.agent in known.agents):
        raise unknown()
    if not may_hear_of(person, here, known.called.client, call_id):
        raise unknown()
    return known


async def note_of(person: Who, here: Parts, conn: asyncpg.Connection, note_id: UUID) -> Note:
    """A note that this person may read and change: the own ones, and those of `call_of`, for clients still known.

    Raises:
        Problem: as there.
    """
    note = await notes.get(conn, note_id)
    if note is None:
        raise unknown()
    if person.user != note.author:
        await call_of(person, here, conn, note.call_id)
    if not may_hear_of(person, here, note.client, note.call_id):
        raise unknown()
    return note


def may_hear_of(person: Who, here: Parts, client_id: str | None, call_id: str) -> bool:
    """Whether this person may be told of a call or note for this client that is the own one (`core.serving.may_know`).

    Of the call that is at the telephone, or is being written up, always: who talks knows.
    """
    directory = here.directory()
    client, agent = directory.clients.get(client_id or ""), directory.agents.get(person.agent or "")
    if person.role in OVERSEERS or client is None or agent is None:
        return True
    seen = here.live.agent(agent.id)
    present = seen is not None and seen.call == call_id
    return present or may_know(agent, needs_of(client), here.today().date())


async def _known(here: Parts, conn: asyncpg.Connection, call_id: str) -> CallKnown | None:
    """What memory knows of a living call, and the database of agents who were in it before."""
    stored = await notes.call_known(conn, call_id)
    view = here.live.call(call_id)
    if view is None:
        return stored
    agents = frozenset({*view.agents, *([view.talking] if view.talking else [])})
    called = Called(view.client, view.did, view.caller, view.caller_name, view.arrived)
    if view.withheld:
        called = replace(called, caller=None, caller_name=None)
    return CallKnown(called, agents | (stored.agents if stored is not None else frozenset()))


def client_for(person: Who, here: Parts, client_id: str) -> Client | None:
    """The client, if this person has to do with it: overseers with all, agents with those whom they may serve.

    A client's user has to do with its own. None: there is none, or it is not this person's.
    """
    directory = here.directory()
    client = directory.clients.get(client_id)
    if client is None or person.role in OVERSEERS:
        return client
    if person.role is Role.CLIENT:
        return client if person.client == client_id else None
    agent = directory.agents.get(person.agent or "")
    return client if agent is not None and may_serve(agent, needs_of(client), here.today().date()) else None


def require_right(checked: Checked, code: str, language: str) -> None:
    """Refuse values that do not fit, each in a sentence of its own.

    Raises:
        Problem: 422 `code` with `fields`.
    """
    if checked.errors:
        words = _WORDS.get(language, _WORDS["en"])
        fields = {name: words[wrong] for name, wrong in checked.errors.items()}
        codes = {name: wrong.value for name, wrong in checked.errors.items()}
        first = next(iter(fields.items()))
        raise Problem(422, code, f"{first[0]}: {first[1]}", fields=fields, codes=codes)


_WORDS: Mapping[str, Mapping[Wrong, str]] = {
    "en": {
        Wrong.MISSING: "is missing",
        Wrong.TOO_LONG: "is too long",
        Wrong.NO_SUCH_FIELD: "is no field of this form",
        Wrong.WRONG_TYPE: "is of the wrong type",
        Wrong.NO_PHONE: "has no digits of a telephone number",
        Wrong.NO_EMAIL: "is not an e-mail address",
        Wrong.NO_DATE: "is not a date",
        Wrong.NO_TIME: "is not a time of day",
        Wrong.NO_NUMBER: "is not a number",
        Wrong.NO_CHOICE: "is none of the choices",
        Wrong.NO_CONTACT: "is no contact of this client",
    },
    "de": {
        Wrong.MISSING: "fehlt",
        Wrong.TOO_LONG: "ist zu lang",
        Wrong.NO_SUCH_FIELD: "ist kein Feld dieses Formulars",
        Wrong.WRONG_TYPE: "ist von der falschen Art",
        Wrong.NO_PHONE: "enthält keine Ziffern einer Rufnummer",
        Wrong.NO_EMAIL: "ist keine E-Mail-Adresse",
        Wrong.NO_DATE: "ist kein Datum",
        Wrong.NO_TIME: "ist keine Uhrzeit",
        Wrong.NO_NUMBER: "ist keine Zahl",
        Wrong.NO_CHOICE: "steht nicht zur Auswahl",
        Wrong.NO_CONTACT: "ist kein Ansprechpartner dieses Auftraggebers",
    },
}
