"""A call that only Asterisk has a record of gets its CDR and its messages after all.

What is put down is the rule of `core.witness`. The plan is made for the time of arrival, but with the clients as they
are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.recording import keep
from vorzimmer.core.acd import Pool
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import CallEvent
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.core.routing import decide
from vorzimmer.core.witness import Voicemail, Witness, closing_events, events_of
from vorzimmer.store import segments

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Completed:
    """The CDR that was made, and all records of the call as the journal would hold them."""

    cdr: Cdr
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """What it takes to complete a call.

    Args:
        directory: all clients.
        policy: the house's limits.
        region: ISO 3166; national numbers are read as this country's.
        recordings: the folder where messages are kept.
        left_in: folders in which a message may still lie, as Asterisk recorded it: its own (`message-ID.wav`), and
            that of the dialplan (`ID.wav`).
    """

    directory: Directory
    policy: Policy
    region: str
    recordings: Path
    left_in: tuple[Path, ...]

    def complete(self, witness: Witness, known: Sequence[CallEvent], cause: str) -> Completed:
        """Make up what is missing; `known` are the events that the database has, in order (none, or arrival and more).

        A message that was left is moved to the recordings; doing it all again finds it there.
        """
        voicemail = self._voicemail(witness.call_id)
        if known:
            new = closing_events(witness, known, cause, voicemail)
            whole = [*known, *new]
            cdr = build_cdr(whole)
            client = self.directory.clients.get(cdr.client or "")
        else:
            own = self.directory.own_numbers
            # The name, and whether the number was withheld, do not stand in Asterisk's record.
            incoming = read_arrival([witness.did, witness.caller, "", witness.diverted], "", self.region, own)
            plan = decide(incoming, self.directory, self.policy, Pool(), witness.started_at)
            new = events_of(witness, incoming, plan, cause, voicemail)
            whole = new
            cdr = build_cdr(whole)
            client = plan.client
        records = [segments.event_record(event) for event in new]
        records.append({"t": "end", "record": end_record(cdr, messages_for(cdr, client), segments_of(whole))})
        return Completed(cdr, tuple(segments.render(record) for record in records))

    def _voicemail(self, call_id: str) -> Voicemail | None:
        name = f"message-{call_id}.wav"
        for left in (folder / file for folder in self.left_in for file in (name, f"{call_id}.wav")):
            try:
                seconds = keep(left, self.recordings / name)
            except (OSError, ValueError) as error:
                log.warning("completion.message_not_kept", call_id=call_id, file=str(left), error=str(error))
                continue
            if seconds is not None:
                return Voicemail(name, seconds)
        return None
