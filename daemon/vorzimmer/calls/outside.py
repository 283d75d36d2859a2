"""A leg over the trunk: asked for at the gate, counted while it lives."""

from __future__ import annotations

import asyncio

from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outgoing import OutgoingCall
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind


async def dial_outside(call: Session, number: str, seconds: int) -> Leg | None:
    """Dial; None: the gate refused it.

    What is shown is the client's DID, or the caller with a Diversion where the trunk allows it (RFC 5806).
    """
    client = call.client
    if client is None:
        return None
    refusal = call.exchange.gate.enter(number, client)
    if refusal is not None:
        call.record(Kind.LEG_REFUSED, number=number, code=refusal.code.value, reason=refusal.reason)
        return None
    before = len(call.legs)
    trunk = call.exchange.trunk
    did = call.incoming.dialled
    variables = {"PJSIP_HEADER(add,X-Vorzimmer-Call)": call.id}
    shown = did
    if trunk.show == "caller" and call.incoming.caller:
        shown = call.incoming.caller
        variables["PJSIP_HEADER(add,Diversion)"] = f"<tel:{did}>;reason=unconditional"
    try:
        return await call.dial(number, f"PJSIP/{number}@{trunk.endpoint}", seconds, f"<{shown}>", **variables)
    finally:
        made = call.legs[before:]
        for leg in made:
            if leg.target == number:
                _leave_with(call, leg)


async def dial_caller(call: OutgoingCall, seconds: int) -> Leg | None:
    """Dial the caller of a call that we make; None: the gate refused it. What is shown is the client's DID."""
    client, number = call.client, call.incoming.caller
    if client is None or number is None:
        return None
    refusal = call.exchange.gate.enter(number, client)
    if refusal is not None:
        call.record(Kind.LEG_REFUSED, number=number, code=refusal.code.value, reason=refusal.reason)
        return None
    endpoint = f"PJSIP/{number}@{call.exchange.trunk.endpoint}"
    variables = {"PJSIP_HEADER(add,X-Vorzimmer-Call)": call.id}
    try:
        return await call.dial_caller(number, endpoint, seconds, f"<{call.incoming.dialled}>", **variables)
    finally:
        if call.callee is not None:
            _leave_with(call, call.callee)


def take_over_outside(call: Session, leg: Leg) -> None:
    """A leg that another process had been allowed: counted again while it lives."""
    if call.client is not None:
        call.exchange.gate.enter_again(leg.target, call.client)
        _leave_with(call, leg)


def _leave_with(call: Session, leg: Leg) -> None:
    client = call.client

    def ended(_: asyncio.Future[int]) -> None:
        if client is not None:
            call.exchange.gate.leave(leg.target, client)

    leg.ended.add_done_callback(ended)
