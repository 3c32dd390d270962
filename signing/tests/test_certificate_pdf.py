"""The certificate's page: what was signed, by whom, how, and what it does not prove."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from logisav.tests.figures import sample
from quotes.colour import Palette
from quotes.journal import Actor
from quotes.law import vat
from quotes.pdf import engine
from quotes.tests.contents import COMPANY, DOCUMENT, make_content, poisoned
from quotes.tests.documents import asked, read, trap
from quotes.tests.ssrf import payloads
from signing import sealing, workflow
from signing.models import Signature
from signing.proof.evidence import Certificate, Step
from signing.tests.factories import BROWSER, make_form, make_signing_request, right_code

pytestmark = pytest.mark.sqlite

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


SAID = "Je signe en tant que particulier, à distance, sans personne de l'entreprise à mes côtés."


def at(hour: int, minute: int, second: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, 24, hour, minute, second, tzinfo=dt.UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_certificate(**fields: Any) -> Certificate:
    defaults: dict[str, Any] = {
        "content": make_content(),
        "signatory": make_form(),
        "email": "claire.morel@exemple.fr",
        "ip": "203.0.113.24",
        "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "signed_at": at(23, 41, 17),
        "consents": ("J'ai lu le devis et je l'accepte.", "Je signe par voie électronique."),
        "button": "Signer – commande avec obligation de paiement",
        "steps": (Step(at(22, 30, 8), "Lien d'accès ouvert"), Step(at(23, 41, 17), "Code saisi")),
        "pdf_sha256": digest("pdf"),
        "version_hash": digest("version"),
        "journal_seq": 7,
        "journal_hash": digest("journal"),
        "reference": "S-7Q4M-2K9D",
        "verify_url": "https://devis.thermo-rhone.example/verifier/",
        "has_drawing": False,
    }
    return Certificate(**defaults | fields)


def page(certificate: Certificate) -> str:
    palette = Palette.of(certificate.content.company.colour)
    return render_to_string("pdf/certificate.html", {"certificate": certificate, "accent": palette.accent})


@functools.cache
def words(certificate: Certificate) -> str:
    return " ".join(read(engine.render(page(certificate)), "pdftotext", "-layout").split())


def test_it_says_who_signed_what_and_how() -> None:
    said = words(make_certificate())
    for expected in (
        "Certificat de signature",
        "Devis D-2026-0148, version 1",
        "par Claire Morel",
        "« Signer – commande avec obligation de paiement »",
        "J'ai lu le devis et je l'accepte.",
        "claire.morel@exemple.fr",
        "06 39 98 12 34",
        "203.0.113.24",
        "Firefox/140.0",
        "S-7Q4M-2K9D",
        "https://devis.thermo-rhone.example/verifier/",
    ):
        assert expected in said


@pytest.mark.django_db
def test_a_name_in_any_script_is_read_and_a_browser_of_any_name_spoils_nothing() -> None:
    request = make_signing_request(last_name="小龙", first_name="李", capacity="moi-même")
    robot = Actor("customer", ip="203.0.113.24", agent="Navigateur ሰላም/1.0")
    workflow.sign(request.pk, code=right_code(request), link=request.link, browser=BROWSER, actor=robot)
    said = " ".join(read(sealing.certificate_pdf(Signature.objects.get()), "pdftotext", "-layout").split())
    assert "李 小龙" in said
    assert "[U+1230]" in said


def test_with_two_certified_rates_it_is_one_page_and_bears_their_words() -> None:
    """As of an ordinary contract: five steps, a telephone's long name."""
    certified = tuple(
        one.words for one in vat.certificates((Decimal("5.5"), Decimal(10)), vat.Territory.MAINLAND)
    )
    certificate = make_certificate(
        signatory=make_form(name_from="kept", phone_from="corrected", said=SAID),
        consents=(
            "J'ai lu le devis et je l'accepte.",
            "Je signe par voie électronique.",
            *certified,
        ),
        steps=tuple(
            Step(at(22, minute), "Lien d'accès ouvert (peut-être par un robot)") for minute in range(5)
        ),
        agent=(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.6 Mobile/15E148 Safari/604.1"
        ),
    )
    assert "page 1/1" in words(certificate)
    assert len(certified) == 2
    for shown in ("Nom repris du devis", "Téléphone corrigé", f"Phrase affichée, non contredite : {SAID}"):
        assert shown in words(certificate)
    for said in certified:
        assert " ".join(said.split()) in words(certificate).replace("\u00a0", " ")


def test_times_are_those_of_paris_with_utc_beside() -> None:
    """23:41 UTC is past midnight in Paris: the day changes with the hour."""
    said = words(make_certificate())
    assert "25 nov. 2026, 0 h 41" in said
    assert "25 nov. 2026, 0 h 41 min 17 s" in said
    assert "24 nov. 2026, 23 h 30 min 08 s" in said
    assert "2026-11-24T23:41:17Z (UTC)" in said


def test_hashes_are_printed_whole_in_groups_of_eight() -> None:
    certificate = make_certificate()
    said = words(certificate)
    for whole in (certificate.pdf_sha256, certificate.version_hash, certificate.journal_hash):
        assert " ".join(whole[start : start + 8] for start in range(0, 64, 8)) in said


def test_it_claims_no_more_than_a_simple_signature() -> None:
    said = words(make_certificate())
    assert "Signature électronique simple (règlement eIDAS, article 25)" in said
    assert "ni avancée ni qualifiée" in said
    assert "aucune pièce d'identité n'a été contrôlée" in said


def test_an_ordinary_acceptance_fits_on_one_page() -> None:
    document = engine.render(page(make_certificate(has_drawing=True)), images={"drawing": PNG})
    assert "Pages:           1" in read(document, "pdfinfo")


def test_pictures_have_words_for_those_who_do_not_see() -> None:
    document = engine.render(page(make_certificate(has_drawing=True)), images={"drawing": PNG})
    tree = read(document, "pdfinfo", "-struct")
    assert tree.count("Figure") == 2


def test_a_deposit_that_is_not_asked_for_is_none() -> None:
    assert "Acompte aucun" in words(make_certificate(content=make_content(deposit=None)))


def test_hostile_texts_in_every_field_reach_neither_network_nor_disk(
    tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    hostile = payloads(web="http://127.0.0.1:9", file=Path("/etc/hostname"))
    size = sample(12, 1)
    poisons = ["\n".join(hostile[start : start + size]) for start in range(0, len(hostile), size)]
    results = trap([page(_poisoned(poison)) for poison in poisons], mode="engine", scratch=tmp_path)
    assert {result["outcome"] for result in results} == {"rendered"}
    assert asked(results) == []
    figure(
        "ssrf certificate",
        f"{len(hostile)} texts in every field, {len(results)} PDFs, 0 sockets, 0 opens outside",
    )


def _poisoned(poison: str) -> Certificate:
    """Hashes and the address of the check are written by the software, not by people."""
    ours = make_certificate()
    kept = {
        name: getattr(ours, name) for name in ("pdf_sha256", "version_hash", "journal_hash", "verify_url")
    }
    company = dataclasses.replace(poisoned(COMPANY, poison), colour=COMPANY.colour)
    handed_over = dataclasses.replace(ours.content, documents=(DOCUMENT,))
    content = dataclasses.replace(poisoned(handed_over, poison), company=company)
    return dataclasses.replace(poisoned(ours, poison), content=content, **kept)
