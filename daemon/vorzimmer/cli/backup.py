"""`vorzimmer backup` and `vorzimmer restore`: the whole house in one file, and back."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from vorzimmer import log
from vorzimmer import settings as sources
from vorzimmer.cli import alarm as mails
from vorzimmer.cli import context
from vorzimmer.sandbox import postgres
from vorzimmer.settings import Settings
from vorzimmer.store import archive, backup, restore, restore_files
from vorzimmer.store.archive import BackupError, Manifest
from vorzimmer.store.backup import Folders
from vorzimmer.store.journal import Journal, JournalError
from vorzimmer.store.restore import Restored
from vorzimmer.store.whole_file import TakenError

ASTERISK = Path("/etc/asterisk/vorzimmer.d")

AsteriskFolder = Annotated[
    Path | None,
    typer.Option("--asterisk", metavar="DIR", help=f"Asterisk's configuration of this house; else {ASTERISK}."),
]


def make(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, or a folder: then named by the time.")],
    asterisk: AsteriskFolder = None,
    keep: Annotated[int | None, typer.Option(min=1, help="In a folder: remove all but the newest so many.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Make none; verify this one.")] = False,
    alarm: Annotated[bool, typer.Option("--alarm", help="Mail a failure to alarm.to.")] = False,
) -> None:
    """Write database, recordings, announcements, journal and configuration into one file, beside a working daemon.

    It holds passwords and callers' data; only its owner can read it (mode 0600).
    """
    if check:
        with _opened(file) as opened:
            typer.echo(f"{file} is whole: {_told(_verified(file, opened))}")
        return
    if keep is not None and not file.is_dir():
        context.fail("--keep counts the backups in a folder; name one", code=context.USAGE)
    settings = context.settings(ctx)
    at = datetime.now(UTC)
    target = file / backup.file_name(at) if file.is_dir() else file
    config = _config(sources.chosen_file(ctx.obj), asterisk)
    with _told_if_it_fails(settings, target, alarm=alarm):
        manifest = context.run(_make(settings, config, target, at))
        gone = [] if keep is None else backup.remove_older(file, target, keep)
    typer.echo(f"{target}, {target.stat().st_size / 1e6:.1f} MB: {_told(manifest)}")
    typer.echo("it holds passwords and callers' data: keep it readable for its owner only")
    for old in gone:
        typer.echo(f"removed {old}")


def bring_back(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `vorzimmer backup` wrote.")],
    asterisk: AsteriskFolder = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Restore a backup into an empty database and empty folders, those of the settings. The daemon must not run.

    Configuration that is there stays; the backup's is put beside it, as *.restored.
    """
    settings_file = sources.chosen_file(ctx.obj)
    places = {
        "vorzimmer.toml": settings_file,
        "credentials": settings_file.parent / "credentials",
        "asterisk": asterisk or ASTERISK,
    }
    with _opened(file) as opened:
        manifest = _verified(file, opened)
        typer.echo(f"{file} is whole: {_told(manifest)}")
        fresh = not settings_file.exists()
        if fresh:  # an empty machine: where to restore to stands in the backup
            _restore_config(opened, places)
        settings = context.settings(ctx)
        try:
            with restore.held(settings.paths.state / "journal", _warn) as journal:
                done = context.run(_restore(settings, opened, manifest, journal, overwrite=overwrite))
        except (BackupError, JournalError, OSError) as error:
            context.fail(f"not restored: {context.reason(error)}")
        typer.echo("database, recordings, announcements and journal are restored")
        if not fresh:
            _restore_config(opened, places)
    if done.waiting:
        typer.echo(
            f"{done.waiting} messages wait in the outbox and will be sent; those sent since the backup, a second time"
        )
    if done.older:
        typer.echo("the backup is of an older version: run `vorzimmer migrate`")


@contextlib.contextmanager
def _told_if_it_fails(settings: Settings, target: Path, *, alarm: bool) -> Iterator[None]:
    """End the command with a sentence, which is mailed too where that was asked for."""
    try:
        yield
    except (BackupError, TakenError, OSError) as error:
        why = f"{target}: no backup was made: {context.reason(error)}"
    except typer.Exit:
        why = ""  # it was said where it happened
    else:
        return
    if alarm:
        log.configure("warning", secrets=settings.secrets())
        lines = [why or f"{target}: no backup was made; journalctl -u vorzimmer-backup says why"]
        asyncio.run(mails.alarm(settings, "no backup was made", lines))
    context.fail(*([why] if why else []))


async def _make(settings: Settings, config: Mapping[str, Path], target: Path, at: datetime) -> Manifest:
    async with context.database(settings, current=False) as conn:
        return await backup.back_up(
            conn,
            settings.database.dsn.get_secret_value(),
            _folders(settings),
            config,
            target,
            programs=_programs("pg_dump"),
            version=version("vorzimmer"),
            at=at,
        )


async def _restore(
    settings: Settings, opened: IO[bytes], manifest: Manifest, journal: Journal, *, overwrite: bool
) -> Restored:
    folders = _folders(settings)
    async with context.database(settings, current=False) as conn:
        found = await restore.occupied(conn, folders)
        if journal.lag:
            found.append(f"{journal.lag} records of that journal may be in no database yet")
        if found and not overwrite:
            context.fail("not restored: there is something already", *found, "--overwrite replaces all of it")
        for phrase in found:
            typer.echo(f"replacing {phrase}")
        return await restore.restore(
            conn,
            settings.database.dsn.get_secret_value(),
            opened,
            manifest,
            folders,
            programs=_programs("pg_restore"),
        )


def _restore_config(opened: IO[bytes], places: Mapping[str, Path]) -> None:
    """Say of each file what became of it. What cannot be written is no loss: it is in the archive."""
    try:
        for name, path in restore_files.restore_config(opened, places):
            typer.echo(f"{name}: {path or 'is there already, the same'}")
    except OSError as error:
        context.fail(f"the configuration was not restored: {context.reason(error)}")


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("rb")
    except OSError as error:
        context.fail(f"{file}: {error.strerror or error}")


def _verified(file: Path, opened: IO[bytes]) -> Manifest:
    try:
        return archive.verify(opened)
    except BackupError as error:
        context.fail(f"{file}: {error}")


def _folders(settings: Settings) -> Folders:
    paths = settings.paths
    return Folders(paths.state / "journal", paths.fallback / "calls", paths.recordings, paths.library)


def _config(settings_file: Path, asterisk: Path | None) -> dict[str, Path]:
    """What there is of configuration; a folder that was named must be there."""
    if asterisk is not None and not asterisk.is_dir():
        context.fail(f"{asterisk} is no folder", code=context.USAGE)
    candidates = {
        "vorzimmer.toml": settings_file if settings_file.is_file() else None,
        "credentials": sources.credentials_folder(),
        "asterisk": asterisk or (ASTERISK if ASTERISK.is_dir() else None),
    }
    return {name: path for name, path in candidates.items() if path is not None}


def _programs(name: str) -> list[Path]:
    """Where PostgreSQL's programs may be: Debian's folders, PATH, the sandbox's wheel."""
    on_path = shutil.which(name)
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), *([Path(on_path).parent] if on_path else [])]
    with contextlib.suppress(postgres.PostgresError):  # a server has no sandbox
        found.append(postgres.binaries())
    return found


def _told(manifest: Manifest) -> str:
    """What an archive holds, in a line."""
    rows = [f"{count} rows in {table}" for table, count in manifest.database.rows.items()]
    parts = ("recordings", "library", "journal", "away", "config")
    files = [f"{part}: {manifest.count(part)} files" for part in parts if manifest.count(part)]
    return ", ".join([f"of {manifest.at:%Y-%m-%d %H:%M:%S %Z}", *rows, *files])


def _warn(event: str, /, **about: Any) -> None:
    """What the journal that is to be replaced tells of itself."""
    typer.echo(f"{event}: {about}", err=True)
