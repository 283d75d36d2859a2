"""The command that checks whether a client's own number is forwarded to us."""

from __future__ import annotations

from typing import Any

from vorzimmer.calls.forwarding_check import CannotCheck
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.roles.house import House


def handlers(house: House) -> Handlers:
    """The one command."""

    async def check(command: commands.NumberCheck) -> dict[str, Any]:
        client = house.exchange.directory().clients.get(command.client)
        if client is None:
            raise commands.Refused("unknown_client", "there is no such client")
        own = next((one for one in client.own_numbers if one.number == command.number), None)
        if own is None:
            raise commands.Refused("unknown_number", f"{command.number} is not among the client's own_numbers")
        at = house.exchange.clock()
        try:
            finding, seen = await house.checks.check(client, own)
        except CannotCheck as why:
            raise commands.Refused(why.code, str(why)) from None
        return {
            "client": client.id,
            "number": own.number,
            "did": own.did,
            "at": at.isoformat(),
            "verdict": finding.verdict.value,
            "reason": finding.reason,
            "seen": [one.did for one in seen.returns],
            "seconds": round(seen.seconds, 3),
        }

    return {commands.NumberCheck: check}
