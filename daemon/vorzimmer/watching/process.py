"""What the operating system gives this process and how much is used, under Prometheus' standard names.

The library's own collector needs `/proc/stat`, which the hardened units hide; these need `/proc/self` at most.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_SELF = Path("/proc/self")


class Process(Collector):
    """This process. `started`: when, in seconds since 1970."""

    def __init__(self, started: float) -> None:
        self._started = started

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        pages = int((_SELF / "statm").read_text().split()[1])
        yield GaugeMetricFamily("process_start_time_seconds", "When it was started, since 1970", value=self._started)
        yield CounterMetricFamily("process_cpu_seconds", "Processor time used", value=time.process_time())
        yield GaugeMetricFamily("process_resident_memory_bytes", "Memory used", value=pages * resource.getpagesize())
        yield GaugeMetricFamily("process_open_fds", "Open file descriptors", value=len([*(_SELF / "fd").iterdir()]))
        yield GaugeMetricFamily(
            "process_max_fds", "File descriptors allowed", value=resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        )
