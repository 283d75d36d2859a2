"""The operator's handbook names what there is: events of the log, metrics, alerts, units."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
HANDBOOK = (ROOT / "docs" / "operations.md").read_text()
SOURCE = "\n".join(file.read_text() for file in (ROOT / "daemon").rglob("*.py"))

NO_EVENTS = {"book.json", "rejected.jsonl", "ari.url", "ami.host", "smtp.timeout", "alarm.to"}
"""Files and settings that look like the name of an event."""


def test_every_event_of_the_log_is_one() -> None:
    """Whoever searches the log for what stands there finds it."""
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", HANDBOOK)) - NO_EVENTS
    events = {name for name in named if not name.startswith("paths.")}
    assert len(events) > 30
    assert {name for name in events if f'"{name}"' not in SOURCE} == set()


def test_every_alert_and_metric_is_one() -> None:
    """No alert is promised that nobody gets."""
    alerts = (ROOT / "docs" / "alerts.yml").read_text()
    sentences = re.findall(r"alerts? ((?:[A-Z][A-Za-z]+(?:, )?)+)", HANDBOOK)
    named = {name for sentence in sentences for name in sentence.split(", ") if name}
    assert len(named) > 10
    assert {name for name in named if f"alert: {name}\n" not in alerts} == set()
    metrics = (ROOT / "docs" / "metrics.md").read_text()
    named = set(re.findall(r"[Mm]etric `(vorzimmer_[a-z_]+)`", HANDBOOK))
    assert len(named) > 1
    assert {name for name in named if f"`{name}`" not in metrics} == set()


def test_every_unit_is_shipped_and_named() -> None:
    """What runs stands there, and nothing else does."""
    shipped = {file.stem for file in (ROOT / "systemd").glob("vorzimmer-*.service")}
    named = set(re.findall(r"`(vorzimmer-[a-z]+)(?:\.timer)?`", HANDBOOK))
    assert named == shipped


def test_every_link_leads_somewhere() -> None:
    """To a file beside it, or to a heading of its own."""
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", HANDBOOK, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", HANDBOOK):
        assert target[1:] in headings if target.startswith("#") else (ROOT / "docs" / target).is_file()
