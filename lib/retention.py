"""What is removed when: each application declares its rules in its `retention.py`, `manage.py purge` carries them out.

A rule finds rows whose time is past, and forgets them a batch at a time: each batch is a transaction of its own, looked
for again under it, so that a run that is killed has done what it did, and the next one goes on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, QuerySet

from lib.models import Counter

Rows = QuerySet[Any]
BATCH = 500


def remove(rows: Rows) -> int:
    """Whole rows; how many there were."""
    _, by_model = rows.delete()
    return by_model.get(rows.model._meta.label, 0)


@dataclass(frozen=True)
class Rule:
    """`rows(before)` are those whose time was over at that moment; `dated` is the column that says so."""

    name: str
    kept_for: dt.timedelta
    dated: str
    rows: Callable[[dt.datetime], Rows]
    forget: Callable[[Rows], int] = remove

    def past(self, now: dt.datetime) -> Rows:
        return self.rows(now - self.kept_for)


@dataclass(frozen=True)
class Found:
    """What a rule would take, and since when the oldest of it is over."""

    count: int
    oldest: dt.datetime | None


def look(rule: Rule, *, now: dt.datetime) -> Found:
    past = rule.past(now)
    return Found(past.count(), past.aggregate(oldest=Min(rule.dated))["oldest"])


def purge(rule: Rule, *, now: dt.datetime) -> int:
    """Walks the primary key, so that what is found but stays is read once. Returns rows forgotten."""
    done, batch = 0, _batch(rule.past(now))
    while batch:
        with transaction.atomic():
            done += rule.forget(rule.past(now).filter(pk__in=batch))
        batch = _batch(rule.past(now).filter(pk__gt=batch[-1]))
    return done


def _batch(rows: Rows) -> list[Any]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def unreferred(rows: Rows) -> Rows:
    """Without those that any other table points at, whichever application it belongs to."""
    for field in rows.model._meta.get_fields(include_hidden=True):
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one):
            others = field.related_model._default_manager.filter(**{field.field.name: OuterRef("pk")})
            rows = rows.exclude(Exists(others))
    return rows


def _idle_counters(before: dt.datetime) -> Rows:
    return Counter.objects.filter(expires_at__lte=before)


# A limit counts nothing past its own time: five minutes or an hour after what was asked.
RULES = (
    Rule("compteurs de demandes et d'essais de connexion", dt.timedelta(0), "expires_at", _idle_counters),
)
