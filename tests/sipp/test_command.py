"""`python -m tests.sipp` as a tester calls it: the exit status is what a script goes by."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sipp import sound
from tests.sipp.conftest import Pbx
from tests.sipp.sipp import free_port

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "tests.sipp")


def _call(pbx: Pbx, to: str, *options: str) -> subprocess.CompletedProcess[str]:
    target = f"{pbx.target[0]}:{pbx.target[1]}"
    return _run("call", "--target", target, "--to", to, "--from", "+49301234567", *options)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_expected_sound_decides_the_exit_status(pbx: Pbx, tmp_path: Path) -> None:
    """The right announcement is success and the wrong one failure, and what was heard can be kept."""
    right = sound.write_wav(tmp_path / "right.wav", pbx.announcement)
    wrong = sound.write_wav(tmp_path / "wrong.wav", pbx.other)
    kept = tmp_path / "heard.wav"
    heard = _call(pbx, "announcement", "--scenario", "stays", "--expect", str(right), "--record", str(kept))
    assert heard.returncode == 0, heard.stderr
    assert "right.wav: heard" in heard.stdout
    assert sound.similarity(sound.load(kept), pbx.announcement) > 0.98
    missed = _call(pbx, "announcement", "--scenario", "stays", "--expect", str(wrong))
    assert missed.returncode == 1
    assert "wrong.wav: NOT heard" in missed.stdout


def test_expected_status_decides_the_exit_status(pbx: Pbx) -> None:
    """A refusal is failure unless it was expected."""
    assert _call(pbx, "nobody").returncode == 1
    assert _call(pbx, "nobody", "--expect-status", "404").returncode == 0


def test_load_prints_its_counts(pbx: Pbx) -> None:
    """Many calls give one line of counts, and a single wrong call fails the command."""
    load = _call(pbx, "echo", "--count", "10", "--rate", "20", "--after", "100")
    assert load.returncode == 0, load.stderr
    assert "10 right, 0 wrong" in load.stdout
    assert _call(pbx, "nobody", "--count", "2", "--rate", "20").returncode == 1


def test_forwarded_and_withheld_call_reaches_the_agent_command(pbx: Pbx) -> None:
    """A called side started by the command takes a call with every option of the caller's and reports it."""
    port = str(free_port())
    agent = [*PROGRAM, "agent", "--port", port, "--after", "50", "--calls", "1", "--within", "30"]
    with subprocess.Popen(agent, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout
        assert port in listening.stdout.readline()
        forwarded = ("--withheld", "--diverted-from", "+4989555", "--history-from", "+4989555")
        called = _call(pbx, "agent", "--header", f"X-Port: {port}", *forwarded, "--after", "300")
        assert called.returncode == 0, called.stdout
        told = listening.stdout.read()
    assert "200" in told
    assert "ended by caller" in told
    assert listening.returncode == 0


def test_sipp_ends_with_a_killed_command(tmp_path: Path) -> None:
    """Nothing keeps listening when the command is killed without a chance to clean up."""
    port = free_port()
    agent = [*PROGRAM, "agent", "--port", str(port)]
    inherited = {**os.environ, "TMPDIR": str(tmp_path)}  # what a killed program leaves behind, pytest clears away
    with subprocess.Popen(agent, cwd=ROOT, env=inherited, stdout=subprocess.PIPE) as listening:
        assert listening.stdout
        listening.stdout.readline()
        (child,) = Path(f"/proc/{listening.pid}/task/{listening.pid}/children").read_text().split()
        handle = os.pidfd_open(int(child))
        listening.kill()
    gone, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    assert gone
    assert free_port(port=port) == port


@pytest.mark.parametrize(
    "arguments",
    [
        ("call", "--target", "nowhere", "--to", "1", "--from", "2"),
        ("call", "--target", "127.0.0.1:5", "--to", "1", "--from", "2", "--scenario", "juggles"),
        ("call", "--target", "127.0.0.1:5", "--to", "1", "--from", "2", "--scenario", "stays", "--after", "5"),
        ("agent", "--port", "5", "--behaviour", "juggles"),
    ],
)
def test_wrong_options_are_told(arguments: tuple[str, ...]) -> None:
    """A misspelt option is exit status 2 with a sentence, and no call is made."""
    told = _run(*arguments)
    assert told.returncode == 2
    assert "Invalid value" in told.stderr


def test_list_names_every_scenario() -> None:
    """A tester finds what can be played without reading code."""
    told = _run("list")
    assert told.returncode == 0
    assert all(name in told.stdout for name in ("talks", "cancels", "abandons", "answer", "silent", "busy"))
