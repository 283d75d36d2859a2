"""The sandbox's mail server: a process of its own that keeps every mail as a file and refuses when told to.

Mails stand in `new/`, one `.eml` each, complete as soon as they appear, with the envelope in two lines on top
(`Return-Path`, and `Delivered-To` for each recipient). A recipient is refused for a time (451) if the part before
the @ begins with `tempfail`, for ever (550) if it begins with `reject`, or as a file in `refuse/` says whose name is
the address and whose text is the answer, such as `452 4.2.2 mailbox full`.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import itertools
import re
import signal
import socket
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from vorzimmer.sandbox import process
from vorzimmer.sandbox.process import Process

MAX_BYTES = 64 * 1024 * 1024
_ANSWER = re.compile(r"[45]\d\d [^\r\n]+")


class MailError(Exception):
    """The mail server did not start; the text says why, for a person."""


class Keeper:
    """What aiosmtpd asks: is the recipient welcome, and where does the mail go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self,
        server: SMTP,  # noqa: ARG002 - aiosmtpd passes it
        session: Session,  # noqa: ARG002 - aiosmtpd passes it
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        """Take or refuse a recipient."""
        refusal = refuse(self._folder, address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd calls it so
        """Keep the mail: written beside, then put in place whole."""
        name = f"{time.time_ns():020d}-{next(self._count):06d}.eml"
        top = [f"Return-Path: <{envelope.mail_from or ''}>", *(f"Delivered-To: {one}" for one in envelope.rcpt_tos)]
        body = envelope.original_content or b""
        draft = self._folder / "tmp" / name
        draft.write_bytes("".join(f"{line}\r\n" for line in top).encode() + body)
        draft.rename(self._folder / "new" / name)
        return "250 OK"


def refuse(folder: Path, address: str) -> str | None:
    """The answer that refuses this recipient, or nothing if it is welcome."""
    for file in (folder / "refuse").iterdir():
        if file.name.casefold() == address.casefold():
            answer = file.read_text().strip()
            return answer if _ANSWER.fullmatch(answer) else "451 4.3.0 refused by file"
    if address.startswith("tempfail"):
        return "451 4.3.0 try again later"
    if address.startswith("reject"):
        return "550 5.1.1 no such mailbox"
    return None


def arrived(folder: Path) -> list[EmailMessage]:
    """Every mail that has arrived so far, oldest first."""
    files = sorted((folder / "new").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def start(folder: Path, port: int) -> Process:
    """Start the server for this folder on 127.0.0.1; returns when it takes connections.

    Raises:
        MailError: it ended, or did not listen within 20 seconds.
    """
    folder = folder.absolute()
    for name in ("new", "tmp", "refuse"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    running = process.find(mark(folder))
    log = folder / "mail.log"
    server = running[0] if running else process.spawn([sys.executable, *mark(folder), str(port)], log)
    until = time.monotonic() + 20.0
    while time.monotonic() < until:
        if _listens(port):
            return server
        if not server.alive:
            break
        time.sleep(0.02)
    server.stop(signal.SIGTERM, 1.0)
    raise MailError(f"the sandbox's mail server did not start: see {log}")


def mark(folder: Path) -> tuple[str, ...]:
    """The arguments by which this folder's server is recognised."""
    return ("-m", "vorzimmer.sandbox.mail", str(folder.absolute()))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _serve(folder: Path, port: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    keeper = Keeper(folder)

    def connection() -> Any:
        return SMTP(keeper, hostname="localhost", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True)

    async with await loop.create_server(connection, "127.0.0.1", port):
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
