"""What a client does by calling the service number with its code and PIN: says whether it can be reached, and why.

    1 reachable   2 not reachable   3 speak a notice for today   4 hear it   9 leave

Whose number the caller shows is no proof of anything: the PIN alone is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core import spoken_time, switch
from vorzimmer.core.client import Client
from vorzimmer.core.login import PIN, PIN_DIGITS, PINS
from vorzimmer.service.keypad import ENTER_PIN, GOODBYE, SAVED, TIMES, WRONG_NUMBER, chosen, number, said
from vorzimmer.service.spoken import FORM, copied, spoken
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.service.tries import TooMany
from vorzimmer.store import client_change, client_pins, notices
from vorzimmer.store.audit import Actor

log = structlog.get_logger()

ACTOR = Actor("phone:pin")
"""Somebody who knew the PIN, at whichever telephone."""

LONGEST = 120
"""Seconds of a notice."""

REACHABLE, NOT_REACHABLE = "agent-loginok", "vm-isunavail"
MENU = (
    *("vm-press", "digits/1", "vm-for", REACHABLE),
    *("vm-press", "digits/2", "vm-for", NOT_REACHABLE),
    *("vm-press", "digits/3", "vm-for", "vm-INBOX", "vm-message"),
)
HEAR = ("vm-press", "digits/4", "vm-for", "vm-Old", "vm-message")


async def admitted(around: Surroundings, session: Session, code: str) -> str | None:
    """Ask for the PIN behind this code; the client whose they are, or None, whatever of the two is wrong.

    Raises:
        AgiError, Left: the caller leaves.
    """
    pin = await number(session, ENTER_PIN, PIN_DIGITS)
    try:
        client = await around.tries.attempt({("pin", code): PIN, ("pins",): PINS}, partial(_whose, around, code, pin))
    except TooMany:
        log.warning("service.too_many_pins", code=code)
        return None
    if client is None:
        log.info("service.wrong_pin", code=code)
    return client


async def _whose(around: Surroundings, code: str, pin: str) -> str | None:
    async with around.connected() as conn:
        client = await client_pins.client_of(conn, code)
        kept = await client_pins.pin_of(conn, client) if client is not None else None
    return client if await around.pin_fits(kept.hash if kept is not None else None, pin) else None


async def serve(around: Surroundings, session: Session, client_id: str) -> None:
    """Say how things are, and do what is asked by keys, until the client leaves or says nothing.

    Raises:
        AgiError: the caller has left. What was asked for before is done.
        store.client_change.NoSuchClient: the client was deleted meanwhile.
    """
    silent = 0
    while silent < TIMES:
        client, notice = await _present(around, client_id)
        await session.set_variable("CHANNEL(language)", client.language.value)
        key = await chosen(session, _words(client, around.clock(), heard=notice is not None))
        silent = 0 if key else silent + 1
        match key:
            case "1":
                await _switch(around, client_id, switch.reachable)
            case "2":
                await _switch(around, client_id, switch.not_reachable)
            case "3":
                await _speak(around, session, client)
            case "4" if notice is not None:
                await said(session, str(notice.with_suffix("")))
            case "9" | "*":
                break
            case "":
                continue
            case _:
                await said(session, WRONG_NUMBER)
    await said(session, GOODBYE)


async def _present(around: Surroundings, client_id: str) -> tuple[Client, Path | None]:
    """The client as it is now, and its spoken notice."""
    async with around.connected() as conn:
        _, client = await client_change.load(conn, client_id)
        current = await notices.current(conn, around.clock(), client_id)
    files = [around.recordings / notice.audio for notice in current if notice.audio is not None]
    return client, files[-1] if files else None


def _words(client: Client, at: datetime, *, heard: bool) -> tuple[str, ...]:
    """Whether it can be reached, until when that holds if it was switched by hand, and what can be done."""
    state = REACHABLE if switch.is_reachable(client, at) else NOT_REACHABLE
    until: tuple[str, ...] = ()
    if client.override is not None and client.override.until is not None and at < client.override.until:
        here = ZoneInfo(client.timezone)
        local, today = client.override.until.astimezone(here), at.astimezone(here).date()
        until = tuple(word.removeprefix("sys:") for word in spoken_time.words(local, today, client.language))
    return state, *until, *MENU, *(HEAR if heard else ())


async def _switch(around: Surroundings, client_id: str, turned: Callable[[Client, datetime], Client]) -> None:
    at = around.clock()
    async with around.connected() as conn:
        await client_change.change(
            conn, client_id, lambda client: turned(client, at), actor=ACTOR, what="client.override"
        )
    log.info("service.switched", client=client_id, to=turned.__name__)


async def _speak(around: Surroundings, session: Session, client: Client) -> None:
    """A notice for the rest of the client's day; it takes the place of one that was spoken before."""
    async with spoken(session, around.spool, LONGEST) as file:
        if file is None:
            return
        target = around.recordings / f"notice-{uuid4()}.{FORM}"
        try:
            await asyncio.to_thread(copied, file, target)
            async with around.connected() as conn:
                await notices.speak(conn, client, target.name, _midnight(client, around.clock()), around.clock(), ACTOR)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    log.info("service.notice_spoken", client=client.id)
    await said(session, SAVED)


def _midnight(client: Client, at: datetime) -> datetime:
    """The end of the client's day."""
    local = at.astimezone(ZoneInfo(client.timezone))
    return datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
