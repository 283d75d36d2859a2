"""The commands that ask the running calls process: `vorzimmer agent login` and the like, and `vorzimmer wall`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Vorzimmer
from tests.core.examples import DID, event
from tests.store.records import Troubles
from vorzimmer.agents.staff import Staff
from vorzimmer.cli import wall as wall_command
from vorzimmer.control import agents
from vorzimmer.control.answering import Handlers
from vorzimmer.control.commands import (
    COMMANDS,
    CallbackCancel,
    CallbackList,
    CallCommand,
    CallResult,
    Command,
    Refused,
    Supervision,
    Wall,
)
from vorzimmer.control.server import Server
from vorzimmer.control.wall import Caller, Living, View
from vorzimmer.core.agent import Agent
from vorzimmer.core.floor import Floor
from vorzimmer.core.ledger import Kind

ALICE = Agent.model_validate(
    {"id": "alice", "name": "Alice", "phones": ["alice1"], "shifts": "always", "timezone": "Europe/Berlin"}
)
BOB = Agent.model_validate({"id": "bob", "name": "Bob", "phones": ["bob1"]})


class CallsProcess:
    """A control API with two agents, a caller and a call, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._stop = asyncio.Event()
        self.asked: list[Command] = []
        """What was asked of the talk `c1`."""
        self.behind = timedelta()
        """By so much the wall's clock is behind."""

    def start(self) -> None:
        """Return when it listens."""
        self._thread.start()
        self._ready.result(20)

    def stop(self) -> None:
        """End it."""
        self._ready.result(20).call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    async def _run(self) -> None:
        def now() -> datetime:
            return datetime.now(UTC)

        async def move(agent: str, team: str) -> None:
            assert (agent, team) == ("alice", "law")

        async def wall(_: Wall) -> dict[str, Any]:
            at = now() - self.behind
            waiting = Caller(call="w-1", client="kanzlei", since=at - timedelta(seconds=75), place=1, predicted=30)
            living = Living.of([event(0, Kind.ARRIVED, dialled=DID, caller="+4930\x1b[2J")])
            return View.of(at, [waiting], [living], staff.seen()).model_dump(mode="json")

        staff = Staff(
            Floor(),
            now,
            self._folder / "agents.json",
            record=lambda _: None,
            unreachable=lambda: frozenset({"bob1"}),
            trouble=Troubles(),
        )
        await staff.start({"alice": ALICE, "bob": BOB})
        handlers: Handlers = {**agents.handlers(staff, move), Wall: wall, **_callbacks(), **self._talks()}
        server = Server(self._folder / "control.sock", handlers, now, Troubles())
        serving = asyncio.create_task(server.run())
        await server.listening.wait()
        self._ready.set_result(asyncio.get_running_loop())
        await self._stop.wait()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving

    def _talks(self) -> Handlers:
        """Whatever is asked of a talk is noted; there is one."""

        async def note(command: Command) -> dict[str, Any]:
            if getattr(command, "call", "c1") != "c1":
                raise Refused("no_talk", "no agent is in a talk on this call")
            self.asked.append(command)
            return {}

        kinds = [kind for kind in COMMANDS.values() if issubclass(kind, CallCommand | CallResult | Supervision)]
        return dict.fromkeys(kinds, note)


def _callbacks() -> Handlers:
    """One who waits, and one whose telephone was busy; nobody can be cancelled but the first."""
    first: dict[str, Any] = {
        "callback": "c1-back",
        "client": "kanzlei",
        "number": "+4930111111",
        "asked_at": "2026-11-23T09:00:00Z",
        "place": 2,
        "attempts": 0,
        "not_before": None,
        "calling": False,
    }
    other = {**first, "callback": "c2-back", "place": 0, "attempts": 1, "not_before": "2026-11-23T09:10:00Z"}

    async def waiting(_: CallbackList) -> dict[str, Any]:
        return {"callbacks": [first, other]}

    async def cancel(command: CallbackCancel) -> dict[str, Any]:
        if command.callback != "c1-back":
            raise Refused("not_now", "the caller is being called at this moment")
        return {"callback": command.callback}

    return {CallbackList: waiting, CallbackCancel: cancel}


@pytest.fixture
def calls_process(tmp_path: Path) -> Iterator[CallsProcess]:
    """It runs where the settings of `vorzimmer` say."""
    process = CallsProcess(tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.mark.usefixtures("calls_process")
def test_an_agents_day(vorzimmer: Vorzimmer) -> None:
    """Each command says in a line what the agent does now."""
    assert vorzimmer("agent", "login", "alice").stdout.startswith("alice: available since ")
    assert vorzimmer("agent", "pause", "alice", "lunch").stdout.endswith(", lunch, at alice1\n")
    assert ": available" in vorzimmer("agent", "ready", "alice").stdout
    assert vorzimmer("agent", "move", "alice", "law").stdout == "alice is in team law\n"
    assert ": logged out" in vorzimmer("agent", "logout", "alice").stdout


@pytest.mark.usefixtures("calls_process")
def test_who_waits_to_be_called_back(vorzimmer: Vorzimmer) -> None:
    """Each with number and place, or when it is tried again; one is taken out, or the reason why not is said."""
    waits, busy = vorzimmer("callback", "list").stdout.splitlines()[1:]
    assert waits.split() == ["c1-back", "kanzlei", "030", "111111", "Mon", "10:00", "2", "0", "waits"]
    assert busy.split()[-5:] == ["-", "1", "again", "from", "10:10"]
    listed = vorzimmer("callback", "list", "--json").stdout.splitlines()
    assert [json.loads(line)["callback"] for line in listed] == ["c1-back", "c2-back"]
    assert vorzimmer("callback", "cancel", "c1-back").stdout == "c1-back: cancelled\n"
    refused = vorzimmer("callback", "cancel", "c2-back")
    assert (refused.exit_code, "being called" in refused.stderr) == (1, True)


@pytest.mark.usefixtures("calls_process")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("login", "nobody"), 1, "there is no agent 'nobody'"),
        (("login", "alice", "bob1"), 1, "bob1"),
        (("login", "Alice!"), 2, "agent: String should match pattern"),
        (("pause", "alice", ""), 2, "reason: String should have at least 1 character"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    vorzimmer: Vorzimmer, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """Unknown agent, somebody else's telephone, no id at all: told on stderr, with 2 for what no daemon was asked."""
    told = vorzimmer("agent", *arguments)
    assert told.exit_code == code
    assert says in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.usefixtures("calls_process")
def test_the_wall_for_people(vorzimmer: Vorzimmer) -> None:
    """Who waits, with place and forecast, what the agents do and who is missing, the level with its formula."""
    assert "unreachable" not in vorzimmer("wall", "--once").stdout, "whoever is logged out has no telephone"
    vorzimmer("agent", "login", "bob")
    shown = vorzimmer("wall", "--once")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0].endswith("waiting: 1, calls: 1, agents: 1")
    assert "service level - (answered within 20 s of arrival ÷ (answered + abandoned))" in lines[1]
    cells = {line.split()[0]: line.split() for line in lines if line.strip()}
    assert cells["1"] == ["1", "kanzlei", "1:15", "0:30", "w-1"]
    assert cells["bob"][1:2] + cells["bob"][4:6] == ["available", "bob1", "(unreachable)"]
    assert "missing" in cells["alice"]
    assert "\x1b" not in shown.stdout


@pytest.mark.usefixtures("calls_process")
def test_the_wall_for_scripts(vorzimmer: Vorzimmer) -> None:
    """One object with everything, also where stdout is no terminal."""
    told = json.loads(vorzimmer("wall", "--json").stdout)
    assert [caller["call"] for caller in told["waiting"]] == ["w-1"]
    assert [(agent["agent"], agent["expected"]) for agent in told["agents"]] == [("alice", True), ("bob", False)]
    assert told["today"]["offered"] == 0
    assert told["formula"].startswith("answered within 20 s")


def test_today_is_the_day_of_the_calls_process(
    vorzimmer: Vorzimmer, calls_process: CallsProcess, call_stored: Callable[..., None]
) -> None:
    """The figures on the wall belong to the calls beside them, wherever the wall hangs."""
    calls_process.behind = timedelta(days=3)
    call_stored("then", at=datetime.now(UTC) - calls_process.behind)
    assert json.loads(vorzimmer("wall", "--json").stdout)["today"]["offered"] == 1


def test_without_the_calls_process(vorzimmer: Vorzimmer) -> None:
    """Nobody listens: a sentence and 1, not a traceback."""
    for arguments in (("wall", "--once"), ("agent", "login", "alice")):
        told = vorzimmer(*arguments)
        assert told.exit_code == 1
        assert "the calls process is not running: nobody listens at" in told.stderr


@pytest.mark.parametrize(("seconds", "shown"), [(0.9, "0:00"), (75, "1:15"), (5999, "99:59"), (7260, "2 h 01")])
def test_times_fit_their_column(seconds: float, shown: str) -> None:
    """Minutes and seconds; of who is logged in all day, hours and minutes."""
    assert wall_command._clock(seconds) == shown


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("hold", "c1"), {"do": "call.hold"}),
        (("resume", "c1"), {"do": "call.resume"}),
        (("transfer", "c1", "rota"), {"do": "call.transfer", "to": "rota", "attended": False}),
        (("transfer", "c1", "chief", "--attended"), {"do": "call.transfer", "to": "chief", "attended": True}),
        (("complete", "c1"), {"do": "call.complete"}),
        (("back", "c1"), {"do": "call.back"}),
        (("join", "c1"), {"do": "call.join"}),
        (("result", "c1", "spam"), {"do": "call.result", "result": "spam"}),
        (("record", "start", "c1"), {"do": "recording.start", "consent": "agent"}),
        (("record", "pause", "c1"), {"do": "recording.pause"}),
        (("record", "resume", "c1"), {"do": "recording.resume"}),
        (("record", "withdraw", "c1"), {"do": "recording.withdraw"}),
        (("supervise", "listen", "bob1", "alice"), {"do": "supervise.listen", "supervisor": "bob1", "agent": "alice"}),
        (("supervise", "whisper", "bob1", "alice"), {"do": "supervise.whisper"}),
        (("supervise", "barge", "bob1", "alice"), {"do": "supervise.barge"}),
    ],
)
def test_a_talk(
    vorzimmer: Vorzimmer, calls_process: CallsProcess, words: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    """Each command asks the daemon for what its words say."""
    vorzimmer("talk", *words)
    [asked] = calls_process.asked
    assert wanted.items() <= asked.model_dump().items()


@pytest.mark.usefixtures("calls_process")
def test_a_talk_that_is_not_there(vorzimmer: Vorzimmer) -> None:
    """The daemon's reason is what the person reads."""
    said = vorzimmer("talk", "hold", "c9")
    assert said.exit_code == 1
    assert "no agent is in a talk on this call" in said.stderr
