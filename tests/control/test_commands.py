"""Commands as they come in: what is taken, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vorzimmer.control import commands
from vorzimmer.control.commands import COMMANDS, AgentPause, Command, RecordingStart, Refused, Transfer

COMPLETE: dict[str, Any] = {
    "actor": "test",
    "agent": "alice",
    "call": "1700000000.1",
    "phone": "alice-desk",
    "callback": "cb-1",
    "client": "mueller",
    "consent": "agent",
    "header": "Vorzimmer",
    "number": "+498912345",
    "reason": "lunch",
    "reference": "0123456789abcdef01234567",
    "result": "spam",
    "supervisor": "boss1",
    "team": "law",
    "to": "+491713920055",
}
"""A value for every field that a command may require."""


def request(**fields: Any) -> bytes:
    """A line as it comes in."""
    return json.dumps(fields).encode() + b"\n"


def refused(line: bytes) -> Refused:
    """Why a line is no command."""
    with pytest.raises(Refused) as caught:
        commands.parse(line)
    return caught.value


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_comes_through(name: str) -> None:
    """Written by the client and read by the server, each command is the same; its name leads to its own class."""
    kind = COMMANDS[name]
    given = kind(**{field: value for field, value in COMPLETE.items() if field in kind.model_fields})
    back = commands.parse(given.model_dump_json().encode())
    assert type(back) is kind
    assert back == given
    assert back.do == name


def test_fields_are_read() -> None:
    """Defaults are filled in, what is given arrives, and blanks around a text are gone."""
    pause = commands.parse(request(do="agent.pause", id="7", actor="cli:root", agent="alice", reason="  lunch "))
    assert pause == AgentPause(id="7", actor="cli:root", agent="alice", reason="lunch")
    moved = commands.parse(request(do="call.transfer", actor="a", call="1.2", to="bob"))
    assert isinstance(moved, Transfer)
    assert not moved.attended


def test_each_command_has_an_id_of_its_own() -> None:
    """Two commands of a program are never taken for a repetition."""
    assert len({AgentPause(actor="a", agent="b", reason="c").id for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "EOF"),
        (b"\n", "EOF"),
        (b"hello", "Invalid JSON"),
        (b"\xff\xfe\x00", "Invalid JSON"),
        (b"[" * 10_000, "recursion limit"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"{}", "do: Field required"),
        (b'{"do": 5}', "do: Input should be a valid string"),
        (request(do="wall"), "actor: Field required"),
        (request(do="wall", actor=""), "actor: String should have at least 1"),
        (request(do="wall", actor="x" * 200), "actor: String should have at most 120"),
        (request(do="wall", actor="root\x1b[2J"), "actor: Value error, one line of printable characters"),
        (request(do="wall", actor="a", id="../x"), "id: String should match pattern"),
        (request(do="wall", actor="a", deadline="2026-12-24T12:00:00"), "deadline: Input should have timezone info"),
        (request(do="wall", actor="a", colour="red"), "colour: Extra inputs are not permitted"),
        (request(do="agent.login", actor="a", agent="Alice; DROP"), "agent: String should match pattern"),
        (request(do="agent.login", actor="a", agent="a", phone="a/b@c"), "phone: String should match pattern"),
        (request(do="agent.pause", actor="a", agent="a"), "reason: Field required"),
        (request(do="call.hold", actor="a", call="x\r\nAction: Hangup"), "call: String should match pattern"),
        (request(do="recording.start", actor="a", call="1.2", consent="none"), "consent: Input should be 'agent'"),
    ],
)
def test_what_is_no_command_is_refused_with_its_reason(line: bytes, says: str) -> None:
    """The field at fault and the rule stand in the answer; a hostile value is not repeated."""
    refusal = refused(line)
    assert refusal.code == "bad_request"
    assert says in refusal.text
    assert "\x1b" not in refusal.text
    assert len(refusal.text) < 300


def test_an_unknown_command_is_told_the_known_ones() -> None:
    """A program of another version learns what there is."""
    refusal = refused(request(do="agent.fly", actor="a"))
    assert refusal.code == "unknown_command"
    assert "agent.login" in refusal.text
    assert "agent.fly" not in refusal.text


def test_recording_needs_the_word_consent() -> None:
    """There is no way to ask for a recording without saying whose yes was heard."""
    assert RecordingStart.model_fields["consent"].is_required()


def test_what_only_asks_is_known() -> None:
    """Questions are not remembered, so only what changes nothing may be one."""
    asks = {name for name, kind in COMMANDS.items() if kind.asks}
    assert asks == {"calls", "ledgers", "wall", "watch", "callback.list", "fax.state"}
    assert not Command.asks
