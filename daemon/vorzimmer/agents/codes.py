"""The agents' feature codes: what an agent dials on the own telephone is done, and the outcome said.

The dialplan (agents.conf) turns each code into a script: `agents/log_in`, `agents/log_out`, `agents/pause/REASON`,
`agents/ready`, `agents/state`. Done is said by the state that it led to; a tone before it says that it did not fit.
The sounds are Asterisk's own, chosen among those that Debian's German prompts hold too; where a language lacks one,
Asterisk takes the English.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import assert_never

import structlog

from vorzimmer.agents.staff import Staff
from vorzimmer.asterisk.agi_session import Session
from vorzimmer.core.agent import Agent
from vorzimmer.core.presence import Act, NotNow, Presence, State

log = structlog.get_logger()

DONE = "VZ_DONE"
"""The channel variable without which the dialplan apologises."""

STRANGER = "feature-not-avail-line"
REFUSED = "beeperr"

LOGGED_IN = "agent-loginok"
LOGGED_OUT = "agent-loggedoff"
PAUSED = "vm-isunavail"
ON_THE_PHONE = "vm-isonphone"
SECONDS = "seconds"

REASONS = {"lunch": "digits/1", "admin": "digits/2", "training": "digits/3"}
"""The last digit of the code tells these pauses apart, said as it is dialled; a break has none."""


Word = str | int
"""A sound's name, or a number to be said."""


async def answer_code(staff: Staff, session: Session) -> None:
    """Do what one code asks for and say the outcome; the handler of the scripts `agents/…`.

    Raises:
        AgiError: the agent hung up, or Asterisk refused. What was asked for may have been done.
    """
    endpoint = await session.get_variable("CHANNEL(endpoint)") or ""
    agent = staff.floor.agent_at(endpoint)
    if agent is None:
        log.warning("codes.stranger", endpoint=endpoint, script=session.script)
        words: Sequence[Word] = (STRANGER,)
    else:
        words = _carry_out(staff, agent, endpoint, session.script)
        await session.set_variable("CHANNEL(language)", agent.languages[0].value)
    await session.answer()
    for word in words:
        if isinstance(word, int):
            await session.say_number(word)
        else:
            await session.stream_file(word)
    await session.set_variable(DONE, "1")


def _carry_out(staff: Staff, agent: Agent, endpoint: str, script: str) -> Sequence[Word]:
    try:
        presence = _act(staff, agent, endpoint, script)
    except NotNow as refusal:
        log.info("codes.refused", agent=agent.id, script=script, why=str(refusal))
        return REFUSED, *spoken(staff.floor.presence(agent.id), staff.wrap_up_left(agent.id))
    log.info("codes.done", agent=agent.id, script=script, state=presence.state.value)
    return spoken(presence, staff.wrap_up_left(agent.id))


def _act(staff: Staff, agent: Agent, endpoint: str, script: str) -> Presence:
    match script.split("/"):
        case ["agents", "log_in"]:
            return staff.log_in(agent.id, endpoint)
        case ["agents", "log_out"]:
            return staff.log_out(agent.id)
        case ["agents", "pause", reason]:
            return staff.pause(agent.id, reason)
        case ["agents", "ready"]:
            return staff.ready(agent.id)
        case ["agents", "state"]:
            return staff.floor.presence(agent.id)
        case _:
            raise LookupError(f"the dialplan asks for {script}, which is no code of the agents'")


def spoken(presence: Presence, wrap_up_left: timedelta = timedelta()) -> tuple[Word, ...]:
    """What an agent is doing, as it is said; what follows the call is said behind it."""
    match presence.state:
        case State.LOGGED_OUT:
            words: tuple[Word, ...] = (LOGGED_OUT,)
        case State.AVAILABLE:
            words = (LOGGED_IN,)
        case State.PAUSED:
            words = _paused(presence.reason)
        case State.WRAP_UP:
            words = (LOGGED_IN, ceil(wrap_up_left.total_seconds()), SECONDS)
        case State.RESERVED | State.RINGING | State.TALKING:
            words = (ON_THE_PHONE,)
        case _:
            assert_never(presence.state)
    if presence.then is Act.LOG_OUT:
        return *words, LOGGED_OUT
    if presence.then is Act.PAUSE:
        return *words, *_paused(presence.then_reason)
    return words


def _paused(reason: str) -> tuple[Word, ...]:
    return (PAUSED, REASONS[reason]) if reason in REASONS else (PAUSED,)
