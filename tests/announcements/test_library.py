"""The folder that Asterisk plays from: whole sounds under stable names, swapped and never cut."""

from __future__ import annotations

import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.announcements import sounds
from vorzimmer.announcements.convert import BadAudio, Prepared, convert
from vorzimmer.announcements.library import LibraryBusyError, install, installation, media_uri, originals, seconds
from vorzimmer.core.announcement import Sound

RATE = 8000
SPOKEN = {seed: sounds.speech(0.5 + seed / 4, RATE, seed=seed) for seed in (1, 2, 3)}


def _file(folder: Path, name: str, seed: int) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(sounds.wav(SPOKEN[seed], RATE))
    return folder / name


def _tree(library: Path) -> dict[str, bytes]:
    """Every file that Asterisk can reach by name or by link, without the lock."""
    return {str(path.relative_to(library)): path.read_bytes() for path in library.rglob("*") if path.is_file()}


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


async def test_a_client_s_sounds_get_stable_names(tmp_path: Path) -> None:
    """What routing calls lib:mueller/greeting is a file of that name in both forms, with the right sound in it."""
    library = tmp_path / "lib"
    wanted: dict[str, Path] = {
        Sound.GREETING: _file(tmp_path / "in", "Gruss 1.wav", 1),
        Sound.CLOSED: _file(tmp_path, "zu.wav", 2),
    }
    assert await install(library, "mueller", wanted) == {
        Sound.GREETING: Decimal("0.75"),
        Sound.CLOSED: Decimal("1.0"),
    }
    assert _names(library / "mueller") == [".store", "closed.alaw", "closed.sln16", "greeting.alaw", "greeting.sln16"]
    assert sounds.likeness(sounds.alaw(library / "mueller" / "greeting.alaw"), SPOKEN[1]) >= 0.95
    assert sounds.likeness(sounds.alaw(library / "mueller" / "closed.alaw"), SPOKEN[2]) >= 0.95
    assert media_uri(library, "lib:mueller/greeting") == f"sound:{library}/mueller/greeting"


async def test_the_library_may_be_seen_under_another_root(tmp_path: Path) -> None:
    """Asterisk may live in a root of its own: no link holds an absolute path."""
    await install(tmp_path / "lib", "mueller", {Sound.GREETING: _file(tmp_path, "a.wav", 1)})
    (tmp_path / "lib").rename(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "mueller" / "greeting.alaw").stat().st_size == 6000


async def test_the_original_comes_back_for_export(tmp_path: Path) -> None:
    """Export hands out the very file that was imported, under its own name."""
    source = _file(tmp_path, "Unsere Ansage.wav", 1)
    await install(tmp_path / "lib", "mueller", {Sound.GREETING: source})
    ((sound, (path, name)),) = originals(tmp_path / "lib", "mueller").items()
    assert (sound, name, path.read_bytes()) == (Sound.GREETING, "Unsere Ansage.wav", source.read_bytes())
    assert originals(tmp_path / "lib", "unknown") == {}
    assert seconds(tmp_path / "lib", "unknown") == {}


async def test_sounds_no_longer_named_go(tmp_path: Path) -> None:
    """A sound taken out of the client's file cannot be played any more; of a client without sounds nothing stays."""
    library = tmp_path / "lib"
    greeting, closed = _file(tmp_path, "a.wav", 1), _file(tmp_path, "b.wav", 2)
    await install(library, "mueller", {Sound.GREETING: greeting, Sound.CLOSED: closed})
    await install(library, "mueller", {Sound.GREETING: greeting})
    assert _names(library / "mueller") == [".store", "greeting.alaw", "greeting.sln16"]
    await install(library, "mueller", {Sound.GREETING: greeting})
    assert len(_names(library / "mueller" / ".store")) == 1
    await install(library, "mueller", {})
    assert _names(library) == []


async def test_one_bad_file_changes_nothing(tmp_path: Path) -> None:
    """An import with one broken file among good ones, of any client, leaves the library byte for byte as it was."""
    library = tmp_path / "lib"
    await install(library, "mueller", {Sound.GREETING: _file(tmp_path, "a.wav", 1)})
    before = _tree(library)
    (tmp_path / "bad.mp3").write_bytes(b"#EXTM3U")
    wanted: dict[str, dict[str, Path] | None] = {
        "mueller": {Sound.GREETING: _file(tmp_path, "b.wav", 2), Sound.LUNCH: _file(tmp_path, "c.wav", 3)},
        "schmidt": {Sound.CLOSED: tmp_path / "bad.mp3"},
    }
    with pytest.raises(BadAudio, match=r"^client schmidt, announcement closed: bad\.mp3 is not an mp3 file; allowed"):
        async with installation(library, wanted):
            pytest.fail("prepared a bad file")
    assert _tree(library) == before


async def test_nothing_changes_before_the_commit(tmp_path: Path) -> None:
    """When the database refuses the client after its sounds were prepared, callers still hear the old ones."""
    library = tmp_path / "lib"
    await install(library, "mueller", {Sound.GREETING: _file(tmp_path, "a.wav", 1)})
    before = _tree(library)
    async with installation(library, {"mueller": {Sound.GREETING: _file(tmp_path, "b.wav", 2)}}):
        assert _tree(library / "mueller") == _tree_under(before, "mueller/")
    assert _tree(library) == before


def _tree_under(tree: dict[str, bytes], folder: str) -> dict[str, bytes]:
    return {name.removeprefix(folder): content for name, content in tree.items() if name.startswith(folder)}


async def test_the_same_file_is_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing thousands of clients again, or one sound for all of them, does not decode everything anew."""
    converted: list[str] = []

    async def count(source: Path, folder: Path, loudness: float) -> Prepared:
        converted.append(source.name)
        return await convert(source, folder, loudness)

    monkeypatch.setattr("vorzimmer.announcements.library.convert", count)
    library, same = tmp_path / "lib", _file(tmp_path, "a.wav", 1)
    for _ in range(2):
        async with installation(library, {name: {Sound.GREETING: same} for name in ("one", "two")}) as prepared:
            prepared.commit()
    assert converted == ["a.wav"]
    assert (library / "one" / "greeting.alaw").read_bytes() == (library / "two" / "greeting.alaw").read_bytes()
    assert originals(library, "two")[Sound.GREETING][0].read_bytes() == same.read_bytes()


async def test_clients_that_are_not_named_keep_their_sounds(tmp_path: Path) -> None:
    """Importing one client's file does not silence the others."""
    library = tmp_path / "lib"
    await install(library, "one", {Sound.GREETING: _file(tmp_path, "a.wav", 1)})
    await install(library, "two", {Sound.GREETING: _file(tmp_path, "b.wav", 2)})
    assert _names(library) == ["one", "two"]


async def test_a_running_playback_is_never_cut(tmp_path: Path) -> None:
    """Whoever has the old sound open hears it to the end, however often it is replaced meanwhile."""
    library, name = tmp_path / "lib", tmp_path / "lib" / "mueller" / "greeting.alaw"
    await install(library, "mueller", {Sound.GREETING: _file(tmp_path, "a.wav", 1)})
    whole = name.read_bytes()
    with name.open("rb") as playing:
        begun = playing.read(100)
        for seed in (2, 3):
            await install(library, "mueller", {Sound.GREETING: _file(tmp_path, "a.wav", seed)})
        assert begun + playing.read() == whole


async def test_every_opening_finds_a_whole_sound(tmp_path: Path) -> None:
    """While sounds are swapped, a caller gets the old or the new one: never a part, never nothing."""
    library, name = tmp_path / "lib", tmp_path / "lib" / "mueller" / "greeting.alaw"
    files = [_file(tmp_path, "a.wav", 1), _file(tmp_path, "b.wav", 2)]
    allowed: set[bytes] = set()
    for file in files:
        await install(library, "mueller", {Sound.GREETING: file})
        allowed.add(name.read_bytes())
    heard: set[bytes] = set()
    failures: list[OSError] = []
    done = threading.Event()

    def listen() -> None:
        while not done.is_set():
            try:
                heard.add(name.read_bytes())
            except OSError as failure:
                failures.append(failure)

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        for turn in range(40):
            await install(library, "mueller", {Sound.GREETING: files[turn % 2]})
    finally:
        done.set()
        listener.join()
    assert failures == []
    assert heard <= allowed


class Killed(BaseException):
    """Stands for SIGKILL."""


@pytest.mark.parametrize("nth", range(4))
async def test_killed_in_the_swap_each_sound_is_whole(tmp_path: Path, nth: int) -> None:
    """At each replacing of a name: every name leads to a whole file, old or new, and a rerun completes it."""
    library = tmp_path / "lib"
    old: dict[str, Path] = {Sound.GREETING: _file(tmp_path, "a.wav", 1), Sound.CLOSED: _file(tmp_path, "b.wav", 2)}
    new: dict[str, Path] = {Sound.GREETING: old[Sound.CLOSED], Sound.CLOSED: old[Sound.GREETING]}
    await install(library, "mueller", old)
    whole = {sound: (library / "mueller" / f"{sound}.alaw").read_bytes() for sound in old}
    count = 0
    really = os.replace

    def dying(*arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == nth + 1:
            raise Killed
        really(*arguments)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "replace", dying)
        with pytest.raises(Killed):
            await install(library, "mueller", new)
    for sound in old:
        assert (library / "mueller" / f"{sound}.alaw").read_bytes() in whole.values()
    await install(library, "mueller", new)
    assert (library / "mueller" / "greeting.alaw").read_bytes() == whole[Sound.CLOSED]


async def test_what_a_killed_import_left_is_cleared(tmp_path: Path) -> None:
    """Half-prepared files do not pile up."""
    (tmp_path / "lib" / ".new-killed" / "x").mkdir(parents=True)
    await install(tmp_path / "lib", "mueller", {})
    assert _names(tmp_path / "lib") == []


async def test_two_imports_do_not_mix(tmp_path: Path) -> None:
    """A second import at the same time is told so, instead of clearing away what the first prepares."""
    async with installation(tmp_path / "lib", {}):
        with pytest.raises(LibraryBusyError, match="another import is at work"):
            await install(tmp_path / "lib", "mueller", {})
    await install(tmp_path / "lib", "mueller", {})


@pytest.mark.parametrize("client", ["../etc", "a/b", "", "Mueller", ".store", "a\n"])
async def test_only_ids_become_folders(tmp_path: Path, client: str) -> None:
    """No client's id leads out of the library."""
    with pytest.raises(ValueError, match="no client's id"):
        await install(tmp_path / "lib", client, {})
    assert _names(tmp_path) == []


def test_media_are_names() -> None:
    """Routing's names become ARI's, without looking at the disk."""
    assert media_uri(Path("/var/lib/x"), "lib:mueller/at-lunch") == "sound:/var/lib/x/mueller/at-lunch"
    assert media_uri(Path("/var/lib/x"), "sys:beep") == "sound:beep"
    assert media_uri(Path("/var/lib/x"), "sys:digits/1") == "sound:digits/1"


@pytest.mark.parametrize(
    "media",
    [
        "lib:../mueller/greeting",
        "lib:mueller/../greeting",
        "lib:mueller/.store/0123",
        "lib:mueller",
        "lib:/etc/passwd",
        "lib:mueller/greeting\n",
        "lib:mueller/greeting,sound:x",
        "lib:mueller/Greeting",
        "lib:mueller/%2e%2e",
        "sys:/etc/passwd",
        "sys:../x",
        "sys:a,b",
        "sys:",
        "sound:beep",
        "http://127.0.0.1/a.wav",
        "",
    ],
)
def test_no_medium_leaves_the_library(media: str) -> None:
    """Playback takes any path or address, so nothing but names of the library and of Asterisk gets there."""
    with pytest.raises(ValueError, match="no medium"):
        media_uri(Path("/var/lib/x"), media)
