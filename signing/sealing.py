"""In the background: a signature gets its sealed PDF, once. Redoing it is harmless.

Claim in a short transaction; render the certificate, append it to the very bytes that the customer read and seal,
all outside any transaction; store the file and queue the mail in a short transaction.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import timezone

from quotes import pdf, rendering
from quotes.colour import Palette
from quotes.content import Terms
from signing import authorities, evidence, seal, stamps, workflow
from signing.models import STAMP_PATIENCE, SealedDocument, Signature

Level = SealedDocument.Level

LEASE = dt.timedelta(minutes=3)
LATE_AFTER = dt.timedelta(minutes=5)
BATCH = 20
log = logging.getLogger(__name__)


class AlteredVersion(Exception):
    """A stored file is not the one that was read and signed."""


@dataclass(frozen=True)
class Sealed:
    """The signed PDF, the level that it reached and why that one."""

    pdf: bytes
    level: SealedDocument.Level
    reason: str


def sweep() -> int:
    """Seal what waits, and tell the customers whom it keeps waiting."""
    due = Signature.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:BATCH]
    sealed = sum(seal_signature(pk) for pk in list(due))
    late = Signature.objects.filter(
        done_at=None, late_mail_at=None, signed_at__lte=timezone.now() - LATE_AFTER
    ).values_list("pk", flat=True)
    for pk in list(late):
        workflow.tell_sealing_is_late(pk)
    _ask_owners()
    return sealed


def _ask_owners() -> None:
    """No authority for a day: who owns the quote chooses."""
    waiting = Signature.objects.filter(
        done_at=None,
        stamp_told_at=None,
        stamp_waived_at=None,
        stamp_failed_at__lte=timezone.now() - STAMP_PATIENCE,
    )
    for pk in list(waiting.values_list("pk", flat=True)):
        stamps.tell_owner_to_choose(pk)


def seal_signature(signature_id: int) -> bool:
    """False when there was nothing to do. A failure is kept with the row and tried again, without end."""
    signature = Signature.objects.claim(signature_id, lease=LEASE)
    if signature is None:
        return False
    try:
        sealed = sealed_pdf(signature)
    except seal.AuthorityUnavailable as away:
        log.warning("signature %s waits for an authority: %s", signature.pk, away)
        stamps.note_no_stamp(signature.pk, reason=str(away))
        return True
    except (pdf.RenderingFailed, AlteredVersion, seal.UnusableKey, OSError) as failure:
        log.exception("signature %s is not sealed yet", signature.pk)
        signature.postpone(str(failure))
        return True
    workflow.complete_sealing(
        signature.pk,
        file=rendering.store(sealed.pdf, folder="signed"),
        sha256=hashlib.sha256(sealed.pdf).hexdigest(),
        level=sealed.level,
        reason=sealed.reason,
    )
    return True


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


def _attachments(signature: Signature) -> Iterator[seal.Attachment]:
    yield seal.Attachment(
        name=evidence.PROOF_NAME,
        data=evidence.proof(signature),
        mime_type="application/json",
        description="Journal de la signature, vérifiable sans Logisav",
    )
    if (terms := signature.version.reading.terms) is not None:
        pdf_file = terms.kind == "pdf"
        yield seal.Attachment(
            name="conditions-generales.pdf" if pdf_file else "conditions-generales.txt",
            data=_terms(terms),
            mime_type="application/pdf" if pdf_file else "text/plain",
            description="Conditions générales acceptées avec le devis",
        )


def _terms(terms: Terms) -> bytes:
    """As frozen with the version, whatever the company's are now."""
    if terms.kind == "text":
        return terms.text.encode()
    with default_storage.open(f"company/{terms.sha256}.pdf") as file:
        data = bytes(file.read())
    if hashlib.sha256(data).hexdigest() != terms.sha256:
        raise AlteredVersion("the stored general terms are not the ones that were accepted")
    return data


def _bytes_as_read(signature: Signature) -> bytes:
    with signature.version.pdf.open("rb") as file:
        data = bytes(file.read())
    if hashlib.sha256(data).hexdigest() != signature.version.pdf_sha256:
        raise AlteredVersion(f"{signature.version}: the stored PDF is not the one that was signed")
    return data


def certificate_pdf(signature: Signature) -> bytes:
    certificate = evidence.certificate(signature)
    palette = Palette.of(certificate.content.company.colour)
    context = {"certificate": certificate, "accent": palette.accent}
    images = {"drawing": bytes(signature.drawing)} if signature.drawing else {}
    return pdf.render(render_to_string("pdf/certificate.html", context), images=images)
