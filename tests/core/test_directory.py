"""Which client a call is for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.examples import DID, OTHER_DID, make_client, make_groups
from vorzimmer.core.agent import Agent
from vorzimmer.core.directory import Directory, conflicts

SHARED = "+498999998500"
HUBER, MEIER, NOBODY = "+498112345", "+498154321", "+493023125000"


def make_agent(name: str, **fields: Any) -> Agent:
    """An agent with a telephone of the same name; `fields` are as in the TOML file."""
    return Agent.model_validate({"id": name, "name": name.title(), "phones": [name], **fields})


huber = make_client(id="huber", dids=[DID, {"number": SHARED, "diverted_from": [HUBER]}])
meier = make_client(id="meier", dids=[{"number": SHARED, "diverted_from": [MEIER, "+498154322"]}])
rest = make_client(id="rest", dids=[OTHER_DID, SHARED])


@pytest.mark.parametrize(
    ("dialled", "diverted_from", "client", "reason"),
    [
        (DID, None, "huber", "by dialled number"),
        (DID, NOBODY, "huber", "by dialled number"),
        (SHARED, HUBER, "huber", "by diverting number"),
        (SHARED, MEIER, "meier", "by diverting number"),
        (SHARED, "+498154322", "meier", "by diverting number"),
        (SHARED, NOBODY, "rest", "by dialled number"),
        (SHARED, None, "rest", "by dialled number"),
        (NOBODY, None, None, None),
        (NOBODY, HUBER, None, None),
        ("110", None, None, None),
    ],
)
def test_a_call_is_found_by_its_numbers(
    dialled: str, diverted_from: str | None, client: str | None, reason: str | None
) -> None:
    """The diverting number decides where it is known for the dialled one, else the dialled number alone."""
    match = Directory((), (huber, meier, rest)).find(dialled, diverted_from)
    assert (match and match.client.id, match and match.reason) == (client, reason)


def test_a_shared_number_without_a_known_diverting_number_is_nobodys() -> None:
    """Where only diverting numbers tell clients apart, a guess would show one client's calls to the other."""
    directory = Directory((), (huber, meier))
    assert directory.find(SHARED, None) is None
    assert directory.find(SHARED, NOBODY) is None


def test_own_numbers_are_all_that_can_be_dialled_into_the_house() -> None:
    """Loops are recognised for every DID, not for the clients' own lines that forward here."""
    directory = Directory(make_groups("first"), (huber, meier, rest))
    assert directory.own_numbers == {DID, OTHER_DID, SHARED}
    assert directory.groups["first"].endpoints == ("first-1", "first-2")
    assert set(directory.clients) == {"huber", "meier", "rest"}
    assert directory.agents == {}


def test_agents_are_found_by_id() -> None:
    """The queue asks for agents by id."""
    anna, ben = make_agent("anna"), make_agent("ben")
    assert Directory((), (), (anna, ben)).agents == {"anna": anna, "ben": ben}


def test_clients_that_fit_together_have_no_conflicts() -> None:
    """A shared number is fine as long as diverting numbers tell the clients apart."""
    agents = (make_agent("anna", teams=["law"], clients=["huber"]), make_agent("ben"))
    assert conflicts(make_groups("first"), (huber, meier, rest), agents) == []


def test_conflicts_of_agents() -> None:
    """What stands twice (id, telephone, extension) and a client that does not exist are each one sentence."""
    anna = make_agent("anna", phones=["desk", "home"], extension="121")
    ben = make_agent("ben", phones=["desk"], extension="121", clients=["huber", "moon"])
    assert conflicts((), (huber,), (anna, ben, make_agent("ben", phones=["other"]))) == [
        "agent 'ben' stands 2 times",
        "telephone desk belongs to agents 'anna' and 'ben'; each has telephones of its own",
        "extension '121' stands 2 times",
        "agent 'ben', clients: there is no client 'moon'",
    ]


def test_conflicts_name_the_clients_and_the_keys() -> None:
    """A number of two clients, a group that does not exist, and ids that stand twice are each one sentence."""
    ring = {"to": "group", "group": "night"}
    one = make_client(id="one", dids=[DID, {"number": SHARED, "diverted_from": [HUBER]}])
    two = make_client(id="two", dids=[DID], closed={"chain": [{"to": "machine"}, ring]})
    three = make_client(id="three", dids=[{"number": SHARED, "diverted_from": [HUBER]}], at_lunch={"chain": [ring]})
    again = make_client(id="three", dids=[OTHER_DID])
    assert conflicts((*make_groups("first"), *make_groups("first")), (one, two, three, again)) == [
        "group 'first' stands 2 times",
        "client 'three' stands 2 times",
        f"number {DID} belongs to clients 'one' and 'two'; tell them apart by diverted_from",
        f"number {SHARED} diverted from {HUBER} belongs to clients 'one' and 'three'; tell them apart by diverted_from",
        "client 'two', closed.chain[2]: there is no group 'night'",
        "client 'three', at_lunch.chain[1]: there is no group 'night'",
    ]


def test_a_client_is_tried_in_place_of_itself() -> None:
    """A change can be looked at as if it were saved; the directory itself, and whose the numbers are, stay."""
    directory = Directory((), (huber, meier))
    tried = directory.with_client(make_client(id="huber", name="Neu", dids=[DID]))
    found = tried.find(DID, None)
    assert found is not None
    assert (found.client.name, directory.clients["huber"].name) == ("Neu", "Kanzlei Huber")
    assert tried.clients["meier"] is meier
