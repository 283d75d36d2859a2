"""Counts calls by what is written into the journal about them: the one place that every event of every call passes.

So the numbers agree with the CDRs by construction, and no code on a call's way has to count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import prometheus_client as prometheus
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase, seconds_between
from vorzimmer.core.ports import Clock, Journal

WAITING = frozenset({Phase.RING, Phase.QUEUE})
WITH_A_PERSON = frozenset({Phase.TALK, Phase.FORWARDED, Phase.PUT_THROUGH})

BUCKETS = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Seconds of waiting; 20 is the usual target of a service level."""


@dataclass(slots=True)
class _Living:
    """A call that has not ended."""

    arrived: datetime
    phase: Phase = Phase.RING
    reached: bool = False


class CallsSeen(Collector):
    """A journal that counts what it passes on; implements `core.ports.Journal`.

    Args:
        journal: gets every record first, unchanged.
        clock: now, for the longest wait.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._living: dict[str, _Living] = {}
        self._begun = prometheus.Counter("vorzimmer_calls_begun", "Calls that arrived", registry=None)
        self._ended = prometheus.Counter(
            "vorzimmer_calls_ended", "Calls that ended, by how", ["disposition"], registry=None
        )
        for disposition in Disposition:  # so that a rate can be taken before the first one
            self._ended.labels(disposition.value)
        self._waits = prometheus.Histogram(
            "vorzimmer_wait_seconds", "From the arrival to the first person", buckets=BUCKETS, registry=None
        )

    def append(self, event: CallEvent) -> None:
        """Write one event, and count it."""
        self._journal.append(event)
        if event.kind is Kind.ARRIVED:
            self._begun.inc()
        self._note(event)

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Write the end-of-call record, and count it."""
        self._journal.append_end(record)
        self._living.pop(record["cdr"]["call_id"], None)
        self._ended.labels(record["cdr"]["disposition"]).inc()

    def append_agent(self, event: AgentEvent) -> None:
        """Write an agent's event; it counts for no call."""
        self._journal.append_agent(event)

    def take_up(self, calls: Iterable[Sequence[CallEvent]]) -> None:
        """Know the calls that an earlier process began, by their events; they count as begun there."""
        for events in calls:
            for event in events:
                self._note(event, observe=False)

    def _note(self, event: CallEvent, *, observe: bool = True) -> None:
        phase = ENTERS.get(event.kind)
        if phase is None:
            return
        if event.kind is Kind.ARRIVED:
            # Whoever is called back waits for nobody any more: that was another call.
            self._living[event.call_id] = _Living(event.at, reached=event.data.get("direction") == "out")
        call = self._living.get(event.call_id)
        if call is None:
            return
        call.phase = phase
        if phase in WITH_A_PERSON and not call.reached:
            call.reached = True
            if observe:
                self._waits.observe(float(seconds_between(call.arrived, event.at)))

    @property
    def phases(self) -> Counter[Phase]:
        """How many living calls are in which phase."""
        return Counter(call.phase for call in self._living.values())

    @property
    def longest_wait(self) -> float:
        """Seconds since the arrival of the caller who has been waiting for a person longest; 0 if nobody is."""
        waiting = [call.arrived for call in self._living.values() if call.phase in WAITING and not call.reached]
        return float(seconds_between(min(waiting), self._clock())) if waiting else 0.0

    def collect(self) -> Iterator[Metric]:
        """Everything counted, and what the living calls are in now."""
        yield from self._begun.collect()
        yield from self._ended.collect()
        yield from self._waits.collect()
        calls = GaugeMetricFamily("vorzimmer_calls", "Living calls, by what the caller is in", labels=["state"])
        found = self.phases
        for phase in Phase:
            calls.add_metric([phase.value], found[phase])
        yield calls
        yield GaugeMetricFamily(
            "vorzimmer_longest_wait_seconds",
            "Since the arrival of the caller who has been waiting for a person longest",
            value=self.longest_wait,
        )
