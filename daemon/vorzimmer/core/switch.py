"""The switch that a client has by hand, as somebody turns it who says no time: reachable or not, from now on."""

from __future__ import annotations

from datetime import datetime

from vorzimmer.core.calendar import Override
from vorzimmer.core.client import Client, Did
from vorzimmer.core.office_hours import state
from vorzimmer.core.office_turns import next_opening, next_turn
from vorzimmer.core.plan import OfficeState


def reachable(client: Client, at: datetime) -> Client:
    """The client, open from `at` (aware) on: by its hours if these say so, else by hand until they do."""
    calendar, did = _by_calendar(client)
    if state(calendar, did, at).state is OfficeState.OPEN:
        return calendar
    return calendar.model_copy(update={"override": Override(state="open", until=next_opening(calendar, did, at))})


def not_reachable(client: Client, at: datetime) -> Client:
    """The client, closed from `at` (aware) on until it opens next by its hours; until taken back if it never does.

    Lunch is no end of what is open now: who is away for the day is not back after lunch.
    """
    calendar, did = _by_calendar(client)
    return calendar.model_copy(update={"override": Override(state="closed", until=_opens_again(calendar, did, at))})


def is_reachable(client: Client, at: datetime) -> bool:
    """Whether callers are put through to people at `at` (aware)."""
    return state(client, client.dids[0], at).state is OfficeState.OPEN


def _by_calendar(client: Client) -> tuple[Client, Did]:
    return client.model_copy(update={"override": None}), client.dids[0]


def _opens_again(calendar: Client, did: Did, at: datetime) -> datetime | None:
    """When it opens behind what is open at `at`, if it is."""
    turn: datetime | None = at
    while turn is not None and state(calendar, did, turn).state in (OfficeState.OPEN, OfficeState.LUNCH):
        turn = next_turn(calendar, did, turn)
    return None if turn is None else next_opening(calendar, did, turn)
