"""The daemon under its units' restrictions: everything still works, and nothing more than that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.house import House
from tests.e2e.outage import VORZIMMER, Process, write_settings
from tests.e2e.test_calls import DID, MACHINE, OFFICE, client, group, talking
from tests.sipp import sound
from tests.systemd.unit import UNITS
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import load

CHECKOUT = Path(__file__).parents[2]
PROGRAM = (Path(sys.base_prefix), Path(sys.prefix), CHECKOUT)
"""Where the program lies; a home or a temporary folder, perhaps, which the units hide."""


def under(unit: str, seen: Sequence[Path], written: Sequence[Path]) -> list[str]:
    """The beginning of a command line that confines the rest of it."""
    options = [*(f"--see={path}" for path in (*PROGRAM, *seen)), *(f"--write={path}" for path in written)]
    return [sys.executable, "-m", "tests.systemd.confine", str(UNITS / f"{unit}.service"), *options, "--"]


@contextlib.asynccontextmanager
async def confined(house: House, role: str, written: Sequence[Path]) -> AsyncIterator[Process]:
    """One role, ready, as its unit lets it be; it sees the house's folders and writes into those named."""
    folder = house.folder / role
    folder.mkdir()
    config = write_settings(house.settings, folder / "vorzimmer.toml")
    command = [*under(f"vorzimmer-{role}", [house.folder, house.sandbox.folder], written), str(VORZIMMER)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (folder / "log").open("ab") as log:
        told.bind(str(folder / "notify"))
        told.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *command,
            f"--config={config}",
            "serve",
            f"--role={role}",
            stderr=log,
            cwd=CHECKOUT,
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify")},
        )
        running = Process(process, told, folder / "log")
        try:
            await running.ready()
            assert is_confined(process.pid)
            yield running
            process.terminate()
            assert await running.exit_status() == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def is_confined(pid: int) -> bool:
    """Whether the kernel says so: filters, no new privileges, no capability, and a system that cannot be changed."""
    status = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    root = next(line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines() if " / / " in line)
    held = int(status["CapPrm"], 16) | int(status["CapBnd"], 16)
    return (status["Seccomp"], status["NoNewPrivs"], held) == ("2", "1", 0) and "ro" in root[5].split(",")


async def test_calls_and_mails_work_in_confinement(house: House) -> None:
    """An agent's talk and a message on the machine, each to the mail, by two processes that may do nothing else."""
    paths = house.settings.paths
    chain = [group(wait=3), MACHINE]
    await house.use(client(*chain, announcements={"machine": "machine.wav"}), groups=(OFFICE,))
    await house.announce("mueller", machine=12)
    own = [paths.state, paths.library, paths.fallback, paths.recordings, paths.spool]
    async with confined(house, "calls", own), confined(house, "worker", []):
        phone = await house.agent(1)
        call = await house.call(DID)
        talk = await phone.invited()
        await talk.answer()
        await talking(call, talk)
        await call.hang_up()
        await talk.finished()
        await house.cdrs(1)

        call = await house.call(DID)
        (await phone.invited()).reject()
        await call.line.hears(sound.announcement(12))
        call.line.speak(np.concatenate([np.zeros(8000), sound.announcement(77, 4.0)]))
        await call.line.sent()
        call.line.press("#")
        await call.finished()
        assert [cdr["disposition"] for cdr in await house.cdrs(2)] == ["answered", "message"]
        kinds = [part.get_content_type() for mail in await house.mails(2) for part in mail.iter_attachments()]
        assert kinds == ["audio/mpeg"]


def test_the_rescue_works_in_confinement(sandbox: Sandbox, tmp_path: Path) -> None:
    """It reaches Asterisk and ends well, with nothing writable at all."""
    config = write_settings(load(sandbox.settings_toml), tmp_path / "vorzimmer.toml")
    command = [*under("vorzimmer-rescue", [tmp_path], []), str(VORZIMMER), f"--config={config}", "rescue", "--once"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "nothing to do\n"), ended.stderr


FORBIDDEN = {
    "write in the system": "open('/usr/x', 'w')",
    "write in a folder that is not its own": "open('{seen}/x', 'w')",
    "memory that is written and run": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "raw packets": "import socket; socket.socket(socket.AF_PACKET)",
    "kernel messages": "open('/dev/kmsg')",
    "other people's temporary files": "open('{hidden}')",
    "set-user-id": "import os; os.chmod('{written}', 0o4755)",
    "real time": "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
    "another owner": "import os; os.chown('{written}', 0, 0)",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
    "the host's name": "import socket; socket.sethostname('x')",
    "a name space": "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
}
ALLOWED = {
    "its own folder": "open('{written}/x', 'w')",
    "a temporary file": "open('/tmp/x', 'w')",
    "sound": "import av, numpy",
    "the loop": "import asyncio, uvloop; uvloop.run(asyncio.sleep(0))",
    "threads and programs": "import subprocess, threading; threading.Thread(target=print).start(); "
    "subprocess.run(['true'], check=True)",
    "limits for a program": "import os, resource; os.nice(1); resource.setrlimit(resource.RLIMIT_CPU, (9, 9))",
}


@pytest.mark.parametrize("what", [*ALLOWED, *FORBIDDEN])
def test_the_confinement_is_one(what: str, tmp_path: Path) -> None:
    """What the unit forbids fails, and what the daemon needs does not: else the test above would show nothing."""
    seen, written, hidden = tmp_path / "seen", tmp_path / "written", tmp_path / "hidden"
    seen.mkdir()
    written.mkdir()
    hidden.touch()
    code = (ALLOWED | FORBIDDEN)[what].format(seen=seen, written=written, hidden=hidden)
    command = [*under("vorzimmer-calls", [seen], [written]), sys.executable, "-c", f"{code}\nprint('done')"]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ("done" in ended.stdout) == (what in ALLOWED), ended.stderr
