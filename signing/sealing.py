"""In the background: a signature gets its sealed PDF, once. Redoing it is harmless.

Claim in a short transaction; render the certificate, append it to the very bytes that the customer read and seal,
all outside any transaction; store the file and queue the mail in a short transaction.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from quotes import pdf, rendering
from quotes.colour import Palette
from signing import evidence, seal, workflow
from signing.models import Signature

LEASE = dt.timedelta(minutes=3)
LATE_AFTER = dt.timedelta(minutes=5)
BATCH = 20
log = logging.getLogger(__name__)


class AlteredVersion(Exception):
    """The stored PDF is not the one that was read and signed."""


def sweep() -> int:
    """Seal what waits, and tell the customers whom it keeps waiting."""
    due = Signature.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:BATCH]
    sealed = sum(seal_signature(pk) for pk in list(due))
    late = Signature.objects.filter(
        done_at=None, late_mail_at=None, signed_at__lte=timezone.now() - LATE_AFTER
    ).values_list("pk", flat=True)
    for pk in list(late):
        workflow.tell_sealing_is_late(pk)
    return sealed


def seal_signature(signature_id: int) -> bool:
    """False when there was nothing to do. A failure is kept with the row and tried again, without end."""
    signature = Signature.objects.claim(signature_id, lease=LEASE)
    if signature is None:
        return False
    try:
        document = sealed_pdf(signature)
    except (pdf.RenderingFailed, AlteredVersion, seal.UnusableKey, OSError) as failure:
        log.exception("signature %s is not sealed yet", signature.pk)
        signature.postpone(str(failure))
        return True
    workflow.complete_sealing(
        signature.pk,
        file=rendering.store(document, folder="signed"),
        sha256=hashlib.sha256(document).hexdigest(),
    )
    return True


def sealed_pdf(signature: Signature) -> bytes:
    """The quote as read, the certificate behind it, the proof attached, the seal over all (PAdES B-B)."""
    quote = _bytes_as_read(signature)
    attachment = seal.Attachment(
        name="preuve.json",
        data=evidence.proof(signature),
        mime_type="application/json",
        description="Journal de la signature, vérifiable sans Logisav",
    )
    whole = seal.append(quote, certificate_pdf(signature), attachments=[attachment])
    signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    return seal.seal(whole, signer)


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
