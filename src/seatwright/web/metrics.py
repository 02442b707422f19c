"""What `/metrics` counts, summed over every process that serves.

The web workers share one socket, so a scrape reaches any one of them. With
`PROMETHEUS_MULTIPROC_DIR` set (`serve` sets it for its children) each process writes its numbers
into a file of that directory, and whoever is scraped adds them up; without it a process knows only
itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from seatwright.postgres.delivery_lists import DeliveryCounts
from seatwright.postgres.job_counts import JobCounts
from seatwright.postgres.reconcile_runs import Findings

DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS: Final = Counter(
    "seatwright_http_requests",
    "Calls answered, by method, route template and status.",
    ("method", "route", "status"),
)
REQUEST_SECONDS: Final = Histogram(
    "seatwright_http_request_seconds",
    "From the first byte of a call to the last of its answer.",
    ("method", "route"),
    buckets=_SECONDS,
)
IN_FLIGHT: Final = Gauge(
    "seatwright_http_requests_in_flight",
    "Calls being worked on right now.",
    multiprocess_mode="livesum",
)
RERUNS: Final = Counter(
    "seatwright_call_reruns",
    "Writing calls that were run again because another transaction stood in the way.",
)
DATABASE_WAIT: Final = Histogram(
    "seatwright_database_wait_seconds",
    "How long calls waited for a database connection.",
    buckets=_SECONDS,
)
CONNECTIONS: Final = Gauge(
    "seatwright_database_connections_in_use",
    "Database connections that calls hold right now.",
    multiprocess_mode="livesum",
)


def render(
    jobs: JobCounts | None,
    findings: Findings | None = None,
    deliveries: DeliveryCounts | None = None,
) -> bytes:
    """Every number in Prometheus's text form; `jobs` None when the database is away.

    `findings` is what looks at everybody have found, `deliveries` what waits to be sent.
    """
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if directory is None:
        text = generate_latest(REGISTRY)
    else:
        _forget_the_dead(Path(directory))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]  # Untyped.
        text = generate_latest(registry)
    if jobs is None:
        return text
    text += generate_latest(_jobs(jobs)) + generate_latest(_findings(findings or {}))
    return text + generate_latest(_deliveries(deliveries or {}))


def _forget_the_dead(directory: Path) -> None:
    """Take out what killed processes seemed to hold; their counts of things done stay."""
    for file in directory.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            mark_process_dead(int(pid), str(directory))  # type: ignore[no-untyped-call]  # Untyped.


def _jobs(jobs: JobCounts) -> CollectorRegistry:
    """Counted by the database when asked, so that it is right whoever works on them."""
    family = GaugeMetricFamily(
        "seatwright_jobs", "Jobs of all tenants, by kind and state.", labels=("kind", "state")
    )
    for (kind, state), count in sorted(jobs.items()):
        family.add_metric((kind, state), count)
    registry = CollectorRegistry()
    registry.register(_Once(family))
    return registry


def _deliveries(counts: DeliveryCounts) -> CollectorRegistry:
    """What waits to be sent: it grows while a mail server or a webhook is away."""
    deliveries = GaugeMetricFamily(
        "seatwright_deliveries",
        "Mails and calls of webhooks that wait (queued) or were given up (dead).",
        labels=("channel", "state"),
    )
    oldest = GaugeMetricFamily(
        "seatwright_delivery_oldest_timestamp_seconds",
        "Since when the oldest of them has been there.",
        labels=("channel", "state"),
    )
    for labels, waiting in sorted(counts.items()):
        deliveries.add_metric(labels, waiting.deliveries)
        oldest.add_metric(labels, waiting.oldest.timestamp())
    registry = CollectorRegistry()
    registry.register(_Once(deliveries, oldest))
    return registry


def _findings(findings: Findings) -> CollectorRegistry:
    """Counted by the database too: the worker that looks at everybody answers no scrape."""
    runs = GaugeMetricFamily(
        "seatwright_reconcile_runs",
        "Looks at everybody, those of each day (periodic) and those that were asked for.",
        labels=("periodic",),
    )
    found = GaugeMetricFamily(
        "seatwright_reconcile_findings",
        "What looks at everybody found not as it should be, and mended.",
        labels=("found", "periodic"),
    )
    for is_periodic, (count, sums) in sorted(findings.items()):
        periodic = str(is_periodic).lower()
        runs.add_metric((periodic,), count)
        for name, value in (
            ("people", sums.people),
            ("licenses", sums.licenses),
            ("errors", sums.errors),
            ("pools", sums.miscounted),
        ):
            found.add_metric((name, periodic), value)
    registry = CollectorRegistry()
    registry.register(_Once(runs, found))
    return registry


class _Once:
    """A collector of families that are known already."""

    def __init__(self, *families: GaugeMetricFamily) -> None:
        self._families = families

    def collect(self) -> tuple[GaugeMetricFamily, ...]:
        """The families."""
        return self._families
