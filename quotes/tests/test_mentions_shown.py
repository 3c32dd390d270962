"""The law's mentions reach the customer: page, PDF, mail, certificate RGE, and what changed between two versions."""

from __future__ import annotations

import datetime as dt
import html
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection

from logisav.desk.tests.desk import text
from quotes import workflow
from quotes.law.mentions import CONFORMITY, NOT_RGE, imposed
from quotes.models import Company
from quotes.pdf import rendering
from quotes.tests.documents import read
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_company,
    make_owner,
    make_quote,
    make_sent_quote,
    secrets_of,
    send_again,
    version_of,
    visitor,
)
from quotes.versions import freezing
from quotes.versions.comparison import changes

pytestmark = pytest.mark.django_db
SAID: dict[str, Any] = {
    "delivery": "12\u00a0janvier\u00a02099",
    "start": "3 semaines après la signature",
    "formalities": "l'entreprise, avant les travaux",
    "waste_quantity": "150\u00a0kg",
    "energy_works": "yes",
    "without_subcontractors": True,
    "requested_on": dt.date(2026, 11, 3),
    "requested_by": "phone",
}
SHOWN = (
    "12 janvier 2099",
    "3 semaines après la signature",
    "l'entreprise, avant les travaux",
    "Reçue le 3 novembre 2026, par téléphone",
    "Quantité totale estimée : 150 kg.",
    "Déchetterie Exemple, 3 rue de l'Exemple, 69007 Lyon (déchetterie)",
    NOT_RGE,
    "Les travaux sont réalisés sans sous-traitance.",
    "responsabilité décennale pendant dix ans",
    "Mutuelle Exemple",
    "Territoire couvert : France métropolitaine",
    "1 place de l'Exemple, 75000 Paris",
)


def plain(words: str) -> str:
    """One space wherever there is any, so that a page, a PDF and a file can be compared."""
    return " ".join(html.unescape(words).replace("\u202f", " ").split())


def test_the_page_and_the_pdf_say_all_of_it() -> None:
    quote = make_sent_quote(**SAID)
    page = plain(text(visitor(quote).get(quote.get_absolute_url())))
    document = rendering.quote_pdf(version_of(quote).reading)
    printed = plain(read(document, "pdftotext", "-raw"))
    for words in SHOWN:
        assert plain(words) in page
        on_paper = words.replace("2026, par", "2026 par")  # each on a line of its own, in a narrow column
        assert "".join(plain(on_paper).split()) in "".join(printed.split())
    box = plain(imposed(CONFORMITY))
    for paragraph in map(plain, imposed(CONFORMITY).split("\n\n")[:3]):
        assert paragraph in page
    assert "".join(box.split()) in "".join(printed.split()), "in the PDF, word for word and in order"


def test_the_foot_of_a_mail_tells_the_request_only_where_it_was_noted() -> None:
    asked, unasked = make_sent_quote(**SAID), make_sent_quote()
    assert secrets_of("quotes/link", asked)["link"]
    foot = plain(mails("quotes/link", asked).get().text)
    assert f"à propos du devis {asked.number} que vous nous avez demandé le 3 novembre 2026." in foot
    foot = plain(mails("quotes/link", unasked).get().text)
    assert f"à propos du devis {unasked.number}." in foot
    assert "demandé" not in foot


def test_the_certificate_travels_with_the_quote_that_names_it() -> None:
    make_company()
    company = Company.current()
    company.rge_proof = ContentFile(b"%PDF-1.7\n%%EOF\n", name="rge.pdf")
    company.rge = "yes"
    company.rge_qualifications = [{"number": "E-1", "domain": "pompes à chaleur", "until": "2099-12-31"}]
    company.save()
    quote = make_sent_quote(**SAID)
    browser, address = visitor(quote), f"{quote.get_absolute_url()}attestation-rge.pdf"
    assert address in text(browser.get(quote.get_absolute_url()))
    response: Any = browser.get(address)
    assert b"".join(response.streaming_content) == b"%PDF-1.7\n%%EOF\n"
    other = make_sent_quote(**SAID | {"energy_works": "no"})
    assert version_of(other).reading.rge_proof == ""
    assert visitor(other).get(f"{other.get_absolute_url()}attestation-rge.pdf").status_code == 404


def test_what_changed_of_them_is_told() -> None:
    quote = make_sent_quote(**SAID)
    send_again(quote, waste_quantity="300\u00a0kg", delivery="14\u00a0janvier\u00a02099")
    new = version_of(quote)
    old = quote.versions.get(number=1)
    told = " ".join(changes(old.reading, new.reading))
    assert "Livraison du matériel" in told
    assert "300\u00a0kg" in told


def test_a_consumer_is_at_home_unless_it_is_said_otherwise() -> None:
    assert make_quote().worksite.startswith("12 chemin des Vignes")
    assert make_quote(worksite="Ailleurs").worksite == "Ailleurs"
    business = workflow.create_quote(
        customer=make_business(), owner=make_owner(), actor=SYSTEM, title="Chauffage d'un atelier"
    )
    assert business.worksite == ""


@pytest.mark.parametrize(
    ("written", "form", "kept", "line"),
    [
        ("sarl", "SARL", "", "SARL au capital"),
        ("S.A.S.", "SAS", "", "SAS au capital"),
        ("Entreprise individuelle", "EI", "", "Thermo Rhône SARL EI, "),
        ("Société à responsabilité limitée", "", "Société à responsabilité limitée", "limitée au capital"),
        ("", "", "", "Thermo Rhône SARL, au capital"),
    ],
)
def test_the_migration_guesses_nothing(written: str, form: str, kept: str, line: str) -> None:
    make_company()
    Company.objects.update(legal_form=written, insurer="AXA, décennale", mediator="CM2C", mediator_name="")
    carry_over = import_module("quotes.migrations.0024_what_was_written_freely").carry_over
    with connection.schema_editor() as editor:
        carry_over(apps, editor)
    company = Company.current()
    assert (company.legal_form, company.old_legal_form) == (form, kept)
    assert (company.payment_days, company.late_rate) == (None, ""), "nobody has agreed to them"
    assert (company.insurer, company.mediator) == ("AXA, décennale", "CM2C")
    assert company.facts.mediator == "CM2C"
    if written:
        assert line in company.facts.legal_line
    notices = {one.id for one in freezing.preview(make_quote(customer=make_business())).notices}
    assert "late_payment" not in notices
