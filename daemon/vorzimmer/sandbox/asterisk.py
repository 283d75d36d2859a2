"""The sandbox's Asterisk: the repository's dialplan and settings, with this sandbox's values, in folders of its own."""

from __future__ import annotations

import asyncio
import base64
import http.client
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from vorzimmer.asterisk import render
from vorzimmer.asterisk.render import Values
from vorzimmer.sandbox import music, process
from vorzimmer.sandbox.asterisk_root import AsteriskRoot
from vorzimmer.sandbox.process import Process

_PATIENCE = 60.0  # seconds
# Debian ships these full of comments only; without them Asterisk complains at each start.
_EMPTY = ("acl.conf", "ccss.conf", "pjproject.conf", "websocket_client.conf")
_FOLDERS = ("etc", "spool/recording", "spool/outgoing", "log/cdr-custom", "lib", "music")


class AsteriskError(Exception):
    """Asterisk did not start or did not answer; the text says why, for a person."""


@dataclass(frozen=True)
class Asterisk:
    """A sandbox's Asterisk, running or not. `folder` is all its own; `run` is short, for the control socket."""

    root: AsteriskRoot
    folder: Path
    run: Path

    def configure(self, dialplan: Path, values: Values) -> None:
        """Lay out the folders: the files of the repository's `dialplan/`, the values, the music.

        Raises:
            OSError: a folder cannot be written.
            render.RenderError: a value cannot stand in Asterisk's configuration.
        """
        for name in _FOLDERS:
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        etc = self.folder / "etc"
        for name in _EMPTY:
            (etc / name).touch()
        for file in dialplan.glob("*.conf"):
            shutil.copyfile(file, etc / file.name)
        # This one file is read before Asterisk knows where its other files are.
        main = (dialplan / "asterisk.conf").read_text()
        (etc / "asterisk.conf").write_text(main.replace("#include ", f"#include {etc}/"))
        render.write(etc / "vorzimmer.d", values, self._directories(), 0o600)
        if not (values.music / "walk.wav").exists():
            music.write(values.music / "walk.wav")

    def _directories(self) -> dict[str, Path]:
        return {
            "astetcdir": self.folder / "etc",
            "astmoddir": self.root.modules,
            "astvarlibdir": self.folder / "lib",
            "astdbdir": self.folder / "lib",
            "astkeydir": self.folder / "lib",
            "astcachedir": self.folder / "lib",
            "astdatadir": self.root.data,
            "astagidir": self.folder / "lib",
            "astspooldir": self.folder / "spool",
            "astrundir": self.run,
            "astlogdir": self.folder / "log",
            "astsbindir": self.folder / "lib",
        }

    def start(self) -> Process:
        """Start it, unless it runs; does not wait."""
        running = process.find(mark(self.folder))
        if running:
            return running[0]
        # A killed Asterisk leaves its socket, and a new one would wait for its answer.
        (self.run / "asterisk.ctl").unlink(missing_ok=True)
        # At its start Asterisk asks for the address of the machine's name; without an answer it waits 20 seconds.
        environment = {"RES_OPTIONS": "timeout:1 attempts:1", **os.environ}
        return process.spawn([*self.root.command, *mark(self.folder), "-n"], self.folder / "asterisk.log", environment)

    def wait_ready(self, running: Process, port: int, user: str, password: str) -> None:
        """Wait until everything is loaded and ARI answers on this port.

        Raises:
            AsteriskError: it ended, or did not answer in a minute.
        """
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and running.alive:
            if (self.run / "asterisk.ctl").exists() and _ari_answers(port, user, password):
                self._ask("core waitfullybooted")
                return
            time.sleep(0.02)
        reason = "was not ready in time" if running.alive else "ended while starting"
        raise AsteriskError(f"Asterisk {reason}: see {self.folder / 'asterisk.log'}")

    async def cli(self, command: str) -> str:
        """The output of a command of Asterisk's own command line.

        Raises:
            AsteriskError: Asterisk does not answer.
        """
        return await asyncio.to_thread(self._ask, command)

    def _ask(self, command: str) -> str:
        told = subprocess.run(
            [*self.root.command, "-C", str(self.folder / "etc" / "asterisk.conf"), "-r", "-x", command],
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
        if told.returncode != 0:
            raise AsteriskError(f"Asterisk does not answer: {told.stdout.strip() or told.stderr.strip()}")
        return told.stdout


def mark(folder: Path) -> tuple[str, str, str]:
    """The arguments by which the Asterisk of this folder is recognised; its command line clients have no `-f`."""
    return ("-C", str(folder / "etc" / "asterisk.conf"), "-f")


def stop(folder: Path) -> None:
    """Stop whatever Asterisk runs on this folder, also one whose starter was killed."""
    for found in process.find(mark(folder)):
        found.stop(signal.SIGTERM, 5.0)


def _ari_answers(port: int, user: str, password: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    try:
        connection.request("GET", "/ari/asterisk/ping", headers={"Authorization": f"Basic {token}"})
        answered = connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return answered
