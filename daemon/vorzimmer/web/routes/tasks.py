"""Work for a client's task, started and stopped by hand, or with a call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.model import Slug
from vorzimmer.core.plain_text import single_line
from vorzimmer.store import tasks
from vorzimmer.store.tasks import Task
from vorzimmer.web.access import AgentWho
from vorzimmer.web.noting import call_of, client_for
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told, unknown

router = APIRouter(prefix="/api/tasks", tags=["tasks"])

Here = Annotated[Parts, Depends(parts)]


class TaskShown(BaseModel):
    """A stretch of work; `ended_at` is null while it lasts. `call`: the call that it came with."""

    id: str
    client: str
    what: str
    call: str | None
    started_at: datetime
    ended_at: datetime | None


class Start(BaseModel):
    """What is worked on. `client` is not needed with a call: it is the call's."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[str, Field(min_length=1, max_length=200)]
    client: Slug | None = None
    call: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,80}$")] | None = None


@router.get("", responses=told(401, 403, 503))
async def today(person: AgentWho, here: Here) -> list[TaskShown]:
    """The agent's stretches of today, and the open one, newest first."""
    since = here.today()
    async with here.database.connection() as conn:
        found = await tasks.of_agent(conn, person.agent, since, since + timedelta(days=2))
    return [_shown(task) for task in found]


@router.post("/start", responses=told(401, 403, 404, 409, 413, 422, 503))
async def start(person: AgentWho, here: Here, wish: Start) -> TaskShown:
    """Begin; what the agent had open ends."""
    what = single_line(wish.what).strip()
    if not what:
        raise Problem(422, "bad_request", "what: says nothing", fields={"what": "says nothing"})
    async with here.database.connection() as conn:
        client: str | None = wish.client
        if wish.call is not None:
            client = (await call_of(person, here, conn, wish.call)).called.client
            if client is None:
                raise Problem(409, "no_client", "the call belongs to no client")
        elif client is None or client_for(person, here, client) is None:
            raise unknown()
        return _shown(await tasks.start(conn, person.user, person.agent, client, what, wish.call))


@router.post("/{task}/stop", responses=told(401, 403, 404, 422, 503))
async def stop(
    task: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="of the stretch")], person: AgentWho, here: Here
) -> TaskShown:
    """End it."""
    async with here.database.connection() as conn:
        ended = await tasks.stop(conn, task, person.agent)
    if ended is None:
        raise unknown()
    return _shown(ended)


def _shown(task: Task) -> TaskShown:
    return TaskShown(
        id=task.id,
        client=task.client,
        what=task.what,
        call=task.call_id,
        started_at=task.started_at,
        ended_at=task.ended_at,
    )
