"""Clients, calls and events that the tests of this folder start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from vorzimmer.core.client import Book, Client
from vorzimmer.core.dialing import Policy
from vorzimmer.core.handling import Group
from vorzimmer.core.ledger import CallEvent, Kind

DID = "+498999998100"
OTHER_DID = "+498999998200"
HOUSE = Policy(countries=frozenset({"DE", "AT"}), parallel=3, per_day=20)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def make_client(**fields: Any) -> Client:
    """A client open on weekdays 08:00-18:00, with one DID and a machine; `fields` are as in the TOML file."""
    return Client.model_validate(
        {
            "id": "kanzlei",
            "name": "Kanzlei Huber",
            "hours": {"mon-fri": ["08:00-18:00"]},
            "dids": [DID],
            "open": {"chain": [{"to": "machine"}]},
            **fields,
        }
    )


def make_groups(*names: str) -> tuple[Group, ...]:
    """Groups of two endpoints each: `first` has `first-1` and `first-2`."""
    return Book.model_validate({"group": [{"id": n, "endpoints": [f"{n}-1", f"{n}-2"]} for n in names]}).group


def event(seq: int, kind: Kind, after: float = 0, **data: Any) -> CallEvent:
    """An event `after` seconds from the start of the call."""
    return CallEvent(f"e{seq}", "call-1", seq, START + timedelta(seconds=after), kind, data)
