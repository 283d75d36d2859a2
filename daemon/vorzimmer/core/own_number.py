"""The client's own public numbers, which its telephone company forwards to us."""

from __future__ import annotations

from collections.abc import Sequence

from vorzimmer.core.model import Model, Number


class OwnNumber(Model):
    """A number that the client's callers dial, and the DID of ours to which it is forwarded.

    `watch`: it is rung before the office opens, to see that it still is (see `core.forwarding_watch`). `tell_client`:
    what is wrong is also told to the client's own addresses, not to the operator alone.
    """

    number: Number
    did: Number
    watch: bool = True
    tell_client: bool = False


def require_consistent(own: Sequence[OwnNumber], dids: Sequence[str]) -> None:
    """Each stands once, leads to one of the client's DIDs and is none itself.

    Raises:
        ValueError: one does not.
    """
    numbers = [one.number for one in own]
    if len(set(numbers)) != len(numbers):
        raise ValueError("a number stands twice in own_numbers")
    for one in own:
        if one.did not in dids:
            raise ValueError(f"own number {one.number} is forwarded to {one.did}, which is not among the client's dids")
        if one.number in dids:
            raise ValueError(f"own number {one.number} is one of the client's dids: it would be forwarded to itself")
