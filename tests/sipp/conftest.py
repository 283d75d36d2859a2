"""A real Asterisk with a dialplan of a few lines, against which the harness is measured."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest

from tests.sipp import sound
from tests.sipp.sipp import free_port
from tests.sipp.sound import Samples
from tests.sipp.wire import Address
from vorzimmer.sandbox import asterisk, asterisk_root
from vorzimmer.sandbox.asterisk import Asterisk

_CONFIGURATION = Path(__file__).with_name("pbx")


@dataclass(frozen=True)
class Pbx:
    """Where it takes calls, and the two announcements that it plays (see `pbx/extensions.conf`)."""

    target: Address
    folder: Path
    announcement: Samples
    other: Samples


@pytest.fixture(scope="session")
def pbx() -> Iterator[Pbx]:
    """One Asterisk for the whole run (of each xdist worker)."""
    # Its control socket's path must be short, which pytest's folders are not.
    folder = Path(tempfile.mkdtemp(prefix="pbx-"))
    running = Pbx(("127.0.0.1", free_port()), folder, sound.announcement(1), sound.announcement(2))
    try:
        _start(running)
        yield running
    finally:
        asterisk.stop(folder)
        shutil.rmtree(folder)


def _start(pbx: Pbx) -> None:
    root = asterisk_root.find_or_build()
    for name in ("etc", "lib", "spool", "run", "log"):
        (pbx.folder / name).mkdir()
    for file in _CONFIGURATION.iterdir():
        text = Template(file.read_text()).substitute(
            folder=pbx.folder, modules=root.modules, data=root.data, port=pbx.target[1]
        )
        (pbx.folder / "etc" / file.name).write_text(text)
    for name, samples in (("announcement", pbx.announcement), ("other", pbx.other)):
        (pbx.folder / f"{name}.alaw").write_bytes(sound.encode_alaw(samples))
    played = Asterisk(root, pbx.folder, pbx.folder / "run")
    process = played.start()
    while process.alive and not (pbx.folder / "run" / "asterisk.ctl").exists():
        time.sleep(0.02)  # its start tells nobody
    played._ask("core waitfullybooted")
