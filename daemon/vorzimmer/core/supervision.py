"""Who may listen in on whose talks, and the stages of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.consent import takes_part
from vorzimmer.core.serving import is_pledged


class Stage(StrEnum):
    """How far a supervisor is in a talk."""

    LISTEN = "listen"
    """Hears both, heard by nobody."""
    WHISPER = "whisper"
    """Heard by the agent alone."""
    BARGE = "barge"
    """Heard by both."""


LEFT = "left"
"""What the ledger says of a supervisor who has gone."""

KEYS: Mapping[str, Stage] = {"4": Stage.LISTEN, "5": Stage.WHISPER, "6": Stage.BARGE}
"""What a supervisor presses to go from one stage to another."""


class Refusal(StrEnum):
    """Why somebody does not listen. The value is a code; `text` says it to a person."""

    NOT_SUPERVISOR = "not_supervisor"
    NO_AGENT = "no_agent"
    ONESELF = "oneself"
    NO_CONSENT = "no_consent"
    NO_PLEDGE = "no_pledge"
    NO_TALK = "no_talk"
    BUSY = "busy"
    RECORDED = "recorded"

    @property
    def text(self) -> str:
        """A sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Refusal.NOT_SUPERVISOR: "this is no supervisor's telephone",
    Refusal.NO_AGENT: "there is no such agent",
    Refusal.ONESELF: "nobody listens to oneself",
    Refusal.NO_CONSENT: "the agent's consent to being listened to is not on file",
    Refusal.NO_PLEDGE: "the talk is of a client with secrecy, and the supervisor's pledge is not on file",
    Refusal.NO_TALK: "the agent is not in a talk",
    Refusal.BUSY: "the supervisor's telephone is in use",
    Refusal.RECORDED: "the talk is recorded, and the supervisor's consent to that is not on file",
}


def may_supervise(supervisor: Agent | None, agent: Agent | None, on: date) -> Refusal | None:
    """Whether this supervisor may listen to this agent; None: yes. `on`: today.

    To overhear a talk secretly is forbidden as its recording is (§ 201 StGB), so the same consent of the agent's is
    asked for; what callers must be told is the operator's to announce.
    """
    if supervisor is None or not supervisor.supervisor:
        return Refusal.NOT_SUPERVISOR
    if agent is None:
        return Refusal.NO_AGENT
    if agent.id == supervisor.id:
        return Refusal.ONESELF
    return None if takes_part(agent, on) else Refusal.NO_CONSENT


def may_enter(stage: Stage, supervisor: Agent, on: date, *, recorded: bool) -> Refusal | None:
    """Whether the supervisor may go to this stage; None: yes. Who takes part in a recorded talk is recorded."""
    if stage is Stage.BARGE and recorded and not takes_part(supervisor, on):
        return Refusal.RECORDED
    return None


def may_hear(supervisor: Agent, client: Client | None, on: date) -> Refusal | None:
    """Whether the supervisor may hear talks of this client; None: yes. Who listens learns what agents learn (§ 203)."""
    return Refusal.NO_PLEDGE if client is not None and client.secrecy and not is_pledged(supervisor, on) else None
