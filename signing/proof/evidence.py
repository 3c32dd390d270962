"""What a signature's proof holds, read from the frozen version and the journal."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from django.urls import reverse

from lib import addresses
from notifications import events
from quotes import facts
from quotes.content import Content
from quotes.facts import QuoteMail
from quotes.models import QuoteEvent
from signing.models import BUTTON, Signatory, Signature

PROOF_NAME = "preuve.json"


@dataclass(frozen=True)
class Step:
    at: dt.datetime
    words: str


@dataclass(frozen=True)
class Certificate:
    """All that the certificate page says; hashes in hex."""

    content: Content
    signatory: Signatory
    email: str
    ip: str
    agent: str
    signed_at: dt.datetime
    consents: tuple[str, ...]
    button: str
    steps: tuple[Step, ...]
    pdf_sha256: str
    version_hash: str
    journal_seq: int
    journal_hash: str
    reference: str
    verify_url: str
    has_drawing: bool

    @property
    def capacity(self) -> str:
        """In which one the signatory signs, said for those who were not asked."""
        usual = "Professionnel" if self.content.customer.is_business else "Particulier"
        return self.signatory.capacity or usual

    @property
    def signed_at_utc(self) -> str:
        """ISO 8601, to the second."""
        return self.signed_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def certificate(signature: Signature) -> Certificate:
    """The facts of an acceptance, in the order of the page."""
    return Certificate(
        content=signature.version.reading,
        signatory=signature.signatory,
        email=signature.email,
        ip=signature.ip,
        agent=signature.agent,
        signed_at=signature.signed_at,
        consents=tuple(consent["words"] for consent in signature.consents),
        button=BUTTON,
        steps=steps(signature),
        pdf_sha256=signature.version.pdf_sha256,
        version_hash=signature.version_hash,
        journal_seq=signature.journal_seq,
        journal_hash=signature.journal_hash,
        reference=signature.reference,
        verify_url=verify_url(signature),
        has_drawing=bool(signature.drawing),
    )


def verify_url(signature: Signature) -> str:
    """Where the QR code leads to."""
    return addresses.absolute(reverse("signing:verify_reference", args=[signature.reference]))


def chain(signature: Signature) -> list[QuoteEvent]:
    """The journal up to the acceptance."""
    return list(signature.quote.events.filter(seq__lte=signature.journal_seq).order_by("seq"))


def steps(signature: Signature) -> tuple[Step, ...]:
    """The journal in words, as far as it concerns how the quote was read and signed."""
    return tuple(Step(event.at, words) for event in chain(signature) if (words := _words(event)))


def _words(event: QuoteEvent) -> str:
    line = facts.find(event.kind).certificate
    if event.kind == "mail_sent":
        mail = events.find_mail(event.facts["message"])
        line = mail.certificate if isinstance(mail, QuoteMail) else ""
    return line.format_map(event.facts)


def proof(signature: Signature) -> bytes:
    """`preuve.json`: the chain up to the acceptance, for anyone to recompute (docs/evidence.md)."""
    records = [{"record": event.record, "hash": event.hash} for event in chain(signature)]
    document = {
        "schema": 1,
        "quote": signature.quote.number,
        "version": {"content": signature.version.content, "pdf_sha256": signature.version.pdf_sha256},
        "version_hash": signature.version_hash,
        "journal": records,
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
