"""How a sample quote is made: written, then its past lived through, then marked as one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from demo import catalogue, clock, marks, pictures
from demo.catalogue import PricedPart
from demo.past import Past
from lib.day import today_in_paris
from lib.fields import cleaned
from quotes import workflow
from quotes.journal import Actor
from quotes.models import Aid, Customer, Quote


class Unfinished(Exception):
    """A sample did not come to be what it shows; the message says which."""


@dataclass(frozen=True)
class Sample:
    """`shows` names the case; `begun` says how many hours ago the quote was written."""

    shows: str
    customer: dict[str, Any]
    title: str
    parts: tuple[PricedPart, ...]
    state: Quote.State
    begun: float
    past: Callable[[Past], None]
    fields: dict[str, Any] = field(default_factory=dict)
    aids: tuple[dict[str, Any], ...] = ()
    by_colleague: bool = False
    has_pictures: bool = False
    valid_for: int = 30

    @property
    def note(self) -> str:
        return marks.mark(self.shows)


def missing(samples: Sequence[Sample]) -> list[Sample]:
    """Those that are not there, or whose making was cut short: they are made anew."""
    there = set(marks.marked().values_list("internal_note", flat=True))
    return [sample for sample in samples if sample.note not in there]


def make_samples(samples: Sequence[Sample], *, manager: User, colleague: User) -> int:
    """Make what is missing; returns how many were made."""
    wanted = missing(samples)
    for sample in wanted:
        _make(sample, owner=colleague if sample.by_colleague else manager)
    return len(wanted)


def _make(sample: Sample, *, owner: User) -> None:
    now = timezone.now()
    with clock.at(now - dt.timedelta(hours=sample.begun)):
        quote = _draft(sample, owner=owner)
    sample.past(Past(quote, now=now))
    quote.refresh_from_db()
    if quote.state != sample.state:
        raise Unfinished(f"{quote.number} ({sample.shows}) : {quote.get_state_display()}")
    Quote.objects.filter(pk=quote.pk).update(internal_note=sample.note)


def _draft(sample: Sample, *, owner: User) -> Quote:
    customer = cleaned(Customer(**sample.customer))
    customer.full_clean()
    customer.save()
    fields = {
        "title": sample.title,
        "worksite": customer.address,
        "valid_until": today_in_paris() + dt.timedelta(days=sample.valid_for),
        "delivery": "2 semaines après la signature",
        "start": "2 semaines après la signature",
        "formalities": "aucune",
        "waste_quantity": "80\u00a0kg",
        "without_subcontractors": True,
        "requested_on": today_in_paris() - dt.timedelta(days=3),
        "requested_by": Quote.Channel.PHONE,
    }
    fields |= sample.fields
    words = cleaned(Quote(**fields))
    fields = {name: getattr(words, name) for name in fields}
    quote = workflow.create_quote(customer=customer, owner=owner, actor=Actor.staff(owner), **fields)
    catalogue.fill(quote, sample.parts)
    for aid in sample.aids:
        Aid.objects.create(quote=quote, **aid)
    if sample.has_pictures:
        pictures.enclose(quote)
    return quote
