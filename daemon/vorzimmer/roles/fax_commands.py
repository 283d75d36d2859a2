"""The commands by which the worker lets faxes go and asks after them."""

from __future__ import annotations

from typing import Any

from vorzimmer.calls.faxing import CannotFax
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.roles.house import House


def handlers(house: House) -> Handlers:
    """Send, and ask."""

    async def send(command: commands.FaxSend) -> dict[str, Any]:
        client = house.exchange.directory().clients.get(command.client)
        if client is None:
            raise commands.Refused("unknown_client", "there is no such client")
        station = command.station or client.dids[0].number
        try:
            await house.faxing.send(command.reference, command.to, client, command.header, station)
        except CannotFax as why:
            raise commands.Refused(why.code, str(why)) from None
        return {"reference": command.reference}

    async def state(command: commands.FaxState) -> dict[str, Any]:
        try:
            return {"reference": command.reference, "state": (await house.faxing.state(command.reference)).value}
        except CannotFax as why:
            raise commands.Refused(why.code, str(why)) from None

    return {commands.FaxSend: send, commands.FaxState: state}
