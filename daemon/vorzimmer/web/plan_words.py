"""A call's plan in words for the client's own people: what a caller meets, in their language.

Names of the operator's telephones and files are none of their business and are not told. Why a step stands in the plan
is the plan's own sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vorzimmer.core import number
from vorzimmer.core.plan import (
    Announce,
    Answer,
    Back,
    CallBack,
    Forward,
    Hangup,
    Machine,
    Menu,
    Plan,
    Queue,
    RingGroup,
    Step,
)
from vorzimmer.web.call_words import Language

StepKind = Literal["answer", "announce", "ring", "queue", "forward", "callback", "machine", "menu", "back", "hangup"]

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StepTold:
    """One step: what it is, in words, and why it stands in the plan."""

    kind: StepKind
    text: str
    reason: str


def in_steps(plan: Plan, language: Language, region: str) -> tuple[list[StepTold], list[str]]:
    """The steps of a plan in words, and what was left out and why. `region`: its numbers are written nationally."""
    told = [_told(step, plan, _WORDS[language], region) for step in plan.steps]
    return told, [f"{one.what}: {one.reason}" for one in plan.skipped]


def _told(step: Step, plan: Plan, words: Words, region: str) -> StepTold:
    if isinstance(step, Menu):
        return StepTold("menu", _menu(step, plan, words, region), step.reason)
    kind, said = _KINDS[type(step)]
    return StepTold(kind, words[kind].format(**said(step, words, region)), step.reason)


def _menu(step: Menu, plan: Plan, words: Words, region: str) -> str:
    """The menu's title and what each key leads to; of menus behind it the titles alone."""
    asked = plan.menus.get(step.menu)
    if asked is None:
        return words["menu"].format(title=step.menu)
    keys = [f"{key}: {_behind(steps[0], plan, words, region)}" for key, steps in asked.keys.items() if steps]
    return "; ".join([words["menu"].format(title=asked.title), *keys])


def _behind(step: Step, plan: Plan, words: Words, region: str) -> str:
    if isinstance(step, Menu):
        return words["menu"].format(title=_title(step, plan))
    return _told(step, plan, words, region).text


def _title(step: Menu, plan: Plan) -> str:
    return plan.menus[step.menu].title if step.menu in plan.menus else step.menu


def _announce(step: Announce, words: Words, _: str) -> dict[str, Any]:
    """Of the client's own announcements the names, of Asterisk's that it is one."""
    names = [name.rpartition("/")[2] for name in step.media if name.startswith("lib:")]
    own = [words["own"].format(name=words.get(f"sound.{name}", name)) for name in names]
    return {"what": ", ".join(own) or words["house"]}


def _ring(step: RingGroup, words: Words, _: str) -> dict[str, Any]:
    return {"seconds": step.seconds, "wait": words["wait"].format(seconds=step.wait) if step.wait else ""}


def _queue(step: Queue, words: Words, _: str) -> dict[str, Any]:
    callback = words["or_callback"] if step.callback else ""
    return {"minutes": f"{step.wait // 60}:{step.wait % 60:02}", "callback": callback}


def _forward(step: Forward, words: Words, region: str) -> dict[str, Any]:
    confirm = words["confirm"] if step.confirm else ""
    return {"to": words[step.kind], "number": number.show(step.number, region), "seconds": step.seconds} | {
        "confirm": confirm
    }


def _machine(step: Machine, _: Words, __: str) -> dict[str, Any]:
    return {"seconds": step.max_seconds}


def _plain(*_: object) -> dict[str, Any]:
    return {}


_KINDS: Mapping[type, tuple[StepKind, Callable[..., dict[str, Any]]]] = {
    Answer: ("answer", _plain),
    Announce: ("announce", _announce),
    RingGroup: ("ring", _ring),
    Queue: ("queue", _queue),
    Forward: ("forward", _forward),
    CallBack: ("callback", _plain),
    Machine: ("machine", _machine),
    Back: ("back", _plain),
    Hangup: ("hangup", _plain),
}

_WORDS: Mapping[Language, Words] = {
    "de": {
        "answer": "Der Anruf wird angenommen",
        "announce": "Der Anrufer hört {what}",
        "own": "die Ansage „{name}“",
        "house": "eine Ansage des Hauses",
        "sound.greeting": "Begrüßung",
        "sound.closed": "Geschlossen",
        "sound.lunch": "Mittagspause",
        "sound.holiday": "Feiertag",
        "sound.vacation": "Urlaub",
        "sound.blocked": "Abgewiesen",
        "ring": "Es klingelt bei uns, {seconds} Sekunden lang{wait}",
        "wait": "; sind alle im Gespräch, wartet er bis zu {seconds} Sekunden",
        "queue": "Der Anrufer wartet höchstens {minutes} Minuten auf jemanden von uns{callback}",
        "or_callback": " und kann einen Rückruf wünschen",
        "callback": "Der Anrufer hört, dass wir zurückrufen",
        "forward": "Weiterleitung an {to} {number}, {seconds} Sekunden lang{confirm}",
        "mobile": "Ihr Mobiltelefon",
        "partner": "unseren Partner",
        "contact": "Ihren Ansprechpartner",
        "confirm": "; wer abnimmt, bestätigt mit der 1",
        "machine": "Der Anrufbeantworter nimmt eine Nachricht von höchstens {seconds} Sekunden auf",
        "hangup": "Das Gespräch endet",
        "menu": "Sprachmenü „{title}“",
        "back": "zurück zum Menü davor",
    },
    "en": {
        "answer": "The call is answered",
        "announce": "The caller hears {what}",
        "own": "the announcement “{name}”",
        "house": "an announcement of the house",
        "ring": "It rings at our telephones for {seconds} seconds{wait}",
        "wait": "; if all are talking, the caller waits up to {seconds} seconds",
        "queue": "The caller waits at most {minutes} minutes for one of us{callback}",
        "or_callback": " and may ask to be called back",
        "callback": "The caller hears that we will call back",
        "forward": "Forwarded to {to} {number} for {seconds} seconds{confirm}",
        "mobile": "your mobile telephone",
        "partner": "our partner",
        "contact": "your contact",
        "confirm": "; who answers confirms by pressing 1",
        "machine": "The answering machine takes a message of at most {seconds} seconds",
        "hangup": "The call ends",
        "menu": "voice menu “{title}”",
        "back": "back to the menu before",
    },
}
