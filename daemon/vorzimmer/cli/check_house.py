"""The part of `check` that looks at this side: settings file, database, mail server, folders."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import ValidationError

from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.notify.smtp import AWAY, Lines, Server
from vorzimmer.settings import Settings
from vorzimmer.store import book
from vorzimmer.store.migrate import SchemaError, require_current

PASS, READ, WRITE = 1, 5, 7
"""Permission bits of a folder: pass through it, list it, change it."""

TIMEOUT = 10.0
"""Seconds for the database to accept a connection."""


def settings_file(settings: Settings, file: Path) -> Report:
    """Secrets must not lie open."""
    if not file.is_file():
        return Report("settings", "from environment and credentials alone")
    open_to_all = file.stat().st_mode & stat.S_IROTH
    text = file.read_text(encoding="utf-8")
    if open_to_all and any(secret in text for secret in settings.secrets()):
        return Report("settings", findings=(f"{file} holds passwords and everybody may read it; chmod o= {file}",))
    return Report("settings", str(file))


async def database(settings: Settings) -> tuple[Report, Mapping[str, str]]:
    """Reachable, and of this version's schema; and the endpoints that are named there, each with who names it."""
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Report("database", findings=(f"not reachable by database.dsn: {reason(error)}",)), {}
    try:
        await require_current(conn)
        _, content = await book.load_book(conn)
    except (SchemaError, asyncpg.PostgresError) as error:
        return Report("database", findings=(reason(error),)), {}
    except ValidationError as error:
        broken = f"holds a client this version does not understand ({error.error_count()} mistakes); import it again"
        return Report("database", findings=(broken,)), {}
    finally:
        await conn.close()
    taken = [client.id for client in content.client if settings.service.number in {did.number for did in client.dids}]
    if taken:
        hidden = f"client {taken[0]!r} has the service number {settings.service.number}, where no caller reaches it"
        return Report("database", findings=(hidden,)), {}
    endpoints = {name: "an agent" for agent in content.agent for name in agent.endpoints}
    endpoints |= {name: "a group" for group in content.group for name in group.endpoints}
    return Report("database", f"schema current, {len(content.client)} clients"), endpoints


async def mail(settings: Settings) -> Report:
    """EHLO, TLS and login, as the worker does them; nothing is sent."""
    smtp = settings.smtp
    server = Server(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        ca_file=smtp.ca_file,
        user=smtp.user,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout=min(smtp.timeout, TIMEOUT),
    )
    where = f"{smtp.host}:{smtp.port}"
    try:
        async with Lines(server, _told_below, most=1, idle=0) as lines, lines.line():
            pass
    except AWAY as error:
        login = f", login as {smtp.user!r}" if smtp.user else ""
        return Report("mail", findings=(f"{where} (tls: {smtp.tls}{login}): {reason(error)}; see [smtp]",))
    return Report("mail", f"{where} takes mail")


def _told_below(event: str, /, **about: Any) -> None:
    """What goes wrong becomes the finding."""


def folders(settings: Settings, asterisk: str) -> Iterator[Report]:
    """All must be writable; those that Asterisk plays from, readable for its user `asterisk` (empty: not known)."""
    paths = settings.paths
    for name in ("state", "library", "fallback", "recordings", "uploads", "spool", "fax"):
        folder: Path = getattr(paths, name)
        finding = _unusable(folder)
        if finding is None and name in ("library", "fallback"):
            finding = _closed(folder, asterisk, READ)
        if finding is None and name == "fallback" and (folder / "calls").is_dir():
            finding = _closed(folder / "calls", asterisk, WRITE)
        if finding is None and name == "fax":
            finding = _closed(folder, asterisk, WRITE)
        yield Report(f"paths.{name}", str(folder), () if finding is None else (finding,))


def _unusable(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"{folder} is no folder; make it, writable for the daemon's user"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        user = pwd.getpwuid(os.getuid()).pw_name
        return f"{folder} is not writable for {user} ({error.strerror}); run this as the daemon's user, or chown it"
    return None


def _closed(folder: Path, name: str, need: int) -> str | None:
    """Whether the user may read, or write, in the folder, and pass through all above it."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None
    groups = os.getgrouplist(name, user.pw_gid)
    for part in (folder, *folder.parents):
        status, bits = part.stat(), need if part == folder else PASS
        shift = 6 if status.st_uid == user.pw_uid else 3 if status.st_gid in groups else 0
        if user.pw_uid and status.st_mode >> shift & bits != bits:
            verb = "write in" if need == WRITE else "read"
            return f"Asterisk's user {name} cannot {verb} {folder}: {part} is closed to it; chmod or chgrp {part}"
    return None
