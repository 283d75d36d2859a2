"""Who of a group is offered a call."""

from __future__ import annotations

import pytest

from vorzimmer.core.acd import Offer, Pool, choose

GROUP = ("anna", "bert", "cora")


@pytest.mark.parametrize(
    ("pool", "offer"),
    [
        (Pool(), Offer(GROUP, "free", "3 of 3 free")),
        (Pool(busy=frozenset({"anna"})), Offer(("bert", "cora"), "free", "2 of 3 free")),
        (Pool(unreachable=frozenset({"bert"})), Offer(("anna", "cora"), "free", "2 of 3 free")),
        (Pool(busy=frozenset(GROUP)), Offer((), "busy", "all 3 reachable are busy")),
        (
            Pool(unreachable=frozenset({"anna", "bert"}), busy=frozenset({"cora"})),
            Offer((), "busy", "all 1 reachable are busy"),
        ),
        (Pool(unreachable=frozenset(GROUP)), Offer((), "unreachable", "nobody is reachable")),
        (Pool(unreachable=frozenset(GROUP), busy=frozenset(GROUP)), Offer((), "unreachable", "nobody is reachable")),
    ],
)
def test_free_endpoints_are_offered_in_order(pool: Pool, offer: Offer) -> None:
    """Busy means that waiting can help; who is not reachable counts as neither free nor busy."""
    assert choose(GROUP, pool) == offer
