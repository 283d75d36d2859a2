"""A plan in words for the client's people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pytest

from tests.core.examples import make_client
from vorzimmer.core import plan as plans
from vorzimmer.core.handling import Strategy
from vorzimmer.core.plan import Ask, Plan, Step
from vorzimmer.core.serving import needs_of
from vorzimmer.web.plan_words import in_steps

NEEDS = needs_of(make_client())
FORWARD = plans.Forward("+491701234567", "mobile", 25, confirm=True, music=False, reason="r")
QUEUE = plans.Queue(
    NEEDS,
    priority=5,
    at_once=1,
    seconds=15,
    wait=300,
    most_waiting=None,
    most_wait=None,
    announce_every=0,
    callback=True,
    music=False,
    reason="r",
)

TOLD: Mapping[Step, tuple[str, str]] = {
    plans.Answer("r"): ("Der Anruf wird angenommen", "The call is answered"),
    plans.Announce(("lib:kanzlei/closed", "sys:digits/1"), early=False, reason="r"): (
        "Der Anrufer hört die Ansage „Geschlossen“",
        "The caller hears the announcement “closed”",
    ),
    plans.Announce(("sys:vm-intro",), early=False, reason="r"): (
        "Der Anrufer hört eine Ansage des Hauses",
        "The caller hears an announcement of the house",
    ),
    plans.RingGroup("office", ("phone-1",), Strategy.ALL, 20, 30, music=False, reason="r"): (
        "Es klingelt bei uns, 20 Sekunden lang; sind alle im Gespräch, wartet er bis zu 30 Sekunden",
        "It rings at our telephones for 20 seconds; if all are talking, the caller waits up to 30 seconds",
    ),
    QUEUE: (
        "Der Anrufer wartet höchstens 5:00 Minuten auf jemanden von uns und kann einen Rückruf wünschen",
        "The caller waits at most 5:00 minutes for one of us and may ask to be called back",
    ),
    FORWARD: (
        "Weiterleitung an Ihr Mobiltelefon 0170 1234567, 25 Sekunden lang; wer abnimmt, bestätigt mit der 1",
        "Forwarded to your mobile telephone 0170 1234567 for 25 seconds; who answers confirms by pressing 1",
    ),
    plans.CallBack(NEEDS, 5, 1, 15, "r"): (
        "Der Anrufer hört, dass wir zurückrufen",
        "The caller hears that we will call back",
    ),
    plans.Machine("sys:vm-intro", 180, 6, "r"): (
        "Der Anrufbeantworter nimmt eine Nachricht von höchstens 180 Sekunden auf",
        "The answering machine takes a message of at most 180 seconds",
    ),
    plans.Menu("main", "r"): (
        "Sprachmenü „Haupt“; 1: Der Anrufer hört, dass wir zurückrufen; 2: Sprachmenü „Haupt“",
        "voice menu “Haupt”; 1: The caller hears that we will call back; 2: voice menu “Haupt”",
    ),
    plans.Menu("gone", "r"): ("Sprachmenü „gone“", "voice menu “gone”"),
    plans.Back("r"): ("zurück zum Menü davor", "back to the menu before"),
    plans.Hangup(16, "r"): ("Das Gespräch endet", "The call ends"),
}

MAIN = Ask(
    menu="main",
    title="Haupt",
    prompt=(),
    wrong=(),
    timeout=5,
    repeats=1,
    keys={"1": (plans.CallBack(NEEDS, 5, 1, 15, "r"),), "2": (plans.Menu("main", "r"),), "3": ()},
    otherwise=(),
    reason="r",
)


def test_every_step_has_words() -> None:
    """A new step is told of here before a client meets it."""
    assert {type(step) for step in TOLD} == set(get_args(Step))


@pytest.mark.parametrize("step", TOLD, ids=lambda step: type(step).__name__)
def test_a_step_in_both_languages(step: Step) -> None:
    """What the caller meets; never a telephone's or a file's name, or another client's."""
    plan = Plan(None, None, None, "", (step,), menus={"main": MAIN})
    for language, words in zip(("de", "en"), TOLD[step], strict=True):
        [told], left_out = in_steps(plan, "de" if language == "de" else "en", "DE")
        assert (told.text, told.reason, left_out) == (words, "r", [])
