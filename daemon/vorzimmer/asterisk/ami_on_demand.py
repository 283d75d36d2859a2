"""A manager connection that is there only while somebody needs it.

Each one that is open is handed every event of every call, whatever it may read, and costs Asterisk work on each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.ami_wire import Disconnected, Response

LINGER = 30.0
"""Seconds after the last action for which the connection is kept."""


class AmiOnDemand(Ami):
    """As `Ami`; connected by the first action, and closed again when none has come for `LINGER` seconds."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._wanted = asyncio.Event()
        self._used_at = 0.0

    async def run(self) -> None:
        """Keep the connection while it is needed, until cancelled."""
        while True:
            await self._wanted.wait()
            connection = asyncio.create_task(super().run())
            try:
                await self._unused()
            finally:
                self._wanted.clear()
                self._fall()  # who asks from now on waits for the next connection
                connection.cancel()
                await asyncio.wait({connection})

    async def ready(self) -> None:
        """Wait until `connected`."""
        self._want()
        await super().ready()

    async def action(self, name: str, **fields: str | int | Sequence[str]) -> Response:
        """As `Ami.action`, on a connection that is made if there is none."""
        try:
            async with asyncio.timeout(self._timeout):
                await self.ready()
        except TimeoutError:
            raise Disconnected(f"no connection to the manager interface: {self.problem}") from None
        return await super().action(name, **fields)

    def _want(self) -> None:
        self._used_at = asyncio.get_running_loop().time()
        self._wanted.set()

    async def _unused(self) -> None:
        """Wait until nobody has needed it for a while."""
        loop = asyncio.get_running_loop()
        while (left := self._used_at + LINGER - loop.time()) > 0:  # noqa: ASYNC110 - a time is waited for, and moves on
            await asyncio.sleep(left)
