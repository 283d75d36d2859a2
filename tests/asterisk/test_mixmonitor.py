"""What Asterisk is asked for to record both directions of a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from vorzimmer.asterisk.ami import Ami, Response
from vorzimmer.asterisk.mixmonitor import MixMonitor, NotRecording


class Asked:
    """AMI that keeps what it was asked."""

    def __init__(self, *, does: bool = True) -> None:
        self._does = does
        self.actions: list[dict[str, Any]] = []

    async def action(self, name: str, **fields: Any) -> Response:
        """Answer."""
        self.actions.append({"action": name, **fields})
        return Response(self._does, "No such channel", {})


async def test_two_files_and_no_mixed_one() -> None:
    """Asterisk writes what the channel says and hears, and no third file in which both are."""
    ami = Asked()
    await MixMonitor(cast(Ami, ami), "c-1").start(Path("/spool/a.wav"), Path("/spool/b.wav"))
    assert ami.actions == [
        {"action": "MixMonitor", "Channel": "c-1", "Options": "r(/spool/a.wav)t(/spool/b.wav)"},
    ]


@pytest.mark.parametrize("path", ["/spool/a).wav", "/spool/a,b.wav", "/spool/${X}.wav", "relative.wav", "/a|b.wav"])
async def test_a_path_cannot_say_more_than_a_path(path: str) -> None:
    """What would end the name, begin another option or a program, or be replaced, reaches no Asterisk."""
    ami = Asked()
    with pytest.raises(ValueError, match="cannot record"):
        await MixMonitor(cast(Ami, ami), "c-1").start(Path("/spool/a.wav"), Path(path))
    assert ami.actions == []


async def test_a_refusal_is_an_error() -> None:
    """Whoever asked learns that nothing was done, in Asterisk's own words."""
    monitor = MixMonitor(cast(Ami, Asked(does=False)), "c-1")
    for ask in (monitor.mute, monitor.unmute, monitor.stop):
        with pytest.raises(NotRecording, match="No such channel"):
            await ask()
