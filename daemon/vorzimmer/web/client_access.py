"""Who may see and change what belongs to one client: its own users, and those who look after all clients.

Every route under `/api/clients/{client}` of the client's portal takes one of these dependencies and asks nothing more.
Somebody else's client is answered exactly like one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path

from vorzimmer.core.client import Client
from vorzimmer.core.model import Slug
from vorzimmer.core.role import Role
from vorzimmer.store.audit import Actor
from vorzimmer.web.access import TheParts, Who, only
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem

__all__ = ["ClientId", "ClientSeat", "ClientToChange", "TheirClient", "unknown_client"]

ClientId = Annotated[Slug, Path(alias="client", description="of the client")]


@dataclass(frozen=True, slots=True)
class ClientSeat:
    """Somebody who has to do with this client, as calls are answered now. `actor`: for the trail of changes."""

    client: Client
    who: Who
    actor: Actor


def unknown_client() -> Problem:
    """There is no such client, or it is somebody else's: the two are not told apart."""
    return Problem(404, "unknown_client", "there is no such client here")


Reader = Annotated[Who, Depends(only(Role.CLIENT, Role.ADMIN, Role.SUPERVISOR))]
Changer = Annotated[Who, Depends(only(Role.CLIENT, Role.ADMIN))]


async def their_client(client: ClientId, person: Reader, parts: TheParts) -> ClientSeat:
    """The client's own users, admins and supervisors.

    Raises:
        Problem: 403 `forbidden` for agents, whichever client they name; 404 `unknown_client`.
    """
    return _seat(client, person, parts)


async def client_to_change(client: ClientId, person: Changer, parts: TheParts) -> ClientSeat:
    """The client's own users and admins.

    Raises:
        Problem: 403 `forbidden` for other roles, whichever client they name; 404 `unknown_client`.
    """
    return _seat(client, person, parts)


TheirClient = Annotated[ClientSeat, Depends(their_client)]
"""To read."""

ClientToChange = Annotated[ClientSeat, Depends(client_to_change)]
"""To change."""


def _seat(client: str, person: Who, parts: Parts) -> ClientSeat:
    found = parts.directory().clients.get(client)
    if found is None or (person.role is Role.CLIENT and person.client != client):
        raise unknown_client()
    return ClientSeat(found, person, person.actor)
