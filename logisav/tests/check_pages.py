"""How a browser comes to the pages that check a signed PDF, open to all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

from playwright.sync_api import Page

from quotes.tests.factories import make_company
from signing.tests.sealed import make_small_document, sealed_by_us, small_pdf
from signing.tests.turns import turn


def verify(page: Page, site: str) -> None:
    make_company()
    page.goto(f"{site}/verifier/")


def upload(page: Page, site: str, pdf: bytes, *, name: str = "devis-signe.pdf") -> None:
    page.goto(f"{site}/verifier/")
    page.get_by_label("Devis signé, au format PDF").set_input_files(
        {"name": name, "mimeType": "application/pdf", "buffer": pdf}
    )
    with turn(), page.expect_navigation():
        page.get_by_role("button", name="Vérifier ce PDF").click()


def verify_without_a_file(page: Page, site: str) -> None:
    verify(page, site)
    page.get_by_role("button", name="Vérifier ce PDF").click()
    page.get_by_role("alert").wait_for()


def verify_genuine(page: Page, site: str) -> None:
    upload(page, site, make_small_document()[1])


def verify_altered(page: Page, site: str) -> None:
    upload(page, site, make_small_document()[1] + b"\n", name=f"{'devis' * 30}.pdf")


def verify_unknown(page: Page, site: str) -> None:
    make_company()
    upload(page, site, small_pdf())


def verify_contradictory(page: Page, site: str) -> None:
    make_company()
    upload(page, site, sealed_by_us(small_pdf()))


def verify_too_large(page: Page, site: str) -> None:
    verify(page, site)
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(b"%PDF-1.7")
        file.truncate(11_000_000)
        page.get_by_label("Devis signé, au format PDF").set_input_files(file.name)
        page.get_by_role("button", name="Vérifier ce PDF").click()
        page.get_by_role("heading", name="trop volumineux").wait_for()


def verify_too_often(page: Page, site: str) -> None:
    make_company()
    for _ in range(61):
        page.request.get(f"{site}/verifier/AAAAAAAAAAAAAAAA/")
    page.goto(f"{site}/verifier/AAAAAAAAAAAAAAAA/")


def verify_reference(page: Page, site: str) -> None:
    signature, _document = make_small_document()
    verify(page, site)
    page.get_by_label("Référence du certificat").fill(signature.reference.lower())
    page.get_by_role("button", name="Chercher cette référence").click()


def verify_unknown_reference(page: Page, site: str) -> None:
    make_company()
    page.goto(f"{site}/verifier/AAAAAAAAAAAAAAAA/")


CHECK_PAGES: dict[str, tuple[Callable[[Page, str], None], str]] = {
    reach.__name__: (reach, heading)
    for reach, heading in (
        (verify, "Vérifier un devis signé"),
        (verify_without_a_file, "Vérifier un devis signé"),
        (verify_genuine, "Ce document est authentique"),
        (verify_altered, "Ce document a été modifié"),
        (verify_unknown, "Ce document n'est pas connu ici"),
        (verify_contradictory, "Les deux contrôles ne s'accordent pas"),
        (verify_too_large, "Ce fichier est trop volumineux"),
        (verify_too_often, "Trop de contrôles en peu de temps"),
        (verify_reference, "Un document a été scellé sous cette référence"),
        (verify_unknown_reference, "Aucun document scellé sous cette référence"),
    )
}
