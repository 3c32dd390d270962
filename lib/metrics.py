"""What processes count of themselves, for /metrics.

With METRICS_TOKEN the settings name a folder (PROMETHEUS_MULTIPROC_DIR, read when prometheus_client is imported) in
which each process keeps its counts, so that whichever process is asked adds up all of them. No label holds what a
person typed.
"""

from __future__ import annotations

import logging

from prometheus_client import CollectorRegistry, Histogram

log = logging.getLogger(__name__)

# Not the library's own registry: what is told is what stands here and in logisav/health.
OWN = CollectorRegistry()
REQUESTS = Histogram(
    "logisav_request_seconds",
    "Requests answered, by view and class of status.",
    ("view", "status"),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=OWN,
)
JOBS = Histogram(
    "logisav_job_seconds",
    "Rows taken up by a queue, by what came of it.",
    ("queue", "outcome"),
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 150),
    registry=OWN,
)


def observe(histogram: Histogram, seconds: float, *labels: str) -> None:
    """A folder that cannot be written costs a count, and nobody an answer."""
    try:
        histogram.labels(*labels).observe(seconds)
    except OSError as error:
        log.warning("not counted: %s", error)
