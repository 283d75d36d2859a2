"""`vorzimmer import`, `export` and `schema`: groups, clients with their announcements, and agents as files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from vorzimmer.announcements import library
from vorzimmer.announcements.convert import BadAudio
from vorzimmer.announcements.library import LibraryBusyError
from vorzimmer.cli import context
from vorzimmer.core.client import Book
from vorzimmer.core.handling import Sound
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
        saved = context.run(_import(settings, file, book, prune=prune))
    except BookError as error:
        context.fail(*_with_file(file, error.lines), "nothing was changed")
    except (BadAudio, LibraryBusyError) as error:
        context.fail(f"{file}: {error}", "nothing was changed")
    except OSError as error:
        context.fail(f"{file}: the announcements cannot be stored: {context.reason(error)}")
    typer.echo(f"clients: {_said(saved.clients)}")
    typer.echo(f"groups: {_said(saved.groups)}")
    typer.echo(f"agents: {_said(saved.agents)}")


def export_book(
    ctx: typer.Context,
    files: Annotated[Path | None, typer.Option(metavar="DIR", help="Put the announcements there.")] = None,
) -> None:
    """Print all groups, clients and agents as a file that `import` takes."""
    settings = context.settings(ctx)
    book = context.run(_load(settings))
    missing = [] if files is None else _copy_sounds(settings.paths.library, book, files)
    typer.echo(book_file.export_toml(book), nl=False)
    if missing:
        context.fail(*missing)


def schema() -> None:
    """Print the JSON Schema of the file that `import` takes."""
    typer.echo(json.dumps(book_file.json_schema(), indent=2, ensure_ascii=False))


async def _import(settings: Settings, file: Path, book: Book, *, prune: bool) -> Saved:
    async with context.database(settings) as conn:
        wanted = {client.id: _sounds(file, client.id, client.announcements) for client in book.client}
        if prune:
            before = await context.load_book(conn)
            wanted |= {client.id: {} for client in before.client if client.id not in wanted}
        async with library.installation(settings.paths.library, wanted) as prepared, conn.transaction():
            saved = await stored.save_book(conn, book, prune=prune)
            # Inside the transaction: the daemon hears of a client only once its sounds are there.
            prepared.commit()
    return saved


async def _load(settings: Settings) -> Book:
    async with context.database(settings) as conn:
        return await context.load_book(conn)


def _sounds(file: Path, client: str, announcements: dict[Sound, str]) -> dict[Sound, Path]:
    return {sound: file.parent / client / name for sound, name in announcements.items()}


def _copy_sounds(folder: Path, book: Book, files: Path) -> list[str]:
    """Copy every client's originals; returns a sentence for each that the library does not have."""
    missing = []
    for client in book.client:
        there = library.originals(folder, client.id)
        for sound, name in client.announcements.items():
            if sound in there:
                (files / client.id).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(there[sound][0], files / client.id / name)
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
