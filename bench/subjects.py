"""What is measured: a quote of ten lines, sent, signed, sealed, and looked at."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment

from quotes import workflow
from quotes.content import Content
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, make_quote, visitor
from signing import seal, sealing
from signing.models import Signature
from signing.proof import certificates
from signing.tests.factories import make_signature


def _lines(number: int) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"label": f"Fourniture et pose n° {rank}", "unit": "unité", "unit_price": Decimal(100 + rank)}
        for rank in range(number)
    )


def content(*, lines: int) -> Content:
    """The frozen text of a quote of so many lines."""
    return workflow.send(make_quote(lines=_lines(lines)).pk, actor=SYSTEM).reading


@dataclass(frozen=True)
class SignedQuote:
    signature: Signature
    signer: seal.Signer
    unsealed: bytes
    sealed: bytes
    browser: Client

    @classmethod
    def made(cls) -> SignedQuote:
        """Through the front door, on a database of its own."""
        setup_test_environment()
        settings.STORAGES["staticfiles"] = {
            "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        }
        call_command("migrate", verbosity=0)
        quote = make_quote(lines=_lines(10))
        rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
        signature = make_signature(Quote.objects.get(pk=quote.pk))
        document = sealing.sealed_pdf(signature).pdf
        signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
        with signature.version.pdf.open("rb") as file:
            read = bytes(file.read())
        unsealed = seal.append(read, sealing.certificate_pdf(signature))
        return cls(signature, signer, unsealed, document, visitor(signature.quote))

    def seal(self) -> None:
        seal.seal(self.unsealed, self.signer)

    def check(self) -> None:
        assert seal.check(self.sealed, trusted=certificates.ours()).intact

    def make_document(self) -> None:
        sealing.sealed_pdf(self.signature)

    def render(self) -> None:
        rendering.quote_pdf(self.signature.version.reading)

    def page(self) -> None:
        assert self.browser.get(self.signature.quote.get_absolute_url()).status_code == 200

    def bare_page(self) -> None:
        assert self.browser.get("/healthz").status_code == 200
