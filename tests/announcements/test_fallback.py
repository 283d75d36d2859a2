"""The folders that the dialplan uses when the daemon is away."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vorzimmer.announcements import fallback as subject
from vorzimmer.announcements.fallback import FallbackEntry, Rendered, render


@pytest.fixture(autouse=True)
def _no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests kill functions, not the machine: no need to wait for every disk of it."""
    monkeypatch.setattr(os, "sync", lambda: None)


def _entry(did: str = "+4989123", media: Path | None = None, **other: Any) -> FallbackEntry:
    return replace(FallbackEntry(did, None, media, record=True, language="de", max_seconds=180, silence=6), **other)


def _media(folder: Path, content: bytes = b"hello") -> Path:
    """A sound as the library has it: a stable name that links to the file."""
    store = folder / "lib" / "mueller" / ".store"
    store.mkdir(parents=True, exist_ok=True)
    (store / content.decode()).write_bytes(content)
    name = store.parent / "greeting.alaw"
    name.unlink(missing_ok=True)
    name.symlink_to(f".store/{content.decode()}")
    return name


def _tree(fallback: Path) -> dict[str, dict[str, bytes]]:
    """All that the dialplan can see."""
    return {
        folder.name: {file.name: file.read_bytes() for file in folder.iterdir()}
        for folder in (fallback / "did").iterdir()
    }


def test_a_folder_says_all_the_dialplan_needs(tmp_path: Path) -> None:
    """Found by the digits of the number: announcement, whether and how to record, language of the system's words."""
    entries = [
        _entry(media=_media(tmp_path)),
        _entry("+4989124", record=False, language="en", max_seconds=60, silence=3),
        _entry("+4989125", diverted_from="+4930555"),
    ]
    assert render(tmp_path / "fb", entries) == Rendered(3, 0, 0, ())
    texts = {"language": b"de", "max_seconds": b"180", "silence": b"6", "record": b""}
    assert _tree(tmp_path / "fb") == {
        "4989123": {"announcement.alaw": b"hello", **texts},
        "4989124": {"language": b"en", "max_seconds": b"60", "silence": b"3"},
        "4989125-4930555": texts,
    }


def test_the_announcement_outlives_the_library(tmp_path: Path) -> None:
    """A client's sound being replaced or removed in the library does not silence a number until the next run."""
    render(tmp_path / "fb", [_entry(media=_media(tmp_path))])
    shutil.rmtree(tmp_path / "lib")
    assert _tree(tmp_path / "fb")["4989123"]["announcement.alaw"] == b"hello"


def test_another_disk_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Library and fallback may lie on different disks."""

    def refuse(*_: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    render(tmp_path / "fb", [_entry(media=_media(tmp_path))])
    assert _tree(tmp_path / "fb")["4989123"]["announcement.alaw"] == b"hello"


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    """Ten thousand unchanged numbers cost no writing: same entries, same folders, not even a new time stamp."""
    entries = [_entry(f"+498912{n}", _media(tmp_path)) for n in range(5)]
    render(tmp_path / "fb", entries)
    before = {path: path.lstat() for path in (tmp_path / "fb").rglob("*")}
    assert render(tmp_path / "fb", reversed(entries)) == Rendered(0, 5, 0, ())
    assert {path: path.lstat() for path in (tmp_path / "fb").rglob("*")} == before


@pytest.mark.parametrize(
    "change",
    [{"record": False}, {"language": "en"}, {"max_seconds": 90}, {"silence": 2}, {"media_file": None}],
)
def test_only_what_changed_is_written(tmp_path: Path, change: dict[str, Any]) -> None:
    """Each property counts as a change, and of one folder only."""
    entries = [_entry(f"+498912{n}", _media(tmp_path)) for n in range(3)]
    render(tmp_path / "fb", entries)
    before = {folder.name: folder.readlink() for folder in (tmp_path / "fb" / "did").iterdir()}
    entries[1] = replace(entries[1], **change)
    assert render(tmp_path / "fb", entries) == Rendered(1, 2, 0, ())
    after = {folder.name: folder.readlink() for folder in (tmp_path / "fb" / "did").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"4989121"}


def test_a_new_recording_is_a_change(tmp_path: Path) -> None:
    """The same file name with another sound behind it reaches the callers."""
    render(tmp_path / "fb", [_entry(media=_media(tmp_path, b"old"))])
    assert render(tmp_path / "fb", [_entry(media=_media(tmp_path, b"new"))]).written == 1
    assert _tree(tmp_path / "fb")["4989123"]["announcement.alaw"] == b"new"


def test_numbers_no_longer_known_go(tmp_path: Path) -> None:
    """A number that was given up is not answered in a former client's name; the next run clears its sound away."""
    render(tmp_path / "fb", [_entry(), _entry("+4989124")])
    assert render(tmp_path / "fb", [_entry()]) == Rendered(0, 1, 1, ())
    assert set(_tree(tmp_path / "fb")) == {"4989123"}
    render(tmp_path / "fb", [_entry()])
    assert [path.name.partition(".")[0] for path in (tmp_path / "fb" / ".versions").iterdir()] == ["4989123"]


def test_a_missing_sound_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """One client's lost file must not take the fallback from all the others; Asterisk's own words stand in."""
    entries = [_entry(media=tmp_path / "gone.alaw"), _entry("+4989124")]
    assert render(tmp_path / "fb", entries) == Rendered(2, 0, 0, ("4989123",))
    assert "announcement.alaw" not in _tree(tmp_path / "fb")["4989123"]


@pytest.mark.parametrize("number", ["4989123", "+49/../x", "+4989123\n", "", "+0", "../../etc"])
@pytest.mark.parametrize("field", ["did", "diverted_from"])
def test_only_numbers_become_paths(tmp_path: Path, field: str, number: Any) -> None:
    """Nothing but digits gets into a path, and an error comes before anything is written."""
    with pytest.raises(ValueError, match=r"not a number in E\.164"):
        render(tmp_path / "fb", [_entry("+4989123"), replace(_entry("+4989124"), **{field: number})])
    assert not (tmp_path / "fb").exists()


def test_the_disk_has_it_before_the_name_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut no public name may lead to files that were never written."""
    names: list[list[Path]] = []
    monkeypatch.setattr(os, "sync", lambda: names.append(list((tmp_path / "fb" / "did").iterdir())))
    render(tmp_path / "fb", [_entry()])
    assert names == [[]]


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


STEPS: list[tuple[Any, str]] = [
    (Path, "mkdir"),
    (Path, "hardlink_to"),
    (Path, "write_text"),
    (Path, "rename"),
    (Path, "symlink_to"),
    (Path, "unlink"),
    (os, "replace"),
    (os, "sync"),
    (shutil, "rmtree"),
    (tempfile, "mkdtemp"),
]


def _kill_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """Die right before the nth change of the disk."""
    count = 0

    def dying(really: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == nth:
                raise Killed
            return really(*arguments, **options)

        return step

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))


def test_killed_anywhere_every_name_leads_to_a_whole_folder(tmp_path: Path) -> None:
    """At each step of a run that changes, adds and removes: callers get old or new, and a rerun completes it."""
    old = [_entry(), _entry("+4989124"), _entry("+4989125")]
    new = [_entry(media=_media(tmp_path), silence=2), _entry("+4989126", language="en"), _entry("+4989125")]
    render(tmp_path / "old", old)
    render(tmp_path / "new", new)
    before, after = _tree(tmp_path / "old"), _tree(tmp_path / "new")
    for nth in range(1, 200):
        fallback = tmp_path / f"fb{nth}"
        render(fallback, [*old, _entry("+4989127")])
        render(fallback, old)
        with pytest.MonkeyPatch.context() as monkeypatch:
            _kill_at(monkeypatch, nth)
            try:
                render(fallback, new)
            except Killed:
                pass
            else:
                break
        for name, folder in _tree(fallback).items():
            assert folder in (before.get(name), after.get(name))
        render(fallback, new)
        assert _tree(fallback) == after
        assert not list(fallback.glob(f"{subject.NEW}*"))
    assert nth > 20
    assert _tree(fallback) == after
