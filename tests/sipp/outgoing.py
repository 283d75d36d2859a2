"""A call that a `Phone` made: wait for ringing and answer, hang up or cancel at any instant."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from tests.sipp import sip
from tests.sipp.call import Call
from tests.sipp.digest import Login, authorization
from tests.sipp.rtp import Line
from tests.sipp.sip import Message
from tests.sipp.waiting import PATIENCE


class Outgoing(Call):
    """A call that the phone made."""

    async def start(self, from_: str, headers: Sequence[str], login: Login | None = None) -> None:
        """Send the INVITE."""
        self._headers, self._login = headers, login
        self._line = await Line.open(self._wire.host)
        self.near = f"{sip.party(from_, self._wire.host, self._wire.port)};tag={secrets.token_hex(4)}"
        self.far = f"<{self._target}>"
        self.invite = self._request("INVITE", headers, sip.sdp(self._wire.host, self._line.port))

    async def ringing(self, *statuses: int, patience: float = PATIENCE) -> int:
        """Wait until it rings (180, or early media by 183, or only those statuses given) and return the status.

        Raises:
            CallEndedError: it ended without.
            TimeoutError: it did not ring.
        """
        wanted = statuses or (180, 183)
        await self._reached("ringing", lambda: any(status in wanted for status in self.statuses), patience)
        return next(status for status in self.statuses if status in wanted)

    async def answered(self, patience: float = PATIENCE) -> None:
        """Wait until the call is answered.

        Raises:
            CallEndedError: it was refused or given up.
            TimeoutError: it was not.
        """
        await self._reached("answer", lambda: self.answered_at is not None, patience)

    def _leave(self) -> None:
        if self.answered_at is not None:
            self._request("BYE")
        elif self.statuses:
            self._cancel()
        # Before the first answer to the INVITE nothing may be cancelled (RFC 3261 section 9.1): `_take_response` does.

    def _cancel(self) -> None:
        via, from_, to, call_id, *_ = self.invite.lines
        cancel = Message(
            f"CANCEL {self._target} SIP/2.0", (via, from_, to, call_id, f"CSeq: {self.invite.number} CANCEL")
        )
        self._wire.send(cancel, self._remote)
        self._wire.repeat((self.id, "CANCEL"), cancel, self._remote)

    def _take_response(self, response: Message) -> None:
        super()._take_response(response)
        if response.method != "INVITE":
            return
        if response.number < self.invite.number:
            return  # the challenge once more
        if response.status == 401 and self._login and response.number == 1:
            self._log_in(response, self._login)
            return
        first = not self.statuses
        if response.status not in self.statuses:
            self.statuses.append(response.status)
        if sip.parameter(response["To"], "tag"):
            self.far = response["To"]
        self._listen(response.body)
        if response.status >= 300:
            self._acknowledge(response, self.invite.lines[0])
            self._end(response.status, ", ".join(response.all("Reason")))
        elif response.status >= 200:
            self._answered(response)
        elif first and self._leaving:
            self._cancel()

    def _log_in(self, challenge: Message, login: Login) -> None:
        """Ask again, with the password."""
        self._acknowledge(challenge, self.invite.lines[0])
        line = authorization(challenge.all("WWW-Authenticate"), "INVITE", self._target, login)
        self.invite = self._request("INVITE", (*self._headers, line), sip.sdp(self._wire.host, self.line.port))

    def _answered(self, response: Message) -> None:
        self._target = sip.uri(response["Contact"])
        self._acknowledge(response, self._wire.via())
        if self.answered_at is None:
            self.answered_at = asyncio.get_running_loop().time()
            if self._leaving:  # the answer crossed our CANCEL
                self._request("BYE")

    def _acknowledge(self, response: Message, via: str) -> None:
        lines = (via, f"From: {self.near}", f"To: {response['To']}", f"Call-ID: {self.id}")
        ack = Message(f"ACK {self._target} SIP/2.0", (*lines, f"CSeq: {self.invite.number} ACK", "Max-Forwards: 70"))
        self._wire.send(ack, self._remote)
