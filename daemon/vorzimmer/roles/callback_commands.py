"""Commands about callers who wait to be called back."""

from __future__ import annotations

from typing import Any

from vorzimmer.calls.callbacks import BeingCalled, Callbacks
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.core.callbacks import Callback
from vorzimmer.roles.house import House


def handlers(house: House) -> Handlers:
    """List and cancel."""

    async def waiting(_: commands.CallbackList) -> dict[str, Any]:
        return {"callbacks": [_seen(house, callback) for callback in house.callbacks.waiting()]}

    return {commands.CallbackList: waiting, commands.CallbackCancel: lambda command: _cancel(house.callbacks, command)}


def _seen(house: House, callback: Callback) -> dict[str, Any]:
    """`place`: 1 for the next, 0 while nobody is there or the client is closed; `calling`: it is being done."""
    return {
        "callback": callback.id,
        "client": callback.client,
        "number": callback.number,
        "asked_at": callback.asked_at.isoformat(),
        "place": house.exchange.line.place_of(callback.call_id),
        "attempts": callback.attempts,
        "not_before": callback.not_before.isoformat() if callback.not_before else None,
        "calling": callback.call_id in house.supervisor.calls,
    }


async def _cancel(callbacks: Callbacks, command: commands.CallbackCancel) -> dict[str, Any]:
    try:
        callbacks.cancel(command.callback, command.actor)
    except KeyError:
        raise commands.Refused("unknown_callback", "nobody waits to be called back under this id") from None
    except BeingCalled as error:
        raise commands.Refused("not_now", str(error)) from None
    return {"callback": command.callback}
