"""Saving a change that a page made to a client; what keeps it from being saved becomes a sentence for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from vorzimmer.core.client import Client
from vorzimmer.core.model import STORED
from vorzimmer.core.role import Role
from vorzimmer.store import client_change
from vorzimmer.store.book import BookConflict
from vorzimmer.store.client_change import NewerClient, NoSuchClient
from vorzimmer.web.client_access import ClientSeat, unknown_client
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem

Change = Callable[[Client], Client]


async def read(seat: ClientSeat, parts: Parts) -> tuple[int, Client]:
    """The client as the database has it now, and its version: what was saved a moment ago is there.

    Raises:
        Problem: 404 `unknown_client`; 503.
    """
    async with parts.database.connection() as conn:
        try:
            return await client_change.load(conn, seat.client.id)
        except NoSuchClient:
            raise unknown_client() from None


async def save(
    seat: ClientSeat, parts: Parts, what: str, changed: Change, version: int | None = None
) -> tuple[int, Client]:
    """Change the client; its new version, and as it is now. `version`: of what the page showed.

    Raises:
        Problem: 409 `newer` with `version`; 409 `taken`; 422 `bad_request` with `fields`; 404; 503. Nothing is changed.
    """
    try:
        async with parts.database.connection() as conn:
            return await client_change.change(
                conn, seat.client.id, changed, actor=seat.actor, what=what, version=version
            )
    except NoSuchClient:
        raise unknown_client() from None
    except NewerClient as error:
        raise newer(error.version) from None
    except ValidationError as error:
        raise invalid(error) from None
    except BookConflict as error:
        # Whose else a number is, is nobody's business but the operator's.
        text = "; ".join(error.lines) if seat.who.role is Role.ADMIN else "a number belongs to somebody else already"
        raise Problem(409, "taken", text) from None


def with_values(client: Client, **news: Any) -> Client:
    """The client with these values, checked as a whole; its announcements' versions, which are no part of it, stay.

    Raises:
        ValidationError: they do not fit.
    """
    return Client.model_validate({**client.model_dump(), "versions": client.versions, **news}, context=STORED)


def newer(version: int) -> Problem:
    """Somebody else has saved since this page was shown."""
    return Problem(409, "newer", "somebody else has changed this meanwhile; look at it first", version=version)


def invalid(error: ValidationError, *under: str) -> Problem:
    """What the model says of each wrong value; `under`: where on the page the values stand."""
    return wrong({_place((*under, *one["loc"])): str(one["msg"]) for one in error.errors(include_url=False)})


def wrong(fields: Mapping[str, str]) -> Problem:
    """These fields are wrong, for these reasons."""
    first = next(iter(fields.items()))
    return Problem(422, "bad_request", f"{first[0]}: {first[1]}" if first[0] else first[1], fields=dict(fields))


def _place(location: Iterable[Any]) -> str:
    return ".".join(map(str, location))
