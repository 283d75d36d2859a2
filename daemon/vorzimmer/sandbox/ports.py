"""Free loopback ports."""

from __future__ import annotations

import socket


def free() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now. Another program may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
