"""What every call is given: Asterisk, the journal, the phones, the gate, the folders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.calls.phones import Phones
from vorzimmer.calls.waiting_line import WaitingLine
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.callbacks import Callback
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.floor import Floor
from vorzimmer.core.ledger import CallEvent
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.core.ports import Clock, Journal
from vorzimmer.core.talk import Wish


@dataclass(frozen=True, slots=True)
class Trunk:
    """The PJSIP endpoint that leads outside; `show` says whose number is shown there."""

    endpoint: str
    show: Literal["did", "caller"]


class Talking(Protocol):
    """A talk with an agent, for those who ask something of it (`calls.talk.Talk`)."""

    @property
    def agent(self) -> str:
        """The agent's id; empty once the agent has left."""

    async def ask(self, wish: Wish) -> None:
        """Do it; raises `core.talk.NotPossible` or `core.targets.NotAllowed`."""


class CallingBack(Protocol):
    """Who waits to be called back (`calls.callbacks.Callbacks`)."""

    def ask(self, callback: Callback) -> None:
        """Somebody else waits to be called back."""

    async def kept(self) -> None:
        """Wait until the disk has what is so now."""

    def reached(self, call_id: str) -> None:
        """The call that we made for somebody has reached its caller."""

    def unreached(self, call_id: str) -> bool:
        """It has not; whether it was the last attempt."""


Witness = Callable[[Collection[str], datetime], Mapping[str, datetime]]
"""The ends of these calls, as far as Asterisk has written them down since then."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The surroundings of all calls of this process.

    `media_uri` turns a plan's media name into what Asterisk plays. `spool` is Asterisk's recording folder,
    `recordings` ours; `notes` is where the dialplan writes of calls it handled alone. `directory` is asked anew
    for each call.

    `floor` knows the agents, `line` who waits for them, `callbacks` who waits to be called back; `talks` are the talks
    with agents, by the call's id.

    `witness` tells from Asterisk's own record when calls ended that ended after an instant; it reads a file. `left`
    are the ledgers of calls that go on in the dialplan alone, until their notes are taken up. `recorder` may record
    talks; a house that never does has none.
    """

    ari: Ari
    app: str
    journal: Journal
    clock: Clock
    phones: Phones
    floor: Floor
    line: WaitingLine
    callbacks: CallingBack
    gate: TrunkGate
    trunk: Trunk
    region: str
    directory: Callable[[], Directory]
    media_uri: Callable[[str], str]
    spool: Path
    recordings: Path
    notes: Path
    witness: Witness
    left: dict[str, Sequence[CallEvent]] = field(default_factory=dict)
    talks: dict[str, Talking] = field(default_factory=dict)
    recorder: Ami | None = None


def note_file(exchange: Exchange, call_id: str) -> Path:
    """Where the dialplan notes a call that it handles alone."""
    return exchange.notes / f"{call_id}.call"


def close_ledger(exchange: Exchange, events: Sequence[CallEvent], client: Client | None) -> Cdr:
    """The CDR of a whole ledger, and the messages that follow from it, go to the journal as one record."""
    cdr = build_cdr(events)
    exchange.journal.append_end(end_record(cdr, messages_for(cdr, client), segments_of(events)))
    return cdr
