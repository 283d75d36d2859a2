"""What the documents name is what is exported: table, dashboard and alert rules."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.notify.conftest import Troubles
from tests.store.records import START
from tests.watching.test_calls_seen import Kept
from vorzimmer.sandbox.ports import free
from vorzimmer.watching.calls_seen import CallsSeen
from vorzimmer.watching.exposition import serving
from vorzimmer.watching.loop_delay import LoopDelay
from vorzimmer.watching.readings import CallsReadings, CallsRole, WorkerReadings, WorkerRole, new_registry

DOCS = Path(__file__).parents[2] / "docs"
TABLE, ALERTS = (DOCS / "metrics.md").read_text(), (DOCS / "alerts.yml").read_text()
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())

METRIC = re.compile(r"\b(?:vorzimmer|process)_[a-z_]+")
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


def of_names(text: str, histograms: set[str]) -> set[str]:
    """The metrics in a text; a histogram's parts count as itself."""
    parts = {name + part: name for name in histograms for part in HISTOGRAM_PARTS}
    return {parts.get(name, name) for name in METRIC.findall(text)}


@pytest.fixture
async def exported() -> dict[str, str]:
    """Every metric of both roles and its type, as scraped over HTTP."""

    def one() -> float:
        return 1.0

    some = {field.name: one for field in dataclasses.fields(CallsReadings)}
    calls_registry, worker_registry = (new_registry(list, LoopDelay(), 0.0) for _ in range(2))
    calls_registry.register(CallsSeen(Kept(), lambda: START))
    calls_registry.register(CallsRole(CallsReadings(**some)))
    several = dict.fromkeys(("messages", "attempts", "under_way", "targets_away"), lambda: {"a": 1.0})
    readings = WorkerReadings(database_connected=one, oldest_due_age=one, erasure_age=one, sealing_age=one, **several)
    worker_registry.register(WorkerRole(readings))
    found: dict[str, str] = {}
    async with aiohttp.ClientSession() as session:
        for registry in (calls_registry, worker_registry):
            port = free()
            async with serving(port, registry, list, Troubles()):
                answer = await session.get(f"http://127.0.0.1:{port}/metrics")
                for family in text_string_to_metric_families(await answer.text()):
                    name = f"{family.name}_total" if family.type == "counter" else family.name
                    found[name] = family.type
    return found


def queries() -> str:
    """Every query of the dashboard."""
    found: list[str] = []

    def look(value: Any) -> None:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if key in ("expr", "definition"):
                found.append(inner)
            elif isinstance(inner, dict | list):
                look(inner)

    look(DASHBOARD)
    return "\n".join(found)


async def test_the_table_is_complete(exported: dict[str, str]) -> None:
    """Every metric has its line, and there is no line without a metric."""
    histograms = {name for name, kind in exported.items() if kind == "histogram"}
    lines = re.findall(r"^\| `([a-z_]+)(\{[a-z]+\})?`( \(histogram\))? \|", TABLE, re.MULTILINE)
    assert sorted(name for name, *_ in lines) == sorted(exported)
    assert {name for name, _, histogram in lines if histogram} == histograms


async def test_the_dashboard_shows_every_metric(exported: dict[str, str]) -> None:
    """No query asks for what is not there, and nothing that is there is left out."""
    histograms = {name for name, kind in exported.items() if kind == "histogram"}
    assert of_names(queries(), histograms) == exported.keys()


async def test_the_alerts_ask_for_what_is_there(exported: dict[str, str]) -> None:
    """A rule on a misspelt metric would never fire; the table names every rule and no other."""
    histograms = {name for name, kind in exported.items() if kind == "histogram"}
    assert of_names(ALERTS, histograms) <= exported.keys()
    rules = set(re.findall(r"- alert: (\w+)", ALERTS))
    last_columns = re.findall(r"^\| `[vp].*\| ([\w, ]+) \|$", TABLE, re.MULTILINE)
    assert rules - {"VorzimmerAway"} == {
        name for names in last_columns for name in names.split(", ")
    }  # being away is seen by Prometheus, not told by us


def test_the_dashboard_fits_any_grafana() -> None:
    """It names no data source and no id of one installation; every panel asks for the one that is chosen."""
    assert (DASHBOARD["id"], DASHBOARD["uid"]) == (None, None)
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)
