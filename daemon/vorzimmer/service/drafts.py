"""A draft of an announcement, heard as a caller would, by its six digits: before anybody approves it."""

from __future__ import annotations

import re
from functools import partial

import structlog

from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core.agent import Agent
from vorzimmer.core.login import DRAFT, DRAFTS
from vorzimmer.core.serving import may_know, needs_of
from vorzimmer.service.keypad import TIMES, WRONG_NUMBER, number, said
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.service.tries import TooMany
from vorzimmer.store import announcements
from vorzimmer.store.announcements import Version

log = structlog.get_logger()

_OUTSIDE = re.compile(r"\+?[0-9]{6,}")

DIGITS = 6
"""Of the code of a draft."""


async def try_as_agent(around: Surroundings, session: Session, agent: Agent, code: str) -> None:
    """Play the draft of this code; of a wrong one another can be keyed in, three in all.

    Raises:
        AgiError, Left: the agent leaves.
    """
    for n in range(TIMES):
        if await heard(around, session, code, f"agent {agent.id}", agent):
            return
        await said(session, WRONG_NUMBER)
        if n < TIMES - 1:
            code = await number(session, ("beep",), DIGITS)


async def heard(around: Surroundings, session: Session, code: str, caller: str, agent: Agent | None = None) -> bool:
    """Play the draft of this code. False: there is none, or `caller` has tried too many; the two are not told apart.

    `agent`: hears only what belongs to clients that the agent may know.
    """
    seen = f"{caller[:-3]}XXX" if _OUTSIDE.fullmatch(caller) else caller  # the log keeps no whole numbers
    counted = {("draft", caller): DRAFT, ("drafts",): DRAFTS}
    try:
        found = await around.tries.attempt(counted, partial(_found, around, code, agent))
    except TooMany:
        log.warning("service.too_many_codes", caller=seen)
        return False
    if found is None:
        log.info("service.wrong_code", caller=seen)
        return False
    log.info("service.draft_heard", caller=seen, client=found.client, announcement=found.name, version=found.id)
    await said(session, around.media_uri(f"lib:{found.client}/{found.item}").removeprefix("sound:"))
    return True


async def _found(around: Surroundings, code: str, agent: Agent | None) -> Version | None:
    if len(code) != DIGITS:
        return None
    async with around.connected() as conn:
        version = await announcements.by_test_code(conn, code)
    client = around.directory().clients.get(version.client) if version is not None else None
    if client is None or (agent is not None and not may_know(agent, needs_of(client), around.clock().date())):
        return None
    return version
