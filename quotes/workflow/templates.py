"""Quotes begun from a template, and templates made of quotes."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from quotes import list_columns
from quotes.journal import Actor
from quotes.models import Customer, Quote, QuoteLine, QuoteTemplate, TemplateLine
from quotes.models.terms import QuoteTerms
from quotes.workflow.enclosing import bring_from_catalogue
from quotes.workflow.locking import locked
from quotes.workflow.sending import create_quote

KEPT = QuoteTerms.names()


class NameTaken(Exception):
    """Another template bears this name."""


@transaction.atomic
def create_from_template(template_id: int, *, customer: Customer, owner: User, actor: Actor) -> Quote:
    """A new draft with the template's words, deposit and lines; number and dates are its own.

    What the articles of its lines bring comes along.
    """
    template = QuoteTemplate.objects.get(pk=template_id)
    kept = {field: getattr(template, field) for field in KEPT}
    quote = create_quote(customer=customer, owner=owner, actor=actor, **kept)
    QuoteLine.objects.bulk_create(QuoteLine(quote=quote, **line.copied) for line in template.lines.all())
    bring_from_catalogue(quote.pk, quote.lines.all())
    list_columns.refresh(quote)
    return quote


@transaction.atomic
def save_as_template(quote_id: int, *, name: str) -> QuoteTemplate:
    """Keep the working copy to begin other quotes from. Raises NameTaken.

    Nothing happens to the quote: its journal, which is its proof, says nothing of it.
    """
    quote = locked(quote_id)
    template = _named(name, quote)
    TemplateLine.objects.bulk_create(
        TemplateLine(template=template, **line.copied) for line in quote.lines.all()
    )
    return template


def _named(name: str, quote: Quote) -> QuoteTemplate:
    kept = {field: getattr(quote, field) for field in KEPT}
    try:
        with transaction.atomic():
            return QuoteTemplate.objects.create(name=name, **kept)
    except IntegrityError as taken:
        raise NameTaken(name) from taken
