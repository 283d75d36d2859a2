"""What a client's server checks by that a webhook is ours: whether there is a secret, and a new one."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from vorzimmer.store import webhook_secrets
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientToChange, TheirClient, unknown_client
from vorzimmer.web.problems import told

router = APIRouter(prefix="/api/clients", tags=["clients"])


class SecretState(BaseModel):
    """`made_at`: since when there is the present secret; None: there is none. `old_until`: an older one signs along."""

    made_at: datetime | None
    old_until: datetime | None


class SecretWanted(BaseModel):
    """`at_once`: what was signed with until now signs nothing more, for somebody else may know it."""

    at_once: bool = False


class NewSecret(SecretState):
    """The secret, which is shown this once."""

    secret: str


@router.get("/{client}/webhook-secret", responses=told(401, 403, 404, 422, 503))
async def webhook_secret(seat: TheirClient, here: TheParts) -> SecretState:
    """Whether there is a secret, and since when."""
    async with here.database.connection() as conn:
        found = await webhook_secrets.standing(conn, seat.client.id, here.clock())
    return _state(found)


@router.post("/{client}/webhook-secret", responses=told(401, 403, 404, 422, 503))
async def new_webhook_secret(wanted: SecretWanted, seat: ClientToChange, here: TheParts) -> NewSecret:
    """Make a secret; the one that there was signs along for a day, unless it must not."""
    at = here.clock()
    async with here.database.connection() as conn:
        made = await webhook_secrets.replace(conn, seat.client.id, at, actor=seat.actor, at_once=wanted.at_once)
        found = await webhook_secrets.standing(conn, seat.client.id, at)
    if made is None:
        raise unknown_client()
    return NewSecret(**_state(found).model_dump(), secret=made)


def _state(found: webhook_secrets.Standing | None) -> SecretState:
    if found is None:
        return SecretState(made_at=None, old_until=None)
    return SecretState(made_at=found.made_at, old_until=found.old_until)
