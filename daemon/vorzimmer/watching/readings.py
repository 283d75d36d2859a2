"""The numbers of each role that are read where they arise, at the moment of the scrape.

`app` fills the callables in; none of them may wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vorzimmer.watching.exposition import WhyNotReady
from vorzimmer.watching.loop_delay import LoopDelay
from vorzimmer.watching.process import Process

Number = Callable[[], float]
Numbers = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class CallsReadings:
    """Of the role `calls`. Ages are seconds, 0 if there is nothing that could be old."""

    ari_connected: Number
    ari_connects: Number
    ami_connected: Number
    database_connected: Number
    journal_unshipped: Number
    journal_oldest_age: Number
    journal_waiting: Number
    journal_lost: Number
    shipped: Number
    rejected: Number
    snapshot_version: Number
    snapshot_age: Number


@dataclass(frozen=True, slots=True)
class WorkerReadings:
    """Of the role `worker`. `messages` by state, `attempts` by outcome, `under_way` and `targets_away` by channel."""

    database_connected: Number
    messages: Numbers
    oldest_due_age: Number
    attempts: Numbers
    under_way: Numbers
    targets_away: Numbers
    erasure_age: Number
    sealing_age: Number


def new_registry(why_not_ready: WhyNotReady, delay: LoopDelay, started: float) -> CollectorRegistry:
    """A registry of one role, with what every role tells. `started`: see `Process`."""
    # Without it each counter has a second line, for which nobody asks.
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library forgot to say that it returns nothing
    registry = CollectorRegistry()
    registry.register(Ready(why_not_ready))
    registry.register(delay.histogram)
    registry.register(Process(started))
    return registry


class Ready(Collector):
    """Whether the role is ready."""

    def __init__(self, why_not_ready: WhyNotReady) -> None:
        self._why_not_ready = why_not_ready

    def collect(self) -> Iterator[Metric]:
        """Ask now."""
        yield _gauge("vorzimmer_ready", "1 if /ready says so", lambda: not self._why_not_ready())


class CallsRole(Collector):
    """Connections, journal and snapshot of the process that takes the calls."""

    def __init__(self, readings: CallsReadings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        read = self._readings
        yield _gauge("vorzimmer_ari_connected", "1 while Asterisk's events flow", read.ari_connected)
        yield _counter("vorzimmer_ari_connects", "Times the event socket was opened", read.ari_connects)
        yield _gauge("vorzimmer_ami_connected", "1 while logged in at the manager interface", read.ami_connected)
        yield _database(read.database_connected)
        yield _gauge(
            "vorzimmer_journal_unshipped_records", "Records that are not in the database yet", read.journal_unshipped
        )
        yield _gauge(
            "vorzimmer_journal_oldest_unshipped_seconds",
            "Age of the oldest record on disk that is not in the database yet",
            read.journal_oldest_age,
        )
        yield _gauge(
            "vorzimmer_journal_waiting_records", "Records in memory that the disk refuses", read.journal_waiting
        )
        yield _counter("vorzimmer_journal_lost_records", "Records lost because memory was full too", read.journal_lost)
        yield _counter("vorzimmer_shipped_records", "Records brought to the database", read.shipped)
        yield _counter("vorzimmer_rejected_records", "Records that the database refused, set aside", read.rejected)
        yield _gauge(
            "vorzimmer_snapshot_version",
            "Version of the clients in memory; -1: from the copy on disk",
            read.snapshot_version,
        )
        yield _gauge(
            "vorzimmer_snapshot_age_seconds",
            "Since the clients in memory were last compared with the database",
            read.snapshot_age,
        )


class WorkerRole(Collector):
    """The outbox and what became of the messages in it."""

    def __init__(self, readings: WorkerReadings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        read = self._readings
        yield _database(read.database_connected)
        yield _gauges("vorzimmer_outbox_messages", "Messages not delivered, by state", "state", read.messages)
        yield _gauge(
            "vorzimmer_outbox_oldest_due_seconds",
            "For how long the oldest message has been due whose target is not away",
            read.oldest_due_age,
        )
        attempts = CounterMetricFamily("vorzimmer_outbox_attempts", "Attempts to send, by outcome", labels=["outcome"])
        for outcome, count in read.attempts().items():
            attempts.add_metric([outcome], count)
        yield attempts
        yield _gauges("vorzimmer_outbox_under_way", "Messages being sent now, by channel", "channel", read.under_way)
        yield _gauges(
            "vorzimmer_outbox_targets_away", "Targets that are only probed, by channel", "channel", read.targets_away
        )
        yield _gauge(
            "vorzimmer_erasure_age_seconds",
            "Since the last night in which everything that was too old was erased",
            read.erasure_age,
        )
        yield _gauge(
            "vorzimmer_sealing_age_seconds",
            "Since the last round in which all calls and charges were sealed",
            read.sealing_age,
        )


def _database(read: Number) -> Metric:
    return _gauge("vorzimmer_database_connected", "1 while there is a connection to the database", read)


def _gauges(name: str, meaning: str, label: str, read: Numbers) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, count in read().items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, meaning: str, read: Number) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(read()))


def _counter(name: str, meaning: str, read: Number) -> Metric:
    return CounterMetricFamily(name, meaning, value=float(read()))
