"""What may follow what in an agent's work."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.core.agents import later
from vorzimmer.core.presence import IN_CALL, NO_ANSWER, Act, NotNow, Presence, State, after

DESK = "anna-desk"
HOME = "anna-home"
AT = later(100)

NOW = {
    State.LOGGED_OUT: Presence("anna", State.LOGGED_OUT, later(0)),
    State.AVAILABLE: Presence("anna", State.AVAILABLE, later(1), later(1), DESK),
    State.PAUSED: Presence("anna", State.PAUSED, later(2), phone=DESK, reason="lunch"),
    State.RESERVED: Presence("anna", State.RESERVED, later(3), later(1), DESK, call="c1"),
    State.RINGING: Presence("anna", State.RINGING, later(4), later(1), DESK, call="c1"),
    State.TALKING: Presence("anna", State.TALKING, later(5), phone=DESK, call="c1"),
    State.WRAP_UP: Presence("anna", State.WRAP_UP, later(6), phone=DESK, call="c1"),
}

OUT = Presence("anna", State.LOGGED_OUT, AT)
FREE = Presence("anna", State.AVAILABLE, AT, AT, DESK)
TEA = Presence("anna", State.PAUSED, AT, phone=DESK, reason="tea")
MISSED = replace(TEA, reason=NO_ANSWER)
RELEASED = Presence("anna", State.AVAILABLE, AT, later(1), DESK)


def _moved(state: State) -> Presence:
    return replace(NOW[state], phone=HOME)


TABLE: dict[tuple[State, Act], Presence] = {
    (State.LOGGED_OUT, Act.LOG_IN): replace(FREE, phone=HOME),
    (State.LOGGED_OUT, Act.LOG_OUT): NOW[State.LOGGED_OUT],
    (State.AVAILABLE, Act.LOG_IN): _moved(State.AVAILABLE),
    (State.AVAILABLE, Act.LOG_OUT): OUT,
    (State.AVAILABLE, Act.PAUSE): TEA,
    (State.AVAILABLE, Act.READY): NOW[State.AVAILABLE],
    (State.AVAILABLE, Act.RESERVE): Presence("anna", State.RESERVED, AT, later(1), DESK, call="c1"),
    (State.PAUSED, Act.LOG_IN): _moved(State.PAUSED),
    (State.PAUSED, Act.LOG_OUT): OUT,
    (State.PAUSED, Act.PAUSE): TEA,
    (State.PAUSED, Act.READY): FREE,
    (State.RESERVED, Act.RING): Presence("anna", State.RINGING, AT, later(1), DESK, call="c1"),
    (State.RINGING, Act.RING): NOW[State.RINGING],
    (State.RINGING, Act.MOVE): _moved(State.RINGING),
    (State.TALKING, Act.HANG_UP): Presence("anna", State.WRAP_UP, AT, phone=DESK, call="c1"),
    (State.TALKING, Act.MOVE): _moved(State.TALKING),
    (State.WRAP_UP, Act.LOG_IN): _moved(State.WRAP_UP),
    (State.WRAP_UP, Act.LOG_OUT): OUT,
    (State.WRAP_UP, Act.PAUSE): TEA,
    (State.WRAP_UP, Act.READY): FREE,
    (State.WRAP_UP, Act.WRAPPED): FREE,
}
for _state in (State.RESERVED, State.RINGING):
    TABLE[_state, Act.ANSWER] = Presence("anna", State.TALKING, AT, phone=DESK, call="c1")
    TABLE[_state, Act.MISS] = MISSED
    TABLE[_state, Act.RELEASE] = RELEASED
for _state in IN_CALL:
    TABLE[_state, Act.LOG_OUT] = replace(NOW[_state], then=Act.LOG_OUT, then_reason="tea")
    TABLE[_state, Act.PAUSE] = replace(NOW[_state], then=Act.PAUSE, then_reason="tea")


@pytest.mark.parametrize(("state", "act"), list(product(State, Act)))
def test_every_act_in_every_state(state: State, act: Act) -> None:
    """An act leads to exactly the presence of the table, or to a sentence that names agent and state."""
    before = NOW[state]
    expected = TABLE.get((state, act))
    if expected is None:
        with pytest.raises(NotNow, match=r"^anna cannot \w") as refused:
            after(before, act, AT, phone=HOME, reason="tea", call="c1", wrap_up=20)
        assert len(str(refused.value).split()) >= 4
    else:
        assert after(before, act, AT, phone=HOME, reason="tea", call="c1", wrap_up=20) == expected


@pytest.mark.parametrize("act", [Act.RING, Act.ANSWER, Act.MISS, Act.RELEASE, Act.HANG_UP])
@pytest.mark.parametrize("state", sorted(IN_CALL))
def test_an_act_of_another_call_changes_nothing(state: State, act: Act) -> None:
    """A late event of a call that is over must not end the one that is here."""
    with pytest.raises(NotNow):
        after(NOW[state], act, AT, call="c0")


def test_without_wrap_up_the_next_call_may_come_at_once() -> None:
    """No seconds for wrap-up: available with the hang-up."""
    assert after(NOW[State.TALKING], Act.HANG_UP, AT, wrap_up=0) == FREE


@pytest.mark.parametrize(
    ("state", "act", "expected"),
    [
        (State.TALKING, Act.HANG_UP, OUT),
        (State.RINGING, Act.RELEASE, OUT),
        (State.RINGING, Act.MISS, OUT),
    ],
)
def test_a_log_out_during_a_call_follows_it(state: State, act: Act, expected: Presence) -> None:
    """However the call ends, nothing comes between it and the log-out: no wrap-up, no pause for the missed call."""
    leaving = after(NOW[state], Act.LOG_OUT, later(50))
    assert after(leaving, act, AT, wrap_up=20) == expected


@pytest.mark.parametrize(("state", "act"), [(State.RINGING, Act.RELEASE), (State.RINGING, Act.MISS)])
def test_a_pause_during_ringing_follows_it(state: State, act: Act) -> None:
    """The agent's own reason stands, for a missed call too."""
    pausing = after(NOW[state], Act.PAUSE, later(50), reason="tea")
    assert after(pausing, act, AT) == TEA


def test_a_pause_during_a_talk_follows_its_wrap_up() -> None:
    """What was said is written down first; without wrap-up the pause begins with the hang-up."""
    pausing = after(NOW[State.TALKING], Act.PAUSE, later(50), reason="tea")
    assert after(pausing, Act.HANG_UP, AT, wrap_up=0) == TEA
    writing = after(pausing, Act.HANG_UP, later(60), wrap_up=20)
    assert writing.state is State.WRAP_UP
    assert after(writing, Act.WRAPPED, AT) == TEA
    assert after(writing, Act.READY, AT) == FREE  # the later word counts


@pytest.mark.parametrize("state", sorted(IN_CALL))
def test_what_was_asked_for_can_be_taken_back(state: State) -> None:
    """READY, or a log-in at the same telephone, and the agent goes on as if nothing had been asked."""
    leaving = after(NOW[state], Act.LOG_OUT, later(50))
    assert after(leaving, Act.READY, AT) == NOW[state]
    assert after(leaving, Act.LOG_IN, AT, phone=DESK) == NOW[state]
    with pytest.raises(NotNow, match="telephone"):
        after(leaving, Act.LOG_IN, AT, phone=HOME)


def test_a_pause_for_the_same_reason_goes_on() -> None:
    """Asking twice does not begin a new pause: the statistics would show two."""
    assert after(NOW[State.PAUSED], Act.PAUSE, AT, reason="lunch") is NOW[State.PAUSED]
