"""Who may be offered a client's calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.agents import NOBODY_IN_PARTICULAR as PLAIN
from tests.core.agents import make_agent
from tests.core.examples import make_client
from vorzimmer.core.agent import Agent
from vorzimmer.core.model import Language
from vorzimmer.core.serving import Needs, Roll, may_serve, needs_of

TODAY = date(2026, 11, 23)


def test_a_clients_demands_are_those_of_its_file() -> None:
    """Nothing of what the client demands is lost on the way to the line."""
    client = make_client(team="law", skills=["notary"], language="en", secrecy=True)
    assert needs_of(client) == Needs("kanzlei", "law", frozenset({"notary"}), Language.ENGLISH, secrecy=True)


@pytest.mark.parametrize(
    ("fields", "demand", "may"),
    [
        ({}, {}, True),
        ({}, {"secrecy": True}, False),
        ({"pledged_on": TODAY}, {"secrecy": True}, True),
        ({"pledged_on": date(2026, 11, 24)}, {"secrecy": True}, False),
        ({"clients": ["kanzlei"]}, {}, True),
        ({"clients": ["other"]}, {}, False),
        ({"clients": ["other"], "teams": ["law"]}, {"team": "law"}, False),
        ({"clients": ["kanzlei"]}, {"team": "law"}, True),
        ({"clients": ["kanzlei"]}, {"secrecy": True}, False),
        ({"teams": ["law"]}, {"team": "law"}, True),
        ({"teams": ["trade"]}, {"team": "law"}, False),
        ({"teams": ["trade"]}, {}, True),
        ({}, {"team": "law"}, False),
        ({"skills": ["notary", "tax"]}, {"skills": frozenset({"notary", "tax"})}, True),
        ({"skills": ["notary"]}, {"skills": frozenset({"notary", "tax"})}, False),
        ({}, {"language": Language.ENGLISH}, False),
        ({"languages": ["de", "en"]}, {"language": Language.ENGLISH}, True),
    ],
)
def test_who_may_serve(fields: dict[str, Any], demand: dict[str, Any], may: bool) -> None:  # noqa: FBT001 - a table
    """Each demand alone keeps an agent away; being named for the client stands for its team, and for nothing else."""
    assert may_serve(make_agent("anna", **fields), replace(PLAIN, **demand), TODAY) is may


AGENTS = st.lists(
    st.builds(
        make_agent,
        st.sampled_from("abcdef"),
        teams=st.lists(st.sampled_from(["law", "trade"]), unique=True),
        skills=st.lists(st.sampled_from(["notary", "tax"]), unique=True),
        languages=st.lists(st.sampled_from(["de", "en", "zh"]), min_size=1, unique=True),
        clients=st.lists(st.sampled_from(["kanzlei", "praxis"]), unique=True),
        pledged_on=st.none() | st.sampled_from([date(2026, 11, day) for day in (22, 23, 24)]),
    ),
    unique_by=lambda agent: agent.id,
)
NEEDS = st.builds(
    Needs,
    client=st.sampled_from(["kanzlei", "praxis", "werkstatt"]),
    team=st.none() | st.sampled_from(["law", "trade"]),
    skills=st.frozensets(st.sampled_from(["notary", "tax", "dutch"])),
    language=st.sampled_from(Language),
    secrecy=st.booleans(),
)


@given(AGENTS, NEEDS)
def test_the_roll_says_of_all_what_is_said_of_each(agents: list[Agent], needs: Needs) -> None:
    """However agents and demands are made up, the index knows no other agents than the rule; nor for a like client."""
    roll = Roll({agent.id: agent for agent in agents}, TODAY)
    expected = [agent.id for agent in agents if may_serve(agent, needs, TODAY)]
    assert list(roll.members(roll.able(needs))) == expected
    assert roll.able(roll.alike(needs)) == roll.able(needs)
