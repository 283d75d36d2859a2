"""What becomes of calls that stand in Asterisk without a daemon: a table, and what must hold whatever stands there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.rescue import (
    Absence,
    Action,
    Channel,
    DestroyBridge,
    Found,
    HangUp,
    SendAway,
    decide,
    message_of,
    waiting,
)

CALL = "vz1-1795329668.0"
OTHER = "vz1-1795329668.7"
BRIDGE = f"{CALL}-b"
BACK = f"{CALL}-back1"
MESSAGE = message_of(CALL)

LEFT, FINISHED, LONELY = "the other side has left", "the message is finished", "nobody talks with it"


def caller(call: str = CALL) -> Channel:
    """A caller in the daemon's application."""
    return Channel(call, ("in", "+4989123456", "+49301234567", "allowed", "", "", "0"))


def leg(number: int = 1, call: str = CALL) -> Channel:
    """A leg that was dialled for a call."""
    return Channel(f"{call}-l{number}", ("leg", call))


def back() -> Channel:
    """Somebody whom we call."""
    return Channel(BACK, ("back", "+4989123456", "+49301234567"))


def found(
    *channels: Channel,
    bridges: dict[str, Sequence[str]] | None = None,
    recording: Sequence[str] = (),
    recorded: Sequence[str] = (),
) -> Found:
    """How things stand."""
    return Found(channels, bridges or {}, recording, recorded)


@pytest.mark.parametrize(
    ("stands", "actions"),
    [
        pytest.param(found(caller()), [SendAway(CALL)], id="waits"),
        pytest.param(
            found(caller(), leg(1), leg(2)),
            [SendAway(CALL), HangUp(CALL, f"{CALL}-l1", LONELY), HangUp(CALL, f"{CALL}-l2", LONELY)],
            id="phones ring for it",
        ),
        pytest.param(found(caller(), leg(), bridges={BRIDGE: [CALL, f"{CALL}-l1"]}), [], id="talks"),
        pytest.param(
            found(back(), Channel(f"l1-{BACK}", ("leg", BACK)), bridges={f"{BACK}-b": [BACK, f"l1-{BACK}"]}),
            [],
            id="talks with whom we have called back",
        ),
        pytest.param(
            found(back(), Channel(f"l1-{BACK}", ("leg", BACK))),
            [HangUp(BACK, BACK, LONELY), HangUp(BACK, f"l1-{BACK}", LONELY)],
            id="is being called back, which the next daemon does anew",
        ),
        pytest.param(
            found(back(), bridges={f"{BACK}-b": [BACK]}),
            [HangUp(BACK, BACK, LONELY), DestroyBridge(BACK, f"{BACK}-b")],
            id="was called back, and the agent has left",
        ),
        pytest.param(
            found(caller(), leg(1), leg(2), bridges={BRIDGE: [CALL, f"{CALL}-l2"]}),
            [HangUp(CALL, f"{CALL}-l1", LONELY)],
            id="talks while another phone still rings",
        ),
        pytest.param(
            found(caller(), bridges={BRIDGE: [CALL]}),
            [HangUp(CALL, CALL, LEFT), DestroyBridge(CALL, BRIDGE)],
            id="the agent has left",
        ),
        pytest.param(
            found(leg(), bridges={BRIDGE: [f"{CALL}-l1"]}),
            [HangUp(CALL, f"{CALL}-l1", LONELY), DestroyBridge(CALL, BRIDGE)],
            id="the caller has left",
        ),
        pytest.param(
            found(caller(), leg(), bridges={BRIDGE: [f"{CALL}-l1"]}),
            [SendAway(CALL), HangUp(CALL, f"{CALL}-l1", LONELY), DestroyBridge(CALL, BRIDGE)],
            id="only the leg is in the bridge",
        ),
        pytest.param(found(leg()), [HangUp(CALL, f"{CALL}-l1", LONELY)], id="a leg without its caller"),
        pytest.param(found(caller(), recording=[MESSAGE], recorded=[MESSAGE]), [], id="leaves a message"),
        pytest.param(found(caller(), recorded=[MESSAGE]), [HangUp(CALL, CALL, FINISHED)], id="has left a message"),
        pytest.param(
            found(caller(), recording=[message_of(OTHER)], recorded=[message_of(OTHER)]),
            [SendAway(CALL)],
            id="somebody else leaves a message",
        ),
        pytest.param(found(bridges={BRIDGE: []}), [DestroyBridge(CALL, BRIDGE)], id="an empty bridge"),
        pytest.param(
            found(caller(), bridges={BRIDGE: []}), [SendAway(CALL), DestroyBridge(CALL, BRIDGE)], id="not in yet"
        ),
        pytest.param(found(bridges={"conference": [], "room-b": [], "1795329668.0-c": []}), [], id="others' bridges"),
        pytest.param(found(Channel("1795329668.1"), Channel("s-l1", ("spy", "x"))), [], id="others' channels"),
        pytest.param(
            found(caller(), Channel("someone"), bridges={BRIDGE: [CALL, "someone"]}),
            [HangUp(CALL, CALL, LEFT)],
            id="somebody else's channel in our bridge",
        ),
        pytest.param(found(Channel("odd", ("leg",))), [], id="a leg that does not say of what"),
        pytest.param(
            found(caller(), leg(1, OTHER), bridges={BRIDGE: [CALL, f"{OTHER}-l1"]}),
            [HangUp(CALL, CALL, LEFT), HangUp(OTHER, f"{OTHER}-l1", LONELY), DestroyBridge(CALL, BRIDGE)],
            id="with another call's leg",
        ),
    ],
)
def test_what_is_done(stands: Found, actions: list[Action]) -> None:
    """Each way to be left behind has its end, and who can be left alone is."""
    assert decide(stands) == actions


def test_who_may_be_leaving_a_message() -> None:
    """Only callers outside all bridges are asked about: one that talks records no message."""
    stands = found(caller(), caller(OTHER), leg(), bridges={BRIDGE: [CALL, f"{CALL}-l1"]})
    assert waiting(stands) == [OTHER]


CALLS = [CALL, OTHER, "1795329669.12"]
OURS = [one for call in CALLS for one in (caller(call), leg(1, call), leg(2, call))]
FOREIGN = [Channel("1795329670.1"), Channel("snoop-1", ("spy",)), Channel("1795329670.2-l1")]
BRIDGES = [*(f"{call}-b" for call in CALLS), "holding"]
MESSAGES = [message_of(call) for call in CALLS]


@st.composite
def anything(draw: st.DrawFn) -> Found:
    """Any channels of ours and of others, each in one bridge or in none; any recordings."""
    channels = draw(st.lists(st.sampled_from([*OURS, *FOREIGN]), unique=True))
    members: dict[str, list[str]] = {bridge: [] for bridge in draw(st.sets(st.sampled_from(BRIDGES)))}
    for channel in channels:
        place = draw(st.sampled_from([None, *members]))
        if place is not None:
            members[place].append(channel.id)
    recorded = draw(st.sets(st.sampled_from(MESSAGES)))
    recording = {name for name in recorded if draw(st.booleans())}
    return Found(channels, members, recording, recorded)


def touched(stands: Found) -> set[str]:
    """The channels that something happens to."""
    return {
        action.call if isinstance(action, SendAway) else action.channel
        for action in decide(stands)
        if not isinstance(action, DestroyBridge)
    }


@given(anything())
def test_who_talks_is_never_touched(stands: Found) -> None:
    """A caller and a leg of that call in the call's bridge stay, and so does the bridge."""
    destroyed = {action.bridge for action in decide(stands) if isinstance(action, DestroyBridge)}
    for call in CALLS:
        bridge = f"{call}-b"
        members = set(stands.bridges.get(bridge, ()))
        legs = members & {f"{call}-l1", f"{call}-l2"}
        if call in members and legs:
            assert touched(stands).isdisjoint({call, *legs})
            assert bridge not in destroyed


@given(anything())
def test_what_is_not_ours_is_never_touched(stands: Found) -> None:
    """Channels outside our application, and bridges not named after a call, are nobody's business here."""
    assert touched(stands) <= {channel.id for channel in OURS}
    destroyed = {action.bridge for action in decide(stands) if isinstance(action, DestroyBridge)}
    assert "holding" not in destroyed
    assert not any(channel.id in stands.bridges[bridge] for bridge in destroyed for channel in FOREIGN), (
        "a bridge was taken from under a foreign channel"
    )


@given(anything())
def test_nothing_of_ours_is_left_without_an_end(stands: Found) -> None:
    """Whatever is not touched talks or leaves a message; so no leg rings or listens for ever, and no caller waits."""
    left = {channel.id for channel in stands.channels if channel in OURS} - touched(stands)
    for one in left:
        call = one.partition("-l")[0]
        members = stands.bridges.get(f"{call}-b", ())
        talks = one in members and call in members and any(member.startswith(f"{call}-l") for member in members)
        assert talks or message_of(one) in stands.recording


@given(anything())
def test_nobody_is_told_two_things(stands: Found) -> None:
    """One action for a channel, one for a bridge."""
    actions = decide(stands)
    assert len(actions) == len(set(actions))
    assert len(touched(stands)) == sum(not isinstance(action, DestroyBridge) for action in actions)


@pytest.mark.parametrize(
    ("answers", "passes"),
    [
        pytest.param([(at, True) for at in range(60)], [], id="always there"),
        pytest.param([(at, at >= 14) for at in range(60)], [], id="back in time"),
        pytest.param([(at, False) for at in range(27)], [15, 20, 25], id="never there"),
        pytest.param([(at, at < 10 or at > 31) for at in range(60)], [25, 30], id="away for a while"),
        pytest.param([(at, at % 15 == 0) for at in range(60)], [], id="there now and then"),
        pytest.param([(0, True), (1, True), (9000, False), (9001, True)], [], id="the machine slept"),
        pytest.param([(0, False), (2, False), (4, False), (17, False), (30, False)], [17, 30], id="slow questions"),
        pytest.param(
            [(0, False), (15, False), (16, True), (17, False), (30, False), (32, False)], [15, 32], id="twice"
        ),
    ],
)
def test_when_calls_are_looked_after(answers: list[tuple[float, bool]], passes: list[float]) -> None:
    """After fifteen seconds without a good answer, then every five; a good answer begins it all anew."""
    absence = Absence(15, 5)
    assert [at for at, ready in answers if absence.is_due(at, ready=ready)] == passes
