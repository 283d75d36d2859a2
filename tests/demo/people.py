"""The people of the demo: what they say to each other, and the two agents at their telephones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from tests.sipp import baresip, sound
from tests.sipp.baresip import Baresip
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Login, Phone
from tests.sipp.sound import Samples
from tests.sipp.wire import Address

SURE = 0.7
"""The correlation from which on a sound has been heard; any other sound stays below 0.1, on a busy machine too."""

HER_VOICE = 81


def words(seed: int) -> Samples:
    """What somebody says: a sound that nobody else makes."""
    return sound.announcement(seed, 0.8)


async def hears(call: Call, heard: Samples) -> float:
    """Wait until it has been heard on this call; how surely it was."""
    return await call.line.hears(heard, SURE)


async def hear_each_other(one: Call, other: Call, seed: int) -> None:
    """Both say something, to its end, and each hears the other."""
    one.line.speak(words(seed))
    other.line.speak(words(seed + 1))
    await hears(other, words(seed))
    await hears(one, words(seed + 1))
    await asyncio.gather(one.line.sent(), other.line.sent())


class Anna:
    """She works at home on a softphone, and says the same in each call, again and again."""

    voice = words(HER_VOICE)

    def __init__(self, phone: Baresip) -> None:
        self._phone = phone
        self._ended = 0

    async def dial(self, code: str) -> None:
        """Dial a feature code and hear it out."""
        await self._phone.do("dial", code)
        await self.hung_up()

    async def answer(self) -> str:
        """Wait for a call and take it; what the display shows."""
        ringing = await self._phone.told("CALL_INCOMING", count=1 + self._answered())
        await self._phone.do("accept")
        return f"{ringing['peerdisplayname']}, {ringing['peeruri'].removeprefix('sip:').split('@')[0]}"

    async def transfer(self, to: str, pbx: Address) -> None:
        """Press the transfer button, and write there whom to put through to."""
        await self._phone.do("transfer", f"sip:{to}@{pbx[0]}:{pbx[1]}")

    async def hung_up(self) -> None:
        """Wait until the present call has ended."""
        self._ended += 1
        await self._phone.told("CALL_CLOSED", count=self._ended)

    async def heard(self, *sounds: Samples) -> None:
        """Wait until what she has heard in the last call is known, and holds these sounds in this order.

        Raises:
            TimeoutError: it does not.
        """
        async with asyncio.timeout(5):
            while True:
                found = [sound.locate(self._phone.heard()[-1], one) for one in sounds]
                if all(match.score > SURE for match in found) and found == sorted(found, key=lambda match: match.at):
                    return
                await asyncio.sleep(0.1)

    def _answered(self) -> int:
        established = (event for event in self._phone.events if event["type"] == "CALL_ESTABLISHED")
        return sum(event["direction"] == "incoming" for event in established)


@asynccontextmanager
async def anna_at_home(folder: Path, login: Login, pbx: Address) -> AsyncIterator[Anna]:
    """Anna with a softphone that has registered."""
    says = np.concatenate((Anna.voice, np.zeros(sound.RATE // 3, dtype=np.int16)))
    async with baresip.running(folder, np.tile(says, 40)) as phone:
        await phone.register(login.user, login.password, pbx)
        yield Anna(phone)


class Ben:
    """He sits at a desk, with the tests' own telephone. `said`: Asterisk's own sounds, by name."""

    def __init__(self, phone: Phone, login: Login, pbx: Address, said: Callable[[str], Samples]) -> None:
        self._phone, self._login, self._pbx, self._said = phone, login, pbx, said

    async def register(self) -> None:
        """Make the telephone known, with its password."""
        await self._phone.register(self._pbx, self._login)

    async def dial(self, code: str, *names: str) -> None:
        """Dial a feature code, and hear these of Asterisk's sounds."""
        call = await self.at_the_keypad(code)
        for name in names:
            await hears(call, self._said(name))
        await call.hang_up()

    async def at_the_keypad(self, code: str) -> Outgoing:
        """Dial a code behind which keys are pressed and words are spoken."""
        call = await self._phone.call(code, self._pbx, self._login.user, login=self._login)
        await call.answered()
        return call

    async def rung(self) -> Incoming:
        """Wait for a call, which rings then."""
        ringing = await self._phone.invited()
        ringing.ring()
        return ringing

    async def answer(self) -> Incoming:
        """Wait for a call and take it."""
        ringing = await self.rung()
        await ringing.answer()
        return ringing
