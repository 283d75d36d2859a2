"""What a rule would make of a call: shown beside the rule while it is being written, sent to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import uuid4

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.cdr import to_json
from vorzimmer.core.client import Client
from vorzimmer.core.delivery import kinds_of_payload, wants
from vorzimmer.core.notify_rule import Rule, telling
from vorzimmer.store import calls, portal_calls
from vorzimmer.store.portal_calls import Call, Wanted
from vorzimmer.web.access import TheParts
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import TheirClient
from vorzimmer.web.client_saving import read
from vorzimmer.web.example_call import example
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told, unknown
from vorzimmer.web.routes.client_calls import wanted_of
from vorzimmer.web.rule_form import RuleWanted, read_rule
from vorzimmer.web.writing import Written

router = APIRouter(prefix="/api/clients/{client}/notifications", tags=["portal"])

LOOKED_AT = 50
"""Calls among which the latest is looked for that the rule is about."""


class PreviewWanted(BaseModel):
    """A rule, and a call of the client's; null: its latest that the rule is about, or a made-up one if it has none."""

    model_config = ConfigDict(extra="forbid")

    rule: RuleWanted
    call: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,80}$")] | None = None


class SmsShown(BaseModel):
    """The text as a telephone gets it; `parts`: how many messages it costs; `encoding`: `gsm7` or `ucs2`."""

    text: str
    parts: int
    encoding: str


class PreviewShown(BaseModel):
    """The message. `call`: which one it is about; null: a made-up one. `told`: whether the rule tells of it at all.

    `problems`: why it cannot be written so, in sentences; the rest is empty then.
    """

    subject: str
    text: str
    html: str
    sms: SmsShown | None
    call: str | None
    told: bool
    problems: list[str]


@router.post("/preview", responses=told(401, 403, 404, 413, 422, 503))
async def preview(wanted: PreviewWanted, seat: TheirClient, parts: TheParts) -> PreviewShown:
    """Show what would be sent."""
    _, client = await read(seat, parts)
    rule = read_rule(_somewhere(wanted.rule), parts.region, lambda _: {})
    async with parts.database.connection() as conn:
        call, payload = await _payload(conn, client, rule, wanted.call, parts)
    language = (rule.language or client.language).value
    payload = payload | {"rule": telling(rule)}
    problems = list((await asyncio.to_thread(parts.writing.wrong, rule.template)).values()) if rule.template else []
    written = Written("", "", "")
    if not problems:
        try:
            written = await asyncio.to_thread(parts.writing.write, payload, rule, language)
        except ValueError as error:
            problems = [str(error)]
    sms = written.sms
    return PreviewShown(
        subject=written.subject,
        text=written.text,
        html=written.html,
        sms=None if sms is None else SmsShown(text=sms.text, parts=sms.parts, encoding=sms.encoding),
        call=call,
        told=wants(rule, kinds_of_payload(payload)),
        problems=problems,
    )


def _somewhere(rule: RuleWanted) -> RuleWanted:
    """The rule, to an address that every channel takes; one that is being typed is nobody's matter here."""
    return rule.model_copy(update={"id": "preview", "to": ("on-call",)})


async def _payload(
    conn: asyncpg.Connection, client: Client, rule: Rule, call: str | None, parts: Parts
) -> tuple[str | None, dict[str, Any]]:
    """What a message about this call is made of.

    Raises:
        Problem: 404, the client has no such call.
    """
    if call is not None:
        found = await portal_calls.one(conn, client.id, call)
        if found is None:
            raise unknown()
        return call, (await _payloads(conn, client, [found]))[0]
    latest = await portal_calls.find(conn, client.id, _any(client), LOOKED_AT)
    for payload in await _payloads(conn, client, latest):
        if wants(rule, kinds_of_payload(payload)):
            return payload["call_id"], payload
    language = language_of((rule.language or client.language).value)
    return None, example(client, parts.clock(), f"preview-{uuid4()}", rule.of, language)


def _any(client: Client) -> Wanted:
    return wanted_of(client, None, None, (), "")


async def _payloads(conn: asyncpg.Connection, client: Client, found: list[Call]) -> list[dict[str, Any]]:
    """As `core.messages` and `store.release` make them, of what is known of the calls now."""
    if not found:
        return []
    now = await conn.fetchval("SELECT now()")
    cdrs = await calls.ended_calls(conn, now, now, [call.call_id for call in found])
    about = {"client_name": client.name, "timezone": client.timezone, "note_follows": False}
    return [
        {**to_json(cdrs[call.call_id]), **about, "notes": [_words(note.words) for note in _ordered(call)]}
        for call in found
        if call.call_id in cdrs
    ]


def _ordered(call: Call) -> list[portal_calls.Told]:
    return sorted(call.notes, key=lambda note: (not note.urgent, note.at))


def _words(words: Mapping[str, Any]) -> dict[str, Any]:
    return {**words, "corrected": False}
