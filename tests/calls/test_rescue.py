"""Looking after calls from outside: when the daemon counts as away, what Asterisk is asked for, and what may fail."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable
from vorzimmer.asterisk.objects import OnEvent
from vorzimmer.calls import rescue
from vorzimmer.calls.rescue import describe, is_ready, look_after, watch
from vorzimmer.core.rescue import Action, SendAway

WAITS, TALKS, RECORDS, DONE = (f"vz-1795329668.{number}" for number in range(4))


@dataclass
class Asterisk:
    """A scripted Asterisk: what stands in it, and what it was told to do. `refuses` by the request's path."""

    channels: dict[str, str] = field(default_factory=dict)
    bridges: dict[str, Sequence[str]] = field(default_factory=dict)
    live: Sequence[str] = ()
    stored: Sequence[str] = ()
    refuses: dict[str, AriError] = field(default_factory=dict)
    told: list[tuple[str, str, dict[str, str | int]]] = field(default_factory=list)

    async def request(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """Answer as ARI does."""
        if error := self.refuses.get(path):
            raise error
        match method, path.split("/")[1:]:
            case "GET", ["channels"]:
                return [_channel(name, *app.split(" ", 1)) for name, app in self.channels.items()]
            case "GET", ["bridges"]:
                made = "2026-11-22T06:34:11.322+0000"
                return [{"id": one, "channels": list(c), "creationtime": made} for one, c in self.bridges.items()]
            case "GET", ["recordings", kind, name]:
                if name not in (self.live if kind == "live" else self.stored):
                    raise Gone(404, path)
            case _:
                assert json is None
                self.told.append((method, path, params))
        return None

    def on_event(self, object_id: str, callback: OnEvent) -> None:
        """No events are listened to here."""

    def forget(self, object_id: str) -> None:
        """The same."""


def _channel(name: str, app: str, data: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": "PJSIP/trunk-1",
        "state": "Up",
        "caller": {"number": "", "name": ""},
        "dialplan": {"app_name": app, "app_data": data},
    }


def full() -> Asterisk:
    """One call of each kind, and what belongs to others."""
    return Asterisk(
        channels={
            WAITS: "Stasis vorzimmer,in,+4989123456,+49301,allowed,,,0",
            f"{WAITS}-l1": f"Stasis vorzimmer,leg,{WAITS}",
            TALKS: "Stasis vorzimmer,in,+4989123456,+49302,allowed,,,0",
            f"{TALKS}-l1": f"Stasis vorzimmer,leg,{TALKS}",
            RECORDS: "Stasis vorzimmer,in,+4989123456,+49303,allowed,,,0",
            DONE: "Stasis vorzimmer,in,+4989123456,+49304,allowed,,,0",
            "vz-1795329668.8": "Playback announcement",
            "vz-1795329668.9": "Stasis another,in,+4989123456",
        },
        bridges={f"{TALKS}-b": [TALKS, f"{TALKS}-l1"], f"{DONE}-b": []},
        live=[f"message-{RECORDS}"],
        stored=[f"message-{RECORDS}", f"message-{DONE}"],
    )


FALLBACK = {"context": "vorzimmer", "extension": "rescued", "label": "begin"}


async def test_one_pass() -> None:
    """Who waits is sent to the fallback, what nobody listens to is hung up, and nothing else is touched."""
    asterisk = full()
    done = await look_after(asterisk, "vorzimmer")
    assert asterisk.told == [
        ("POST", f"/channels/{WAITS}/continue", FALLBACK),
        ("DELETE", f"/channels/{DONE}", {"reason_code": 16}),
        ("DELETE", f"/channels/{WAITS}-l1", {"reason_code": 16}),
        ("DELETE", f"/bridges/{DONE}-b", {}),
    ]
    assert [f"{action.call[-1]} {describe(action)}" for action in done] == [
        "0 caller sent to the announcement",
        f"3 {DONE} hung up: the message is finished",
        f"0 {WAITS}-l1 hung up: nobody talks with it",
        f"3 empty bridge {DONE}-b taken down",
    ]


@pytest.mark.parametrize("error", [Gone(404, "x"), Conflict(409, "x"), AriError(500, "x"), Unavailable("x")])
async def test_what_cannot_be_done_keeps_nothing_else_from_being_done(error: AriError) -> None:
    """A caller who hangs up at that moment, or a refusal, is not reported as done; the rest is."""
    asterisk = full()
    asterisk.refuses[f"/channels/{WAITS}/continue"] = error
    done = await look_after(asterisk, "vorzimmer")
    assert len(asterisk.told) == len(done) == 3
    assert not any(isinstance(action, SendAway) for action in done)


@contextlib.asynccontextmanager
async def answering(status: int) -> AsyncIterator[str]:
    """A page `/ready` on loopback; its address."""

    async def ready(_: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/ready", ready)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}/ready"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
async def test_ready_is_what_says_so(status: int, ready: bool) -> None:  # noqa: FBT001 - a column of the table
    """Only 200 counts, and a process that is not there cannot say it."""
    async with answering(status) as url:
        assert await is_ready(url) is ready
    assert await is_ready(url) is False


async def test_a_frozen_daemon_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kernel takes the connection, and nobody says anything."""
    monkeypatch.setattr(rescue, "ANSWER_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        assert await is_ready(f"http://127.0.0.1:{frozen.getsockname()[1]}/ready") is False


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer that is not good is one too many, and there is no pause between questions."""
    for name in ("POLL", "PATIENCE", "AGAIN"):
        monkeypatch.setattr(rescue, name, 0.0)


class Over(BaseException):
    """The script is at its end; nothing in the loop under test may catch this."""


class Script:
    """Answers of a daemon, one after another; what was done meanwhile stands in `did`."""

    def __init__(self, *answers: bool, fails: Exception | None = None) -> None:
        self._answers: Iterator[bool] = iter(answers)
        self._fails = fails
        self.did: list[str] = []

    async def ready(self) -> bool:
        """The next answer."""
        await asyncio.sleep(0)
        for answer in self._answers:
            self.did.append("ready" if answer else "away")
            return answer
        raise Over

    async def one_pass(self) -> list[Action]:
        """Note that the calls are looked after."""
        self.did.append("pass")
        if self._fails:
            raise self._fails
        return []

    async def alarm(self, done: Sequence[Action] | None) -> None:
        """Note that somebody is told, and of what."""
        self.did.append(f"alarm: {done}")
        if self._fails:
            raise self._fails

    async def run(self) -> list[str]:
        """Watch until the script's end, and say what happened, in order."""
        with pytest.raises(BaseExceptionGroup) as caught:
            await watch(self.ready, self.one_pass, alive=lambda: self.did.append("alive"), alarm=self.alarm)
        assert caught.group_contains(Over)
        return [one for one in self.did if one != "alive"]


@pytest.mark.usefixtures("no_time")
async def test_the_calls_are_looked_after_while_it_is_away() -> None:
    """From the first question on, for the daemon may never have been there; people are told once an absence."""
    script = Script(False, False, True, True, False, False, True)
    assert await script.run() == [
        *("away", "pass", "alarm: []", "away", "pass", "ready", "ready"),
        *("away", "pass", "alarm: []", "away", "pass", "ready"),
    ]
    assert script.did.count("alive") == 7


@pytest.mark.usefixtures("no_time")
@pytest.mark.parametrize("error", [Unavailable("GET /channels"), AriError(500, "x"), KeyError("id"), OSError("full")])
async def test_nothing_that_fails_ends_it(error: Exception) -> None:
    """Asterisk away, an answer of another form, a mail server that refuses: tried again, and the watchdog is fed."""
    script = Script(False, False, False, fails=error)
    assert (await script.run()).count("pass") == 3
    assert script.did.count("alarm: None") == 1
    assert script.did.count("alive") == 3


@pytest.mark.usefixtures("no_time")
async def test_an_asterisk_that_does_not_answer_keeps_nobody_waiting_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass without an end is given up."""
    monkeypatch.setattr(rescue, "PASS_TIMEOUT", 0.01)
    script = Script(False, False)

    async def hang() -> list[Action]:
        script.did.append("pass")
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(script, "one_pass", hang)
    assert (await script.run()).count("pass") == 2
