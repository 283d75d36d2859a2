"""Feature codes: what they do and what the agent hears, by the real FastAGI server and a dialplan made up here."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.agents.staff import Room
from tests.asterisk.agi_peer import connected
from tests.asterisk.ami_peer import until
from tests.core.agents import make_agent
from tests.core.examples import START
from vorzimmer.agents.codes import Word, answer_code, spoken
from vorzimmer.agents.staff import Staff
from vorzimmer.asterisk.agi import AgiServer
from vorzimmer.core.presence import NO_ANSWER, Act, Presence, State

PATIENCE = 5.0

DONE = [b'SET VARIABLE "VZ_DONE" "1"\n']
SILENT: list[bytes] = []


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Anna and Ben, logged out."""
    return Room(tmp_path)


def plays(*names: str) -> list[bytes]:
    """The commands that play these sounds, after the answer."""
    return [b"ANSWER\n", *(f'STREAM FILE "{name}" ""\n'.encode() for name in names)]


def in_language(language: str) -> list[bytes]:
    """The command that chooses the language."""
    return [f'SET VARIABLE "CHANNEL(language)" "{language}"\n'.encode()]


async def dial(staff: Staff, script: str, endpoint: str = "anna-desk", leave_after: int = 99) -> list[bytes]:
    """Be the dialplan that calls this script for a telephone; what the daemon had done, command by command."""
    async with (
        asyncio.timeout(PATIENCE),
        AgiServer("127.0.0.1", 0, partial(answer_code, staff)) as server,
        connected(server.port) as asterisk,
    ):
        await asterisk.knock(f"agi_network_script: {script}\nagi_callerid: ben-desk\n".encode())
        await asterisk.asked(b'GET VARIABLE "CHANNEL(endpoint)"\n', f"200 result=1 ({endpoint})\n".encode())
        commands: list[bytes] = []
        while len(commands) < leave_after and (command := await asterisk.command()):
            commands.append(command)
            await asterisk.send(b"200 result=0 endpos=8000\n")
        asterisk.leave()
        await until(lambda: not server.sessions)
    return commands


async def test_a_day(room: Room) -> None:
    """Log in, lunch, ready, log out, each from the agent's own telephone and confirmed in the agent's language."""
    staff = await room.staff()
    german = in_language("de")
    assert await dial(staff, "agents/log_in", "anna-home") == german + plays("agent-loginok") + DONE
    assert staff.floor.presence("anna").phone == "anna-home"
    room.hands.forward(1)
    assert await dial(staff, "agents/pause/lunch") == german + plays("vm-isunavail", "digits/1") + DONE
    assert staff.floor.presence("anna").reason == "lunch"
    assert await dial(staff, "agents/state") == german + plays("vm-isunavail", "digits/1") + DONE
    room.hands.forward(1)
    assert await dial(staff, "agents/ready") == german + plays("agent-loginok") + DONE
    room.hands.forward(1)
    assert await dial(staff, "agents/log_out") == german + plays("agent-loggedoff") + DONE
    assert room.ledger() == ["available", "paused", "available", "logged_out"]
    assert room.ledger("ben") == []


async def test_what_does_not_fit_is_said_with_the_state(room: Room) -> None:
    """A pause of one who is not logged in is refused by a tone, and what holds instead is said behind it."""
    staff = await room.staff()
    said = await dial(staff, "agents/pause/break")
    assert said == in_language("de") + plays("beeperr", "agent-loggedoff") + DONE
    assert room.events == []


async def test_the_first_language_of_the_agent_is_spoken(room: Room) -> None:
    """An agent who works in English is not answered in German."""
    room.agents["anna"] = make_agent("anna", languages=["en", "de"])
    assert (await dial(await room.staff(), "agents/state"))[:1] == in_language("en")


@pytest.mark.parametrize("endpoint", ["softphone9", "", "anna", "PJSIP/anna-desk", "trunk"])
async def test_a_strangers_telephone_is_refused(room: Room, endpoint: str) -> None:
    """Nobody is logged in from a telephone that is nobody's, whatever caller id it shows."""
    staff = await room.staff()
    assert await dial(staff, "agents/log_in", endpoint) == plays("feature-not-avail-line") + DONE
    assert room.events == []


async def test_who_hangs_up_at_once_has_logged_in(room: Room) -> None:
    """The code takes effect before it is confirmed: an agent who does not listen to the end is not left out."""
    staff = await room.staff()
    await dial(staff, "agents/log_in", leave_after=1)
    assert room.ledger() == ["available"]


@pytest.mark.parametrize("script", ["agents/dance", "agents", "other/log_in", "agents/pause"])
async def test_a_code_that_nobody_knows_is_left_to_the_dialplans_apology(room: Room, script: str) -> None:
    """An agents.conf newer than the daemon does not end in silence: without VZ_DONE the dialplan apologises."""
    assert await dial(await room.staff(), script) == SILENT


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (State.LOGGED_OUT, {}, ("agent-loggedoff",)),
        (State.AVAILABLE, {}, ("agent-loginok",)),
        (State.PAUSED, {"reason": "break"}, ("vm-isunavail",)),
        (State.PAUSED, {"reason": "admin"}, ("vm-isunavail", "digits/2")),
        (State.PAUSED, {"reason": "training"}, ("vm-isunavail", "digits/3")),
        (State.PAUSED, {"reason": NO_ANSWER}, ("vm-isunavail",)),
        (State.RESERVED, {}, ("vm-isonphone",)),
        (State.RINGING, {}, ("vm-isonphone",)),
        (State.TALKING, {}, ("vm-isonphone",)),
        (State.TALKING, {"then": Act.LOG_OUT}, ("vm-isonphone", "agent-loggedoff")),
        (
            State.TALKING,
            {"then": Act.PAUSE, "then_reason": "lunch"},
            ("vm-isonphone", "vm-isunavail", "digits/1"),
        ),
        (State.WRAP_UP, {}, ("agent-loginok", 13, "seconds")),
        (State.WRAP_UP, {"then": Act.PAUSE}, ("agent-loginok", 13, "seconds", "vm-isunavail")),
    ],
)
def test_every_state_can_be_said(state: State, fields: dict[str, Any], words: tuple[Word, ...]) -> None:
    """What an agent hears tells the states apart, and what follows the call is said too."""
    presence = Presence("anna", state, START, **fields)
    assert spoken(presence, timedelta(seconds=12.2)) == words
