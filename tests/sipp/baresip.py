"""A real softphone, baresip, steered by a program: it registers, is rung, answers, speaks and keeps what it hears.

It is steered over its module ctrl_tcp: JSON in netstrings, on loopback.
https://github.com/baresip/baresip/wiki/Using-Baresip#ctrl_tcp
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.sipp import sound
from tests.sipp.sipp import free_port
from tests.sipp.sound import Samples
from tests.sipp.waiting import PATIENCE, Watched
from tests.sipp.wire import Address

_HOST = "127.0.0.1"
_CONFIG = """
sip_listen {host}:0
net_interface {host}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{port}
audio_source aufile,{folder}/says.wav
audio_srate 8000
ausrc_srate 8000
auplay_srate 8000
audio_channels 1
snd_path {folder}
"""

Event = dict[str, Any]


class BaresipError(Exception):
    """baresip said no, or is not there; the text is what it said."""


class Baresip(Watched):
    """The softphone; see `running`. `events` are all that it told of, the newest last."""

    def __init__(self, folder: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.events: list[Event] = []
        self._folder = folder
        self._reader, self._writer = reader, writer
        self._answers: dict[str, Event] = {}
        self._asked = 0

    def __repr__(self) -> str:
        return f"<Baresip {[event['type'] for event in self.events]}>"

    async def register(self, user: str, password: str, server: Address, transport: str = "udp") -> None:
        """Register at the PBX.

        Raises:
            BaresipError: the PBX refused.
        """
        where = f"sip:{user}@{server[0]}:{server[1]};transport={transport}"
        await self.do("uanew", f"<{where}>;auth_pass={password};regint=60;audio_codecs=pcma/8000/1")
        done = await self.told("REGISTER_OK", "REGISTER_FAIL")
        if done["type"] != "REGISTER_OK":
            raise BaresipError(str(done.get("param")))

    async def told(self, *kinds: str, count: int = 1, patience: float = PATIENCE) -> Event:
        """Wait for so many events of these kinds (`CALL_INCOMING`, `CALL_ESTABLISHED` …); returns the last of them.

        Raises:
            TimeoutError: it did not happen.
        """

        def found() -> list[Event]:
            return [event for event in self.events if event["type"] in kinds]

        await self.until(" or ".join(kinds), lambda: len(found()) >= count, patience)
        return found()[count - 1]

    async def do(self, command: str, parameters: str = "") -> str:
        """Give a command of the module menu: `accept`, `hangup`, `hold`, `resume`, `sndcode 5`, `transfer sip:…`.

        Raises:
            BaresipError: it was refused.
            TimeoutError: there was no answer.
        """
        self._asked += 1
        token = str(self._asked)
        text = json.dumps({"command": command, "params": parameters, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()
        await self.until(f"an answer to {command}", lambda: token in self._answers)
        answer = self._answers.pop(token)
        if not answer["ok"]:
            raise BaresipError(f"{command}: {answer['data']}")
        return str(answer["data"])

    def heard(self) -> list[Samples]:
        """What each call sounded like here. Files are complete once the softphone has ended."""
        return [sound.load(file) for file in sorted(self._folder.glob("dump-*-dec.wav"))]

    async def listen(self) -> None:
        """Take what baresip tells, until it ends."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                message = json.loads((await self._reader.readexactly(length + 1))[:-1])
                if message.get("event"):
                    self.events.append(message)
                else:
                    self._answers[message["token"]] = message
                self.tell()


@asynccontextmanager
async def running(folder: Path, says: Samples) -> AsyncIterator[Baresip]:
    """A softphone while inside. It says `says` in each call, then nothing for a minute.

    Args:
        folder: an empty one of its own.
        says: sound.

    Raises:
        BaresipError: the program is not installed, or ended at once.
    """
    port = free_port(_HOST)
    _furnish(folder, port, says)
    with (folder / "baresip.log").open("wb") as log:
        try:
            process = await asyncio.create_subprocess_exec(
                "baresip", "-f", str(folder), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        except FileNotFoundError as error:
            raise BaresipError("baresip is not installed: make packages") from error
    try:
        reader, writer = await _connect(port, process, folder)
        phone = Baresip(folder, reader, writer)
        listening = asyncio.create_task(phone.listen())
        try:
            yield phone
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _furnish(folder: Path, port: int, says: Samples) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config").write_text(_CONFIG.format(host=_HOST, port=port, folder=folder))
    for empty in ("accounts", "contacts"):
        (folder / empty).touch()
    # A call ends with the file.
    sound.write_wav(folder / "says.wav", np.concatenate((says, np.zeros(60 * sound.RATE, dtype=np.int16))))


async def _connect(
    port: int, process: asyncio.subprocess.Process, folder: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(PATIENCE):
        while process.returncode is None:
            try:
                return await asyncio.open_connection(_HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
    raise BaresipError((folder / "baresip.log").read_text())
