"""Who must have consented before a talk is recorded, how that is proven, and what the ledger tells of a recording.

To record a talk without the consent of everyone in it is a crime in Germany (§ 201 StGB), and an announcement alone is
no consent. The caller's is a key pressed at a question, or a spoken "yes" that the agent confirms; the agent's is a
standing one, on file with its date. All of it stands in the call's ledger, word for word, before anything is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import CallEvent, Kind

YES = "1"
"""The key that consents. Every other one, and none, does not."""


class Way(StrEnum):
    """How a caller consents."""

    KEY = "key"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class Consent:
    """The caller's consent, with what proves it.

    `key` and `announcement`: of a pressed key, and the question it answers (its media name). `confirmed_by`: the agent
    who heard the spoken "yes", and `through` what it was confirmed: "code", "api". `at` is aware.
    """

    way: Way
    at: datetime
    key: str = ""
    announcement: str = ""
    confirmed_by: str = ""
    through: str = ""


def by_key(key: str, announcement: str, at: datetime) -> Consent:
    """A key that the caller pressed when asked by this announcement."""
    return Consent(Way.KEY, at, key=key, announcement=announcement)


def spoken(confirmed_by: str, through: str, at: datetime) -> Consent:
    """A "yes" that this agent (id) heard and confirms."""
    return Consent(Way.SPOKEN, at, confirmed_by=confirmed_by, through=through)


class Refusal(StrEnum):
    """Why a talk is not recorded. The value is a code; `text` says it to a person."""

    CLIENT = "client"
    AGENT = "agent"
    CALLER = "caller"
    WITHDRAWN = "withdrawn"

    @property
    def text(self) -> str:
        """A sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Refusal.CLIENT: "this client's talks are not recorded",
    Refusal.AGENT: "the agent's consent to being recorded is not on file",
    Refusal.CALLER: "the caller's consent is not proven",
    Refusal.WITHDRAWN: "the caller has withdrawn the consent, which stands for this call",
}


def may_record(client: Client | None, agent: Agent, consent: Consent | None, on: date) -> Refusal | None:
    """Whether this talk may be recorded; None: it may. `on`: today, where the agent is.

    Who confirms a spoken "yes" must be the agent who talks.
    """
    if client is None or not client.recording.allowed:
        return Refusal.CLIENT
    if not takes_part(agent, on):
        return Refusal.AGENT
    if consent is None or not _is_proven(consent, agent):
        return Refusal.CALLER
    return None


def takes_part(agent: Agent, on: date) -> bool:
    """Whether the agent's standing consent is on file and has begun."""
    return agent.records_since is not None and agent.records_since <= on


def _is_proven(consent: Consent, agent: Agent) -> bool:
    match consent.way:
        case Way.KEY:
            return consent.key == YES and bool(consent.announcement)
        case Way.SPOKEN:
            return consent.confirmed_by == agent.id and bool(consent.through)


def proof(client: Client, agent: Agent, consent: Consent) -> dict[str, Any]:
    """What the ledger keeps of everybody's consent, as plain JSON. `may_record` must have allowed it."""
    told: dict[str, Any] = {"way": consent.way.value, "at": consent.at.isoformat()}
    if consent.way is Way.KEY:
        told |= {"key": consent.key, "announcement": consent.announcement}
    else:
        told |= {"confirmed_by": consent.confirmed_by, "through": consent.through}
    days = client.recording.keep_days
    return {"client": client.id, "keep_days": days, "caller": told, "agent": agents_part(agent)}


def agents_part(agent: Agent) -> dict[str, Any]:
    """What proves the agent's consent."""
    since = agent.records_since.isoformat() if agent.records_since else None
    return {"id": agent.id, "since": since}


@dataclass(frozen=True, slots=True)
class Tape:
    """What a ledger tells of the recording of its call.

    `proof`: of the consent. `begun`: Asterisk records. `paused`, and `why_paused`. `withdrawn`: whatever was recorded
    must go. `kept`: it is told of, and nothing is left to do.
    """

    proof: Mapping[str, Any] | None = None
    begun: bool = False
    paused: bool = False
    why_paused: str = ""
    withdrawn: bool = False
    kept: bool = False


def tape_of(events: Sequence[CallEvent]) -> Tape:
    """What these events, in order, tell of the recording."""
    kinds = [event.kind for event in events]
    proofs = [event.data for event in events if event.kind is Kind.CONSENTED]
    turns = [event for event in events if event.kind in (Kind.RECORDING_PAUSED, Kind.RECORDING_RESUMED)]
    pauses = [turn for turn in turns[-1:] if turn.kind is Kind.RECORDING_PAUSED]
    return Tape(
        proof=proofs[-1] if proofs else None,
        begun=Kind.TALK_RECORDING in kinds,
        paused=bool(pauses),
        why_paused=str(pauses[0].data.get("why", "")) if pauses else "",
        withdrawn=Kind.WITHDRAWN in kinds,
        kept=Kind.TALK_RECORDED in kinds,
    )


def keep_until(ended: datetime, proof: Mapping[str, Any]) -> datetime:
    """When a recording must be deleted, from the end of its talk: as the client had it when consent was given."""
    return ended + timedelta(days=int(proof["keep_days"]))
