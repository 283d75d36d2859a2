"""Versions in the library: each a name of its own beside the names of the announcements, until nobody needs it.

A version's name is its item's (`library`), so what a caller hears is never swapped under it. Asterisk's user reads
what is put here, whatever the writer's umask is.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from vorzimmer.announcements.convert import ALAW, SLN16
from vorzimmer.announcements.library import FORMS, ORIGINAL, STORE, is_item, staged, to_disk

READABLE, PASSABLE = 0o644, 0o755


def add(library: Path, client: str, item: str, original: Path, converted: Path) -> None:
    """Put a converted file into the client's folder. It blocks: call it in a thread.

    Args:
        library: the folder.
        client: the client's id.
        item: what it shall be called (`library.item_name`).
        original: the file that it was made from.
        converted: the folder with both forms.

    Raises:
        LibraryBusyError: an import is at work; nothing has changed.
        OSError: there is no room, or the library cannot be written; nothing has changed.
    """
    with staged(library) as staging:
        made = staging / item
        (made / ORIGINAL).mkdir(parents=True)
        for source, target in (
            (original, made / ORIGINAL / original.name),
            *((converted / form, made / form) for form in (ALAW, SLN16)),
        ):
            shutil.copyfile(source, target)
            target.chmod(READABLE)
            to_disk(target)
        folder = library / client
        store = folder / STORE
        store.mkdir(parents=True, exist_ok=True)
        for place in (folder, store, made, made / ORIGINAL):
            place.chmod(PASSABLE)
        if not (store / item).exists():
            made.rename(store / item)
        for ending, form in FORMS.items():
            new = staging / f"{item}{ending}"
            new.symlink_to(f"{STORE}/{item}/{form}")
            new.replace(folder / new.name)


def original(library: Path, client: str, item: str) -> Path:
    """The file that a version was made from.

    Raises:
        FileNotFoundError: the library does not have it any more.
    """
    folder = library / client / STORE / item / ORIGINAL
    found = next(folder.iterdir(), None)
    if found is None:
        raise FileNotFoundError(f"{folder} is empty")
    return found


def sweep(library: Path, used: Mapping[str, Collection[str]]) -> int:
    """Take away the versions that nobody needs.

    Returns how many. It blocks: call it in a thread.

    Raises:
        LibraryBusyError: an import is at work.
        OSError: the library cannot be written.
    """
    with staged(library):
        links = [link for link in library.glob("*/*") if link.is_symlink() and is_item(link)]
        unused = [link for link in links if link.stem not in used.get(link.parent.name, ())]
        for link in unused:
            link.unlink()
        for folder in {link.parent for link in unused}:
            _empty(folder)
    return len({(link.parent, link.stem) for link in unused})


def _empty(folder: Path) -> None:
    """Drop from a client's store what no name points at."""
    needed = {link.readlink().parent.name for link in folder.iterdir() if link.is_symlink()}
    for item in (folder / STORE).iterdir():
        if item.name not in needed:
            shutil.rmtree(item)
