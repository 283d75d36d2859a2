"""`vorzimmer route`: the plan and its reasons, without a call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.cli.conftest import SETTINGS, Vorzimmer
from tests.store.records import Troubles
from vorzimmer.store.snapshot import Snapshot

BOOK = """
[[group]]
id = "office"
endpoints = ["anna", "ben"]
strategy = "sequential"

[[client]]
id = "mueller"
name = "Kanzlei Müller"
holidays = "DE-BY"
hours = { mon-fri = ["08:00-18:00"] }
dids = ["089 123456"]

[client.open]
chain = [
  { to = "group", group = "office", seconds = 15 },
  { to = "mobile", number = "0900 1234567" },
  { to = "mobile", number = "0171 1234567" },
  { to = "machine" },
]
[client.closed]
begin = "answer"
chain = [{ to = "machine", max_seconds = 60 }]
"""


@pytest.fixture
def routed(vorzimmer: Vorzimmer, tmp_path: Path) -> Vorzimmer:
    """A house with one client."""
    file = tmp_path / "book.toml"
    file.write_text(BOOK)
    assert vorzimmer("import", file).exit_code == 0
    return vorzimmer


def test_plan_with_reasons(routed: Vorzimmer) -> None:
    """In hours the whole chain is printed, each step with its reason, and what is left out with why."""
    shown = routed("route", "089/123456", "--at", "2026-03-02T10:00", "--from", "030 1234567")
    assert shown.exit_code == 0, shown.output
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert lines[0].split() == ["number", "+4989123456"]
    assert lines[1].split() == ["caller", "+49301234567"]
    assert lines[2].endswith("Monday 2026-03-02 10:00:00 CET")
    assert lines[3].endswith("mueller (Kanzlei Müller)")
    assert lines[4].startswith("office   open: ")
    assert "1  ring group office (sequential: anna, ben) for 15 s" in lines
    assert any("forward to mobile +491711234567" in line for line in lines)
    assert any(line.startswith("-  left out: ") and "0900" not in line[:3] for line in lines)
    assert any(line == "because premium numbers are never dialled" for line in lines)
    assert sum(line.startswith("because ") for line in lines) >= 5


@pytest.mark.parametrize(
    ("arguments", "state", "first"),
    [
        (("--at", "2026-03-02T10:00"), "open", "RingGroup"),
        (("--at", "2026-03-02T20:00"), "closed", "Answer"),
        (("--at", "2026-11-01T12:00"), "holiday", "Answer"),
        (("--at", "2026-03-02T10:00-05:00"), "open", "RingGroup"),
        (("--at", "2026-03-02T14:00-05:00"), "closed", "Answer"),
    ],
)
def test_time_decides(routed: Vorzimmer, arguments: tuple[str, ...], state: str, first: str) -> None:
    """The same number leads elsewhere at another time; a time's own offset counts."""
    told = json.loads(routed("route", "+4989123456", *arguments, "--json").stdout)
    assert (told["state"], told["steps"][0]["step"], told["client"]) == (state, first, "mueller")


def test_route_writes_nothing(routed: Vorzimmer, tmp_path: Path) -> None:
    """The daemon's folder is left alone: a copy written by root could not be read by the daemon later."""
    assert routed("route", "089123456").exit_code == 0
    assert not (tmp_path / "state").exists()


def test_caller_may_be_withheld(routed: Vorzimmer) -> None:
    """`--from anonymous` is a withheld number, not the number of that name."""
    told = json.loads(routed("route", "4989123456", "--from", "anonymous", "--json").stdout)
    assert told["call"]["withheld"] is True
    assert told["call"]["caller"] is None
    assert told["call"]["dialled"] == "+4989123456"


def test_unknown_number_is_a_plan_too(routed: Vorzimmer) -> None:
    """A number that no client has shows the announcement that its caller would hear."""
    told = json.loads(routed("route", "089 999999", "--json").stdout)
    assert told["client"] is None
    assert told["reason"] == "no client has this number"
    assert [step["step"] for step in told["steps"]] == ["Announce", "Hangup"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody",), "DID: 'nobody' is no telephone number"),
        (("",), "DID: a telephone number is needed"),
        (("089123456", "--from", "?"), "--from: '?' is no telephone number"),
        (("089123456", "--at", "noon"), "not a time: 'noon'"),
    ],
)
def test_wrong_arguments_are_told(routed: Vorzimmer, arguments: tuple[str, ...], sentence: str) -> None:
    """What is no number or time is refused with 2, instead of planning for something else."""
    result = routed("route", *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr


@pytest.mark.usefixtures("routed")
def test_database_away_uses_the_daemons_copy(run: Vorzimmer, dsn: str, tmp_path: Path) -> None:
    """With the database away the plan comes from the copy on disk, which stays as it is, and that is said."""
    copy = tmp_path / "state" / "book.json"
    asyncio.run(Snapshot(dsn, copy, Troubles()).load())
    written = copy.stat().st_mtime_ns
    file = tmp_path / "away.toml"
    file.write_text(SETTINGS.format(dsn="postgresql://u:hunter22@127.0.0.1:1/d", folder=tmp_path))
    result = run("--config", file, "route", "089123456", "--at", "2026-03-02T10:00", "--json")
    assert json.loads(result.stdout)["client"] == "mueller"
    assert "the plan is made from the daemon's copy on disk" in result.stderr
    assert "hunter22" not in result.output
    assert copy.stat().st_mtime_ns == written
