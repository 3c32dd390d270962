"""In the background: a signature gets its sealed PDF, once. Redoing it is harmless.

Claim in a short transaction; render the certificate, append it to the very bytes that the customer read and seal,
all outside any transaction; store the file and queue the mail in a short transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from lib import files, printable
from notifications import queue
from notifications.queue import JobOutcome, QueueQuerySet
from quotes.colour import Palette
from quotes.content import Terms
from quotes.pdf import engine, rendering
from quotes.workflow import note_damage, tell_stuck
from signing import authorities, seal, stamps, workflow
from signing.models import STAMP_PATIENCE, SealedDocument, Signature
from signing.proof import evidence

Level = SealedDocument.Level

LATE_AFTER = dt.timedelta(minutes=5)
TELLS_AFTER = 8  # tries: about ten minutes


class AlteredVersion(Exception):
    """The stored PDF is not the one that was read and signed: it is mended by a queue of its own, which tells."""


@dataclass(frozen=True)
class Sealed:
    """The signed PDF, the level that it reached and why that one."""

    pdf: bytes
    level: SealedDocument.Level
    reason: str


def sweep() -> int:
    """Seal what waits, and tell the customers whom it keeps waiting."""
    return queue.sweep(*QUEUES)


def seal_signature(signature_id: int) -> bool:
    """False when there was nothing to do. A failure is kept with the row and tried again, without end."""
    return queue.run(SEALING, signature_id) is not JobOutcome.NOT_DUE


def _seal(signature: Signature) -> None:
    try:
        sealed = sealed_pdf(signature)
    except seal.AuthorityUnavailable as away:
        stamps.note_no_stamp(signature.pk, reason=str(away))
        raise
    workflow.complete_sealing(
        signature.pk,
        file=files.store(sealed.pdf, folder="signed"),
        sha256=files.sha256_of(sealed.pdf),
        level=sealed.level,
        reason=sealed.reason,
    )


def _late() -> list[int]:
    """Their customers shall not wait in silence."""
    waiting = Signature.objects.filter(done_at=None, late_mail_at=None)
    return list(waiting.filter(signed_at__lte=timezone.now() - LATE_AFTER).values_list("pk", flat=True))


def _unstamped() -> list[int]:
    """No authority for a day: who owns the quote chooses."""
    waiting = Signature.objects.filter(done_at=None, stamp_told_at=None, stamp_waived_at=None)
    unstamped = waiting.filter(stamp_failed_at__lte=timezone.now() - STAMP_PATIENCE)
    return list(unstamped.values_list("pk", flat=True))


def _tell_not_announced(signature_id: int, reason: str) -> None:
    tell_stuck(
        Signature.objects.get(pk=signature_id).quote_id,
        what="Le mail qui annonce au client le retard de son exemplaire signé n'a pas pu partir.",
        effect="Sa signature est enregistrée, mais il n'a encore rien reçu.",
        to_do="Appelez votre client pour le rassurer\u00a0: son exemplaire suit dès que possible.",
        reason=reason,
    )


def _tell_not_asked(signature_id: int, reason: str) -> None:
    tell_stuck(
        Signature.objects.get(pk=signature_id).quote_id,
        what="Le document signé attend un horodatage depuis 24\u00a0h, et le mail habituel n'a pas pu être écrit.",
        effect="La signature est enregistrée, le client n'a pas encore son exemplaire.",
        to_do="Ouvrez le devis\u00a0: vous pouvez y choisir «\u00a0Sceller sans horodatage\u00a0».",
        reason=reason,
    )


AUTHORITIES = queue.Service("tsa", away=(seal.AuthorityUnavailable,))
SEALING: queue.Queue[Signature] = queue.Queue(
    name="sealing",
    rows=lambda: QueueQuerySet(Signature),
    work=_seal,
    services=(rendering.RENDERER, AUTHORITIES),
    tells_after=TELLS_AFTER,
    tell=lambda signature, reason: workflow.tell_sealing_has_failed(signature.pk, reason=reason),
    reported_otherwise=(seal.AuthorityUnavailable, AlteredVersion),
    expected=(
        seal.AuthorityUnavailable,
        AlteredVersion,
        files.Damaged,
        seal.UnusableKey,
        engine.RenderingFailed,
    ),
)
QUEUES = (
    SEALING,
    queue.dated(
        "late sealings",
        find=_late,
        work=workflow.tell_sealing_is_late,
        tells_after=TELLS_AFTER,
        tell=_tell_not_announced,
    ),
    queue.dated(
        "choices without a time stamp",
        find=_unstamped,
        work=stamps.tell_owner_to_choose,
        tells_after=TELLS_AFTER,
        tell=_tell_not_asked,
    ),
)


def sealed_pdf(signature: Signature) -> Sealed:
    """The quote as read, the certificate behind it, proof and general terms attached, the seal over all."""
    quote = _bytes_as_read(signature)
    whole = seal.append(quote, certificate_pdf(signature), attachments=list(_attachments(signature)))
    return _sealed(whole, signature)


def _sealed(whole: bytes, signature: Signature) -> Sealed:
    """The highest level that settings and certificate allow; never a lower one because somebody did not answer."""
    signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    if not settings.TSA_URLS:
        return Sealed(seal.seal(whole, signer), Level.B_B, "Aucune autorité d'horodatage n'est réglée.")
    if signature.stamp_waived_at is not None:
        reason = (
            f"Aucune autorité ne répondait : scellé sans horodatage, décision de {signature.stamp_waived_by}."
        )
        return Sealed(seal.seal(whole, signer), Level.B_B, reason)
    who = authorities.configured()
    if signer.is_self_signed:
        reason = "Horodaté. Le certificat du cachet n'est pas délivré par une autorité."
        return Sealed(seal.seal_with_time(whole, signer, who), Level.B_T, reason)
    if not who.roots:
        reason = "Horodaté. Aucun certificat d'autorité n'est réglé (SEAL_AUTHORITIES)."
        return Sealed(seal.seal_with_time(whole, signer, who), Level.B_T, reason)
    reason = "Horodaté, avec les preuves de validité d'un certificat délivré par une autorité."
    return Sealed(seal.seal_for_long(whole, signer, who), Level.B_LTA, reason)


def _attachments(signature: Signature) -> Iterator[seal.EmbeddedFile]:
    yield seal.EmbeddedFile(
        name=evidence.PROOF_NAME,
        data=evidence.proof(signature),
        mime_type="application/json",
        description="Journal de la signature, vérifiable sans Logisav",
    )
    if (terms := signature.version.reading.terms) is not None:
        pdf_file = terms.kind == "pdf"
        yield seal.EmbeddedFile(
            name="conditions-generales.pdf" if pdf_file else "conditions-generales.txt",
            data=_terms(terms),
            mime_type="application/pdf" if pdf_file else "text/plain",
            description="Conditions générales acceptées avec le devis",
        )
    if (contribution := signature.version.reading.handed_contribution) is not None:
        yield seal.EmbeddedFile(
            name="cadre-de-contribution.pdf",
            data=files.recovered(contribution.path, contribution.sha256),
            mime_type="application/pdf",
            description="Cadre de contribution de la prime CEE, remis avec le devis",
        )
    if sha256 := signature.version.reading.rge_proof:
        yield seal.EmbeddedFile(
            name="attestation-rge.pdf",
            data=files.recovered(f"company/{sha256}.pdf", sha256),
            mime_type="application/pdf",
            description="Attestation RGE jointe au devis",
        )
    content = signature.version.reading
    for number, document in enumerate(content.contract_documents, start=1):
        if document in content.mailed_documents:  # the signed document goes by mail too
            yield seal.EmbeddedFile(
                name=f"document-{number}-{document.sha256[:8]}.pdf",
                data=files.recovered(document.path, document.sha256),
                mime_type="application/pdf",
                description=f"{document.title}, document du contrat",
            )


def _terms(terms: Terms) -> bytes:
    """As frozen with the version, whatever the company's are now."""
    if terms.kind == "text":
        return terms.text.encode()
    return files.recovered(f"company/{terms.sha256}.pdf", terms.sha256)


def _bytes_as_read(signature: Signature) -> bytes:
    version = signature.version
    try:
        return files.read(str(version.pdf), version.pdf_sha256)
    except files.Damaged as damaged:
        note_damage(version.pk, reason=str(damaged))
        raise AlteredVersion(f"{version}: the stored PDF is not the one that was signed") from damaged


def certificate_pdf(signature: Signature) -> bytes:
    certificate = evidence.certificate(signature)
    palette = Palette.of(certificate.content.company.colour)
    context = {"certificate": certificate, "accent": palette.accent}
    images = {"drawing": bytes(signature.drawing)} if signature.drawing else {}
    # A browser's name or a mail address may hold any sign: it spoils no proof.
    document = printable.spelled(render_to_string("pdf/certificate.html", context))
    return engine.render(document, images=images)
