"""Alarms as a mail."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.core.examples import START
from vorzimmer.alarms.words import HAPPENED, HINTS, letter
from vorzimmer.core.service_alarm import PATIENCE, Alarm, Turn, What

ZONE = ZoneInfo("Europe/Berlin")
TRUNK = Alarm(Turn.BEGINS, What.TRUNK, "trunk", ("the trunk cannot be reached",), 1, START)


def test_the_subject_says_the_first_and_how_many_there_are() -> None:
    """Each has its lines: what, since when, where to look."""
    dead = Alarm(Turn.HAPPENED, What.DEAD, "", ("message 1", "message 2"), 12, START + timedelta(seconds=5))
    subject, lines = letter([TRUNK, dead], ZONE)
    assert subject == "the trunk cannot be reached (and 1 more)"
    assert lines == [
        "the trunk cannot be reached",
        "  since 2026-11-23 10:00:00 CET",
        "  look at: pjsip show endpoints in Asterisk; the carrier",
        "",
        "12 messages will not reach their clients (vorzimmer message list --state dead)",
        "  message 1",
        "  message 2",
        "  … and 2 more",
        "  since 2026-11-23 10:00:05 CET",
        "",
    ]


def test_what_goes_on_and_what_is_over_says_so() -> None:
    """In the subject, which many read on a telephone."""
    for turn, word in ((Turn.GOES_ON, "still"), (Turn.OVER, "over")):
        subject, _ = letter([Alarm(turn, *(TRUNK.what, TRUNK.about, TRUNK.texts, 1, START))], ZONE)
        assert subject == f"{word}: the trunk cannot be reached"


def test_every_kind_has_its_words() -> None:
    """What lasts has a place to look at, what happens a name for many."""
    assert HINTS.keys() == PATIENCE.keys()
    assert HAPPENED.keys() | HINTS.keys() == set(What)
