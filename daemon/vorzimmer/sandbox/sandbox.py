"""A whole sandbox: Asterisk, PostgreSQL and a mail server of its own on loopback ports, under one folder.

    sandbox = Sandbox.up(Path(".sandbox"), agents=6)
    …                                   # vorzimmer --config .sandbox/vorzimmer.toml serve
    sandbox.down()

The three run as processes of their own, so the program that started them may end. Ports and folders: `layout.py`.
"""

from __future__ import annotations

import asyncio
import fcntl
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import tomli_w

from vorzimmer.sandbox import asterisk, asterisk_root, fax_machine, layout, mail, ports, postgres, process, state
from vorzimmer.sandbox.asterisk import Asterisk
from vorzimmer.sandbox.layout import Layout
from vorzimmer.sandbox.process import Process
from vorzimmer.sandbox.state import State


class SandboxError(Exception):
    """The sandbox cannot be had; the text says why, for a person."""


@dataclass(frozen=True)
class Part:
    """One part for `status`: its name, port, process number (0: none) and whether it runs."""

    name: str
    port: int
    pid: int
    alive: bool


@dataclass(frozen=True)
class Sandbox(Layout):
    """A running sandbox. Holds no connection and no task: it can be used from any thread or loop."""

    asterisk: Asterisk

    @classmethod
    def up(cls, folder: Path, *, agents: int = 6, dsn: str | None = None, fsync: bool = False) -> Sandbox:
        """Start what does not run yet, and return when everything answers.

        Args:
            folder: everything stays in here; made with mode 0700.
            agents: how many endpoints `agent1` … there are, 240 at most.
            dsn: a PostgreSQL of yours instead of an own one.
            fsync: False trades the own PostgreSQL's safety on power loss for speed.

        Raises:
            SandboxError: a part cannot be had or did not start; nothing is left running.
        """
        if not 0 <= agents <= layout.MAX_AGENTS:
            raise SandboxError(f"a sandbox has 0 to {layout.MAX_AGENTS} agents, not {agents}")
        folder = folder.absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder):
            try:
                return _up(cls, folder, agents, dsn, fsync=fsync)
            except (OSError, ValueError, *_REASONS) as error:
                _stop_all(folder)
                raise SandboxError(str(error)) from error
            except BaseException:
                _stop_all(folder)
                raise

    @classmethod
    def at(cls, folder: Path) -> Sandbox:
        """The sandbox that was started in this folder.

        Raises:
            SandboxError: there is none.
        """
        folder = folder.absolute()
        known, block = state.read(folder), ports.claimed(folder)
        if known is None or block is None:
            raise SandboxError(f"no sandbox is up in {folder}: vorzimmer sandbox up --folder {folder}")
        return cls(folder, known, block, Asterisk(asterisk_root.find_or_build(), folder / "asterisk", block.folder))

    def down(self) -> None:
        """Stop every part. What was kept (mails, database, logs) stays in the folder."""
        down(self.folder)

    async def cli(self, command: str) -> str:
        """The output of a command of Asterisk's command line, such as `core show channels`."""
        return await self.asterisk.cli(command)

    def parts(self) -> list[Part]:
        """Every part and whether it runs now."""
        places = {"asterisk": layout.SIP, "postgres": layout.POSTGRES, "mail": layout.SMTP}
        known = self.state.processes
        return [
            Part(name, self.block.port(places[name]), one.pid, one.alive)
            for name in state.PARTS
            if (one := known.get(name)) is not None
        ]


def down(folder: Path) -> None:
    """Stop every part that belongs to this folder, whoever started it and however that ended."""
    folder = folder.absolute()
    if not folder.is_dir():
        return
    with _locked(folder):
        _stop_all(folder)
        ports.release(folder)


_REASONS = (
    asterisk.AsteriskError,
    asterisk_root.AsteriskMissingError,
    mail.MailError,
    ports.NoPortsError,
    postgres.PostgresError,
)


def _up(kind: type[Sandbox], folder: Path, agents: int, dsn: str | None, *, fsync: bool) -> Sandbox:
    """Start what does not run, all parts at once."""
    known = state.read(folder)
    if known is not None and (known.agents, known.dsn) != (agents, dsn):
        _stop_all(folder)
    running = any(process.find(one) for one in _marks(folder))
    block = ports.claim(folder, running=running)
    passwords = known.passwords if known is not None else state.new_passwords()
    told = State(agents, passwords, dsn)
    state.write(folder, told)
    with ThreadPoolExecutor(3) as threads:
        starting = {"mail": threads.submit(mail.start, folder / "mail", block.port(layout.SMTP))}
        if dsn is None:
            starting["postgres"] = threads.submit(
                _start_postgres, folder, block.port(layout.POSTGRES), passwords, fsync=fsync
            )
        root = asterisk_root.find_or_build()
        sandbox = kind(folder, told, block, Asterisk(root, folder / "asterisk", block.folder))
        processes = {"asterisk": _start_asterisk(sandbox)}
        processes |= {name: future.result() for name, future in starting.items()}
    sandbox = replace(sandbox, state=replace(told, processes=processes))
    state.write(folder, sandbox.state)
    return sandbox


def _start_asterisk(sandbox: Sandbox) -> Process:
    folders = (sandbox.library, sandbox.fallback, sandbox.recordings, sandbox.uploads, sandbox.daemon_state)
    for place in (*folders, sandbox.fax, sandbox.fax_machine):
        place.mkdir(mode=0o700, exist_ok=True)
    for name in ("did", "calls"):
        (sandbox.fallback / name).mkdir(mode=0o700, exist_ok=True)
    sandbox.settings_toml.touch(mode=0o600)
    sandbox.settings_toml.write_text(tomli_w.dumps(sandbox.settings()))
    sandbox.asterisk.configure(_dialplan(), sandbox.values())
    fax_machine.plug_in(sandbox.etc, sandbox.fax_machine)
    running = sandbox.asterisk.start()
    sandbox.asterisk.wait_ready(running, sandbox.block.port(layout.HTTP), sandbox.ari_user, sandbox.ari_password)
    return running


def _start_postgres(folder: Path, port: int, passwords: dict[str, str], *, fsync: bool) -> Process:
    server = postgres.start(folder / "postgres", port=port, fsync=fsync)
    asyncio.run(_make_database(server.dsn, passwords["database"]))
    return server.process


async def _make_database(dsn: str, password: str) -> None:
    """The database and the role that owns it, unless they are there; the password is made of hexadecimal digits."""
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", layout.ROLE):
            await connection.execute(f"create role {layout.ROLE} login password '{password}'")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", layout.DATABASE):
            await connection.execute(f"create database {layout.DATABASE} owner {layout.ROLE}")
    finally:
        await connection.close()


def _stop_all(folder: Path) -> None:
    """Stop by what was written down and by the command lines that name this folder."""
    known = state.read(folder)
    noted = list(known.processes.values()) if known is not None else []
    with ThreadPoolExecutor(4) as threads:
        stopping = [threads.submit(asterisk.stop, folder / "asterisk")]
        stopping.append(threads.submit(postgres.stop, folder / "postgres"))
        stopping += [threads.submit(one.stop, signal.SIGTERM, 2.0) for one in process.find(mail.mark(folder / "mail"))]
    for future in stopping:
        future.result()
    for one in noted:
        one.stop(signal.SIGTERM, 2.0)


def _marks(folder: Path) -> tuple[tuple[str, ...], ...]:
    return asterisk.mark(folder / "asterisk"), postgres.mark(folder / "postgres"), mail.mark(folder / "mail")


def _dialplan() -> Path:
    """The repository's `dialplan/`."""
    found = Path(__file__).parents[3] / "dialplan"
    if not (found / "extensions.conf").is_file():
        raise SandboxError(f"the sandbox runs from a checkout of the repository; there is no {found}")
    return found


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One `up` or `down` at a time for a folder; the lock ends with the process that holds it."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
