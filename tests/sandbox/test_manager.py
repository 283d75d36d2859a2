"""What the AMI user may and may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from vorzimmer.sandbox import call
from vorzimmer.sandbox.sandbox import Sandbox

Block = dict[str, str]


class Manager:
    """A bare AMI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.events: list[Block] = []

    async def ask(self, **fields: str) -> Block:
        """Send an action and return its response; events on the way are kept."""
        self._writer.write(("".join(f"{key}: {value}\r\n" for key, value in fields.items()) + "\r\n").encode())
        while True:
            block = await self.read()
            if "Response" in block:
                return block
            self.events.append(block)

    async def read(self) -> Block:
        """The next response or event."""
        text = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 5)).decode()
        return dict(line.partition(": ")[::2] for line in text.split("\r\n") if ": " in line)


@asynccontextmanager
async def _connected(sandbox: Sandbox) -> AsyncIterator[Manager]:
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.ami_port)
    try:
        await reader.readline()  # the greeting
        manager = Manager(reader, writer)
        answer = await manager.ask(Action="Login", Username=sandbox.ami_user, Secret=sandbox.ami_password)
        assert answer["Response"] == "Success"
        yield manager
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "action",
    [
        {"Action": "Command", "Command": "core show version"},
        {"Action": "Originate", "Channel": "PJSIP/agent1", "Application": "Echo"},
        {"Action": "Setvar", "Variable": "X", "Value": "1"},
        {"Action": "ModuleLoad", "LoadType": "reload"},
        {"Action": "GetConfig", "Filename": "ari.conf"},
        {"Action": "UpdateConfig", "SrcFilename": "ari.conf", "DstFilename": "ari.conf"},
        {"Action": "Hangup", "Channel": "/.*/"},
        {"Action": "DBPut", "Family": "x", "Key": "y", "Val": "z"},
        {"Action": "UserEvent", "UserEvent": "Forged"},
        {"Action": "MixMonitor", "Channel": "x", "Options": "r(/tmp/x.wav)", "Command": "true"},
    ],
)
async def test_may_change_nothing(sandbox: Sandbox, action: Block) -> None:
    """Commands, calls, modules and files are refused: whoever steals the password only learns who is registered."""
    async with _connected(sandbox) as manager:
        answer = await manager.ask(**action)
        assert (answer["Response"], answer["Message"]) == ("Error", "Permission denied")


async def test_may_list_states(sandbox: Sandbox) -> None:
    """What presence needs works: the state of every endpoint, and the ping."""
    async with _connected(sandbox) as manager:
        assert (await manager.ask(Action="Ping"))["Ping"] == "Pong"
        assert (await manager.ask(Action="DeviceStateList"))["Response"] == "Success"
        found = {}
        while (block := await manager.read())["Event"] != "DeviceStateListComplete":
            found[block["Device"]] = block["State"]
        assert found["PJSIP/agent1"] == "NOT_INUSE"
        assert found["PJSIP/softphone2"] == "UNAVAILABLE"


async def test_reads_nothing_of_a_call(sandbox: Sandbox) -> None:
    """During a call no event reaches the user, so nothing in a caller's name can be forged into one."""
    async with _connected(sandbox) as manager:
        # No such extension: the call is over at once, with every event that a call makes.
        assert await call.place(sandbox, "1", "+493012345678", 0, lambda _line: None) == 28
        await manager.ask(Action="Ping")
        assert {event["Event"] for event in manager.events} <= {"FullyBooted"}


async def test_a_wrong_password_is_refused(sandbox: Sandbox) -> None:
    """Without the password there is no AMI."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.ami_port)
    await reader.readline()
    answer = await Manager(reader, writer).ask(Action="Login", Username=sandbox.ami_user, Secret="wrong")
    assert answer["Response"] == "Error"
    writer.close()
    await writer.wait_closed()
