"""An agent speaks a client's announcement: which client, which announcement, spoken, heard, accepted.

What is accepted goes the way of every file that is uploaded, and is a draft until somebody approves it.
"""

from __future__ import annotations

import structlog

from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core import announcement_codes
from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.serving import may_know, needs_of
from vorzimmer.service.keypad import ENTER_NUMBER, GOODBYE, SAVED, TIMES, WRONG_NUMBER, digits, number, said
from vorzimmer.service.spoken import FORM, spoken
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.store import announcements, client_pins
from vorzimmer.store.audit import Actor

log = structlog.get_logger()

LONGEST = 300
"""Seconds of an announcement."""


async def dictate(around: Surroundings, session: Session, agent: Agent, endpoint: str) -> None:
    """Ask, record and hand over; one announcement after another, until the agent leaves.

    Raises:
        AgiError, Left: the agent leaves. Nothing that was not accepted is left behind.
    """
    client, words = await _client(around, session, agent)
    while client is not None and (name := await _announcement(session, client, words)) is not None:
        words = ()
        async with spoken(session, around.spool, LONGEST) as file:
            if file is None:
                continue
            actor = Actor(f"phone:{endpoint}", acting_as=agent.id)
            async with around.connected() as conn:
                version = await announcements.add(
                    conn, client.id, name, "phone", f"{name}.{FORM}", actor, file=file, uploads=around.uploads
                )
            log.info("service.announcement_spoken", agent=agent.id, client=client.id, name=name, version=version)
        words = (SAVED,)
    await said(session, GOODBYE)


async def _client(around: Surroundings, session: Session, agent: Agent) -> tuple[Client | None, tuple[str, ...]]:
    """The client whose code is keyed in, and the words that say it back. One that is not the agent's is like none."""
    words: tuple[str, ...] = ENTER_NUMBER
    for _ in range(TIMES):
        code = await number(session, words, client_pins.CODE_DIGITS)
        async with around.connected() as conn:
            found = around.directory().clients.get(await client_pins.client_of(conn, code) or "")
        if found is not None and may_know(agent, needs_of(found), around.clock().date()):
            return found, digits(code)
        words = (WRONG_NUMBER, *ENTER_NUMBER)
    return None, ()


async def _announcement(session: Session, client: Client, words: tuple[str, ...]) -> str | None:
    """The announcement whose number is keyed in, which is said back; `words` are said before it is asked for."""
    for _ in range(TIMES):
        code = await number(session, (*words, *ENTER_NUMBER), announcement_codes.DIGITS)
        if (name := announcement_codes.named(client, code)) is not None:
            await said(session, *digits(code))
            return name
        words = (WRONG_NUMBER,)
    return None
