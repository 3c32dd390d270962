"""/metrics: what the processes counted, added up, and what the database says, in Prometheus' text format.

Nineteen statements a scrape, each by an index or over what is undone or a day old; signatures, sealed documents and
payments are counted whole, which are as many as there are contracts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from lib import metrics as counted
from logisav.health import certificates, machine, processes, queues
from logisav.health.facts import seconds_since
from notifications import readings
from notifications.models import OutgoingEmail
from payments.models import Payment
from signing.models import SealedDocument, Signature


def metrics(request: HttpRequest) -> HttpResponse:
    """Whoever does not know the token learns nothing, not even that there is something: 404."""
    token, given = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if not token or not constant_time_compare(given, f"Bearer {token}"):
        raise Http404
    measured = CollectorRegistry()
    measured.register(Measured())
    return HttpResponse(
        generate_latest(_counted()) + generate_latest(measured), content_type=CONTENT_TYPE_LATEST
    )


def _counted() -> CollectorRegistry:
    """Of all processes where they share a folder, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return counted.OWN
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
    return everybody


class Measured(Collector):
    """Gauges, asked for at each scrape."""

    def collect(self) -> Iterable[Metric]:
        known = readings.latest()
        yield from _of_queues(queues.depths())
        yield _gauge(
            "given_up_rows",
            "Rows given up in 24 hours.",
            ("queue",),
            {(given.name,): given.count for given in queues.given_up()},
        )
        yield _gauge(
            "last_sign_of_life_seconds",
            "Since a pass of the schedule (sweep …) or a lane's worker (worker …) was last heard of.",
            ("process",),
            {(beat.name,): seconds_since(beat.at) for beat in processes.beats(known) if beat.at},
        )
        yield _gauge("free_bytes", "Left on the disk of the documents.", (), {(): machine.free_space() or 0})
        days = {(fact.name,): fact.value for fact in certificates.facts(known) if fact.value is not None}
        yield _gauge("certificate_days", "Until a certificate ends.", ("certificate",), days)
        yield from _of_business()


def _of_queues(depths: list[queues.Depth]) -> Iterator[Metric]:
    lanes = sorted({depth.lane for depth in depths})
    yield _gauge(
        "queue_rows",
        "Rows undone.",
        ("queue", "lane"),
        {(each.name, each.lane): each.count for each in depths},
    )
    yield _gauge(
        "queue_oldest_seconds",
        "For how long the oldest undone row has waited.",
        ("queue", "lane"),
        {(each.name, each.lane): seconds_since(each.oldest) for each in depths},
    )
    yield _gauge(
        "lane_rows",
        "Rows undone, by lane.",
        ("lane",),
        {(lane,): sum(each.count for each in depths if each.lane == lane) for lane in lanes},
    )
    yield _gauge(
        "lane_oldest_seconds",
        "For how long the oldest undone row of a lane has waited.",
        ("lane",),
        {(lane,): max(seconds_since(each.oldest) for each in depths if each.lane == lane) for lane in lanes},
    )


def _of_business() -> Iterator[Metric]:
    recent = timezone.now() - queues.RECENTLY
    settled = OutgoingEmail.objects.filter(state__in=OutgoingEmail.SETTLED, next_try_at__gte=recent)
    mails = _by_state(settled) | _by_state(OutgoingEmail.objects.waiting())
    yield _gauge(
        "mails",
        "Mails that wait, and those settled in 24 hours.",
        ("state",),
        _filled(OutgoingEmail.State.values, mails),
    )
    payments = _filled(Payment.State.values, _by_state(Payment.objects.all()))
    yield _gauge("payments", "Payments by state.", ("state",), payments)
    yield _gauge("signatures", "Contracts signed on line.", (), {(): Signature.objects.count()})
    yield _gauge("sealed_documents", "Sealed documents stored.", (), {(): SealedDocument.objects.count()})


def _by_state(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))


def _filled(states: list[str], found: dict[str, int]) -> dict[tuple[str], int]:
    return {(state,): found.get(state, 0) for state in states}


def _gauge(name: str, words: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"logisav_{name}", words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
