"""How faxes leave: what Asterisk is asked for, what the gate counts, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from tests.calls.surroundings import DID, Pbx, Records, make_client, make_exchange
from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Conflict, Unavailable
from vorzimmer.calls.faxing import CannotFax, Faxing, State, Way
from vorzimmer.core.dialing import RefusalCode

REFERENCE, TO = "0123456789abcdef01234567", "+4930123456"
CLIENT = make_client()


@dataclass
class Line(Pbx):
    """An Asterisk that takes faxes. `fails` is raised at the request; `living` are the channels."""

    fails: AriError | None = None
    living: set[str] = field(default_factory=set)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    heard: dict[str, Callable[[events.Event], None]] = field(default_factory=dict)

    def __call__(self, channel_id: str) -> Line:
        """A channel; its id stands in the request."""
        self.id = channel_id
        return self

    async def exists(self, channel_id: str) -> bool:
        """Whether it lives."""
        return channel_id in self.living

    async def originate(self, local: str, **how: Any) -> None:
        """Make it."""
        self.asked.append({"local": local, "id": self.id, **how})
        if self.fails is not None:
            raise self.fails
        self.living.add(self.id)

    def on_event(self, channel_id: str, callback: Callable[[events.Event], None]) -> None:
        """Listen."""
        self.heard[channel_id] = callback

    def forget(self, channel_id: str) -> None:
        """Listen no more."""
        del self.heard[channel_id]

    def end(self, channel_id: str) -> None:
        """The channel has gone."""
        self.living.discard(channel_id)
        self.heard[channel_id](events.ChannelDestroyed(channel_id, 16))


def faxing(folder: Path, line: Line, *, t38: bool = True) -> Faxing:
    """The faxes of a house, and its gate."""
    exchange = make_exchange(folder, line, Records(), CLIENT)
    return Faxing(lambda: exchange, Way(folder, "trunk-fax", t38=t38, ring=45, longest=900))


async def send(one: Faxing, to: str = TO, reference: str = REFERENCE) -> None:
    """Send, as the worker asks."""
    await one.send(reference, to, CLIENT, "Vorzimmer", DID)


def how(line: Line) -> str:
    """By which options of `SendFAX` the last fax went."""
    return cast(str, line.asked[-1]["variables"]["__VZ_FAX_HOW"])


async def test_asterisk_is_asked_for_one_channel_that_needs_nobody(tmp_path: Path) -> None:
    """Its id is stable, it goes into the dialplan and not into our application, and shows the client's DID."""
    line = Line()
    one = faxing(tmp_path, line)
    await send(one)
    (asked,) = line.asked
    assert (asked["local"], asked["id"]) == ("Local/send@vorzimmer-fax/n", f"fax-{REFERENCE}")
    assert not asked["other_id"].startswith(asked["id"])  # Asterisk takes it for the same
    assert asked["reported"] == {"VZ_TARGET": TO, "VZ_CLIENT": "mueller"}
    variables = asked["variables"]
    assert (variables["__VZ_FAX_TO"], variables["__VZ_FAX_OVER"]) == (TO, "trunk-fax")
    assert (variables["__VZ_FAX_SHOWN"], variables["__VZ_FAX_HOW"]) == (DID, "fz")
    assert await one.state(REFERENCE) is State.RUNNING


async def test_a_fax_that_goes_is_not_begun_again(tmp_path: Path) -> None:
    """Whoever asks twice gets one fax, and another fax to that number waits for its end."""
    line = Line()
    one = faxing(tmp_path, line)
    await send(one)
    await send(one)
    assert len(line.asked) == 1
    with pytest.raises(CannotFax, match="another fax goes to this number now"):
        await send(one, reference="f" * 24)
    line.end(f"fax-{REFERENCE}")
    await send(one, reference="f" * 24)
    assert len(line.asked) == 2


async def test_the_gate_counts_a_fax_while_it_lives(tmp_path: Path) -> None:
    """Three at once are allowed; the fourth goes when one has ended."""
    line = Line()
    one = faxing(tmp_path, line)
    for number in range(3):
        await send(one, f"+493012345{number}", f"{number}" * 24)
    with pytest.raises(CannotFax) as refused:
        await send(one)
    assert refused.value.code == f"gate.{RefusalCode.PARALLEL}"
    line.end(f"fax-{'1' * 24}")
    await send(one)


async def test_faxes_of_a_process_that_died_count_again(tmp_path: Path) -> None:
    """Once each, until they end; other channels are not looked at."""
    line = Line()
    one = faxing(tmp_path, line)
    reported = {"VZ_TARGET": TO, "VZ_CLIENT": "mueller"}
    channels = [events.ChannelData(f"fax-{number}", "Local/x;1", "Up", "", "", variables=reported) for number in "123"]
    channels.append(events.ChannelData("1700000000.1", "PJSIP/x", "Up", "", "", variables=reported))
    one.found(channels)
    one.found(channels)
    with pytest.raises(CannotFax, match="3 forwarded calls at once, 3 are allowed"):
        await send(one, "+4930999999")
    for number in "123":
        line.end(f"fax-{number}")
    await send(one)


@pytest.mark.parametrize(("t38", "options"), [(True, "fz"), (False, "F")])
async def test_t38_is_asked_for_where_it_is_wanted(tmp_path: Path, *, t38: bool, options: str) -> None:
    """And sound is forced where it is not, also on an endpoint that could."""
    line = Line()
    await send(faxing(tmp_path, line, t38=t38))
    assert how(line) == options


async def test_after_a_failed_change_to_t38_it_goes_as_sound(tmp_path: Path) -> None:
    """The result of the call before says so; it is put by, so that the next one has room."""
    line = Line()
    told = "dial=ANSWER|at=1|cause=58|status=FAILED|error=T38_NEG_ERROR|says=error negotiating T.38|pages=0|station=\n"
    (tmp_path / f"{REFERENCE}.result").write_text(told)
    one = faxing(tmp_path, line)
    assert await one.state(REFERENCE) is State.RESULT
    await send(one)
    assert how(line) == "F"
    line.end(f"fax-{REFERENCE}")
    assert await one.state(REFERENCE) is State.UNKNOWN


async def test_what_asterisk_refuses_is_not_counted(tmp_path: Path) -> None:
    """Nothing lives, so nothing stands in the way of the next try."""
    line = Line(fails=Conflict(409, "no"))
    one = faxing(tmp_path, line)
    for _ in range(5):
        with pytest.raises(CannotFax, match="could not take the fax") as refused:
            await send(one)
    assert refused.value.code == "failed"
    line.fails = None
    await send(one)


async def test_what_nobody_knows_is_counted_until_it_is_known(tmp_path: Path) -> None:
    """The connection broke at the request: perhaps it goes."""
    line = Line(fails=Unavailable("gone"))
    one = faxing(tmp_path, line)
    with pytest.raises(CannotFax) as refused:
        await send(one)
    assert refused.value.code == "unclear"
    assert f"fax-{REFERENCE}" in line.heard
    line.end(f"fax-{REFERENCE}")
    line.fails = None
    await send(one)
