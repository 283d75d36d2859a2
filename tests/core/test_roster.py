"""Who is to be expected at work."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.core.agents import make_agent
from vorzimmer.core.roster import expected

STAFF = (
    make_agent("day", shifts={"mon-fri": ["08:00-12:00", "13:00-17:00"]}, timezone="Europe/Berlin"),
    make_agent("night", shifts={"sat": ["22:00-06:00"]}, timezone="Europe/Berlin"),
    make_agent("abroad", shifts={"mon-fri": ["08:00-17:00"]}, timezone="America/New_York"),
    make_agent("always", shifts="always"),
    make_agent("free"),
)


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-11-23T07:00", {"day"}),
        ("2026-11-23T06:59", set()),
        ("2026-11-23T11:00", set()),
        ("2026-11-23T13:00", {"day", "abroad"}),
        ("2026-07-13T06:00", {"day"}),
        ("2026-11-29T04:59", {"night"}),
        ("2026-11-29T05:00", set()),
        # the night of the change to winter: 03:00 comes twice
        ("2026-10-25T04:59", {"night"}),
        ("2026-10-25T05:00", set()),
    ],
)
def test_shifts_hold_by_the_agents_own_clock(at: str, who: set[str]) -> None:
    """Breaks, nights over midnight, other zones and the change of the clock; one without shifts is never expected."""
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert expected(STAFF, instant) == who | {"always"}
