"""A worker in a process of its own that kills itself (SIGKILL) at a chosen step of a sending.

    python -m tests.notify.dying '{"dsn": …, "smtp": PORT, "gateway": FILE, "step": …, "hit": 2}'

Without a step it works until it is asked to end (SIGTERM). Besides e-mail it has a channel `sms` whose gateway is a
file: a line there is a message that was taken, and may be looked up, as at gateways that are asked by our reference.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any

import aiosmtplib
import asyncpg

from tests.notify.examples import NOW
from vorzimmer import log
from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.notify import worker
from vorzimmer.notify.channel import Lane, Outcome, Sent
from vorzimmer.notify.email import Email, Sender
from vorzimmer.notify.smtp import Server
from vorzimmer.store import leasing, outbox
from vorzimmer.store.outbox import Leased

STEPS = ("leased", "render", "data", "taken", "mark", "in-mark", "marked")
"""After the lease's commit; before the mail is written; before DATA, or before the gateway's line; after the other
side's yes; before the mark; in the mark's transaction; after its commit."""


class Gateway:
    """A gateway for text messages that keeps what it took, and can be asked."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def send(self, message: Leased, /) -> Outcome:
        """Take it."""
        self.before()
        with self._file.open("a") as file:
            file.write(f"{message.message_id}\n")
        self.after()
        return Sent("taken", message.message_id)

    async def look(self, message: Leased, /) -> Outcome | None:
        """Whether it was taken."""
        known = self._file.read_text().split() if self._file.exists() else []
        return Sent("was taken", message.message_id) if message.message_id in known else None

    def before(self) -> None:
        """The last moment before a message is taken."""

    def after(self) -> None:
        """The first moment after it."""


class Death:
    """Kills this process when its step is reached for the so-manieth time."""

    def __init__(self, step: str, hit: int) -> None:
        self._step, self._left = step, hit
        self._marked = False

    def reached(self, step: str) -> None:
        """Die, or go on."""
        if step and step == self._step:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def lay_in_wait(self) -> None:
        """At every step, in the functions where it happens."""
        self._around(leasing, "lease", after=self._leasing)
        self._around(outbox, "mark_sent", before="mark", after=self._marking)
        self._around(asyncpg.transaction.Transaction, "__aexit__", after=self._committed)
        self._around(Email, "_write", before="render")
        self._around(aiosmtplib.SMTP, "data", before="data")
        self._around(aiosmtplib.SMTP, "sendmail", after=partial(self.reached, "taken"))
        for name, step in (("before", "data"), ("after", "taken")):
            setattr(Gateway, name, lambda _, step=step: self.reached(step))
        self._leased = False

    def _around(self, owner: Any, name: str, *, before: str = "", after: Callable[[], None] = lambda: None) -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        @wraps(original)
        async def wrapped(*args: Any, **options: Any) -> Any:
            self.reached(before)
            result = await original(*args, **options)
            self._result = result
            after()
            return result

        setattr(owner, name, wrapped)

    def _leasing(self) -> None:
        self._leased = bool(self._result)

    def _marking(self) -> None:
        self._marked = True
        self.reached("in-mark")

    def _committed(self) -> None:
        if self._leased:
            self._leased = False
            self.reached("leased")
        if self._marked:
            self._marked = False
            self.reached("marked")


async def work(dsn: str, smtp: int, gateway: str, step: str = "", hit: int = 1) -> None:
    """Be a worker until SIGTERM, or until the step."""
    log.configure("error", terminal=False)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    Death(step, hit).lay_in_wait()

    def trouble(event: str, /, **about: Any) -> None:
        print(event, about, file=sys.stderr)  # noqa: T201 - for whoever looks for a cause

    with tempfile.TemporaryDirectory() as folder:
        server, sender = Server("127.0.0.1", smtp), Sender("calls@vorzimmer.example", "Büroservice", "DE")
        email = Email(server, sender, recordings=(Path(folder),), to_mp3=to_mp3, clock=lambda: NOW, trouble=trouble)
        async with email:
            lanes = {"email": Lane(email, probe=1.0), "sms": Lane(Gateway(Path(gateway)))}
            await worker.run(
                partial(asyncpg.connect, dsn),
                lanes,
                stop=stop,
                jitter=lambda: 0.5,
                trouble=trouble,
                domain="vorzimmer.example",
                poll=0.05,
            )


if __name__ == "__main__":
    asyncio.run(work(**json.loads(sys.argv[1])))
