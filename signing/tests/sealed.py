"""Sealed documents for tests: small ones at once, a whole one as the workers make it."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from quotes import workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, make_quote
from signing import seal, sealing
from signing import workflow as signing_workflow
from signing.models import SealedDocument, Signature
from signing.tests.factories import make_signature

Level = SealedDocument.Level


def small_pdf(
    words: str = "0 0 m 100 50 l S",
    *,
    catalog: bytes = b"<</Type/Catalog/Pages 2 0 R>>",
    more: tuple[bytes, ...] = (),
) -> bytes:
    """One page and a line on it; `more` objects have the numbers from 5 on."""
    content = words.encode()
    objects = (
        catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        *more,
    )
    out, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\n" % (size, table, size)
    return out + head + b"startxref\n%d\n%%%%EOF\n" % len(out)


def stored(pdf: bytes, folder: str) -> tuple[str, str]:
    digest = hashlib.sha256(pdf).hexdigest()
    return default_storage.save(f"{folder}/{digest}.pdf", ContentFile(pdf)), digest


def sealed_by_us(pdf: bytes) -> bytes:
    return seal.seal(pdf, seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE))


def registered(signature: Signature, document: bytes) -> bytes:
    """Written down as what came of this signature."""
    file, digest = stored(document, "signed")
    signing_workflow.complete_sealing(
        signature.pk, file=file, sha256=digest, level=Level.B_B, reason="Essai."
    )
    return document


def make_small_document() -> tuple[Signature, bytes]:
    """A real seal on a real, if tiny, PDF: quick to check."""
    quote = make_quote()
    version = workflow.send(quote.pk, actor=SYSTEM)
    read = small_pdf(f"% {quote.number}\n0 0 m 100 50 l S")
    name, digest = stored(read, "versions")
    workflow.complete_sending(version.pk, pdf=name, pdf_sha256=digest)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    return signature, registered(signature, sealed_by_us(read))


def make_whole_document() -> tuple[Signature, bytes]:
    """Rendered, signed and sealed as in life."""
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(signature.pk)
    document = signature.latest_document()
    assert document is not None
    with document.file.open("rb") as file:
        return signature, bytes(file.read())
