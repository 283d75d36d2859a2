"""Who waits for an agent and who goes on at once: by agents at work, by callers waiting, by the predicted wait."""

from __future__ import annotations

from typing import Any

import pytest

from vorzimmer.core.model import Language
from vorzimmer.core.overflow import Outlook, why_not
from vorzimmer.core.plan import Queue
from vorzimmer.core.serving import Needs


def _step(**limits: Any) -> Queue:
    needs = Needs("kanzlei", None, frozenset(), Language.GERMAN, secrecy=False)
    plain: dict[str, Any] = {"at_once": 1, "seconds": 15, "wait": 300, "announce_every": 45, "callback": False}
    given = {"most_waiting": None, "most_wait": None, **limits}
    return Queue(needs=needs, priority=5, music=True, reason="", **plain, **given)


@pytest.mark.parametrize(
    ("limits", "outlook", "reason"),
    [
        ({}, Outlook(at_work=0, idle=0, ahead=0, predicted=None), "no agent is logged in"),
        ({}, Outlook(at_work=1, idle=0, ahead=50, predicted=9000), None),
        ({"most_waiting": 2}, Outlook(at_work=1, idle=0, ahead=2, predicted=540), None),
        ({"most_waiting": 2}, Outlook(at_work=1, idle=0, ahead=3, predicted=720), "3 are waiting already, 2 at most"),
        ({"most_waiting": 0}, Outlook(at_work=1, idle=0, ahead=0, predicted=180), None),
        (
            {"most_wait": 120},
            Outlook(at_work=1, idle=0, ahead=0, predicted=180),
            "a wait of 180 s is predicted, 120 s at most",
        ),
        ({"most_wait": 120}, Outlook(at_work=3, idle=0, ahead=0, predicted=60), None),
        ({"most_wait": 120}, Outlook(at_work=1, idle=1, ahead=0, predicted=180), None),
        ({"most_wait": 120}, Outlook(at_work=9, idle=3, ahead=2, predicted=600), None),
        ({"most_wait": 120}, Outlook(at_work=1, idle=0, ahead=0, predicted=None), None),
    ],
)
def test_why_not(limits: dict[str, Any], outlook: Outlook, reason: str | None) -> None:
    """Each limit turns a caller away alone, with its figures in the reason; an idle agent means no wait."""
    assert why_not(_step(**limits), outlook) == reason
