"""The dialplan's side of a conversation at the keypad, without Asterisk: keys are pressed, what was played is noted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.asterisk.agi_peer import connected
from tests.asterisk.ami_peer import until
from tests.sipp import sound
from vorzimmer.asterisk.agi import AgiServer
from vorzimmer.asterisk.agi_session import Session

PATIENCE = 20.0

SILENCE = "_"
"""Nothing is pressed until the question is over."""

LEAVES = "!"
"""The telephone is hung up."""

_ARGUMENT = re.compile(rb'"((?:[^"\\]|\\.)*)"')


@dataclass
class Caller:
    """Somebody who presses `keys` one after another, as they are asked for; behind the last one the phone is hung up.

    `at`: the telephone; `number`: what it shows. Whoever records speaks `seconds`.
    """

    keys: str
    at: str = "anna-desk"
    number: str = "+49301"
    seconds: float = 2.0
    played: list[str] = field(default_factory=list)
    done: bool = False

    async def calls(self, answer: Callable[[Session], Awaitable[None]], script: str) -> None:
        """Have a script talk with this caller, to its end."""
        async with (
            asyncio.timeout(PATIENCE),
            AgiServer("127.0.0.1", 0, answer) as server,
            connected(server.port) as asterisk,
        ):
            await asterisk.knock(f"agi_network_script: {script}\n".encode())
            while (command := await asterisk.command()) and (reply := self._reply(command)) is not None:
                await asterisk.send(reply + b"\n")
            asterisk.leave()
            await until(lambda: not server.sessions)

    def _reply(self, command: bytes) -> bytes | None:
        """What Asterisk would say; None: the caller has left."""
        values = [found.decode() for found in _ARGUMENT.findall(command)]
        match command.split(b' "')[0]:
            case b"GET VARIABLE":
                return f"200 result=1 ({self.at if values[0] == 'CHANNEL(endpoint)' else self.number})".encode()
            case b"STREAM FILE":
                self.played.append(Path(values[0]).name)
                return self._pressed(b"200 result=0 endpos=8000", ends=bool(values[1]) and self.keys[:1] != SILENCE)
            case b"WAIT FOR DIGIT":
                silent = self.keys[:1] == SILENCE
                self.keys = self.keys.removeprefix(SILENCE)
                return self._pressed(b"200 result=0", ends=not silent)
            case b"RECORD FILE":
                sound.write_wav(Path(f"{values[0]}.{values[1]}"), sound.announcement(1, self.seconds))
                return self._pressed(b"", ends=True)
            case _:
                self.done |= values == ["VZ_DONE", "1"]
                return b"200 result=1"

    def _pressed(self, otherwise: bytes, *, ends: bool) -> bytes | None:
        """The next key, if one ends what is going on."""
        if not ends:
            return otherwise
        key, self.keys = self.keys[:1], self.keys[1:]
        return None if key in ("", LEAVES) else f"200 result={ord(key)} endpos=800".encode()
