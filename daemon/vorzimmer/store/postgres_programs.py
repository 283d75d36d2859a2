"""PostgreSQL's own programs, pg_dump and pg_restore: which of those installed fits the server, and how it is run.

The password goes to them in their environment, which only their own user can see, never on the command line,
which everybody on the machine can.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from vorzimmer.store.archive import BackupError

_VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Program:
    """An installed program. `major`: PostgreSQL's version, such as 17."""

    path: Path
    major: int


async def find(name: str, folders: Iterable[Path], at_least: int) -> Program:
    """The program whose version is nearest to `at_least` and not below; of equal ones the first.

    The nearest, because a much newer one may write what an older server does not read.

    Raises:
        BackupError: there is none, or all are too old.
    """
    installed = [Program(path, await _major(path)) for folder in folders if os.access(path := folder / name, os.X_OK)]
    fit = [program for program in installed if program.major >= at_least]
    if fit:
        return min(fit, key=lambda program: program.major)
    if not installed:
        raise BackupError(f"{name} is not installed: apt install postgresql-client-{at_least}")
    newest = max(installed, key=lambda program: program.major)
    raise BackupError(
        f"{name} {newest.major} ({newest.path}) is too old, it takes {at_least}:"
        f" apt install postgresql-client-{at_least}"
    )


async def run(
    program: Program,
    arguments: Sequence[str],
    dsn: str,
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> None:
    """Run a program on a database to its end; a cancelled run ends the program.

    Raises:
        BackupError: it failed; with what it said last.
    """
    address, password = split_password(dsn)
    process = await asyncio.create_subprocess_exec(
        program.path,
        *arguments,
        "--no-password",
        f"--dbname={address}",
        stdin=stdin or asyncio.subprocess.DEVNULL,
        stdout=stdout or asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", **({} if password is None else {"PGPASSWORD": password})},
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = said.decode(errors="replace").split("\n")
        told = "; ".join(line.strip() for line in lines if "error" in line or "ERROR" in line or "DETAIL" in line)
        raise BackupError(f"{program.path.name} failed: {told or said.decode(errors='replace').strip()}")


def split_password(dsn: str) -> tuple[str, str | None]:
    """A libpq URL without its password, and the password."""
    parts = urlsplit(dsn)
    account, at, hosts = parts.netloc.rpartition("@")
    user, colon, password = account.partition(":")
    options = parse_qsl(parts.query, keep_blank_values=True)
    named = [value for key, value in options if key == "password"]
    query = urlencode([option for option in options if option[0] != "password"], quote_via=quote)
    address = f"{parts.scheme}://{user}{at}{hosts}{parts.path}{'?' if query else ''}{query}"
    return address, named[-1] if named else unquote(password) if colon else None


async def _major(path: Path) -> int:
    """The version that a program tells; 0 if it tells none."""
    process = await asyncio.create_subprocess_exec(
        path,
        "--version",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    match = _VERSION.search(said)
    return int(match[1]) if match else 0
