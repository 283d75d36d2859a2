"""Forward over the trunk, through the gate; the called side accepts by pressing 1, so that no voicemail counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Forward

CONFIRM_SECONDS = 20.0
"""Seconds to press 1, prompts included."""

PROMPT = "sound:followme/options"
"""Asterisk's own "press 1 to accept this call, or 2 to reject it"."""

SLACK = 3
"""Seconds after which a leg that Asterisk should have given up is given up here."""


async def run(call: Session, step: Forward) -> bool:
    """Dial the number. False: refused by the gate, not answered, or not accepted."""
    client = call.client
    if client is None:
        return False
    if step.number in call.begun.tried:
        return await _go_on(call, step, client)
    refusal = call.exchange.gate.enter(step.number, client)
    if refusal is not None:
        call.record(Kind.LEG_REFUSED, number=step.number, code=refusal.code.value, reason=refusal.reason)
        return False
    before = len(call.legs)
    try:
        _, leg = await asyncio.gather(call.hearing.wait_for_person(music=step.music), _dial(call, step))
        return await _serve(call, step, leg)
    finally:
        await _leave(call, step, client, call.legs[before:])


async def _go_on(call: Session, step: Forward, client: Client) -> bool:
    """Another process had dialled the number: take its leg over, or leave it at that."""
    legs = call.take_over({step.number})
    if not legs:
        call.record(Kind.STEP_ENDED, number=step.number, reason="the leg had ended meanwhile")
        return False
    call.exchange.gate.enter_again(step.number, client)
    try:
        await call.hearing.wait_for_person(music=step.music)
        return await _serve(call, step, legs[-1])
    finally:
        await _leave(call, step, client, legs)


async def _serve(call: Session, step: Forward, leg: Leg) -> bool:
    if not await _answered(call, step, leg) or (step.confirm and not await _accepted(call, leg)):
        return False
    talked = await call.connect(leg, Kind.FORWARDED, by=step.kind, number=step.number)
    if talked:
        await call.hang_up(16, by="callee")
    return talked


async def _leave(call: Session, step: Forward, client: Client, legs: Sequence[Leg]) -> None:
    call.exchange.gate.leave(step.number, client)
    for leg in legs:
        with contextlib.suppress(AriError):
            await leg.hang_up()


async def _dial(call: Session, step: Forward) -> Leg:
    """Dial; what is shown is the client's DID, or the caller with a Diversion where the trunk allows it (RFC 5806)."""
    trunk = call.exchange.trunk
    did = call.incoming.dialled
    variables = {"PJSIP_HEADER(add,X-Vorzimmer-Call)": call.id}
    shown = did
    if trunk.show == "caller" and call.incoming.caller:
        shown = call.incoming.caller
        variables["PJSIP_HEADER(add,Diversion)"] = f"<tel:{did}>;reason=unconditional"
    endpoint = f"PJSIP/{step.number}@{trunk.endpoint}"
    return await call.dial(step.number, endpoint, step.seconds, f"<{shown}>", **variables)


async def _answered(call: Session, step: Forward, leg: Leg) -> bool:
    try:
        async with asyncio.timeout(step.seconds + SLACK):
            answered = await leg.outcome()
    except TimeoutError:
        answered = False
    if not answered:
        call.record(Kind.STEP_ENDED, number=step.number, reason="not answered")
    return answered


async def _accepted(call: Session, leg: Leg) -> bool:
    """Ask for the key, again and again, until it comes, another comes, the leg ends or the time is over."""
    if any(dialled.leg == leg.id and dialled.confirmed for dialled in call.begun.legs):
        return True
    key = asyncio.ensure_future(leg.digits.get())
    try:
        await _ask(call, leg)
        either: set[asyncio.Future[Any]] = {key, leg.ended}
        done, _ = await asyncio.wait(either, timeout=CONFIRM_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        accepted = key in done and key.result() == "1"
    finally:
        key.cancel()
        with contextlib.suppress(AriError):
            await call.exchange.ari.playbacks.stop(f"{leg.id}-ask")
    if accepted:
        call.record(Kind.LEG_CONFIRMED, leg=leg.id)
    else:
        call.record(Kind.STEP_ENDED, leg=leg.id, reason="not accepted")
    return accepted


async def _ask(call: Session, leg: Leg) -> None:
    """Play the prompt over and over, as one list: Asterisk plays the entries one after another.

    Not beside one that another process had begun: only one of two of the same name can be stopped.
    """
    media, playback = ",".join([PROMPT] * 5), f"{leg.id}-ask"
    with contextlib.suppress(AriError):
        if not await call.exchange.ari.playbacks.live(playback):
            await leg.channel.play(playback, media, call.language)
