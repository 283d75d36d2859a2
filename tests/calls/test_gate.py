"""The gate before every trunk leg: counted before dialling, by the day of the house, and across restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.calls.surroundings import make_client
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.core.dialing import Policy, RefusalCode

MOBILE = "+4915112345678"
OTHER = "+4915112345679"
OUR_OWN = "+4989123456"
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
CLIENT = make_client()


class House:
    """A gate whose clock and file can be touched."""

    def __init__(self, file: Path, *, parallel: int = 2, per_day: int = 3) -> None:
        self.now = NOON
        self.file = file
        self.policy = Policy(frozenset({"DE"}), parallel, per_day)

    def gate(self) -> TrunkGate:
        """The gate as a daemon that starts now has it."""
        return TrunkGate(self.policy, lambda: frozenset({OUR_OWN}), "Europe/Berlin", self.file, lambda: self.now)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house with its own file: two legs at once, three a day."""
    return House(tmp_path / "legs.json")


def used_up(gate: TrunkGate, legs: int) -> None:
    """Let legs come and go."""
    for _ in range(legs):
        assert gate.enter(MOBILE, CLIENT) is None
        gate.leave(MOBILE, CLIENT)


def refused(gate: TrunkGate, number: str = MOBILE) -> RefusalCode | None:
    """Why a number is refused, if it is."""
    refusal = gate.enter(number, CLIENT)
    return refusal.code if refusal else None


def test_legs_at_once_are_counted_before_dialling(house: House) -> None:
    """The third of two allowed at once is refused though none is answered yet; a leg that ends makes room."""
    gate = house.gate()
    assert [refused(gate), refused(gate, OTHER), refused(gate)] == [None, None, RefusalCode.PARALLEL]
    gate.leave(OTHER, CLIENT)
    assert refused(gate) is None


def test_one_client_does_not_use_up_another_ones_share(house: House) -> None:
    """Caps are counted for each client."""
    gate = house.gate()
    assert [refused(gate), refused(gate)] == [None, None]
    assert gate.enter(MOBILE, make_client(id="other")) is None


def test_a_clients_own_limits_go_before_the_houses(house: House) -> None:
    """A client that wants no forwards today has none, whatever the house allows."""
    refusal = house.gate().enter(MOBILE, make_client(forwarding={"per_day": 0}))
    assert refusal is not None
    assert refusal.code is RefusalCode.PER_DAY


def test_legs_of_the_day_are_limited(house: House) -> None:
    """After the day's share nothing more is dialled, also if all legs have ended long ago."""
    gate = house.gate()
    used_up(gate, 3)
    assert refused(gate) is RefusalCode.PER_DAY


def test_what_is_refused_costs_nothing_of_the_share(house: House) -> None:
    """A refused leg is not counted: wrong numbers and loops do not close the gate for right ones."""
    gate = house.gate()
    assert refused(gate, "+4990012345") is RefusalCode.KIND
    assert refused(gate, OUR_OWN) is RefusalCode.LOOP
    assert refused(gate, "+33612345678") is RefusalCode.COUNTRY
    used_up(gate, 3)


@pytest.mark.parametrize(("later", "opens"), [(timedelta(hours=11, minutes=59), False), (timedelta(hours=12), True)])
def test_the_day_turns_at_the_houses_midnight(house: House, later: timedelta, opens: bool) -> None:  # noqa: FBT001 - a table
    """The share of a new day begins at 0:00 in Berlin (23:00 UTC in winter), not at midnight UTC."""
    gate = house.gate()
    used_up(gate, 3)
    house.now += later
    assert (refused(gate) is None) is opens


def test_running_legs_outlive_midnight(house: House) -> None:
    """The new day's counts begin at zero; what still talks still takes its place among those at once."""
    gate = house.gate()
    assert [refused(gate), refused(gate)] == [None, None]
    house.now += timedelta(days=1)
    assert refused(gate) is RefusalCode.PARALLEL


def test_a_clock_that_is_set_opens_the_gate_for_one_more_share(house: House) -> None:
    """Each day that the clock shows has its share: set to yesterday and back again, today's begins anew."""
    gate = house.gate()
    used_up(gate, 3)
    for days in (-1, 1):
        house.now += timedelta(days=days)
        used_up(gate, 3)
        assert refused(gate) is RefusalCode.PER_DAY
    assert refused(house.gate()) is RefusalCode.PER_DAY


def test_a_restart_does_not_open_the_gate_again(house: House) -> None:
    """The day's counts are read back; legs at once begin at zero, as no leg outlives the daemon's steps."""
    used_up(house.gate(), 2)
    gate = house.gate()
    used_up(gate, 1)
    assert refused(gate) is RefusalCode.PER_DAY


def test_yesterdays_counts_are_not_todays(house: House) -> None:
    """A file of another day counts nothing."""
    used_up(house.gate(), 3)
    house.now += timedelta(days=1)
    used_up(house.gate(), 3)


@pytest.mark.parametrize(
    "content", ["", "no json", "[]", '{"day": "2026-11-23"}', '{"day": "2026-11-23", "dialled": 3}']
)
def test_an_unreadable_file_counts_as_none(house: House, content: str) -> None:
    """A damaged file must not keep the daemon from starting; the counts begin anew and are kept again."""
    house.file.write_text(content)
    used_up(house.gate(), 3)
    assert refused(house.gate()) is RefusalCode.PER_DAY


def test_a_folder_that_cannot_be_written_closes_no_gate(tmp_path: Path) -> None:
    """A full or missing disk costs the memory of the counts, never a caller's forward."""
    gate = House(tmp_path / "gone" / "legs.json").gate()
    used_up(gate, 3)
    assert refused(gate) is RefusalCode.PER_DAY


def test_leaving_without_entering_gives_nobody_more_room(house: House) -> None:
    """A `leave` too many must not make the count negative: the cap would be wider for ever."""
    gate = house.gate()
    gate.leave(MOBILE, CLIENT)
    assert [refused(gate), refused(gate), refused(gate)] == [None, None, RefusalCode.PARALLEL]


def test_a_number_is_known_as_dialled_while_a_leg_to_it_lives(house: House) -> None:
    """A call diverted by a number that we dial right now is our own forward; two legs to it are counted apart."""
    gate = house.gate()
    assert not gate.is_dialled(MOBILE)
    assert not gate.is_dialled(None)
    gate.enter(MOBILE, CLIENT)
    gate.enter(MOBILE, CLIENT)
    gate.leave(MOBILE, CLIENT)
    assert gate.is_dialled(MOBILE)
    gate.leave(MOBILE, CLIENT)
    assert not gate.is_dialled(MOBILE)


def test_a_number_that_is_checked_is_no_loop(house: House) -> None:
    """A check counts as every leg does, but who is forwarded from that number meanwhile is a caller like any other."""
    gate = house.gate()
    assert gate.enter(MOBILE, CLIENT, returns=True) is None
    assert not gate.is_dialled(MOBILE)
    assert gate.enter(MOBILE, CLIENT) is None
    gate.leave(MOBILE, CLIENT, returns=True)
    assert gate.is_dialled(MOBILE)
    gate.leave(MOBILE, CLIENT)
    assert not gate.is_dialled(MOBILE)
    assert gate.enter(OTHER, CLIENT) is None
    assert refused(gate) is RefusalCode.PER_DAY
