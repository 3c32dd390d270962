"""« Accepté autrement »: a quote that was signed on paper, as a member of staff says and a scan shows.

Nothing of it is called signed on line and nothing is sealed: what it is worth is what the paper is worth. Dates count
from the day of the signature, and the customer's own mailbox gets the scan.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from lib import files, french
from quotes import journal
from quotes import workflow as quotes_workflow
from quotes.content import Consent
from quotes.journal import Actor
from quotes.law.contract import Place
from quotes.models import IllegalMove, Quote, QuoteVersion
from quotes.models.quote import HELD
from quotes.rules import Reason, Verb
from quotes.workflow.locking import locked
from signing import emails
from signing.models import PaperAcceptance, SigningRequest

NOON = dt.time(12)


def versions_of(quote: Quote) -> list[QuoteVersion]:
    """Those that the customer got, so may have signed; the newest first."""
    held = {int(event.facts["version"]) for event in quote.events.filter(kind__in=HELD)}
    return list(quote.versions.filter(number__in=held).exclude(version_hash="").order_by("-number"))


def consents_of(version: QuoteVersion) -> list[Consent]:
    """What a paper may bear: to sign electronically it does not say."""
    return list(version.reading.paper_consents)


def protects(version: QuoteVersion, place: Place, signed_on: dt.date) -> bool:
    """Whether it bears the rights of a contract that was signed there on that day."""
    return version.reading.protects(place, at=_moment(signed_on, version))


def first_day(version: QuoteVersion) -> dt.date:
    """Before it was there nobody signed it."""
    return french.in_paris(version.frozen_at).date()


@transaction.atomic
def record_acceptance(
    quote_id: int,
    *,
    version_number: int,
    signatory: str,
    signed_on: dt.date,
    place: Place,
    consents: frozenset[str],
    scan: str,
    sha256: str,
    actor: Actor,
) -> PaperAcceptance:
    """The contract was made on paper on that day; `scan` is stored already. Raises IllegalMove."""
    quote = locked(quote_id)
    quote.require(Verb.RECORD_ACCEPTANCE)
    codes = SigningRequest.objects.filter(
        quote=quote, state=SigningRequest.State.OPEN, expires_at__gt=timezone.now()
    )
    if codes.exists():
        raise IllegalMove(quote, Reason.CODE_ALIVE)
    version = next((one for one in versions_of(quote) if one.number == version_number), None)
    if version is None:
        raise IllegalMove(quote, Reason.NEVER_SENT)
    if not protects(version, place, signed_on):
        raise IllegalMove(quote, Reason.PROTECTS_LESS)
    quote.versions.filter(is_current=True).exclude(pk=version.pk).update(is_current=False)
    version.is_current = True
    version.save(update_fields=["is_current"])
    quotes_workflow.mark_accepted(
        quote, version, early_start="early_start" in consents, at=_moment(signed_on, version)
    )
    acceptance = PaperAcceptance.objects.create(
        quote=quote,
        version=version,
        signatory=signatory,
        signed_on=signed_on,
        place=place,
        consents=[{"id": one.id, "words": one.words} for one in consents_of(version) if one.id in consents],
        scan=scan,
        sha256=sha256,
        recorded_by=actor.name,
    )
    emails.accepted_on_paper(acceptance)
    journal.append(
        quote,
        "accepted_on_paper",
        actor=actor,
        signatory=signatory,
        signed_on=signed_on.isoformat(),
        place=place,
        version=version.number,
        version_hash=version.version_hash,
        content_sha256=version.content_sha256,
        pdf_sha256=version.pdf_sha256,
        total=str(version.total),
        deposit=str(version.deposit),
        consents=acceptance.consents,
        scan_sha256=sha256,
    )
    return acceptance


def _moment(day: dt.date, version: QuoteVersion) -> dt.datetime:
    """Paper tells a day and no hour: its noon, unless that is still to come or the version was not there yet."""
    noon = dt.datetime.combine(day, NOON, tzinfo=french.PARIS)
    return min(timezone.now(), max(noon, version.frozen_at))


def store_scan(data: bytes, *, suffix: str) -> tuple[str, str]:
    """Name and SHA-256 (hex) of the stored file, outside any transaction. Raises OSError."""
    return files.store(data, folder="paper", suffix=suffix), files.sha256_of(data)
