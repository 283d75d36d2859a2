"""Which PJSIP endpoints have a telephone that can be rung.

Taken from AMI: ARI's device states can deadlock Asterisk when a socket closes. The list is `DeviceStateList`, which
an AMI user with `write = reporting` may ask for (the PJSIP lists want the right to load modules, and leave fixed
contacts out); changes are `PeerStatus` events of the class `system`, because `DeviceStateChange` events are of a class
that callers can forge. Both sum up an endpoint's contacts; one that Asterisk does not probe counts as there. Whether
a telephone is busy is known from our own channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from vorzimmer.asterisk.ami import Ami, AmiError, Fields

log = structlog.get_logger()

ABSENT = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})
"""Device states of an endpoint without a contact that answers."""

PREFIX = "PJSIP/"


def _ignore() -> None:
    """Nobody wants to know."""


class Reachability:
    """The endpoints' state, learned on each connect and kept by events; `on_change` is called when it may be another.

    While the connection is away the last known state stands: ringing a telephone that has gone costs little, not
    ringing one that is there costs the call.
    """

    def __init__(self, ami: Ami) -> None:
        self.on_change: Callable[[], None] = _ignore
        self._ami = ami
        self._endpoints: dict[str, bool] = {}
        self._during_load: dict[str, bool] = {}
        self._unreachable: frozenset[str] = frozenset()
        ami.on_event(self._take)

    async def run(self) -> None:
        """Learn the endpoints after each connect, until cancelled."""
        while True:
            await self._ami.ready()
            try:
                await self.load()
            except (AmiError, TimeoutError) as error:
                log.warning("reachability.not_loaded", problem=str(error))
            await self._ami.gone()

    def unreachable(self) -> frozenset[str]:
        """Endpoints that cannot be rung. One that Asterisk never told of is not among them: ringing it will tell."""
        return self._unreachable

    def endpoints(self) -> Mapping[str, bool]:
        """Every endpoint Asterisk has told of, and whether it can be rung."""
        return dict(self._endpoints)

    async def load(self) -> None:
        """Read all endpoints from Asterisk.

        Raises:
            AmiError, TimeoutError: Asterisk could not be asked, or refused.
        """
        self._during_load = {}
        answer = await self._ami.action("DeviceStateList")
        if not answer.success:
            raise AmiError(f"Asterisk does not list its devices: {answer.message}")
        listed = {
            device.removeprefix(PREFIX): entry.get("state") not in ABSENT
            for entry in answer.events
            if (device := str(entry.get("device"))).startswith(PREFIX)
        }
        # An event right behind the list was taken before this line ran, and is newer than the list.
        self._endpoints = listed | self._during_load
        self._sum_up()

    def _take(self, event: Fields) -> None:
        peer, status = str(event.get("peer", "")), event.get("peerstatus")
        if event.get("event") != "PeerStatus" or not peer.startswith(PREFIX):
            return
        endpoint = peer.removeprefix(PREFIX)
        self._endpoints[endpoint] = self._during_load[endpoint] = status == "Reachable"
        self._sum_up()

    def _sum_up(self) -> None:
        """Every call asks, changes are rare."""
        self._unreachable = frozenset(name for name, there in self._endpoints.items() if not there)
        self.on_change()
