"""`vorzimmer rescue` as a command; what it does to calls is tested in `tests/calls` and on real ones in `tests/e2e`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess

import pytest

from tests.cli.conftest import Vorzimmer
from tests.e2e.outage import VORZIMMER
from vorzimmer.sandbox.sandbox import Sandbox

NO_DATABASE = "postgresql://nobody:nothing@127.0.0.1:1/none"


def test_once_on_an_empty_asterisk(run: Vorzimmer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that there is nothing to do; whether there is a database does not matter."""
    monkeypatch.setenv("VORZIMMER_DATABASE__DSN", NO_DATABASE)
    result = run("--config", sandbox.settings_toml, "rescue", "--once")
    assert (result.exit_code, result.stdout) == (0, "nothing to do\n")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("ARI__URL", r"Asterisk cannot be asked: GET /channels: .+"),
        ("ARI__PASSWORD", r"Asterisk cannot be asked: GET /channels: 401"),
    ],
)
def test_once_without_asterisk(
    setting: str, said: str, run: Vorzimmer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away or with another password: one sentence, and exit status 1."""
    monkeypatch.setenv(f"VORZIMMER_{setting}", "http://127.0.0.1:1")
    result = run("--config", sandbox.settings_toml, "rescue", "--once")
    assert result.exit_code == 1
    assert re.fullmatch(said, result.stderr.strip())


def test_nobody_to_ask(vorzimmer: Vorzimmer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the daemon's port it would take every daemon for dead: refused as a wrong setting."""
    monkeypatch.setenv("VORZIMMER_WATCH__CALLS", "0")
    result = vorzimmer("rescue")
    assert result.exit_code == 2
    assert "watch.calls is 0" in result.stderr


def test_systemd_is_told(sandbox: Sandbox) -> None:
    """READY once it watches, then WATCHDOG again and again, with no daemon there."""
    address = sandbox.folder / "rescue-notify"
    environment = {**os.environ, "NOTIFY_SOCKET": str(address), "VORZIMMER_DATABASE__DSN": NO_DATABASE}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(address))
        told.settimeout(30)
        process = subprocess.Popen([VORZIMMER, "--config", sandbox.settings_toml, "rescue"], env=environment)
        try:
            assert [told.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        finally:
            process.terminate()
            assert process.wait(30) == -signal.SIGTERM
    address.unlink()
