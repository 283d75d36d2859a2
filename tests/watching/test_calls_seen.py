"""Counting calls by their records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.store.records import START, events
from tests.watching.scrape import scrape
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import CallEvent, Kind, Phase
from vorzimmer.watching.calls_seen import CallsSeen


class Kept:
    """A journal that keeps in memory."""

    def __init__(self) -> None:
        self.records: list[object] = []

    def append(self, event: CallEvent) -> None:
        """Keep an event."""
        self.records.append(event)

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Keep an end."""
        self.records.append(record)

    def append_agent(self, event: AgentEvent) -> None:
        """Keep an agent's event."""
        self.records.append(event)


class Watch:
    """A journal that is watched, with a clock that stands."""

    def __init__(self) -> None:
        self.now = START
        self.kept = Kept()
        self.registry = CollectorRegistry()
        self.seen = CallsSeen(self.kept, lambda: self.now)
        self.registry.register(self.seen)

    def happens(self, call: str, kind: Kind, second: float = 0) -> None:
        """Something happens on a call."""
        self.seen.append(CallEvent("id", call, 0, START + timedelta(seconds=second), kind))

    def ends(self, call: str, disposition: Disposition) -> None:
        """A call ends."""
        self.seen.append_end({"cdr": {"call_id": call, "disposition": disposition.value}, "messages": []})

    def sample(self, name: str, *labels: str) -> float:
        """One value as it is scraped."""
        return scrape(self.registry)[name, labels]


@pytest.fixture
def watch() -> Watch:
    """Nothing has happened yet."""
    return Watch()


def test_every_record_is_passed_on(watch: Watch) -> None:
    """Counting takes nothing away from the journal and adds nothing to it."""
    happened = events("c1")
    for event in happened:
        watch.seen.append(event)
    watch.ends("c1", Disposition.ANSWERED)
    assert watch.kept.records[:-1] == list(happened)
    assert watch.kept.records[-1] == {"cdr": {"call_id": "c1", "disposition": "answered"}, "messages": []}


def test_calls_are_shown_by_what_the_caller_is_in(watch: Watch) -> None:
    """Each living call counts in exactly one state, an ended one in none."""
    for call, kind in (("a", Kind.WAITING), ("b", Kind.WAITING), ("c", Kind.TALKING), ("d", Kind.LEG_DIALLED)):
        watch.happens(call, Kind.ARRIVED)
        watch.happens(call, kind)
    watch.ends("b", Disposition.ABANDONED)
    assert watch.seen.phases == {Phase.QUEUE: 1, Phase.TALK: 1, Phase.RING: 1}
    assert {phase: watch.sample("vorzimmer_calls", phase.value) for phase in Phase} == {
        **dict.fromkeys(Phase, 0),
        **watch.seen.phases,
    }
    assert watch.sample("vorzimmer_calls_begun_total") == 4
    assert watch.sample("vorzimmer_calls_ended_total", "abandoned") == 1
    assert watch.sample("vorzimmer_calls_ended_total", "answered") == 0


def test_the_longest_wait_is_that_of_a_caller_without_a_person(watch: Watch) -> None:
    """Who talks or speaks to the machine does not wait; who waits does so since the arrival, announcements included."""
    assert watch.sample("vorzimmer_longest_wait_seconds") == 0
    for call, second in (("talks", 0), ("machine", 5), ("waits", 10), ("rings", 20)):
        watch.happens(call, Kind.ARRIVED, second)
    watch.happens("talks", Kind.TALKING, 6)
    watch.happens("machine", Kind.RECORDING, 6)
    watch.happens("waits", Kind.ANNOUNCING, 11)
    watch.happens("waits", Kind.WAITING, 14)
    watch.now = START + timedelta(seconds=40)
    assert watch.sample("vorzimmer_longest_wait_seconds") == 30
    watch.ends("waits", Disposition.ABANDONED)
    assert watch.sample("vorzimmer_longest_wait_seconds") == 20


def test_a_wait_is_counted_once(watch: Watch) -> None:
    """From the arrival to the first person, whoever comes after."""
    watch.happens("a", Kind.ARRIVED)
    watch.happens("a", Kind.FORWARDED, 12.5)
    watch.happens("a", Kind.WAITING, 60)
    watch.happens("a", Kind.TALKING, 90)
    assert watch.sample("vorzimmer_wait_seconds_count") == 1
    assert watch.sample("vorzimmer_wait_seconds_sum") == 12.5
    assert watch.sample("vorzimmer_wait_seconds_bucket", "15.0") == 1
    assert watch.sample("vorzimmer_wait_seconds_bucket", "10.0") == 0


def test_calls_of_an_earlier_process_are_taken_up(watch: Watch) -> None:
    """After a restart living calls show, and end here; they were begun, and their waits were counted, there."""
    watch.seen.take_up([events("talks", 5), events("rings", 3)])
    watch.now = START + timedelta(seconds=3)
    assert watch.seen.phases == {Phase.TALK: 1, Phase.RING: 1}
    assert watch.seen.longest_wait == 3
    assert watch.sample("vorzimmer_calls_begun_total") == 0
    assert watch.sample("vorzimmer_wait_seconds_count") == 0
    watch.ends("talks", Disposition.ANSWERED)
    assert watch.sample("vorzimmer_calls_ended_total", "answered") == 1


def test_an_unknown_call_disturbs_nothing(watch: Watch) -> None:
    """Events of a call whose arrival was not seen are passed on and counted in no state."""
    watch.happens("stranger", Kind.TALKING)
    watch.ends("stranger", Disposition.FAILED)
    assert not watch.seen.phases
    assert watch.sample("vorzimmer_calls_ended_total", "failed") == 1
