"""What FastAGI is asked for, handed to the agents' codes or to the conversations at the keypad."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from vorzimmer.agents.codes import answer_code
from vorzimmer.agents.staff import Staff
from vorzimmer.announcements.library import media_uri
from vorzimmer.asterisk.agi import AgiServer, Limits
from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core.model import Language
from vorzimmer.core.ports import Clock
from vorzimmer.service.desk import LONGEST, Desk
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.service.tries import Tries
from vorzimmer.settings import Settings
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.web import passwords
from vorzimmer.web.problem import Problem

CONNECT_SECONDS = 3.0
"""How long somebody at a telephone waits for the database before the apology."""

COMMAND_SECONDS = 10.0


def agi_server(settings: Settings, snapshot: Snapshot, staff: Staff, clock: Clock) -> AgiServer:
    """The server, not yet running."""
    paths = settings.paths
    desk = Desk(
        Surroundings(
            connected=partial(_connected, settings.database.dsn.get_secret_value()),
            directory=lambda: snapshot.directory,
            agent_at=staff.floor.agent_at,
            media_uri=partial(media_uri, paths.library),
            pin_fits=_pin_fits,
            spool=paths.spool,
            uploads=paths.uploads,
            recordings=paths.recordings,
            tries=Tries(clock),
            clock=clock,
            language=Language(settings.service.language),
        )
    )

    async def answer(session: Session) -> None:
        if session.script.startswith("service/"):
            await desk.answer(session)
        else:
            await answer_code(staff, session)

    return AgiServer("127.0.0.1", settings.agi.port, answer, Limits(longer={"service": LONGEST}))


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    conn = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS)
    try:
        yield conn
    finally:
        conn.terminate()


async def _pin_fits(kept: str | None, pin: str) -> bool:
    """Raises TimeoutError where too many are being compared at this moment."""
    try:
        return await passwords.fits(kept, pin)
    except Problem as error:
        raise TimeoutError(str(error)) from error
