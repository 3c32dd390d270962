"""Quotes for a load: many that only lie there, and some that are truly sent, so that they can be read and signed.

manage.py shell -v 0 -c "from logisav.tests import load_quotes; load_quotes.lying(100_000)"
"""

from __future__ import annotations

import json
import time

from django.contrib.auth.models import User
from django.db import transaction

from logisav.tests import many
from payments.models import Deposit
from quotes import workflow
from quotes.models import Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_link, make_owner, make_quote

BATCH = 50
PATIENCE = 90  # seconds, for the one PDF that a worker renders


def lying(count: int) -> None:
    """What a company has piled up over the years."""
    make_company()
    many.make_many(count, owners=[make_owner() for _ in range(10)])
    # Their versions are empty: nothing is to be read from them to remind anybody.
    Deposit.objects.update(reminders=99)
    many.analyze()


def living(count: int) -> None:
    """Prints [[number, path of a link], …]. The first is rendered by a worker, the others share its file."""
    owner, customer = User.objects.earliest("pk"), make_customer()
    first = make_quote(owner=owner, customer=customer)
    rendered = _rendered(workflow.send(first.pk, actor=SYSTEM))
    made = [first]
    while len(made) < count:
        with transaction.atomic():  # a worker sees each version when it has its PDF already
            made += [_sent(make_quote(owner=owner, customer=customer), rendered) for _ in range(BATCH)]
    print(json.dumps([[quote.number, make_link(quote)[1]] for quote in made[:count]]))


def _rendered(version: QuoteVersion) -> QuoteVersion:
    end = time.monotonic() + PATIENCE
    while version.done_at is None:
        assert time.monotonic() < end, "no worker has rendered the quote"
        time.sleep(0.2)
        version.refresh_from_db()
    return version


def _sent(quote: Quote, rendered: QuoteVersion) -> Quote:
    version = workflow.send(quote.pk, actor=SYSTEM)
    return workflow.complete_sending(version.pk, pdf=str(rendered.pdf), pdf_sha256=rendered.pdf_sha256)
