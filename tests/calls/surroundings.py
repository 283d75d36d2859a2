"""What units of a call need around them: clients, a journal that is a list, and an Asterisk that knows its channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from vorzimmer.asterisk.ari import Ari
from vorzimmer.asterisk.errors import AriError
from vorzimmer.asterisk.events import ChannelData
from vorzimmer.calls.exchange import Exchange, Trunk
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.calls.phones import Phones
from vorzimmer.calls.waiting_line import WaitingLine
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.callbacks import Callback
from vorzimmer.core.client import Client
from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.floor import Floor
from vorzimmer.core.ledger import CallEvent, Kind

DID = "+4989123456"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EPOCH = int(START.timestamp())
HOUSE = Policy(countries=frozenset({"DE", "AT"}), parallel=3, per_day=20)


def make_client(**fields: Any) -> Client:
    """A client with one DID, a machine and one address; `fields` are as in the TOML file."""
    return Client.model_validate(
        {
            "id": "mueller",
            "name": "Kanzlei Müller",
            "hours": "always",
            "dids": [DID],
            "mail": ["kanzlei@client.example"],
            "open": {"chain": [{"to": "machine"}]},
            **fields,
        }
    )


def event(seq: int, kind: Kind, after: float = 0, **data: Any) -> CallEvent:
    """An event of `call-1`, `after` seconds from the start of the call."""
    return CallEvent(f"e{seq}", "call-1", seq, START + timedelta(seconds=after), kind, data)


@dataclass
class Records:
    """A journal in memory."""

    events: list[CallEvent] = field(default_factory=list)
    ends: list[Mapping[str, Any]] = field(default_factory=list)
    agents: list[AgentEvent] = field(default_factory=list)

    def append(self, event: CallEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Keep an end-of-call record."""
        self.ends.append(record)

    def append_agent(self, event: AgentEvent) -> None:
        """Keep an agent's event."""
        self.agents.append(event)


@dataclass
class Pbx:
    """An Asterisk as far as these units ask it: which channels live, one list for each time it is asked.

    The last list stays. An `AriError` in place of a list is raised.
    """

    answers: list[list[str] | AriError] = field(default_factory=lambda: [[]])
    ended: dict[str, datetime] = field(default_factory=dict)
    """What Asterisk has written down of the ends of calls."""

    @property
    def channels(self) -> Pbx:
        """As the client has it."""
        return self

    async def ready(self) -> None:
        """It is there."""

    async def list(self) -> list[ChannelData]:
        """The channels that live now."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, AriError):
            raise answer
        return [ChannelData(channel, f"PJSIP/{channel}", "Up", "", "") for channel in answer]


class NobodyWaits:
    """No callbacks."""

    def ask(self, callback: Callback) -> None:
        """There are none."""

    async def kept(self) -> None:
        """There is nothing to keep."""

    def reached(self, call_id: str) -> None:
        """It is not known."""

    def unreached(self, call_id: str) -> bool:  # noqa: ARG002 - the protocol's
        """It is not known."""
        return False


def make_exchange(folder: Path, pbx: Pbx, records: Records, *clients: Client) -> Exchange:
    """An exchange in a folder; the spool, the recordings and the notes lie in it."""
    directory = Directory((), clients or (make_client(),))
    for name in ("spool", "recordings", "notes"):
        (folder / name).mkdir()
    floor, phones = Floor(), Phones(frozenset)
    return Exchange(
        ari=cast(Ari, pbx),
        app="vorzimmer",
        journal=records,
        clock=lambda: START,
        phones=phones,
        floor=floor,
        line=WaitingLine(floor, phones.can_ring, lambda: START),
        callbacks=NobodyWaits(),
        gate=TrunkGate(HOUSE, frozenset, "Europe/Berlin", folder / "legs.json", lambda: START),
        trunk=Trunk("trunk", "did"),
        region="DE",
        directory=lambda: directory,
        media_uri=str,
        spool=folder / "spool",
        recordings=folder / "recordings",
        notes=folder / "notes",
        witness=lambda call_ids, _: {call_id: pbx.ended[call_id] for call_id in call_ids if call_id in pbx.ended},
    )
