"""The agents' telephones of a busy house: each answers at once, talks for a while and hangs up; all on one socket."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from dataclasses import dataclass

from tests.bench.stamped import Stamped
from tests.sipp import sip
from tests.sipp.sip import Message
from tests.sipp.wire import Address


@dataclass
class _Dialog:
    """A call at a telephone."""

    agent: str
    invite: Message
    near: str
    addr: Address


class Telephones(Stamped):
    """All of them; which one it is, the Request-URI's user says.

    `ring`: seconds until a telephone is answered. `rung`: where each INVITE went, and its instant, where `noting`.
    `talk`: seconds of a talk on average, each between a half and one and a half of it. `gaps_ms`: from each BYE of an
    agent's to the next INVITE there, where `noting`. `doubles`: INVITEs to an agent in a call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ring = 0.0
        self.rung: list[tuple[str, int]] = []
        self.talk = 0.0
        self.noting = False
        self.gaps_ms: list[float] = []
        self.answered = 0
        self.doubles = 0
        self._chance = random.Random(1)  # noqa: S311 - the length of talks, the same in each run
        self._dialogs: dict[str, _Dialog] = {}
        self._talking: set[str] = set()
        self._free_since: dict[str, int] = {}

    @property
    def talking(self) -> int:
        """Agents in a call."""
        return len(self._talking)

    def take(self, message: Message, addr: Address) -> None:
        """Be a telephone (the socket calls this)."""
        call_id = message["Call-ID"]
        if message.status:
            self.stop((call_id, message.method))
        elif message.method == "INVITE":
            self._answer(message, addr)
        elif message.method == "ACK":
            self._answered(call_id)
        else:
            self.reply(message, 200, addr)
            if message.method == "BYE":
                self._over(call_id, self.arrived)

    def _answer(self, invite: Message, addr: Address) -> None:
        agent = invite.dialled
        self.doubles += agent in self._talking
        self._talking.add(agent)
        since = self._free_since.pop(agent, 0)
        if since and self.noting:
            self.gaps_ms.append((self.arrived - since) / 1e6)
        near = f"{invite['To']};tag={secrets.token_hex(4)}"
        self._dialogs[invite["Call-ID"]] = _Dialog(agent, invite, near, addr)
        if self.noting:
            self.rung.append((agent, self.arrived))
        self.reply(invite, 180, addr, to=near)
        asyncio.get_running_loop().call_later(self.ring, self._pick_up, invite["Call-ID"])

    def _pick_up(self, call_id: str) -> None:
        dialog = self._dialogs.get(call_id)
        if dialog is not None:
            body = sip.sdp(self.host, self.port)
            answer = self.reply(dialog.invite, 200, dialog.addr, to=dialog.near, body=body)
            self.repeat((call_id, "200"), answer, dialog.addr)

    def _answered(self, call_id: str) -> None:
        self.stop((call_id, "200"))
        self.answered += 1
        seconds = self.talk * self._chance.uniform(0.5, 1.5)
        asyncio.get_running_loop().call_later(seconds, self._hang_up, call_id)

    def _hang_up(self, call_id: str) -> None:
        dialog = self._dialogs.get(call_id)
        if dialog is None:
            return
        lines = (
            self.via(),
            f"From: {dialog.near}",
            f"To: {dialog.invite['From']}",
            f"Call-ID: {call_id}",
            "CSeq: 1 BYE",
            "Max-Forwards: 70",
        )
        bye = Message(f"BYE {sip.uri(dialog.invite['Contact'])} SIP/2.0", lines)
        self._over(call_id, time.time_ns())
        self.send(bye, dialog.addr)
        self.repeat((call_id, "BYE"), bye, dialog.addr)

    def _over(self, call_id: str, instant: int) -> None:
        dialog = self._dialogs.pop(call_id, None)
        if dialog is not None:
            self._talking.discard(dialog.agent)
            self._free_since[dialog.agent] = instant
