"""What may be played, what is refused, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.announcements import sounds
from tests.e2e.scarcity import no_room
from vorzimmer.announcements import convert as subject
from vorzimmer.announcements.convert import ALAW, SLN16, BadAudio, convert, take
from vorzimmer.announcements.formats import FORMATS
from vorzimmer.core.announcement import BYTES, ENDINGS

SPOKEN = sounds.speech(3, 44_100)
RANDOM = np.random.default_rng(7).bytes(200_000)

Made = Callable[[], bytes]
"""A file's content, made when its test runs: to encode them all takes every worker's collection half a minute."""


async def _convert(folder: Path, name: str, content: bytes) -> Decimal:
    """Put a file somewhere and convert it into `folder`/out. Returns its seconds."""
    (folder / name).write_bytes(content)
    (folder / "out").mkdir()
    return (await convert(folder / name, folder / "out")).seconds


def _script(folder: Path, text: str) -> str:
    """A program that stands where Python should."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.wav", lambda: sounds.wav(SPOKEN, 44_100)),
        ("stereo.wav", lambda: sounds.wav(SPOKEN, 44_100, channels=2)),
        ("narrow.wav", lambda: sounds.wav(sounds.speech(3, 8000), 8000)),
        ("a.mp3", lambda: sounds.mp3(SPOKEN, 44_100)),
        ("nolength.mp3", lambda: sounds.mp3(SPOKEN, 44_100, length_noted=False)),
        ("a.opus", lambda: sounds.encoded(sounds.speech(3, 48_000), 48_000, "ogg", "libopus")),
        ("a.flac", lambda: sounds.encoded(SPOKEN, 44_100, "flac", "flac")),
        ("a.m4a", lambda: sounds.encoded(SPOKEN, 44_100, "ipod", "aac")),
        ("recorded.webm", lambda: sounds.encoded(sounds.speech(3, 48_000), 48_000, "webm", "libopus", live="1")),
        ("recorded.mp4", lambda: sounds.encoded(SPOKEN, 44_100, "mp4", "aac", movflags="frag_keyframe+empty_moov")),
        ("oldtag.mp3", lambda: sounds.mp3(SPOKEN, 44_100) + b"TAG" + b"title".ljust(125, b"\0")),
    ],
)
async def test_both_forms_hold_the_sound(tmp_path: Path, name: str, content: Made) -> None:
    """Asterisk plays what the client recorded: same words, same length, in the narrow and the wide form."""
    seconds = await _convert(tmp_path, name, content())
    narrow, wide = sounds.alaw(tmp_path / "out" / ALAW), sounds.sln16(tmp_path / "out" / SLN16)
    assert sounds.likeness(narrow, sounds.speech(3, 8000)) >= 0.95
    assert sounds.likeness(wide, sounds.speech(3, 16_000)) >= 0.95
    assert sounds.likeness(narrow, sounds.speech(3, 8000, seed=2)) <= 0.1
    assert abs(seconds - 3) <= Decimal("0.06")
    assert abs(len(narrow) / 8000 - float(seconds)) <= 0.001
    assert len(wide) / 16_000 == pytest.approx(float(seconds), abs=0.001)


async def test_a_cover_picture_does_no_harm(tmp_path: Path) -> None:
    """An mp3 out of a music program, with a large picture and two tags before the sound, is played."""
    picture = b"\0image/png\0\3\0\x89PNG\r\n\x1a\n" + RANDOM
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    tagged = b"ID3\3\0\0" + size + frame + sounds.mp3(SPOKEN, 44_100)
    assert abs(await _convert(tmp_path, "a.mp3", tagged) - 3) <= Decimal("0.06")


def test_every_ending_that_is_taken_can_be_read() -> None:
    """What the pages let in, the converter knows."""
    assert tuple(FORMATS) == ENDINGS


async def test_a_full_disk_is_not_the_file_s_fault(tmp_path: Path) -> None:
    """It says so, and leaves nothing half-written; the same file is taken once there is room."""
    (tmp_path / "a.wav").write_bytes(WAV)
    (tmp_path / "out").mkdir()
    with no_room(20_000), pytest.raises(OSError, match=r"too large"):
        await convert(tmp_path / "a.wav", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert (await convert(tmp_path / "a.wav", tmp_path / "out")).seconds == Decimal("3.000")


def _with_noted_frames(content: bytes, frames: int) -> bytes:
    """Forge the encoder's note of the number of frames."""
    at = next(content.find(mark) for mark in (b"Xing", b"Info") if mark in content) + 8
    return content[:at] + frames.to_bytes(4, "big") + content[at + 4 :]


@functools.cache
def ogg() -> bytes:
    """Three seconds as ogg."""
    return sounds.encoded(sounds.speech(3, 48_000), 48_000, "ogg", "libopus")


@functools.cache
def flac() -> bytes:
    """Three seconds as flac."""
    return sounds.encoded(SPOKEN, 44_100, "flac", "flac")


@functools.cache
def m4a() -> bytes:
    """Three seconds as m4a."""
    return sounds.encoded(SPOKEN, 44_100, "ipod", "aac")


@functools.cache
def webm() -> bytes:
    """Three seconds as webm."""
    return sounds.encoded(sounds.speech(3, 48_000), 48_000, "webm", "libopus")


@functools.cache
def mp3() -> bytes:
    """Three seconds as mp3."""
    return sounds.mp3(SPOKEN, 44_100)


@functools.cache
def endless() -> sounds.Sound:
    """A second more than is allowed."""
    return sounds.speech(601, 8000)


WAV = sounds.wav(SPOKEN, 44_100)


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("text.mp3", lambda: b"Guten Tag, Sie sind verbunden mit\n" * 50, "is not an mp3 file"),
        ("text.wav", lambda: b"Guten Tag, Sie sind verbunden mit\n" * 50, "is not a wav file"),
        ("list.mp3", lambda: b"#EXTM3U\nhttp://127.0.0.1/a.mp3\n", "is not an mp3 file"),
        ("list.wav", lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", "is not a wav file"),
        ("hls.mp3", lambda: b"ID3\4\0\0\0\0\0\0#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "is not an mp3 file"),
        ("video.mp3", sounds.mp4, "is not an mp3 file"),
        ("video.wav", lambda: b"RIFF\xff\0\0\0AVI LIST" + RANDOM, "is not a wav file"),
        ("random.mp3", lambda: RANDOM, "is not an mp3 file"),
        ("dressed.mp3", lambda: b"\xff\xfb\x90\x44" + RANDOM, "is damaged"),
        ("random.wav", lambda: b"RIFF\xff\xff\xff\xffWAVE" + RANDOM, "is cut off"),
        ("wav.mp3", lambda: WAV, "is not an mp3 file"),
        ("mp3.wav", mp3, "is not a wav file"),
        ("cut.mp3", lambda: mp3()[: len(mp3()) // 2], "is cut off"),
        ("cut-inside.mp3", lambda: sounds.mp3(SPOKEN, 44_100, length_noted=False)[:9000], "is cut off"),
        ("cut.wav", lambda: WAV[:-1000], "is cut off"),
        ("head.wav", lambda: WAV[:40], "is cut off"),
        ("forged.mp3", lambda: _with_noted_frames(mp3(), 400_000), "is too long"),
        ("modest.mp3", lambda: _with_noted_frames(sounds.mp3(endless(), 8000, bits=8000), 10), "is too long"),
        ("long.mp3", lambda: sounds.mp3(endless(), 8000, bits=8000), "is too long"),
        ("long.wav", lambda: sounds.wav(endless(), 8000), "is too long"),
        ("bomb.flac", lambda: sounds.encoded(np.zeros(700 * 192_000), 192_000, "flac", "flac"), "is too long"),
        ("text.flac", lambda: b"fLa Guten Tag" * 50, "is not a flac file"),
        ("mp3.ogg", mp3, "is not an ogg file"),
        ("ogg.m4a", ogg, "is not an m4a file"),
        ("m4a.webm", m4a, "is not a webm file"),
        ("random.ogg", lambda: b"OggS" + RANDOM, "is cut off"),
        ("random.flac", lambda: b"fLaC" + RANDOM, "cannot be decoded"),
        ("random.m4a", lambda: m4a()[:12] + RANDOM, "cannot be decoded"),
        ("random.webm", lambda: webm()[:4] + RANDOM, "cannot be decoded"),
        ("cut.ogg", lambda: ogg()[: len(ogg()) // 2], "is cut off"),
        ("cut.flac", lambda: flac()[: len(flac()) // 2], "is cut off"),
        ("cut.m4a", lambda: m4a()[: len(m4a()) // 2], "cannot be decoded"),
        ("cut.webm", lambda: webm()[: len(webm()) // 2], "is cut off"),
        ("video.mp4", sounds.mp4, "is a video"),
        ("slow.wav", lambda: WAV[:24] + (1).to_bytes(4, "little") + WAV[28:], "has an impossible sampling rate"),
        ("still.wav", lambda: WAV[:24] + bytes(8) + WAV[32:], "is not a wav file"),
        ("silent.wav", lambda: sounds.wav(np.zeros(16_000), 8000), "is silent"),
        ("short.wav", lambda: sounds.wav(SPOKEN[:441], 44_100), "holds no sound"),
    ],
)
async def test_what_is_no_sound_is_refused(tmp_path: Path, name: str, content: Made, wrong: str) -> None:
    """A file that a caller cannot hear whole is refused by name with what is allowed, and leaves nothing behind."""
    with pytest.raises(BadAudio) as refused:
        await _convert(tmp_path, name, content())
    allowed = "allowed are wav, mp3, ogg, flac, m4a and webm files with sound, of at most 10 minutes and 20 MB"
    assert str(refused.value) == f"{name} {wrong}; {allowed}"
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_wav_out_of_a_pipe_is_played(tmp_path: Path) -> None:
    """Programs that write into a pipe cannot know the length; their files are whole nevertheless."""
    streamed = WAV[:40] + b"\xff\xff\xff\xff" + WAV[44:]
    assert await _convert(tmp_path, "a.wav", streamed) == Decimal("3.000")


async def test_a_decoder_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that keeps the decoder busy for ever costs its time limit and no process stays."""
    started = _remember_processes(monkeypatch)
    monkeypatch.setattr(subject, "WALL_SECONDS", 0.05)
    monkeypatch.setattr(sys, "executable", _script(tmp_path, "exec sleep 60"))
    with pytest.raises(BadAudio, match="takes too long to decode"):
        await _convert(tmp_path, "a.wav", WAV)
    assert started.get_nowait().returncode == -signal.SIGKILL


async def test_an_interrupted_import_ends_its_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the command is interrupted, no decoder goes on in the background."""
    started = _remember_processes(monkeypatch)
    monkeypatch.setattr(sys, "executable", _script(tmp_path, "exec sleep 60"))
    task = asyncio.create_task(_convert(tmp_path, "a.wav", WAV))
    process = await started.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -signal.SIGKILL


async def test_a_broken_decoder_is_the_file_s_fault_a_broken_program_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash refuses the file; a converter that cannot even start must not make good files look bad."""
    (tmp_path / "a.wav").write_bytes(WAV)
    monkeypatch.setattr(sys, "executable", _script(tmp_path, "kill -SEGV $$"))
    with pytest.raises(BadAudio, match=r"a\.wav breaks the decoder \(signal 11\)"):
        await convert(tmp_path / "a.wav", tmp_path)
    monkeypatch.setattr(sys, "executable", _script(tmp_path, "echo No module named av >&2; exit 1"))
    with pytest.raises(RuntimeError, match="the sound converter failed: No module named av"):
        await convert(tmp_path / "a.wav", tmp_path)


async def test_the_decoder_sees_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords in the daemon's environment do not reach the process that reads foreign files."""
    monkeypatch.setenv("VORZIMMER_DATABASE__DSN", "secret")
    monkeypatch.setattr(
        sys,
        "executable",
        _script(
            tmp_path,
            f'env > {tmp_path}/seen; echo \'{{"seconds": "1", "loudness": "-23", "peaks": [], "warning": null}}\'',
        ),
    )
    await _convert(tmp_path, "a.wav", WAV)
    assert "secret" not in (tmp_path / "seen").read_text()


def test_the_decoder_is_limited_by_the_kernel() -> None:
    """A decoder that spins is ended by its processor limit even if the daemon has died meanwhile."""
    program = (
        "from vorzimmer.announcements import transcode\n"
        "transcode.CPU_SECONDS = 1\ntranscode._limit_myself()\nwhile True: pass"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert ended.returncode in {-signal.SIGKILL, -signal.SIGXCPU}


def test_take_copies_and_names_the_content(tmp_path: Path) -> None:
    """The private copy is what was given, and its sha256 is that of the content."""
    (tmp_path / "a.wav").write_bytes(b"abc")
    (tmp_path / "copy").mkdir()
    assert take(tmp_path / "a.wav", tmp_path / "copy").startswith("ba7816bf8f01cfea")
    assert (tmp_path / "copy" / "a.wav").read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("name", "make", "wrong"),
    [
        ("a.wav", lambda path: path.write_bytes(b""), "is empty"),
        ("a.txt", lambda path: path.write_bytes(WAV), r"does not end in \.wav, \.mp3, .*\.webm"),
        ("a.mp3", lambda path: path.write_bytes(bytes(BYTES + 1)), "is too large"),
        ("a.mp3", lambda _: None, r"cannot be read \(No such file or directory\)"),
        ("a.mp3", lambda path: path.mkdir(), r"cannot be read \(Is a directory\)"),
        ("a.mp3", os.mkfifo, "is no file"),
        ("a.mp3", lambda path: path.symlink_to("/dev/zero"), "is a link"),
        ("a.wav", lambda path: path.symlink_to("/etc/passwd"), "is a link"),
    ],
)
def test_what_is_no_plain_file_is_not_taken(tmp_path: Path, name: str, make: Callable[[Path], Any], wrong: str) -> None:
    """Missing, empty, huge, endless files and links are refused before a byte is decoded; nothing hangs on them."""
    make(tmp_path / name)
    (tmp_path / "copy").mkdir()
    with pytest.raises(BadAudio, match=f"^{name} {wrong}; allowed are"):
        take(tmp_path / name, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def _remember_processes(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[Process]:
    """Keep hold of every process that is started."""
    started: asyncio.Queue[Process] = asyncio.Queue()
    really = asyncio.create_subprocess_exec

    async def start(*arguments: Any, **options: Any) -> Process:
        process = await really(*arguments, **options)
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    return started
