"""The channel fax: a call's or a digest's words on paper, sent by Asterisk, whose own result counts.

The pages are laid into a folder under a stable reference; the calls process is asked to let them go; how it ended
stands in that folder, whoever has died meanwhile. So what became of an attempt is looked up and never guessed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vorzimmer.asterisk import fax_files
from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import Command, FaxSend, FaxState, Refused
from vorzimmer.core import fax as core
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.fax_drawing import DrawingError, Words, drawn
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import render
from vorzimmer.store.outbox import Copy, Leased

MEDIA_TYPE = "image/tiff"

WAIT = 40.0
"""Seconds for which an attempt waits for the end of a fax; a page takes about half a minute. What takes longer is
looked after by later attempts, so that no worker's end has to wait for a fax's."""

LOOK, ASK = 0.5, 5.0
"""Seconds between two looks for Asterisk's result, and between two questions whether the fax goes on."""

LATER = timedelta(seconds=30)
"""Until the next look at a fax that goes on, or the next try of a calls process that is away."""

KEPT = timedelta(days=3)
"""For how long pages and results lie in the folder: longer than a message is tried."""

TIDY = 3600.0
"""Seconds between two looks for what is older."""

_NEVER = frozenset({"gate.invalid", "gate.kind", "gate.country", "gate.loop", "unknown_client", "bad_request"})
_TOO_MANY_TODAY = "gate.per_day"


@dataclass(frozen=True, slots=True)
class Manner:
    """How faxes are written and tried (settings, [fax]). `station`: None: the client's DID."""

    house: str
    region: str
    station: str | None
    tries: int
    pause: timedelta
    fonts: Sequence[Path] = ()


class Fax:
    """The channel.

    Args:
        folder: `paths.fax`.
        control: the calls process's socket.
        manner: how faxes are written and tried.
        trouble: hears of pages that cannot be drawn.
        wait: seconds, see `WAIT`.
    """

    def __init__(self, folder: Path, control: Path, manner: Manner, *, trouble: Trouble, wait: float = WAIT) -> None:
        self._folder = folder
        self._control = control
        self._manner = manner
        self._trouble = trouble
        self._wait = wait

    async def send(self, message: Leased, /) -> Outcome:
        """Write the pages, let them go, and wait for the end.

        Raises:
            RenderError: the payload or a template is wrong.
        """
        reference = core.reference(message.message_id)
        ended = await asyncio.to_thread(fax_files.result, self._folder, reference)
        if ended is not None and ended.kind is core.Kind.SENT:
            return await self._outcome(reference, ended)
        page = render(message.payload, message.language, self._manner.region, "none")
        words = Words(one_line(str(message.payload["client_name"]), 120), page.subject, page.text, message.language)
        try:
            tiff = await drawn(words, self._manner.fonts)
        except DrawingError as error:
            self._trouble("fax.not_drawn", message=message.id, error=str(error))
            return RetryLater(str(error), after=self._manner.pause)
        await asyncio.to_thread(fax_files.put_pages, self._folder, reference, tiff)
        return await self._let_go(reference, message)

    async def look(self, message: Leased, /) -> Outcome | None:
        """What Asterisk wrote of it; while it goes on, wait for its end."""
        reference = core.reference(message.message_id)
        return await self._end(reference, known=False)

    async def _let_go(self, reference: str, message: Leased) -> Outcome:
        command = FaxSend(
            actor="worker",
            reference=reference,
            client=message.client_id,
            to=message.recipient,
            header=core.header(self._manner.house),
            station=self._manner.station,
        )
        try:
            await self._ask(command)
        except Refused as refused:
            return self._refused(refused)
        except Unreachable as away:
            return RetryLater(str(away), after=LATER, unclear=True)
        return await self._end(reference, known=True) or RetryLater(
            "Asterisk has lost the fax", after=self._manner.pause
        )

    def _refused(self, refused: Refused) -> Outcome:
        if refused.code in _NEVER:
            return Dead(refused.text)
        after = timedelta(hours=1) if refused.code == _TOO_MANY_TODAY else self._manner.pause
        return RetryLater(refused.text, after=after, unclear=refused.code == "unclear")

    async def _end(self, reference: str, *, known: bool) -> Outcome | None:
        """Wait for the end of a fax, but not for ever. None: there is no such fax.

        `known`: it has begun a moment ago.
        """
        until, ask_at, missed = time.monotonic() + self._wait, time.monotonic() + (ASK if known else 0), 0
        while time.monotonic() < until:
            ended = await asyncio.to_thread(fax_files.result, self._folder, reference)
            if ended is not None:
                return await self._outcome(reference, ended)
            if time.monotonic() >= ask_at:
                try:
                    told = await self._ask(FaxState(actor="worker", reference=reference))
                except (Refused, Unreachable) as error:
                    return RetryLater(f"nobody can say how it stands: {error}", after=LATER, unclear=True)
                # The channel ends an instant before its result is written.
                missed = missed + 1 if told == "unknown" else 0
                if missed > 1:
                    return None
                ask_at = time.monotonic() + (2 * LOOK if missed else ASK)
            await asyncio.sleep(LOOK)
        return RetryLater("the fax goes on", after=LATER, unclear=True)

    async def _outcome(self, reference: str, ended: core.Ended) -> Outcome:
        if ended.kind is core.Kind.SENT:
            tiff = await asyncio.to_thread(fax_files.pages, self._folder, reference)
            copy = Copy(MEDIA_TYPE, tiff) if tiff is not None else None
            return Sent(core.told(ended), provider_id=reference, copy=copy)
        earlier = await asyncio.to_thread(fax_files.tries, self._folder, reference)
        verdict = core.judge(ended, earlier, self._manner.tries)
        return (
            RetryLater(verdict.words, after=self._manner.pause * verdict.factor)
            if verdict.again
            else Dead(verdict.words)
        )

    async def _ask(self, command: Command) -> str:
        """Ask the calls process; what it says of the state, if it says one.

        Raises:
            Refused, Unreachable: see `control.client`.
        """
        async with connect(self._control) as control:
            return str((await control.ask(command)).get("state", ""))


async def tidy(folder: Path, *, clock: Clock, trouble: Trouble) -> None:
    """Delete pages and results that nobody needs any more, each hour, for ever: callers' names stand there."""
    while True:
        try:
            await asyncio.to_thread(fax_files.sweep, folder, clock() - KEPT)
        except OSError as error:
            trouble("fax.not_tidied", folder=str(folder), error=str(error))
        await asyncio.sleep(TIDY)
