"""The room in which a call is talked: its mixing bridge, and who is in it."""

from __future__ import annotations

import contextlib

from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable
from vorzimmer.asterisk.objects import Bridge

NOT_THERE = 400
"""What ARI says of a channel that is not in the bridge, or is gone."""


class Room:
    """A bridge that is made when it is first needed. `is_built`: Asterisk has it, as far as is known.

    `found_in`: the channels that were in it when it was taken over from another process.
    """

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.found_in: frozenset[str] = frozenset()
        self.is_built = False
        self.may_exist = False

    def found(self, channels: frozenset[str] = frozenset()) -> None:
        """It is there already, with these channels in it."""
        self.found_in = channels
        self.is_built = self.may_exist = True

    async def build(self) -> None:
        """Make it, if that was not done yet."""
        if not self.is_built:
            self.may_exist = True
            with contextlib.suppress(Conflict):  # it is there: a first request took effect whose answer was lost
                await self._bridge.create()
            self.is_built = True

    async def admit(self, *channels: str, keys_apart: bool = False) -> bool:
        """Let channels in; False: one of them has gone or is going.

        `keys_apart`: the keys that they press are told to us and heard by nobody.
        """
        try:
            await self._bridge.add(*channels, keys_apart=keys_apart)
        except (Gone, Conflict):
            return False
        return True

    async def send_out(self, channel: str) -> None:
        """Take a channel out; it lives on, alone. One that is not in is none too many."""
        try:
            await self._bridge.remove(channel)
        except (Gone, Conflict, Unavailable):
            raise
        except AriError as error:
            if error.status != NOT_THERE:
                raise

    async def close(self) -> None:
        """Take it down."""
        if self.may_exist:
            await self._bridge.destroy()
