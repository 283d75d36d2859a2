"""`vorzimmer import`, `export` and `schema`: groups, clients with their announcements, and agents as files."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from vorzimmer.announcements import items, library
from vorzimmer.announcements.convert import BadAudio
from vorzimmer.announcements.library import LibraryBusyError
from vorzimmer.cli import context
from vorzimmer.core.announcement import Sound, heard
from vorzimmer.core.client import Book, names_played
from vorzimmer.settings import Settings
from vorzimmer.store import book as stored
from vorzimmer.store import book_file
from vorzimmer.store.book import BookError, Changes, Saved


def import_book(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="Sounds lie beside it, in a folder a client.")],
    prune: Annotated[bool, typer.Option("--prune", help="Remove what the file does not hold.")] = False,
) -> None:
    """Bring groups, clients and agents in from a file: all of it, or nothing if anything is wrong."""
    settings = context.settings(ctx)
    try:
        book = book_file.import_file(file, settings.house.region)
        saved, overruled = context.run(_import(settings, file, book, prune=prune))
    except BookError as error:
        context.fail(*_with_file(file, error.lines), "nothing was changed")
    except (BadAudio, LibraryBusyError) as error:
        context.fail(f"{file}: {error}", "nothing was changed")
    except OSError as error:
        context.fail(f"{file}: the announcements cannot be stored: {context.reason(error)}")
    for line in overruled:
        typer.echo(line, err=True)
    typer.echo(f"clients: {_said(saved.clients)}")
    typer.echo(f"groups: {_said(saved.groups)}")
    typer.echo(f"agents: {_said(saved.agents)}")


def export_book(
    ctx: typer.Context,
    files: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the announcements there.")] = None,
) -> None:
    """Print all groups, clients and agents as a file that `import` takes, with the announcements as heard now."""
    settings = context.settings(ctx)
    book, versions = _as_heard(settings.paths.library, context.run(_load(settings)), datetime.now(UTC))
    missing = [] if files is None else _copy_sounds(settings.paths.library, book, versions, files)
    typer.echo(book_file.export_toml(book), nl=False)
    if missing:
        context.fail(*missing)


def schema() -> None:
    """Print the JSON Schema of the file that `import` takes."""
    typer.echo(json.dumps(book_file.json_schema(), indent=2, ensure_ascii=False))


async def _import(settings: Settings, file: Path, book: Book, *, prune: bool) -> tuple[Saved, list[str]]:
    async with context.database(settings) as conn:
        wanted: dict[str, dict[str, Path] | None] = {
            client.id: _sounds(file, client.id, client.announcements) for client in book.client
        }
        if prune:
            before = await context.load_book(conn)
            wanted |= {client.id: None for client in before.client if client.id not in wanted}
        converting = library.installation(settings.paths.library, wanted, settings.announcements.loudness)
        async with converting as prepared, conn.transaction():
            saved = await stored.save_book(conn, book, prune=prune)
            # Inside the transaction: the daemon hears of a client only once its sounds are there.
            prepared.commit()
        _, now_stored = await stored.load_book(conn)
    return saved, _overruled(book, now_stored, datetime.now(UTC))


def _overruled(book: Book, now_stored: Book, now: datetime) -> list[str]:
    """A sentence for each announcement of the file that nobody hears, for a version was approved."""
    versions = {client.id: client.versions for client in now_stored.client}
    return [
        f"client {client.id}, announcement {name}: an approved version is heard instead of this file;"
        f" `announcement withdraw {client.id}` changes that"
        for client in book.client
        for name in client.announcements
        if heard(versions[client.id], name, now) is not None
    ]


async def _load(settings: Settings) -> Book:
    async with context.database(settings) as conn:
        return await context.load_book(conn)


def _sounds(file: Path, client: str, announcements: Mapping[str, str]) -> dict[str, Path]:
    return {sound: file.parent / client / name for sound, name in announcements.items()}


def _as_heard(folder: Path, book: Book, now: datetime) -> tuple[Book, dict[tuple[str, str], Path]]:
    """The book with the versions that callers hear now as the announcements' files; and where these are."""
    versions: dict[tuple[str, str], Path] = {}
    clients = []
    for client in book.client:
        files = dict(client.announcements)
        playable = {*map(str, Sound), *names_played(dict(client))}
        for name in sorted(playable & client.versions.keys()):
            version = heard(client.versions, name, now)
            if version is None:
                continue
            with contextlib.suppress(FileNotFoundError):  # the file that came with the book then
                versions[client.id, name] = original = items.original(folder, client.id, version.item)
                files[name] = f"{name}{original.suffix}"
        clients.append(client.model_copy(update={"announcements": files}))
    return book.model_copy(update={"client": tuple(clients)}), versions


def _copy_sounds(folder: Path, book: Book, versions: Mapping[tuple[str, str], Path], files: Path) -> list[str]:
    """Copy every client's originals; returns a sentence for each that the library does not have."""
    missing = []
    for client in book.client:
        there = {sound: file for sound, (file, _) in library.originals(folder, client.id).items()}
        there |= {name: file for (owner, name), file in versions.items() if owner == client.id}
        for sound, name in client.announcements.items():
            if sound in there:
                (files / client.id).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(there[sound], files / client.id / name)
            else:
                missing.append(f"client {client.id}, announcement {sound}: {name} is not in the library {folder}")
    return missing


def _with_file(file: Path, lines: tuple[str, ...]) -> list[str]:
    return [line if line.startswith(f"{file}: ") else f"{file}: {line}" for line in lines]


def _said(changes: Changes) -> str:
    named = (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed))
    parts = [f"{len(ids)} {word} ({_some(ids)})" for word, ids in named if ids]
    return ", ".join([*parts, f"{len(changes.unchanged)} unchanged"])


def _some(ids: tuple[str, ...], most: int = 10) -> str:
    return ", ".join(ids[:most]) + (f" and {len(ids) - most} more" if len(ids) > most else "")
