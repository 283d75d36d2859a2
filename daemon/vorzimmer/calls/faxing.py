"""Faxes go out: through the gate, by one request to Asterisk, which then does the rest by itself (dialplan/fax.conf).

Nothing here waits for the end of a fax. It runs on in Asterisk when this process ends, and how it ended stands in a
file; who wants to know asks, or reads that. A fax is a leg over the trunk: counted at the gate while it lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from vorzimmer.asterisk import events, fax_files
from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.calls.exchange import Exchange
from vorzimmer.core.client import Client
from vorzimmer.core.fax import Kind

log = structlog.get_logger()

RUNS, OTHER = "fax-", "line-"
"""How the ids of the two halves of a fax's channel begin; the first is there as long as the fax is."""

WAITS, DIALS = ("vorzimmer-fax-half", "wait"), "Local/send@vorzimmer-fax/n"
"""Where the halves go in the dialplan."""


class CannotFax(Exception):
    """No fax goes out now; the text says why. `code` is for programs: `gate.CODE` is the gate's refusal."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class State(StrEnum):
    """How it stands with a fax."""

    RUNNING = "running"
    RESULT = "result"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Way:
    """By which way faxes leave (settings, [fax] and paths.fax)."""

    folder: Path
    endpoint: str
    t38: bool
    ring: int
    longest: int


class Faxing:
    """All faxes of this Asterisk."""

    def __init__(self, exchange: Callable[[], Exchange], way: Way) -> None:
        self._exchange = exchange
        self._way = way
        self._lines: dict[str, str] = {}
        """The numbers that are faxed now, by the channel."""

    async def send(self, reference: str, to: str, client: Client, header: str, station: str) -> None:
        """Let the pages go that lie in the folder under this reference. If they go already, nothing happens.

        Args:
            reference: see `core.fax.reference`.
            to: the fax number (E.164).
            client: whose fax it is; its limits hold, and its DID is shown.
            header: the name at the top of each page (`core.fax.header`).
            station: the number there.

        Raises:
            CannotFax: it does not go.
        """
        exchange = self._exchange()
        if await self.state(reference) is State.RUNNING:
            return
        if to in self._lines.values():
            raise CannotFax("line_taken", "another fax goes to this number now")
        refusal = exchange.gate.enter(to, client)
        if refusal is not None:
            raise CannotFax(f"gate.{refusal.code.value}", refusal.reason)
        channel = exchange.ari.channels(f"{RUNS}{reference}")
        self._count_until_the_end(channel.id, to, client)
        try:
            before = await asyncio.to_thread(fax_files.put_by, self._way.folder, reference)
            sound = not self._way.t38 or Kind.NO_T38 in before
            await channel.originate(
                DIALS,
                other_id=f"{OTHER}{reference}",
                goes_on=WAITS,
                variables=_variables(
                    REF=reference,
                    TO=to,
                    OVER=self._way.endpoint,
                    SHOWN=client.dids[0].number,
                    HEADER=header,
                    ID=station,
                    RING=self._way.ring,
                    LONGEST=self._way.longest,
                    HOW="F" if sound else "fz",
                ),
                reported={"VZ_TARGET": to, "VZ_CLIENT": client.id},
            )
        except Unavailable as error:
            # Perhaps it runs. If it does not, the next look after a gap in the events notices that.
            raise CannotFax("unclear", f"Asterisk cannot be reached: {error}") from None
        except (AriError, OSError) as error:
            self._ended(channel.id, to, client)
            raise CannotFax("failed", f"Asterisk could not take the fax: {error}") from None
        log.info("fax.begun", reference=reference, client=client.id, sound=sound, calls_before=len(before))

    async def state(self, reference: str) -> State:
        """How it stands with a fax; one that ended a moment ago may be `UNKNOWN` until Asterisk has written it down.

        Raises:
            CannotFax: Asterisk or the folder cannot be asked.
        """
        exchange = self._exchange()
        try:
            if await exchange.ari.channels.exists(f"{RUNS}{reference}"):
                return State.RUNNING
            ended = await asyncio.to_thread(fax_files.result, self._way.folder, reference)
        except (AriError, OSError) as error:
            raise CannotFax("not_now", f"nobody can say how it stands with the fax: {error}") from None
        return State.UNKNOWN if ended is None else State.RESULT

    def found(self, channels: Iterable[events.ChannelData]) -> None:
        """After a connect: faxes that another process began count again, as long as they live."""
        exchange = self._exchange()
        for one in channels:
            client = exchange.directory().clients.get(one.variables.get("VZ_CLIENT", ""))
            if one.id.startswith(RUNS) and one.id not in self._lines and client is not None:
                exchange.gate.enter_again(one.variables.get("VZ_TARGET", ""), client)
                self._count_until_the_end(one.id, one.variables.get("VZ_TARGET", ""), client)

    def _count_until_the_end(self, channel_id: str, to: str, client: Client) -> None:
        def hear(event: events.Event) -> None:
            if isinstance(event, events.ChannelDestroyed):
                self._ended(channel_id, to, client)

        self._lines[channel_id] = to
        self._exchange().ari.on_event(channel_id, hear)

    def _ended(self, channel_id: str, to: str, client: Client) -> None:
        exchange = self._exchange()
        if self._lines.pop(channel_id, None) is not None:
            exchange.ari.forget(channel_id)
            exchange.gate.leave(to, client)


def _variables(**values: str | int) -> dict[str, str]:
    """As the dialplan calls them; the underscores let the dialled channel inherit them."""
    return {f"__VZ_FAX_{name}": str(value) for name, value in values.items()}
