"""The handler of the scripts `service/…`: who calls, and with whom they talk at the keypad.

    service/record      an agent speaks an announcement
    service/try/CODE    an agent hears a draft
    service/line        the service number: somebody hears a draft, or a client switches its line

All of it needs the database; while that is away the dialplan apologises.
"""

from __future__ import annotations

import asyncpg
import structlog
from pydantic import ValidationError

from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core import number as numbers
from vorzimmer.service import client_line, drafts
from vorzimmer.service.client_line import admitted
from vorzimmer.service.dictation import dictate
from vorzimmer.service.keypad import ENTER_NUMBER, GOODBYE, TIMES, WRONG_NUMBER, WRONG_PIN, Left, number, said
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.store.announcements import Impossible
from vorzimmer.store.book import BookConflict
from vorzimmer.store.client_change import NoSuchClient

log = structlog.get_logger()

DONE = "VZ_DONE"
"""The channel variable without which the dialplan apologises."""

STRANGER = "feature-not-avail-line"

CALLERS = 20
"""Who may be at the service number at once: the agents' codes have to get through beside them."""

LONGEST = 2000.0
"""Seconds; Asterisk ends all of them before (`TIMEOUT(absolute)`)."""

AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
FAILED = (BookConflict, Impossible, NoSuchClient, ValidationError)


class Desk:
    """Answers."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._callers = 0

    async def answer(self, session: Session) -> None:
        """Talk with whoever calls.

        Raises:
            AgiError: the caller has left, or Asterisk refused.
        """
        try:
            await self._answer(session)
        except Left:
            await said(session, GOODBYE)
        except AWAY as error:
            log.warning("service.away", script=session.script, why=str(error) or type(error).__name__)
            return
        except FAILED as error:
            log.warning("service.failed", script=session.script, why=str(error))
            return
        await session.set_variable(DONE, "1")

    async def _answer(self, session: Session) -> None:
        match session.script.split("/"):
            case ["service", "record"]:
                await self._agents(session, None)
            case ["service", "try", code]:
                await self._agents(session, code)
            case ["service", "line"]:
                await self._outside(session)
            case _:
                raise LookupError(f"the dialplan asks for {session.script}, which is nothing at the keypad")

    async def _agents(self, session: Session, code: str | None) -> None:
        """`code`: of the draft to be heard; None: an announcement is to be spoken."""
        endpoint = await session.get_variable("CHANNEL(endpoint)") or ""
        agent = self._around.agent_at(endpoint)
        if agent is not None:
            await session.set_variable("CHANNEL(language)", agent.languages[0].value)
        await session.answer()
        if agent is None:
            log.warning("service.stranger", endpoint=endpoint, script=session.script)
            await said(session, STRANGER)
        elif code is None:
            await dictate(self._around, session, agent, endpoint)
        else:
            await drafts.try_as_agent(self._around, session, agent, code)

    async def _outside(self, session: Session) -> None:
        if self._callers >= CALLERS:
            raise TimeoutError("too many are at the service number")
        self._callers += 1
        try:
            await self._serve(session)
        finally:
            self._callers -= 1

    async def _serve(self, session: Session) -> None:
        """Six digits are a draft's; fewer a client's, whose PIN is asked for whether there is such a client or not."""
        around = self._around
        words: tuple[str, ...] = ENTER_NUMBER
        caller = numbers.clean(await session.get_variable("CALLERID(num)"), "ZZ") or "withheld"
        await session.set_variable("CHANNEL(language)", around.language.value)
        await session.answer()
        for _ in range(TIMES):
            code = await number(session, words, drafts.DIGITS)
            if len(code) == drafts.DIGITS:
                if await drafts.heard(around, session, code, caller):
                    return
                words = (WRONG_NUMBER, *ENTER_NUMBER)
            elif not code:
                words = (WRONG_NUMBER, *ENTER_NUMBER)
            elif (client := await admitted(around, session, code)) is not None:
                await client_line.serve(around, session, client)
                return
            else:
                words = (WRONG_PIN, *ENTER_NUMBER)
        await said(session, words[0], GOODBYE)
