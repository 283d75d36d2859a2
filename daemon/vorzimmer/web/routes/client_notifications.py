"""Whom a client wants to be told of its calls, of which, and how; and a try of it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import asyncpg
import structlog
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.client import Client
from vorzimmer.core.delivery import recipients
from vorzimmer.core.model import Address, Slug
from vorzimmer.core.notify_rule import Channel, Rule, telling
from vorzimmer.store import letters, sent_messages
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import ClientSeat, ClientToChange, TheirClient
from vorzimmer.web.client_saving import read, save, with_values
from vorzimmer.web.example_call import trial
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.session import require_no_wait
from vorzimmer.web.rule_form import MOST, RuleWanted, read_rules

log = structlog.get_logger()
router = APIRouter(prefix="/api/clients/{client}/notifications", tags=["portal"])


class NotificationsWanted(BaseModel):
    """E-mail addresses, and the kinds of calls that are told there. No kind: all but blocked ones; no address: nothing.

    `rules`: for what is less simple; null: as they are. `version`: of what it was made from.
    """

    model_config = ConfigDict(extra="forbid")

    version: int
    to: Annotated[tuple[Address, ...], Field(max_length=20)]
    of: Annotated[tuple[Disposition, ...], Field(max_length=len(Disposition))] = ()
    rules: Annotated[tuple[RuleWanted, ...], Field(max_length=MOST)] | None = None


class NotificationsShown(BaseModel):
    """The same as it is. `language`: the client's, for what names none; `channels`: what the house offers."""

    version: int
    to: list[str]
    of: list[Disposition]
    rules: list[Rule]
    language: str
    channels: list[Channel]


class TestWanted(BaseModel):
    """Of which rule, as it is saved; null: of the plain addresses."""

    model_config = ConfigDict(extra="forbid")

    rule: Slug | None = None


class TestSent(BaseModel):
    """The addresses to which a test is on its way."""

    to: list[str]


@router.get("", responses=told(401, 403, 404, 422, 503))
async def notifications(seat: TheirClient, parts: TheParts) -> NotificationsShown:
    """Who is told of what."""
    return _shown(parts, *await read(seat, parts))


@router.put("", responses=told(401, 403, 404, 409, 413, 422, 503))
async def change_notifications(
    wanted: NotificationsWanted, seat: ClientToChange, parts: TheParts
) -> NotificationsShown:
    """Change who is told, from the next call that ends on. 409 `newer`: somebody else has saved meanwhile."""
    kinds = tuple(dict.fromkeys(kind.value for kind in wanted.of))
    news: dict[str, Any] = {"mail": {"to": wanted.to, "of": kinds} if wanted.to else None}
    if wanted.rules is not None:
        _, before = await read(seat, parts)
        writing = parts.writing
        news["notify"] = read_rules(wanted.rules, before, writing.channels, parts.region, writing.wrong)
    saved = await save(seat, parts, "client.notifications", lambda was: with_values(was, **news), wanted.version)
    return _shown(parts, *saved)


@router.post("/test", responses=told(401, 403, 404, 409, 422, 429, 503))
async def send_test(
    seat: ClientToChange, request: Request, parts: TheParts, wanted: TestWanted | None = None
) -> TestSent:
    """Send a test to every address that is saved, or to those of a rule. 409 `nobody`: there is none now.

    429: so many tests are enough.
    """
    _, client = await read(seat, parts)
    rule = None
    if wanted is not None and wanted.rule is not None:
        rule = next((one for one in client.notify if one.id == wanted.rule), None)
        if rule is None:
            raise unknown()
    to = _tested(client, rule, parts)
    if not to:
        raise Problem(409, "nobody", "no address is saved" if rule is None else "this rule reaches nobody now")
    address = address_of(request)
    require_no_wait(parts.throttle.begin(f"test {client.id}", address), address)
    async with parts.database.connection() as conn, conn.transaction():
        if rule is None or rule.channel is Channel.EMAIL:
            await _post_letter(conn, seat, client, to)
        else:
            await _post_trial(conn, parts, client, rule, to)
    channel = Channel.EMAIL if rule is None else rule.channel
    actor = seat.actor
    log.info("notifications.tested", client=client.id, channel=channel, by=actor.name, acting_as=actor.acting_as)
    return TestSent(to=list(to))


def _tested(client: Client, rule: Rule | None, parts: Parts) -> tuple[str, ...]:
    if rule is not None:
        return recipients(rule, client, parts.clock())
    return () if client.mail is None else client.mail.to


async def _post_letter(conn: asyncpg.Connection, seat: ClientSeat, client: Client, to: tuple[str, ...]) -> None:
    await letters.post(
        conn,
        key=f"test_message:{uuid4()}",
        kind="test_message",
        to=to,
        language=client.language.value,
        data={"client": client.name, "by": seat.who.name},
        client=client.id,
    )


async def _post_trial(conn: asyncpg.Connection, parts: Parts, client: Client, rule: Rule, to: tuple[str, ...]) -> None:
    """A call that nobody made and that says so, sent as a real one would be."""
    language = rule.language or client.language
    key = f"test-{uuid4()}"
    payload = trial(client, parts.clock(), key, language_of(language.value)) | {"rule": telling(rule)}
    await sent_messages.post_trial(
        conn, key, client=client.id, channel=rule.channel.value, to=to, language=language.value, payload=payload
    )


def _shown(parts: Parts, version: int, client: Client) -> NotificationsShown:
    mail = client.mail
    return NotificationsShown(
        version=version,
        to=[] if mail is None else list(mail.to),
        of=[] if mail is None else [Disposition(kind) for kind in mail.of],
        rules=list(client.notify),
        language=client.language.value,
        channels=list(parts.writing.channels),
    )
