"""What systemd and the daemon tell each other: ready, stopping, still alive.

The protocol is one datagram per message, https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html.
The two variables read here belong to that protocol; they are no settings.
"""

from __future__ import annotations

import os
import socket

PATIENCE = 1.0
"""Seconds that a message may wait for systemd to read; a daemon must not hang on its supervisor."""


def notify(state: str) -> bool:
    """Tell systemd, for example `READY=1`, `STOPPING=1`, `WATCHDOG=1` or `STATUS=text`; several, one a line.

    Returns False where nobody listens: not started by systemd, or systemd cannot be reached.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux' abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(address)
            sock.sendall(state.encode())
    except OSError:
        return False
    return True


def watchdog_interval() -> float | None:
    """Seconds between two `WATCHDOG=1`: half of what systemd allows. None where it watches nobody, or not us."""
    limit, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not limit.isdecimal() or int(limit) == 0 or pid not in ("", str(os.getpid())):
        return None
    return int(limit) / 1_000_000 / 2
