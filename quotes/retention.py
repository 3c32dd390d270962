"""What a quote leaves behind that is neither its journal nor anybody's proof.

Where a contract was made nothing of this is touched: its mails are in the proof file, and its old links lead their
holder to a new one for as long as the documents are kept.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q

from lib.day import today_in_paris
from lib.french import in_paris
from lib.retention import Rows, Rule, unreferred
from notifications.models import OutgoingEmail
from quotes import rules
from quotes.emails import OF_NO_CONTRACT
from quotes.law.retention import CONTRACTS
from quotes.models import AccessLink, Customer, Declaration, DraftPdf, Quote, QuoteEvent, StagedImport
from quotes.models.company import ERASED
from quotes.models.temporary import KEPT_FOR
from quotes.rules import Stage

LINKS_KEPT = dt.timedelta(days=365)
"""A link lives a day. For a year whoever finds it in an old mail is told how to get another one."""

WORDS_KEPT = dt.timedelta(days=365)
"""Who asks what a mail said asks within the year; that it left, to whom and when, stays written."""

UNMATCHED_KEPT = dt.timedelta(days=365)
"""Whoever mistyped the contract's number comes back within the year."""


def never_signed(before: dt.datetime) -> Rows:
    """Quotes without a contract of which nothing was heard since; what can still be signed is no past."""
    contract = Q(accepted_at__isnull=False) | Q(
        state__in=[stage.value for stage in rules.CONTRACT - {Stage.DONE}]
    )
    old = Quote.objects.filter(last_at__lte=before, purged_at=None).exclude(contract)
    return old.exclude(in_force_until__gte=today_in_paris())


def with_traces(before: dt.datetime) -> Rows:
    """Those of which the journal still holds an address or a browser: its JSON leaves neither out."""
    held = QuoteEvent.objects.filter(quote=OuterRef("pk"))
    held = held.exclude(Q(record__contains='"ip":""') & Q(record__contains='"agent":""'))
    looked_at = Q(traces_purged_at__gt=F("last_at"))
    return never_signed(before).exclude(looked_at).filter(Exists(held))


def contracts_over(before: dt.datetime) -> Rows:
    """Contracts whose works ended before that moment."""
    return Quote.objects.filter(accepted_at__lte=before, purged_at=None)


def end_of_works(quote: Quote) -> dt.date:
    """From when on a contract's ten years count: the one place that says so.

    Where nobody has said it yet, the signature, which comes before it: what is told is « not before ».
    """
    if quote.accepted_at is None:
        raise ValueError(f"{quote.number} is no contract")
    return quote.performed_on or in_paris(quote.accepted_at).date()


def kept_until(quote: Quote) -> dt.date:
    """Until when a contract cannot be erased, at least."""
    return end_of_works(quote) + CONTRACTS.lasts


def without_quote(before: dt.datetime) -> Rows:
    """Customers whom no quote is left of, nor anything else, and who were there that long ago already."""
    return unreferred(Customer.objects.filter(created_at__lte=before).exclude(email=ERASED))


def _dead_links(before: dt.datetime) -> Rows:
    """Never opened: when a quote was opened first is read off its links."""
    dead = AccessLink.objects.filter(Q(expires_at__lte=before) | Q(revoked_at__lte=before), opened_at=None)
    without_contract = dead.filter(quote__accepted_at=None)
    return unreferred(without_contract.exclude(quote__in_force_until__gte=today_in_paris()))


def _words(before: dt.datetime) -> Rows:
    """All but those that stand in a proof file, or may come to stand in one."""
    proof = Q(accepted_at__isnull=False) | Q(in_force_until__gte=today_in_paris())
    about = Quote.objects.filter(proof, number=OuterRef("about"))
    return OutgoingEmail.objects.with_words_of(before).exclude(Exists(about))


def _forget(mails: Rows) -> int:
    return OutgoingEmail.objects.filter(pk__in=mails.values("pk")).forget_words()


def _drafts(before: dt.datetime) -> Rows:
    return DraftPdf.objects.filter(requested_at__lte=before)


def _imports(before: dt.datetime) -> Rows:
    return StagedImport.objects.filter(staged_at__lte=before)


def _receipts(before: dt.datetime) -> Rows:
    """Mails about such a declaration: they went to whatever address was typed, and to staff."""
    over = OutgoingEmail.objects.filter(state__in=OutgoingEmail.OVER, told=True, next_try_at__lte=before)
    return over.filter(about=OF_NO_CONTRACT)


def _unmatched(before: dt.datetime) -> Rows:
    """Declarations of a withdrawal that belong to no contract: what belongs to one is proof."""
    return Declaration.objects.filter(quote=None, declared_at__lte=before)


RULES = (
    Rule("liens d'accès morts", LINKS_KEPT, "expires_at", _dead_links),
    Rule("textes des mails", WORDS_KEPT, "next_try_at", _words, _forget),
    Rule("rétractations sans contrat", UNMATCHED_KEPT, "declared_at", _unmatched),
    Rule("mails de rétractations sans contrat", UNMATCHED_KEPT, "next_try_at", _receipts),
    # The sweep forgets both when their day is over; here is what it left.
    Rule("PDF de brouillons", KEPT_FOR, "requested_at", _drafts),
    Rule("imports non confirmés", KEPT_FOR, "staged_at", _imports),
)
