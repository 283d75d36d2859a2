"""Talking to systemd."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from uuid import uuid4

import pytest

from vorzimmer import systemd


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_message_arrives(abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - parametrised
    """A state reaches the socket that systemd named, in the file system or in the abstract namespace."""
    name = f"@vorzimmer-{uuid4()}" if abstract else str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name[1:] if abstract else name)
        assert systemd.notify("READY=1\nSTATUS=Grüße")
        assert sock.recv(1000).decode() == "READY=1\nSTATUS=Grüße"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "vsock:2:3", "@"])
def test_nobody_listens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a listener the daemon goes on and is told so."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not systemd.notify("READY=1")


def test_full_socket_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that reads nothing costs at most the patience, not the daemon."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr(systemd, "PATIENCE", 0.01)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        while systemd.notify("WATCHDOG=1"):
            pass


@pytest.mark.parametrize(
    ("limit", "pid", "interval"),
    [
        ("30000000", None, 15.0),
        ("30000000", "ours", 15.0),
        ("30000000", "1", None),
        ("", None, None),
        ("0", None, None),
        ("soon", None, None),
    ],
)
def test_watchdog_interval(
    limit: str, pid: str | None, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half the limit, and only if it is meant for this process."""
    monkeypatch.setenv("WATCHDOG_USEC", limit)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "ours" else pid)
    assert systemd.watchdog_interval() == interval
