"""Calls that a daemon which died had begun: what their ledgers say once the next one has found how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.calls.surroundings import DID, START, Pbx, Records, event, make_exchange
from vorzimmer.asterisk import events
from vorzimmer.asterisk.ari import Ari
from vorzimmer.calls.resuming import View, find_ended
from vorzimmer.calls.session import Session
from vorzimmer.calls.supervisor import finish
from vorzimmer.core.cdr import Cdr, Disposition
from vorzimmer.core.ledger import CallEvent, Kind

LEG = "call-1-l1"
TALK = (
    event(0, Kind.ARRIVED, 0, dialled=DID, caller="+49301234567", caller_name="Erika"),
    event(1, Kind.ROUTED, 0, client="mueller", state="open", reason="open", steps=["RingGroup"]),
    event(2, Kind.RINGING, 0),
    event(3, Kind.LEG_DIALLED, 1, leg=LEG, target="agent1"),
    event(4, Kind.LEG_ANSWERED, 4, leg=LEG, target="agent1"),
    event(5, Kind.ANSWERED, 4),
    event(6, Kind.TALKING, 4, leg=LEG, by="agent1"),
)
AWAY = timedelta(seconds=60)
"""From the arrival until the next daemon looks."""


def ended_meanwhile(
    folder: Path, witnessed: float | None, heard: Sequence[events.Event] = (), known: Sequence[CallEvent] = TALK
) -> Cdr:
    """The CDR of a call of which nothing is left. `witnessed`: seconds until the end that Asterisk wrote down."""
    ari = Ari("http://127.0.0.1:1", "u", "p", "vorzimmer", on_start=lambda _: None)
    exchange = replace(make_exchange(folder, Pbx(), Records()), ari=ari, clock=lambda: START + AWAY)
    call = Session.resumed(exchange, known)
    ari.tell(heard)
    find_ended(call, View({}, {}), None if witnessed is None else START + timedelta(seconds=witnessed))
    return finish(call)


@pytest.mark.parametrize("heard", [(), (events.ChannelDestroyed(LEG, 16),)], ids=["gone before", "gone meanwhile"])
@pytest.mark.parametrize(("witnessed", "talk"), [(10.0, 6), (None, 0)])
async def test_nobody_pays_for_the_time_in_which_no_daemon_was_there(
    tmp_path: Path, heard: Sequence[events.Event], witnessed: float | None, talk: int
) -> None:
    """Caller and agent left while nobody watched: the talk ends as Asterisk wrote it down, not when that is found."""
    cdr = ended_meanwhile(tmp_path, witnessed, heard)
    assert (cdr.talk, cdr.ended_at) == (Decimal(talk), START + timedelta(seconds=4 + talk))


async def test_who_left_before_it_was_decided_is_the_clients_caller(tmp_path: Path) -> None:
    """The daemon died before it knew whose call it was: the record names the client that hears of it, and is stored."""
    cdr = ended_meanwhile(tmp_path, 9, known=TALK[:1])
    assert (cdr.client, cdr.disposition, cdr.ring) == ("mueller", Disposition.ABANDONED, Decimal(9))


async def test_an_end_that_is_heard_counts_when_it_is_heard(tmp_path: Path) -> None:
    """The caller leaves while the next daemon asks how things are, and Asterisk has not written it down yet."""
    cdr = ended_meanwhile(tmp_path, None, (events.ChannelDestroyed("call-1", 16),))
    assert cdr.talk == pytest.approx(56, abs=1)
