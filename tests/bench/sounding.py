"""Announcements: how long one minute of mp3 takes, what calls feel of the queue of uploads, what playing costs."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.announcements import sounds
from tests.bench import ways
from tests.bench.probe import Timed
from tests.bench.stage import BenchError, Stage
from tests.bench.ways import Way
from tests.sipp.harness import run_load
from vorzimmer.announcements.convert import ALAW
from vorzimmer.store import announcements
from vorzimmer.store.audit import Actor
from vorzimmer.store.upload_files import INCOMING

MINUTE = 60
UPLOADS = 20
RATE = 10
"""Calls that are set up each second."""
CLIENT = "client-00001"

PLAYERS = 40
"""Calls that hear the announcement at the same time."""
HEARD_MS = 8000

_PLAYED = {"alaw": "8003000", "wav": "8003001"}


@dataclass(frozen=True)
class Minute:
    """One minute of mp3 on one core. Seconds: until it is ready, and of the processor."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        """For people."""
        return f"One minute of mp3 ready for the PBX on one core: {self.wall:.2f} s, processor {self.cpu:.2f} s (p50)"


@dataclass(frozen=True)
class Setup:
    """From INVITE to answer at 10 calls/s, p50 in ms, of each repeat: with nothing else, and while uploads wait."""

    idle: tuple[float, ...]
    loaded: tuple[float, ...]
    failed: int
    converted: tuple[int, ...]

    def __str__(self) -> str:
        """For people."""
        ratios = [loaded / idle for idle, loaded in zip(self.idle, self.loaded, strict=True)]
        return (
            f"Call set-up at {RATE} calls/s, answer p50: idle {_list(self.idle)} ms, while {UPLOADS} uploads wait"
            f" {_list(self.loaded)} ms; ratio {statistics.median(ratios):.2f} ({_list(ratios)}), {self.failed} failed,"
            f" {', '.join(map(str, self.converted))} converted meanwhile"
        )


def convert_minute(folder: Path, times: int) -> Minute:
    """Convert it again and again, each time by a process of its own, bound to one core."""
    source = _minute(folder)
    program = ("-I", "-m", "vorzimmer.announcements.transcode", "announcement", str(source))
    targets = (str(folder / "a"), str(folder / "s"), "-23")
    found = []
    core = min(os.sched_getaffinity(0))
    for _ in range(times):
        began, before = time.monotonic(), _children()
        pid = os.posix_spawn(
            shutil.which("taskset") or "/usr/bin/taskset",
            ["taskset", "-c", str(core), sys.executable, *program, *targets],
            {},
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
        )
        if os.waitpid(pid, 0)[1]:
            raise BenchError("the converter failed")
        found.append((time.monotonic() - began, _children() - before))
    return Minute(statistics.median(one[0] for one in found), statistics.median(one[1] for one in found))


async def measure(folder: Path, seconds: float, repeats: int) -> tuple[Setup, float]:
    """Idle and loaded in turn; then A-law against wav. Returns the set-up and how much dearer wav is to play."""
    source = _minute(folder)
    async with Stage(folder) as stage:
        await stage.start_daemon()
        idle, loaded, converted, failed = [], [], [], 0
        await _probed(stage, 2)  # what is done once is done
        for _ in range(repeats):
            calm = await _probed(stage, seconds)
            await _upload(stage, folder, source)
            busy = await _probed(stage, seconds)
            converted.append(await _converted(stage))
            failed += sum(not one.ok for one in (*calm, *busy))
            idle.append(_answer(calm))
            loaded.append(_answer(busy))
            await stage.query("DELETE FROM announcement_version")
            await asyncio.to_thread(_emptied, stage.sandbox.uploads)
        await stage.stop_daemon()
        dearer = await _playing(stage, folder)
    return Setup(tuple(idle), tuple(loaded), failed, tuple(converted)), dearer


def _minute(folder: Path) -> Path:
    source = folder / "minute.mp3"
    if not source.exists():
        source.write_bytes(sounds.mp3(sounds.speech(MINUTE, 44_100, seed=3), 44_100, bits=128_000))
    return source


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _probed(stage: Stage, seconds: float) -> list[Timed]:
    numbers = ways.numbers(Way.DAEMON, ways.LOADED + 1, ways.LOADED + ways.PROBES)
    target = ("127.0.0.1", stage.sandbox.sip_port)
    made = await stage.probe.run(target, numbers, RATE, round(RATE * seconds))
    stage.placed += len(made)
    return made


def _answer(calls: list[Timed]) -> float:
    return statistics.median(call.answer_ms for call in calls if call.ok)


async def _upload(stage: Stage, folder: Path, source: Path) -> None:
    conn = await asyncpg.connect(stage.sandbox.dsn)
    uploads = stage.sandbox.uploads
    try:
        for n in range(UPLOADS):
            copy = await asyncio.to_thread(_copied, source, folder / f"{n}.mp3")
            await announcements.add(
                conn, CLIENT, "greeting", "upload", copy.name, Actor("bench"), file=copy, uploads=uploads
            )
    finally:
        await conn.close()


def _copied(source: Path, copy: Path) -> Path:
    shutil.copyfile(source, copy)
    return copy


def _emptied(uploads: Path) -> None:
    """Wait until the worker has let go of what was under way, and clear the rest away."""
    while any(uploads.glob(f"{INCOMING}*")):
        time.sleep(0.05)
    for left in uploads.iterdir():
        shutil.rmtree(left, ignore_errors=True)  # the worker may just be at it


async def _converted(stage: Stage) -> int:
    rows = await stage.query("SELECT state, count(*) AS n FROM announcement_version GROUP BY state")
    found = {row["state"]: int(row["n"]) for row in rows}
    if found.get("refused"):
        raise BenchError(f"{found['refused']} uploads were refused: {stage.log('worker')}")
    return found.get("draft", 0)


async def _playing(stage: Stage, folder: Path) -> float:
    """Asterisk's processor time for the same announcement as wav, divided by that as A-law."""
    await asyncio.to_thread(_prepare, folder)
    plays = "".join(
        f"exten => {number},1,Answer()\n same => n,Playback({folder / form / 'x'})\n same => n,Hangup()\n"
        for form, number in _PLAYED.items()
    )
    with (stage.sandbox.etc / "extensions.conf").open("a") as file:
        file.write(f"\n[from-trunk]\n{plays}")
    await stage.sandbox.cli("dialplan reload")
    spent: dict[str, list[float]] = {form: [] for form in _PLAYED}
    for _ in range(3):
        for form, number in _PLAYED.items():
            before = stage.cpu()["asterisk"]
            target = ("127.0.0.1", stage.sandbox.sip_port)
            done = await run_load(target, [(number, "+4930123456")], count=PLAYERS, rate=PLAYERS, after_ms=HEARD_MS)
            if done.failed:
                raise BenchError(f"{done.failed} callers did not hear the {form} file")
            await stage.quiet()
            spent[form].append(stage.cpu()["asterisk"] - before)
    return statistics.median(wav / alaw for wav, alaw in zip(spent["wav"], spent["alaw"], strict=True))


def _prepare(folder: Path) -> None:
    """The same sound, once as Asterisk sends it and once as it must encode it."""
    convert_minute(folder, 1)
    for form in _PLAYED:
        (folder / form).mkdir()
    (folder / "a").rename(folder / ALAW)
    shutil.copyfile(folder / ALAW, folder / "alaw" / "x.alaw")
    (folder / "wav" / "x.wav").write_bytes(sounds.wav(sounds.alaw(folder / ALAW), 8000))


def _list(figures: tuple[float, ...] | list[float]) -> str:
    return ", ".join(f"{figure:.2f}" for figure in figures)
