"""`vorzimmer stats BY`, `margin` and `staffing`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Vorzimmer
from vorzimmer.core.cdr import Disposition

Stored = Callable[..., None]
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SPAN = ("--since", "2026-03-02", "--until", "2026-03-03")


@pytest.fixture
def two_days(call_stored: Stored) -> None:
    """Two calls answered, one given up, on a Monday and a Tuesday."""
    call_stored("a", at=MORNING)
    call_stored("b", at=MORNING + timedelta(days=1), client="schulz")
    call_stored("c", at=MORNING, duration=Decimal(9), disposition=Disposition.ABANDONED)


@pytest.mark.usefixtures("two_days")
def test_some_days_in_every_form(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """As a table with the formula beside it, as JSON, as CSV, and as a plot that is the same each time."""
    told = json.loads(vorzimmer("stats", "weekday", *SPAN, "--short", 10, "--json").stdout)
    assert [(row["key"], row["offered"], row["gone_at_once"]) for row in told["rows"]] == [("1", 2, 1), ("2", 1, 0)]
    assert told["formula"].endswith("(answered + abandoned, without those who gave up within 10 s)")
    assert told["total"]["answered"] == 2

    drawn = tmp_path / "calls.svg"
    shown = vorzimmer("stats", "client", *SPAN, "--plot", drawn).stdout
    assert "level: answered within 20 s of arrival ÷ (answered + abandoned)" in shown
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert lines["mueller"][:5] == ["2", "1", "1", "0", "0"]
    assert lines["all"][0] == "3"
    first = drawn.read_bytes()
    assert b">mueller<" in first
    vorzimmer("stats", "client", *SPAN, "--plot", drawn)
    assert drawn.read_bytes() == first

    rows = list(csv.DictReader(io.StringIO(vorzimmer("stats", "day", *SPAN, "--csv").stdout)))
    assert [(row["day"], row["offered"], row["mean_talk"]) for row in rows] == [
        ("2026-03-02", "2", "60"),
        ("2026-03-03", "1", "60"),
    ]


def test_agents_with_their_occupancy(vorzimmer: Vorzimmer, two_days: None) -> None:  # noqa: ARG001 - fills the database
    """The formula of the occupancy stands below the work of the agents."""
    shown = vorzimmer("stats", "agent", *SPAN)
    assert shown.exit_code == 0
    assert "(nobody)" in shown.stdout


def test_of_one_client(vorzimmer: Vorzimmer, two_days: None) -> None:  # noqa: ARG001 - fills the database
    """Only its calls; one that nobody knows is refused."""
    told = json.loads(vorzimmer("stats", "hour", *SPAN, "--client", "schulz", "--json").stdout)
    assert [(row["key"], row["offered"]) for row in told["rows"]] == [("10", 1)]
    refused = vorzimmer("stats", "hour", *SPAN, "--client", "nobody")
    assert refused.exit_code == 1
    assert "there is no client 'nobody'" in refused.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ("moon",),
        ("day", "--since", "yesterday"),
        ("day", "--since", "0001-01-01"),
        ("day", "--since", "2026-03-04", "--until", "2026-03-03"),
        ("day", "--day", "2026-03-03"),
        ("day", "--plot", "calls.pdf"),
        ("--csv",),
    ],
)
def test_what_cannot_be_asked(vorzimmer: Vorzimmer, wrong: tuple[str, ...]) -> None:
    """Refused with 2."""
    assert vorzimmer("stats", *wrong).exit_code == 2


@pytest.mark.usefixtures("two_days")
def test_margins_of_a_month(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """Every client with calls, what they cost, and the formula; costs come from the settings."""
    with (tmp_path / "vorzimmer.toml").open("a") as file:
        file.write('[billing.costs]\nwage_per_hour = "21.60"\nline_per_minute = "0.015"\n')
    drawn = tmp_path / "margin.png"
    told = json.loads(vorzimmer("margin", "2026-03", "--json", "--plot", drawn).stdout)
    assert [(row["client"], row["calls"], row["closed"]) for row in told["clients"]] == [
        ("mueller", 2, False),
        ("schulz", 1, False),
    ]
    for row in told["clients"]:
        assert Decimal(row["margin"]) == Decimal(0) - Decimal(row["wages"]) - Decimal(row["lines"]) < 0
    assert drawn.read_bytes().startswith(b"\x89PNG")
    shown = vorzimmer("margin", "2026-03").stdout
    assert "revenue (net) - (talk + hold + wrap-up) x wage" in shown
    assert vorzimmer("margin", "March").exit_code == 2


def test_staffing_of_the_coming_week(vorzimmer: Vorzimmer, call_stored: Stored, tmp_path: Path) -> None:
    """A call a week ago and one two weeks ago: expected again, and staffed; seven days are shown."""
    noon = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0)
    for weeks in (1, 2):
        call_stored(f"c{weeks}", at=noon - timedelta(weeks=weeks))
    drawn = tmp_path / "week.svg"
    told = json.loads(vorzimmer("staffing", "--json", "--plot", drawn).stdout)
    assert len(told["half_hours"]) in {334, 336, 338}
    assert max(row["erlang_c"]["agents"] for row in told["half_hours"]) == 1
    assert told["patience"] is None
    assert b"Erlang C" in drawn.read_bytes()
    days = vorzimmer("staffing").stdout
    assert "80% of the calls answered within 20 s" in days
    assert all(name in days for name in ("Mon ", "Sun "))
    assert "agents (A)" in vorzimmer("staffing", "--week", "--target", 0.9).stdout


@pytest.mark.parametrize("wrong", [("--target", 1), ("--target", 0), ("--holidays", "XX"), ("--plot", "week")])
def test_staffing_that_cannot_be(vorzimmer: Vorzimmer, wrong: tuple[object, ...]) -> None:
    """No number of agents answers everybody in time; no such region; no such plot."""
    assert vorzimmer("staffing", *wrong).exit_code == 2
