"""A call that a `Phone` received: ring, answer, refuse, or let the caller wait."""

from __future__ import annotations

import asyncio
import secrets

from tests.sipp import sip
from tests.sipp.call import Call, CallEndedError
from tests.sipp.rtp import Line
from tests.sipp.sip import Message
from tests.sipp.waiting import PATIENCE


class Incoming(Call):
    """A call that the phone received: it is silent (100 Trying) until told to ring."""

    def offer(self, invite: Message) -> None:
        """Take the INVITE (the phone calls this)."""
        self.invite, self.far = invite, invite["From"]
        self.near = f"{invite['To']};tag={secrets.token_hex(4)}"
        self.received.append(invite)
        self._say(100)

    @property
    def dialled(self) -> str:
        """The number dialled: the user part of the Request-URI."""
        return sip.user(self.invite.first.split()[1])

    @property
    def caller(self) -> str:
        """The number shown: the user part of From."""
        return sip.user(self.invite["From"])

    def ring(self) -> None:
        """Say 180 Ringing."""
        self._say(180)

    async def progress(self) -> None:
        """Say 183 with early media: the line can be spoken on before the answer."""
        await self._say_with_sound(183)

    async def answer(self) -> None:
        """Answer, and wait until the far side has taken note.

        Raises:
            CallEndedError: the far side has given up already.
        """
        await self._say_with_sound(200)
        self.answered_at = asyncio.get_running_loop().time()
        await self._reached("ACK", lambda: any(message.method == "ACK" for message in self.received), PATIENCE)

    def reject(self, status: int = 486) -> None:
        """Refuse: 486 busy, 603 declined, 404 unknown, 480 not there … Nothing if the far side has given up."""
        if not self.ended:
            self._leaving = True
            self._say(status)
            self._end(status, "")

    def _leave(self) -> None:
        if self.answered_at is not None:
            self._request("BYE")
        else:
            self.reject(603)

    async def _say_with_sound(self, status: int) -> None:
        self._line = self._line or await Line.open(self._wire.host)
        if self.ended:
            self.close()
            raise CallEndedError(f"too late to answer: {self!r}")
        self._say(status, sip.sdp(self._wire.host, self._line.port))
        self._listen(self.invite.body)

    def _say(self, status: int, body: str = "") -> None:
        self.statuses.append(status)
        to = self.near if status > 100 else ""
        response = self._wire.reply(self.invite, status, self._remote, to=to, body=body)
        if status >= 200:
            self._wire.repeat((self.id, "final"), response, self._remote)

    def _take_request(self, request: Message) -> None:
        super()._take_request(request)
        if request.method == "CANCEL" and not self.final:
            self._say(487)
            self._end(487, ", ".join(request.all("Reason")))
