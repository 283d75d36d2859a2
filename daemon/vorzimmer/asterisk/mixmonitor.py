"""Asterisk's recorder of both directions of a channel, each into a file of its own (MixMonitor), by AMI.

It sits on the channel and not in a bridge: whoever the channel talks with, and whether a daemon lives, it records on,
until it is stopped or the channel ends. Starting one takes an AMI user with `write = system`, for the action could
run a program too; so it has a user and a connection of its own, apart from the one that only lists telephones.
https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Actions/MixMonitor/
"""

from __future__ import annotations

from pathlib import Path

from vorzimmer.asterisk.ami import Ami, AmiError

_MEANING = frozenset("(),|\"'\\$`;")
"""Characters that would end a file's name, or be replaced, in the options of MixMonitor."""


class NotRecording(AmiError):
    """Asterisk did not do it; the text is its own."""


class MixMonitor:
    """The recorder of one channel. At most one is started on it.

    Each method raises:
        NotRecording: Asterisk refused: most often, the channel is gone.
        AmiError, TimeoutError: there was no answer; whether it took effect is unknown.
    """

    def __init__(self, ami: Ami, channel: str) -> None:
        self._ami = ami
        self._channel = channel

    async def start(self, said: Path, heard: Path) -> None:
        """Record what the channel says and what it hears. Both files begin empty, are wav, and stay in step.

        Raises:
            ValueError: a path that cannot stand among MixMonitor's options.
        """
        options = f"r({_plain(said)})t({_plain(heard)})"
        await self._do("MixMonitor", Options=options)

    async def mute(self) -> None:
        """Write silence instead of what is said and heard."""
        await self._do("MixMonitorMute", Direction="both", State=1)

    async def unmute(self) -> None:
        """Write what is said and heard again."""
        await self._do("MixMonitorMute", Direction="both", State=0)

    async def stop(self) -> None:
        """End it: the files are finished a moment later."""
        await self._do("StopMixMonitor")

    async def _do(self, name: str, **fields: str | int) -> None:
        answer = await self._ami.action(name, Channel=self._channel, **fields)
        if not answer.success:
            raise NotRecording(f"{name}: {answer.message or 'refused'}")


def _plain(path: Path) -> Path:
    if not path.is_absolute() or _MEANING & set(str(path)):
        raise ValueError(f"Asterisk cannot record into {path}")
    return path
