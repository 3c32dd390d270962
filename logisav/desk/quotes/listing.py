"""What the list of quotes is made of: rows as they are stored, read by an index in each order and by each filter."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from django.db.models import QuerySet

from lib.day import today_in_paris
from quotes.models import Company, Quote

SOON = 7  # days, where the company asks for no notice before a quote's validity ends
ORDER = ("turn", "-last_at", "-pk")
Quotes = TypeVar("Quotes", bound=QuerySet[Quote])


def lapsed(quotes: Quotes) -> Quotes:
    """The version that the customer holds is past its date."""
    return quotes.filter(state__in=Quote.SIGNABLE, in_force_until__lt=today_in_paris())


def expiring(quotes: Quotes) -> Quotes:
    """Still to be signed, and not for long: as many days ahead as the company wants to be told."""
    today, company = today_in_paris(), Company.objects.first()
    days = (company and company.expiry_notice_days) or SOON
    ahead = (today, today + dt.timedelta(days=days))
    return quotes.filter(state__in=Quote.SIGNABLE, in_force_until__range=ahead)
