"""To be called back: by pressing a key while waiting, keeping the place in the line, or where the plan promises it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.calls.session import Session
from vorzimmer.core import callbacks
from vorzimmer.core.callbacks import Callback, as_data
from vorzimmer.core.ledger import Kind
from vorzimmer.core.line import Waiting
from vorzimmer.core.plan import CallBack, Queue

KEY = "1"

THANKS = ("sys:auth-thankyou", "sys:vm-goodbye")
"""What is said to whom we will call: Asterisk's own "thank you" and "goodbye"."""

REFUSED = "sys:feature-not-avail-line"
"""To whom we cannot call: Asterisk's own "that feature is not available on this line"."""


def refusal(call: Session) -> str | None:
    """Why this caller cannot be called back; None: it is possible."""
    exchange = call.exchange
    directory = exchange.directory()
    found = directory.find(call.incoming.dialled, call.incoming.diverted_from)
    if found is None or call.client is None or found.client.id != call.client.id:
        return "the number is not the client's any more"
    why = callbacks.refusal(call.incoming, found, exchange.gate.house, directory)
    return why if isinstance(why, str) or why is None else why.reason


def is_promised(call: Session) -> bool:
    """Whether the caller has been taken for it, perhaps by a daemon that died before it could say so."""
    return any(event.kind is Kind.CALLBACK_ASKED for event in call.events)


async def run(call: Session, step: CallBack) -> bool:
    """Promise it, and hang up. False: this caller cannot be called, and is told so."""
    if not is_promised(call):
        why = refusal(call)
        if why is not None:
            call.record(Kind.CALLBACK_REFUSED, reason=why)
            await call.hearing.play(REFUSED)
            return False
        _promise(call, step, call.now(), call.exchange.line.last_agent(step.needs.client, call.incoming.caller))
    await confirm(call)
    return True


def ask(call: Session, step: Queue, waiting: Waiting) -> None:
    """The caller has pressed the key."""
    _promise(call, step, waiting.since, waiting.last_agent)


def _promise(call: Session, step: Queue | CallBack, since: datetime, last_agent: str | None) -> None:
    incoming = call.incoming
    if incoming.caller is None:
        raise ValueError("whoever gives no number cannot be called back")
    callback = Callback(
        asked_in=call.id,
        client=step.needs.client,
        did=incoming.dialled,
        diverted_from=incoming.diverted_from,
        number=incoming.caller,
        name=incoming.caller_name,
        asked_at=call.now(),
        since=since,
        priority=step.priority,
        at_once=step.at_once,
        seconds=step.seconds,
        last_agent=last_agent,
        team=step.needs.team,
    )
    call.exchange.callbacks.ask(callback)
    call.record(Kind.CALLBACK_ASKED, **as_data(callback))


async def confirm(call: Session) -> None:
    """Tell the caller, and hang up; not before the disk knows, for what is said must hold."""
    keeping = asyncio.ensure_future(call.exchange.callbacks.kept())
    try:
        await asyncio.shield(keeping)
        await _thank(call)
        await call.hang_up(16, by="system")
    finally:
        await keeping  # the ledger, which knows it too, is not closed before


async def _thank(call: Session) -> None:
    """Whatever goes wrong with the sound, the caller is not sent on to the next of the chain."""
    try:
        for sound in THANKS:
            await call.hearing.play(sound)
    except Unavailable:
        raise  # the step is begun again
    except AriError as error:
        call.record(Kind.PROBLEM, what="not thanked", error=str(error))
