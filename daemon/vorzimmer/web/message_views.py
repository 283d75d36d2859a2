"""Messages as the pages are told of them: a line of a list, or one with every attempt and what was sent."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel

from vorzimmer.core import number
from vorzimmer.core.cdr import Disposition
from vorzimmer.store import sent_messages
from vorzimmer.store.sent_messages import Sent, Wanted
from vorzimmer.web import sent_copies
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import unknown

PAGE = 50
"""Messages of one page."""

State = Literal["pending", "leased", "sent", "dead", "skipped", "digested"]
MessageId = Annotated[int, Path(alias="message", ge=1, le=2**63 - 1, description="of the message")]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of a page")]


class AboutCall(BaseModel):
    """The call that a message is about. `kind`: null where the call was another client's."""

    id: str
    at: datetime | None
    kind: Disposition | None
    caller_shown: str | None
    caller_name: str | None
    withheld: bool


class MessageShown(BaseModel):
    """A message. `at`: when it came into being; `about`: `call`, `note`, `digest`, `test` or `letter`.

    `held`: it waits for the agent's note. `attempts`: how many there were; `tried_at`, `detail`: the last one.
    `next_at`: when it is tried (again); null: it is not. `report`: what the provider told later. `part_of`: the message
    in which it was told together with others.
    """

    id: int
    at: datetime
    client: str
    about: str
    call: AboutCall | None
    channel: str
    to: str
    rule: str
    state: State
    held: bool
    attempts: int
    tried_at: datetime | None
    detail: str
    next_at: datetime | None
    report: str | None
    reported_at: datetime | None
    part_of: int | None


class MessagePage(BaseModel):
    """Messages, newest first. `next`: what to ask for as `before` to get the older ones; null: there are none."""

    messages: list[MessageShown]
    next: int | None


class AttemptShown(BaseModel):
    """How one attempt ended: `sent`, `retry`, `dead` or `unclear`, and what the other side said."""

    at: datetime
    outcome: str
    detail: str


class CopyShown(BaseModel):
    """What was sent, as it was sent. `kind`: `mail`, `text`, `json`, `fax` or `other`.

    `pages`: of a fax, each at `pages/{n}` from 0. All of it as a file: `copy`.
    """

    kind: sent_copies.Kind
    media_type: str
    bytes: int
    subject: str
    text: str
    html: str
    attachments: list[str]
    pages: int


class MessageTold(MessageShown):
    """A message with every attempt. `copy_sent`: null where nothing was sent, or it is not kept any more (`erased`)."""

    tries: list[AttemptShown]
    copy_sent: CopyShown | None
    erased: bool


async def page_of(parts: Parts, wanted: Wanted, before: int | None) -> MessagePage:
    """The wanted messages behind `before`, newest first.

    Raises:
        Problem: 503.
    """
    async with parts.database.connection() as conn:
        found = await sent_messages.find(conn, wanted, PAGE + 1, before)
    page = found[:PAGE]
    shown = [MessageShown.model_validate(_shown(one, parts)) for one in page]
    return MessagePage(messages=shown, next=page[-1].id if len(found) > PAGE else None)


async def told_of(parts: Parts, message: int, client: str | None) -> MessageTold:
    """All that is known of it. `client`: whose it must be; None: anybody's.

    Raises:
        Problem: 404, there is no such message; 503.
    """
    async with parts.database.connection() as conn:
        found = await sent_messages.one(conn, message, client)
        if found is None:
            raise unknown()
        tries = await sent_messages.attempts(conn, message)
        copy = await sent_messages.copy(conn, message)
    read = None if copy is None else await asyncio.to_thread(sent_copies.shown, copy)
    return MessageTold.model_validate(
        {
            **_shown(found, parts),
            "tries": [{"at": one.at, "outcome": one.outcome, "detail": one.detail} for one in tries],
            "copy_sent": None if read is None else {name: getattr(read, name) for name in CopyShown.model_fields},
            "erased": found.erased or (copy is None and found.state == "sent"),
        }
    )


def _shown(one: Sent, parts: Parts) -> dict[str, object]:
    about, _, rest = one.about.partition(":")
    waits = one.state in ("pending", "leased")
    call = {
        "id": one.call,
        "at": one.call_at,
        "kind": one.kind,
        "caller_shown": number.show(one.caller, parts.region) if one.caller else None,
        "caller_name": one.caller_name,
        "withheld": one.withheld,
    }
    return {
        "id": one.id,
        "at": one.at,
        "client": one.client,
        "about": "test" if rest.startswith("test_message:") else about,
        "call": call if one.call is not None and about != "test" else None,
        "channel": one.channel,
        "to": number.show(one.recipient, parts.region) if one.channel in ("sms", "fax") else one.recipient,
        "rule": one.rule,
        "state": one.state,
        "held": one.held,
        "attempts": one.attempts,
        "tried_at": one.tried_at,
        "detail": one.detail or "",
        "next_at": one.next_at if waits else None,
        "report": one.report,
        "reported_at": one.reported_at,
        "part_of": one.part_of,
    }
