"""Which PJSIP endpoints have a telephone that can be rung.

Taken from AMI: ARI's device states can deadlock Asterisk when a socket closes, and the manager's own
`DeviceStateChange` is of a class of events that callers can forge. `PeerStatus` is of the class `system` and sums up
an endpoint's contacts, registered and fixed ones alike (`PJSIPShowContacts` leaves the fixed ones out); a contact
that Asterisk does not probe counts as there. Whether a telephone is busy is known from our own channels.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from vorzimmer.asterisk.ami import Ami, AmiError, Fields

log = structlog.get_logger()

ABSENT = frozenset({"Unavailable", "Invalid", "Unknown"})
"""Device states of an endpoint without a contact that answers."""

PREFIX = "PJSIP/"


class Reachability:
    """The endpoints' state, learned on each connect and kept by events.

    While the connection is away the last known state stands: ringing a telephone that has gone costs little, not
    ringing one that is there costs the call.
    """

    def __init__(self, ami: Ami) -> None:
        self._ami = ami
        self._endpoints: dict[str, bool] = {}
        self._during_load: dict[str, bool] = {}
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
        return frozenset(name for name, there in self._endpoints.items() if not there)

    def endpoints(self) -> Mapping[str, bool]:
        """Every endpoint Asterisk has told of, and whether it can be rung."""
        return dict(self._endpoints)

    async def load(self) -> None:
        """Read all endpoints from Asterisk.

        Raises:
            AmiError, TimeoutError: Asterisk could not be asked, or refused.
        """
        self._during_load = {}
        answer = await self._ami.action("PJSIPShowEndpoints")
        if not answer.success and "No endpoints found" not in answer.message:
            raise AmiError(f"Asterisk does not list its endpoints: {answer.message}")
        listed = {str(entry.get("objectname")): entry.get("devicestate") not in ABSENT for entry in answer.events}
        # An event right behind the list was taken before this line ran, and is newer than the list.
        self._endpoints = listed | self._during_load

    def _take(self, event: Fields) -> None:
        peer, status = str(event.get("peer", "")), event.get("peerstatus")
        if event.get("event") != "PeerStatus" or not peer.startswith(PREFIX):
            return
        endpoint = peer.removeprefix(PREFIX)
        self._endpoints[endpoint] = self._during_load[endpoint] = status == "Reachable"
