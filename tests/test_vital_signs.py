"""What keeps systemd from killing the daemon, and what makes it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vorzimmer import vital_signs
from vorzimmer.vital_signs import AT_WORK_SECONDS, CallsParts, Pulse


async def test_only_who_is_alive_is_fed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog hears nothing while the process says that it is not alive, and hears again afterwards."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setattr(vital_signs, "LOOK_SECONDS", 0.001)
    answers = iter([True, False, False, False, True])
    asked = asyncio.Event()

    def alive() -> bool:
        answer = next(answers, None)
        if answer is None:
            asked.set()
        return bool(answer)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        feeding = asyncio.create_task(vital_signs.feed_watchdog(alive))
        await asyncio.wait_for(asked.wait(), 10)
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
        assert [sock.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
        with pytest.raises(BlockingIOError):
            sock.recv(100)


@pytest.mark.parametrize(
    ("fresh", "ari", "ami", "alive"),
    [
        (True, 0, 0, True),
        (False, 0, 0, False),
        (True, AT_WORK_SECONDS, 0, False),
        (True, 0, AT_WORK_SECONDS, False),
    ],
)
async def test_alive_is_who_tries(fresh: bool, ari: float, ami: float, alive: bool) -> None:  # noqa: FBT001 - parametrised
    """A stuck loop, or a client that has neither heard from Asterisk nor tried to, can only be mended by a restart."""
    now = asyncio.get_running_loop().time()
    pulse: Any = SimpleNamespace(alive=lambda: fresh)
    parts: Any = SimpleNamespace(ari=SimpleNamespace(tried_at=now - ari), ami=SimpleNamespace(tried_at=now - ami))
    assert CallsParts.alive(parts, pulse) is alive


def test_an_asterisk_that_is_away_is_no_reason_to_die() -> None:
    """Not ready, but alive: a restart would mend nothing, and lose what waits in memory."""
    away: Any = SimpleNamespace(ari=SimpleNamespace(up=False), recovered=asyncio.Event())
    pulse: Any = SimpleNamespace(alive=lambda: True)
    assert CallsParts.why_not_ready(away, pulse) == [
        "no events come from Asterisk",
        "the living calls are not in hand yet",
    ]
    assert Pulse.alive(SimpleNamespace(delay=SimpleNamespace(fresh=True)))  # type: ignore[arg-type]  # a stand-in
