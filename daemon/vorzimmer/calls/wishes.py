"""What an agent asks for from the telephone: keys that are codes, and the transfer button (SIP REFER)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.leg import DECLINED, Leg
from vorzimmer.calls.session import Session
from vorzimmer.calls.talk_recording import NotRecorded
from vorzimmer.core.consent import spoken
from vorzimmer.core.ledger import Kind
from vorzimmer.core.talk import Back, Complete, Hold, Join, NotPossible, Retrieve, Transfer, Wish
from vorzimmer.core.talk_codes import PATIENCE, Code, Keypad, Pressed
from vorzimmer.core.targets import NotAllowed

log = structlog.get_logger()

Ask = Callable[[Wish], Awaitable[None]]

TRANSFERRED = "channel_answered"
"""ARI's word for what a telephone is told that asked for a transfer."""

REFUSED = "sound:beeperr"
"""What an agent hears when something cannot be done."""

RECORDED = "sound:beep"
"""What an agent hears when the recording begins."""


async def listen(call: Session, leg: Leg, ask: Ask, other_side: Callable[[], str]) -> None:
    """Take keys and REFERs of the agent's telephone until cancelled. `other_side`: who hears keys that are no codes."""
    await asyncio.gather(_keys(call, leg, ask, other_side), _transfers(call, leg, ask))


async def _keys(call: Session, leg: Leg, ask: Ask, other_side: Callable[[], str]) -> None:
    keypad = Keypad()
    while True:
        try:
            async with asyncio.timeout(PATIENCE if keypad.is_typing else None):
                pressed = keypad.press(await leg.digits.get())
        except TimeoutError:
            pressed = keypad.give_up()
        if pressed.passed:
            with contextlib.suppress(AriError):
                await call.exchange.ari.channels(other_side()).press(pressed.passed)
        if pressed.code is not None:
            await _do(call, leg, ask, pressed)


async def _do(call: Session, leg: Leg, ask: Ask, pressed: Pressed) -> None:
    try:
        if pressed.code is Code.HOLD:
            with contextlib.suppress(NotPossible):
                await ask(Hold())
                return
            await ask(Retrieve())
        elif pressed.code in (Code.RECORD, Code.UNRECORD):
            await _record(call, leg, pressed.code)
        elif (wish := _wish(pressed)) is not None:
            await ask(wish)
    except (NotPossible, NotAllowed, NotRecorded) as error:
        call.record(Kind.WISH_REFUSED, code=pressed.code, to=pressed.digits, reason=str(error))
        with contextlib.suppress(AriError):
            await leg.channel.play(f"{leg.id}-no", REFUSED, call.language)
    except Exception:
        # A mistake of ours costs this one wish; the agent's next keys are heard.
        log.exception("wish.failed", call_id=call.id, code=pressed.code)


async def _record(call: Session, leg: Leg, code: Code) -> None:
    """The agent confirms the caller's yes and hears a beep; or passes on that it is taken back."""
    if code is Code.UNRECORD:
        await call.talk_recording.withdraw("caller", "code")
        return
    agent = call.exchange.floor.agents.get(leg.agent)
    if agent is None:
        raise NotPossible("the agent is gone from the house")
    await call.talk_recording.start(agent, spoken(agent.id, "code", call.now()))
    with contextlib.suppress(AriError):
        await leg.channel.play(f"{leg.id}-rec", RECORDED, call.language)


def _wish(pressed: Pressed) -> Wish | None:
    match pressed.code:
        case Code.ATTENDED | Code.BLIND:
            return Transfer(pressed.digits, attended=pressed.code is Code.ATTENDED)
        case Code.COMPLETE:
            return Complete()
        case Code.BACK:
            return Back()
        case Code.JOIN:
            return Join()
        case _:
            return None


async def _transfers(call: Session, leg: Leg, ask: Ask) -> None:
    while True:
        asked = await leg.transfers.get()
        told = await _transfer(call, ask, asked)
        with contextlib.suppress(AriError):
            await leg.tell_transfer(told)
            if told == TRANSFERRED:
                await leg.hang_up()


async def _transfer(call: Session, ask: Ask, asked: events.TransferAsked) -> str:
    """The telephone's own button: always without asking; what it is told afterwards (RFC 3515)."""
    if asked.replaces:
        call.record(Kind.WISH_REFUSED, to="", reason="a call of the telephone's own cannot be joined to this one")
        return DECLINED
    try:
        await ask(Transfer(asked.destination, attended=False, leaves=False))
    except (NotPossible, NotAllowed) as error:
        call.record(Kind.WISH_REFUSED, to=asked.destination, reason=str(error))
        return DECLINED
    return TRANSFERRED
