"""Somebody at a keypad: hears what is asked, presses keys, speaks."""

from __future__ import annotations

import asyncio
from typing import Protocol

import numpy as np

from tests.e2e.house import House
from tests.e2e.test_feature_codes import dial
from tests.sipp import sound
from tests.sipp.phone import Outgoing
from tests.sipp.sound import RATE, Samples
from vorzimmer.sandbox.layout import SERVICE_NUMBER
from vorzimmer.sandbox.sandbox import Sandbox

BEGINNING = 3 * RATE // 4
"""Samples of a question by which it is recognised: whoever knows it does not wait for its end."""


PAUSE = np.zeros(RATE // 2, dtype=np.int16)
"""Around what is spoken: the beep goes on after it is recognised, and Asterisk cuts off what is right before a key."""


class Sounding(Protocol):
    """A house with an Asterisk, of whose sounds the questions are made."""

    @property
    def sandbox(self) -> Sandbox:
        """Where it is."""


class Keypad:
    """A call in which keys are pressed. Each question counts once: it is listened for from the last answer on."""

    def __init__(self, house: Sounding, call: Outgoing, language: str) -> None:
        self._house, self.call, self._language = house, call, language
        self._since = 0.0

    @classmethod
    async def at(cls, house: House, code: str, phone: str = "softphone1") -> Keypad:
        """An agent's telephone, on which a code was dialled."""
        return await cls._answered(house, await dial(house, code, phone), "en")

    @classmethod
    async def outside(cls, house: House, written: str = SERVICE_NUMBER, from_: str = "+49301234567") -> Keypad:
        """A telephone anywhere, from which the service number was called."""
        return await cls._answered(house, await house.call(written, from_), "de")

    @classmethod
    async def _answered(cls, house: House, call: Outgoing, language: str) -> Keypad:
        await call.answered()
        return cls(house, call, language)

    async def asked(self, name: str) -> None:
        """Wait for one of Asterisk's sounds to begin."""
        reference = self._sound(name)[:BEGINNING]
        await self.call.line.hears(reference, since=self._since)

    async def press(self, keys: str) -> None:
        """Press keys."""
        await self.call.line.sent()
        self._since = asyncio.get_running_loop().time()
        self.call.line.press(keys)
        await self.call.line.sent()

    async def answers(self, question: str, keys: str) -> None:
        """Press keys as soon as a question is heard."""
        await self.asked(question)
        await self.press(keys)

    async def speaks(self, words: Samples) -> None:
        """Speak behind the next beep, and press the pound."""
        await self.call.line.hears(self._sound("beep"), since=self._since)
        self.call.line.speak(np.concatenate((PAUSE, words, PAUSE)))
        await self.press("#")

    async def hears(self, words: Samples) -> None:
        """Hear this, whole."""
        await self.call.line.hears(words, since=self._since)

    async def is_let_go(self) -> None:
        """Be hung up."""
        assert (await self.call.finished()).by == "far"

    def _sound(self, name: str) -> Samples:
        sounds = self._house.sandbox.asterisk.root.data / "sounds"
        own = sounds / self._language / f"{name}.gsm"
        return sound.load(own if own.exists() else sounds / "en" / f"{name}.gsm")
