"""What is wrong with voice menus is said, and what passes ends for every caller."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.core.menus import BACK, CALLBACK, GROUP, HANGUP, MACHINE, MAIN, QUEUE, SAY, menu, planned, to, with_menus
from vorzimmer.core.client_menus import faults_of
from vorzimmer.core.directory import conflicts
from vorzimmer.core.handling import Handling
from vorzimmer.core.menu import OTHERWISE, Menu
from vorzimmer.core.menu_check import Known, faults
from vorzimmer.core.plan import Ask, Hangup, Machine, Plan
from vorzimmer.core.way import Place, begin, deed_at, onward

CHAIN = (MAIN, MACHINE)
AND_SO = "so that who presses nothing never gets out"


def found(*menus: dict[str, Any], chain: tuple[dict[str, Any], ...] = CHAIN, known: Known | None = None) -> list[str]:
    """The sentences about these menus."""
    chains = {"open": Handling.model_validate({"chain": chain}).chain}
    made = [Menu.model_validate(one) for one in menus]
    return [fault.text for fault in faults(made, chains, known or Known())]


@pytest.mark.parametrize(
    ("menus", "chain", "expected"),
    [
        ([menu("main", {})], CHAIN, ["menu 'main' has no keys"]),
        ([menu("main", {"1": [QUEUE], "2": []})], CHAIN, ["menu 'main', key 2: leads to nothing"]),
        ([menu("main", {"1": [QUEUE]})] * 2, CHAIN, ["menu 'main' stands 2 times"]),
        ([], CHAIN, ["open.chain[1]: there is no menu 'main'"]),
        ([menu("main", {"1": [to("x")], "2": [QUEUE]})], CHAIN, ["menu 'main', key 1: there is no menu 'x'"]),
        (
            [menu("main", {"#": [{"to": "contact", "contact": "chief"}]}, {"to": "contact", "contact": "rota"})],
            CHAIN,
            [
                "menu 'main', key #: there is no contact 'chief'",
                "menu 'main', when nothing is pressed: there is no rota",
            ],
        ),
        (
            [menu("main", {"1": [MACHINE, QUEUE]})],
            CHAIN,
            ["menu 'main', key 1: nobody gets behind 'machine', so what stands there is for nobody"],
        ),
        (
            [menu("main", {"1": [QUEUE], "2": [MAIN, QUEUE]})],
            CHAIN,
            ["menu 'main', key 2: nobody gets behind 'menu', so what stands there is for nobody"],
        ),
        (
            [menu("main", {"1": [QUEUE], "*": [BACK]})],
            CHAIN,
            ["menu 'main', key *: there is no menu before this one to go back to"],
        ),
        (
            [menu("main", {"1": [QUEUE]}, SAY, MAIN)],
            CHAIN,
            [f"menu 'main', when nothing is pressed: it asks the same again, {AND_SO}"],
        ),
        (
            [menu("main", {"1": [QUEUE]}, SAY, to("b")), menu("b", {"1": [QUEUE]}, GROUP, BACK)],
            CHAIN,
            [f"menu 'main', when nothing is pressed: it goes in a circle over 'b', {AND_SO}"],
        ),
        (
            [menu("main", {"1": [QUEUE]}), menu("b", {"1": [QUEUE]})],
            CHAIN,
            ["menu 'b': no chain and no key leads to it"],
        ),
        (
            [menu("main", {"1": [to("b")]}), menu("b", {"1": [MAIN], "2": [HANGUP]})],
            (MAIN, HANGUP),
            [
                "menu 'main': whatever is pressed, there is no way out but hanging up",
                "menu 'b': whatever is pressed, there is no way out but hanging up",
            ],
        ),
        (
            [menu("main", {"1": [to("m1")]})]
            + [menu(f"m{n}", {"1": [to(f"m{n + 1}")], "2": [QUEUE]}) for n in range(1, 5)]
            + [menu("m5", {"1": [QUEUE]})],
            CHAIN,
            ["menu 'm5' lies behind 5 others; at most 4 may"],
        ),
    ],
)
def test_each_fault_is_a_sentence(
    menus: list[dict[str, Any]], chain: tuple[dict[str, Any], ...], expected: list[str]
) -> None:
    """Menu and key are named, and what is wrong there; nothing else is said."""
    assert found(*menus, chain=chain) == expected


@pytest.mark.parametrize(
    ("menus", "chain"),
    [
        ([menu("main", {"1": [QUEUE], "2": [SAY, MAIN], "*": [CALLBACK]})], (MAIN,)),
        ([menu("main", {"1": [to("b")]}), menu("b", {"0": [BACK], "9": [MAIN], "1": [QUEUE]}, BACK)], (MAIN,)),
        # No person anywhere, but behind the menu.
        ([menu("main", {"1": [to("b")]}), menu("b", {"0": [BACK]})], CHAIN),
        ([menu("main", {"1": [to("b"), QUEUE]}), menu("b", {"0": [BACK], "1": [HANGUP]})], (MAIN,)),
        ([menu("main", {"1": [SAY]})], (MAIN,)),
    ],
)
def test_what_is_well_is_not_complained_about(menus: list[dict[str, Any]], chain: tuple[dict[str, Any], ...]) -> None:
    """Hearing something again, going back and forth by keys, and going on behind the menu are no traps."""
    assert found(*menus, chain=chain) == []


def test_a_client_with_faulty_menus_is_none() -> None:
    """Neither a file nor a page can bring one in; a group that is missing is told where all groups are known."""
    with pytest.raises(ValidationError, match="menu 'main' has no keys"):
        with_menus(menu("main", {}))
    client = with_menus(menu("main", {"1": [GROUP]}))
    assert conflicts((), (client,)) == ["client 'kanzlei', menus.main.1[1]: there is no group 'first'"]


def test_sounds_that_are_missing_are_named() -> None:
    """Of the prompt, of a wrong key, of what is played behind one; a version that was approved is a sound."""
    said = {"to": "announcement", "sound": "greeting", "then": ["@opening", "bye"]}
    client = with_menus(menu("main", {"1": [said]}, wrong="wrong"))
    silent = client.model_copy(update={"announcements": {}})
    assert [fault.text for fault in faults_of(silent, versions=("main",))] == [
        "menu 'main': its sound for a wrong key, the announcement 'wrong', has no sound yet",
        "menu 'main', key 1: the announcement 'greeting' has no sound yet",
    ]
    assert faults_of(silent, versions=("main", "wrong", "greeting", "bye")) == ()
    assert faults_of(client, groups=()) == ()


NAMES = ("main", "b", "c", "d")
_going_on = st.lists(st.sampled_from([QUEUE, GROUP, SAY, CALLBACK, *map(to, NAMES)]), max_size=2)
_endings = st.sampled_from([[], [], [MACHINE], [HANGUP], [BACK], *([to(name)] for name in NAMES)])
_branches = st.builds(lambda first, last: [*first, *last], _going_on, _endings)
_quiet_ones = st.lists(st.sampled_from([QUEUE, SAY, CALLBACK]), max_size=1)
_otherwise = st.one_of(_quiet_ones, _quiet_ones, _branches)
_menus = st.tuples(
    *(
        st.builds(
            lambda keys, otherwise, name=name: menu(name, keys, *otherwise),
            st.dictionaries(st.sampled_from("12*"), _branches.filter(bool), min_size=1),
            _otherwise,
        )
        for name in NAMES
    )
)
_chains = st.lists(st.sampled_from([MAIN, QUEUE, SAY, MAIN, to("b")]), min_size=1, max_size=3)

ENOUGH = 2000
"""Steps of our own in a row without a key: far more than any plan of these sizes has."""


def _reached(menus: tuple[dict[str, Any], ...], chain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The menus without those that nothing leads to: few would be left of what is made up."""
    by_name = {one["id"]: one for one in menus}
    ahead = [target["menu"] for target in chain if target["to"] == "menu"]
    seen: dict[str, dict[str, Any]] = {}
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen[name] = by_name[name]
            branches = [*by_name[name]["keys"].values(), by_name[name]["otherwise"]]
            ahead += [target["menu"] for branch in branches for target in branch if target["to"] == "menu"]
    return list(seen.values())


def _silence(plan: Plan, place: Place | None) -> int:
    """How many steps are done for a caller whom nobody serves and who presses nothing."""
    for n in range(ENOUGH):
        if place is None or isinstance(deed_at(plan, place), Machine | Hangup):
            return n
        place = onward(plan, place, OTHERWISE)
    raise AssertionError("it does not end")


@settings(max_examples=400)
@given(_menus, _chains, st.lists(st.sampled_from("129*#"), max_size=12))
def test_what_passes_ends_for_every_caller(
    menus: tuple[dict[str, Any], ...], chain: list[dict[str, Any]], keys: list[str]
) -> None:
    """Whatever is pressed, in whatever menus: once nothing more is, the call comes to its end by itself.

    Between two keys there are few steps too, and no more menus one in another than there are menus.
    """
    try:
        client = with_menus(*_reached(menus, chain), chain=tuple(chain))
    except ValidationError:
        return
    plan = planned(client, caller="+49301234567")
    place = begin(plan)
    _silence(plan, place)
    for key in keys:
        steps = 0
        while place is not None and not isinstance(deed_at(plan, place), Ask | Machine | Hangup):
            place = onward(plan, place)
            steps += 1
        assert steps < ENOUGH
        if place is None or not isinstance(deed_at(plan, place), Ask):
            break
        assert len(place.turns) <= len(NAMES)
        place = onward(plan, place, key)
        _silence(plan, place)
