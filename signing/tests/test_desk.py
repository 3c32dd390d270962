"""Signing on the owner's desk: signatures are read, a pause is lifted, the signed PDF is handed out."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from logisav.desk.tests.desk import at_desk, manager, owner, page_of, text
from quotes.models import Quote
from quotes.tests.factories import make_sent_quote
from signing.models import TRIES_A_LIFE, Signature, SigningAllowance
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
LIST = "/admin/signing/signature/"


def allow(quote: Quote) -> str:
    return reverse("admin:signing_allow_more_tries", args=[quote.pk])


def signed_pdf(quote: Quote) -> str:
    return reverse("admin:signing_signed_pdf", args=[quote.pk])


def paused_quote() -> Quote:
    quote = make_sent_quote(owner=owner())
    SigningAllowance.objects.create(quote=quote, tries=TRIES_A_LIFE)
    return quote


def test_a_pause_is_told_on_the_quotes_page_and_lifted_after_asking() -> None:
    quote = paused_quote()
    desk = at_desk(quote.owner)
    assert allow(quote) in text(desk.get(page_of(quote)))
    assert "Ce que le client verra" in text(desk.get(allow(quote)))
    assert not SigningAllowance.objects.get(quote=quote).allows_a_code
    assert desk.post(allow(quote)).headers["Location"] == page_of(quote)
    assert SigningAllowance.objects.get(quote=quote).allows_a_code
    assert quote.events.get(kind="tries_allowed").actor["name"] == quote.owner.username
    assert allow(quote) not in text(desk.get(page_of(quote)))


def test_only_who_may_change_the_quote_lifts_a_pause() -> None:
    quote = paused_quote()
    assert at_desk(owner()).post(allow(quote)).status_code == 404
    quote.owner.groups.clear()
    assert at_desk(quote.owner).post(allow(quote)).status_code == 403
    assert not SigningAllowance.objects.get(quote=quote).allows_a_code
    assert at_desk(manager()).post(allow(quote)).status_code == 302


def test_pauses_are_lifted_for_several_quotes_of_the_list() -> None:
    paused = paused_quote()
    other = make_sent_quote(owner=paused.owner)
    desk = at_desk(paused.owner)
    bulk = reverse("admin:quotes_quote_bulk", args=["autoriser-de-nouveaux-essais"])
    assert "autoriser-de-nouveaux-essais" in text(desk.get("/admin/quotes/quote/"))
    chosen = {"devis": [paused.pk, other.pk]}
    page = html.unescape(text(desk.get(bulk, chosen)))
    assert "Possible pour 1 devis sur 2" in page
    assert "n'est pas possible : la signature de ce devis n'est pas en pause." in page
    assert "Chaque client peut de nouveau demander un code" in page
    desk.post(bulk, chosen)
    assert SigningAllowance.objects.get(quote=paused).allows_a_code
    assert paused.events.get(kind="tries_allowed").actor["name"] == paused.owner.username
    assert not other.events.filter(kind="tries_allowed").exists()


def test_no_pause_no_button() -> None:
    quote = make_sent_quote(owner=owner())
    assert allow(quote) not in text(at_desk(quote.owner).get(page_of(quote)))


def test_a_signature_is_told_on_the_quotes_page_before_and_after_its_seal() -> None:
    quote = make_sent_quote(owner=owner())
    make_signature(quote)
    page = text(at_desk(quote.owner).get(page_of(quote)))
    assert "Signé par <strong>Claire Morel</strong>" in page
    assert "Le PDF signé se prépare." in page
    assert at_desk(quote.owner).get(signed_pdf(quote)).status_code == 404


def test_signatures_are_listed_for_those_who_see_the_quote() -> None:
    quote = make_sent_quote(owner=owner())
    make_signature(quote)
    assert quote.number in text(at_desk(quote.owner).get(LIST))
    assert quote.number not in text(at_desk(owner()).get(LIST))
    assert at_desk(owner()).get(signed_pdf(quote)).status_code == 404


def test_a_signature_is_read_only() -> None:
    quote = make_sent_quote(owner=owner())
    make_signature(quote)
    signature = Signature.objects.get()
    desk = at_desk(manager())
    page = f"{LIST}{signature.pk}/change/"
    assert signature.reference in text(desk.get(page))
    assert desk.post(page, {"first_name": "Intrus"}).status_code == 403
    assert desk.post(f"{LIST}{signature.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
    signature.refresh_from_db()
    assert signature.first_name == "Claire"
