"""What the wall shows, put together from what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.examples import DID, START, event, make_client
from vorzimmer.control.wall import AgentSeen, Caller, View
from vorzimmer.core.call_view import CallView, Supervised, view_of
from vorzimmer.core.ledger import CallEvent, Kind, Phase
from vorzimmer.core.presence import Act, State
from vorzimmer.core.supervision import LEFT, Stage
from vorzimmer.web.wall import Counted, Wall, compose, hidden

CLIENTS = {"kanzlei": make_client()}
NOW = START + timedelta(seconds=60)
BERLIN = ZoneInfo("Europe/Berlin")


def call(name: str, *events: CallEvent, caller: str | None = "+49301234567", client: str = "kanzlei") -> CallView:
    """A call of a client after these events."""
    first = (event(0, Kind.ARRIVED, dialled=DID, caller=caller), event(1, Kind.ROUTED, client=client))
    return replace(view_of([*first, *events]), call=name)


def waiting(name: str, after: float) -> CallView:
    """A call that has been in the line since `after` seconds."""
    return call(name, event(2, Kind.QUEUED, after), event(3, Kind.WAITING, after))


def agent(name: str, state: State = State.AVAILABLE, **seen: Any) -> AgentSeen:
    """An agent's state."""
    known = {"agent": name, "name": name.title(), "state": state, "since": START, "reason": "", "phone": f"{name}1"}
    return AgentSeen(**{**known, "reachable": True, "call": "", "expected": True, **seen})


def look(*callers: Caller, at: datetime = NOW) -> View:
    """A look at the whole wall."""
    return View(at=at, waiting=callers, calls=(), agents=())


def house(
    calls: Iterable[CallView] = (), agents: Iterable[AgentSeen] = (), looked: View | None = None, *, away: bool = False
) -> Any:
    """The living house."""
    by_name: Mapping[str, AgentSeen] = {one.agent: one for one in agents}
    return SimpleNamespace(calls=lambda: list(calls), agents=lambda: by_name, looked=looked, away=away)


def wall(*args: Any, **kwargs: Any) -> Wall:
    """The wall of such a house."""
    return compose(NOW, BERLIN, house(*args, **kwargs), Counted(), CLIENTS)


def test_an_empty_house_has_a_wall() -> None:
    """Nobody waits and nothing was counted yet: nothing is claimed, neither a wait of 0 s nor a level of 100 %."""
    shown = wall()
    assert (shown.waiting, shown.agents, shown.calls, shown.longest_wait) == ((), (), (), None)
    assert (shown.service_level, shown.last_hour, shown.database_away) == (None, (), False)
    assert (shown.at, shown.timezone) == (NOW, "Europe/Berlin")


def test_who_waits_is_told_by_events_at_once() -> None:
    """One who has just come stands behind those of the last look, with no place of two; who has left is gone."""
    looked = look(
        Caller(call="gone", client="kanzlei", since=START, place=1, predicted=5),
        Caller(call="second", client="kanzlei", since=START + timedelta(seconds=7), place=2, predicted=12.5),
        Caller(call="third", client="kanzlei", since=START + timedelta(seconds=3), place=3, predicted=None),
    )
    shown = wall([waiting("new", 59), waiting("third", 3), waiting("second", 8), call("rings")], looked=looked)
    assert [(one.call, one.place, one.predicted) for one in shown.waiting] == [
        ("second", 1, 12.5),
        ("third", 2, None),
        ("new", 3, None),
    ]
    assert [one.client_name for one in shown.waiting] == ["Kanzlei Huber"] * 3
    assert shown.longest_wait == 57.0, "since joining the line, wherever in it"
    assert shown.waiting[0].since == START + timedelta(seconds=7), "as the line counts it"


def test_numbers_are_hidden_and_clients_named() -> None:
    """No number of a caller is whole; a client that has left the book is told by its id; none has no name."""
    calls = [
        call("a"),
        call("b", caller="110", client="gone"),
        replace(call("c", caller=None), client=None),
        replace(call("d"), over=True),
    ]
    shown = wall(calls)
    assert [(one.call, one.caller_shown, one.client_name) for one in shown.calls] == [
        ("a", "+49301234•••", "Kanzlei Huber"),
        ("b", "•••", "gone"),
        ("c", None, None),
    ]
    assert "4567" not in shown.model_dump_json()


@pytest.mark.parametrize(
    ("number", "shown"), [("+491511234567", "+491511234•••"), ("12", "•••"), ("", ""), (None, None)]
)
def test_hidden(number: str | None, shown: str | None) -> None:
    """The last three digits never show, of short numbers neither."""
    assert hidden(number) == shown


def test_agents_with_what_they_do_and_who_listens() -> None:
    """By name; with the client of the call, what follows it, and the supervisors in the talk with their stage."""
    talk = replace(
        call("c1", event(2, Kind.TALKING, 5, by="zoe")), supervised=(Supervised("boss", "zoe", Stage.WHISPER),)
    )
    agents = [
        agent("zoe", State.TALKING, call="c1", then=Act.PAUSE),
        agent("anna", State.PAUSED, reason="lunch"),
        agent("boss", State.LOGGED_OUT, expected=False, reachable=False),
    ]
    shown = wall([talk], agents).agents
    assert [one.name for one in shown] == ["Anna", "Boss", "Zoe"]
    zoe = shown[2]
    assert (zoe.call, zoe.client, zoe.client_name, zoe.then) == ("c1", "kanzlei", "Kanzlei Huber", Act.PAUSE)
    assert [(one.agent, one.name, one.stage) for one in zoe.supervisors] == [("boss", "Boss", Stage.WHISPER)]
    assert (shown[0].reason, shown[0].call, shown[0].client_name) == ("lunch", None, None)


def test_how_old_what_is_shown_is() -> None:
    """While the calls process answers it is of now; when it is away, of the last look; never: nothing is known."""
    seen = look(at=NOW - timedelta(seconds=40))

    def shown(living: Any) -> Wall:
        return compose(NOW, BERLIN, living, Counted(away=True), CLIENTS)

    assert shown(house(looked=seen)).living_at == NOW
    old = shown(house(looked=seen, away=True))
    assert (old.living_at, old.calls_away, old.database_away) == (NOW - timedelta(seconds=40), True, True)
    assert old.living_at is not None
    assert old.living_at.isoformat().endswith("+01:00"), "times show the house's clock"
    assert shown(house(away=True)).living_at is None


def test_the_ledger_tells_who_listens() -> None:
    """A stage replaces the one before, who leaves is gone, and a call that was taken up again has nobody in it."""

    def listening(*how: tuple[str, str]) -> tuple[Supervised, ...]:
        events = [
            event(2 + n, Kind.SUPERVISED, n, supervisor=supervisor, agent="a1", how=stage)
            for n, (supervisor, stage) in enumerate(how)
        ]
        return call("c", *events).supervised

    assert listening(("s", "listen"), ("s", "barge")) == (Supervised("s", "a1", Stage.BARGE),)
    assert listening(("s", "listen"), ("t", "whisper"), ("s", LEFT)) == (Supervised("t", "a1", Stage.WHISPER),)
    supervised = event(2, Kind.SUPERVISED, 1, supervisor="s", agent="a1", how="listen")
    assert call("c", supervised, event(3, Kind.RECOVERED, 2)).supervised == ()


def test_since_when_a_call_queues() -> None:
    """An announcement in the line does not begin the wait anew."""
    told = (event(4, Kind.ANNOUNCING, 20), event(5, Kind.WAITING, 25))
    queued = call("c", event(2, Kind.QUEUED, 3), event(3, Kind.WAITING, 3), *told)
    assert (queued.phase, queued.since, queued.queued) == (
        Phase.QUEUE,
        START + timedelta(seconds=25),
        START + timedelta(seconds=3),
    )
    (one,) = wall([queued]).waiting
    assert one.since == datetime(2026, 11, 23, 9, 0, 3, tzinfo=UTC)
