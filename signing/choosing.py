"""Choosing options while somebody may be signing: a code that is out belongs to the version that was read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from quotes import workflow as quotes_workflow
from quotes.access import browser_digest
from quotes.journal import Actor
from quotes.models import AccessLink
from quotes.rules import Verb
from quotes.versions.choosing import Unchoosable
from quotes.workflow import Choosing
from quotes.workflow.locking import locked
from signing.models import SigningRequest


@dataclass(frozen=True)
class SigningElsewhere:
    """Another browser has a code that lives `until` then: who signs reads and signs what was shown to them."""

    until: dt.datetime


@transaction.atomic
def choose_options(
    quote_id: int, *, link: AccessLink, chosen: frozenset[str], version_hash: str, browser: str, actor: Actor
) -> Choosing | Unchoosable | SigningElsewhere:
    """The choice, and the end of this browser's own code with it. Raises IllegalMove."""
    quote = locked(quote_id)
    quote.require(Verb.CHOOSE)
    alive = list(quote.signing_requests.alive())
    own = browser_digest(browser)
    until = max((code.expires_at for code in alive if code.browser_sha256 != own), default=None)
    if until is not None:
        return SigningElsewhere(until)
    # Before the journal, which is the end of the lock order; undone where nothing is chosen.
    SigningRequest.objects.filter(pk__in=[code.pk for code in alive]).update(
        state=SigningRequest.State.REPLACED
    )
    chosen_now = quotes_workflow.choose_options(
        quote_id, link=link, chosen=chosen, version_hash=version_hash, actor=actor
    )
    if chosen_now is not Choosing.CHOSEN:
        transaction.set_rollback(True)
    return chosen_now
