"""What a signature's proof holds, read from the frozen version and the journal."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from django.urls import reverse

from quotes import links
from quotes.content import Content
from quotes.models import QuoteEvent
from signing.models import BUTTON, Signature

TIMELINE = {
    "sent": "Devis envoyé par mail à {to}",
    "link_opened": "Lien d'accès ouvert (peut-être par un robot)",
    "link_requested": "Nouveau lien demandé, envoyé à {to}",
    "asked": "Question posée",
    "answered": "Réponse envoyée à {to}",
    "code_requested": "Accords cochés, code demandé",
    "accepted": "Code saisi, essai n° {tries}, dans le même navigateur : devis accepté",
}
PROOF_NAME = "preuve.json"
CODE_DELIVERED = "Code à 6 chiffres remis au serveur de mail de {to} (réponse {reply})"


@dataclass(frozen=True)
class Step:
    at: dt.datetime
    words: str


@dataclass(frozen=True)
class Certificate:
    """All that the certificate page says; hashes in hex."""

    content: Content
    signatory: str
    email: str
    phone: str
    capacity: str
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
    def signed_at_utc(self) -> str:
        """ISO 8601, to the second."""
        return self.signed_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def certificate(signature: Signature) -> Certificate:
    """The facts of an acceptance, in the order of the page."""
    content = signature.version.reading
    return Certificate(
        content=content,
        signatory=signature.full_name,
        email=signature.email,
        phone=signature.phone,
        capacity=signature.capacity or ("Professionnel" if content.customer.is_business else "Particulier"),
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
    return links.absolute(reverse("signing:verify_reference", args=[signature.reference]))


def chain(signature: Signature) -> list[QuoteEvent]:
    """The journal up to the acceptance."""
    return list(signature.quote.events.filter(seq__lte=signature.journal_seq).order_by("seq"))


def steps(signature: Signature) -> tuple[Step, ...]:
    """The journal in words, as far as it concerns how the quote was read and signed."""
    return tuple(Step(event.at, words) for event in chain(signature) if (words := _words(event)))


def _words(event: QuoteEvent) -> str:
    facts = event.facts
    if event.kind == "mail_sent" and facts["message"] == "signing/code":
        return CODE_DELIVERED.format(to=facts["to"], reply=facts["smtp_reply"][:3])
    template = TIMELINE.get(event.kind, "")
    return template.format_map(facts) if template else ""


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
