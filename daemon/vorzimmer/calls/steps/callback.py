"""Who waits may press a key to be called back instead, and keeps the place in the line."""

from __future__ import annotations

import asyncio

from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.calls.session import Session
from vorzimmer.core import callbacks
from vorzimmer.core.callbacks import Callback, as_data
from vorzimmer.core.ledger import Kind
from vorzimmer.core.line import Waiting
from vorzimmer.core.plan import Queue

KEY = "1"

THANKS = ("sys:auth-thankyou", "sys:vm-goodbye")
"""What is said to whom we will call: Asterisk's own "thank you" and "goodbye"."""

REFUSED = "sound:feature-not-avail-line"
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


def ask(call: Session, step: Queue, waiting: Waiting) -> None:
    """The caller has pressed the key."""
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
        since=waiting.since,
        priority=waiting.priority,
        at_once=waiting.at_once,
        seconds=step.seconds,
        last_agent=waiting.last_agent,
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
