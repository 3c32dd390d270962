"""« PDF du brouillon »: the staff's alone, made by the worker, reused while nothing changed, gone after a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from logisav import sweeping
from logisav.desk.tests.desk import at_desk, filled, manager, owner, page_of, said, text
from quotes import workflow
from quotes.models import DraftPdf, IllegalMove, Quote, QuoteVersion
from quotes.pdf import drafts, engine
from quotes.tests.documents import read
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
STAND_IN = b"%PDF-1.7\n% brouillon\n%%EOF\n"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """No real rendering; what is noted is whether a draft was asked for."""
    asked: list[bool] = []

    def stand_in(content: Any, *, draft: bool = False) -> bytes:
        asked.append(draft)
        return STAND_IN

    monkeypatch.setattr("quotes.pdf.rendering.quote_pdf", stand_in)
    return asked


def wait_of(quote: Quote) -> str:
    return reverse("admin:quotes_quote_draft", args=[quote.pk])


def pdf_of(quote: Quote) -> str:
    return reverse("admin:quotes_quote_draft_pdf", args=[quote.pk])


def test_it_is_asked_for_waited_for_and_read_in_the_browser(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)
    response = desk.post(wait_of(quote), follow=True)
    assert "se prépare" in text(response)
    assert drafts.sweep() == 1
    response = desk.get(response.redirect_chain[-1][0], follow=True)
    assert response.redirect_chain[-1][0] == pdf_of(quote)
    assert (response.content, response.headers["Content-Type"]) == (STAND_IN, "application/pdf")
    assert response.headers["Content-Disposition"] == f'inline; filename="{quote.number}-brouillon.pdf"'
    assert "no-store" in response.headers["Cache-Control"]
    assert quick == [True]


def test_the_form_saves_before_it_asks(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)
    page = desk.get(page_of(quote))
    assert "PDF du brouillon" in text(page)
    response = desk.post(page_of(quote), filled(page) | {"title": "Vu sur papier", "_draft_pdf": ""})
    assert response.headers["Location"].startswith(wait_of(quote))
    assert DraftPdf.objects.get().reading.title == "Vu sur papier"


def test_every_page_says_brouillon() -> None:
    lines = tuple({"label": f"Poste {rank}"} for rank in range(60))
    quote = make_quote(owner=owner(), lines=lines)
    workflow.request_draft_pdf(quote.pk)
    drafts.sweep()
    document = at_desk(quote.owner).get(pdf_of(quote)).content
    pages = [page for page in read(document, "pdftotext", "-raw").split("\f") if page]
    assert len(pages) >= 3
    assert all("Brouillon, pas encore envoyé." in page for page in pages)


def test_it_is_reused_while_nothing_changed_and_made_anew_after_a_change(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)
    for _ in range(2):
        desk.post(wait_of(quote))
        drafts.sweep()
    assert quick == [True]
    Quote.objects.filter(pk=quote.pk).update(title="Autre objet")
    response = desk.get(pdf_of(quote), follow=True)
    assert "Le devis a changé depuis le dernier PDF." in text(response)
    desk.post(wait_of(quote))
    drafts.sweep()
    assert desk.get(pdf_of(quote)).content == STAND_IN
    assert DraftPdf.objects.get().reading.title == "Autre objet"


def test_what_was_asked_for_again_meanwhile_is_not_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    quote = make_quote()

    def slow(content: Any, *, draft: bool) -> bytes:
        Quote.objects.filter(pk=quote.pk).update(title="Plus récent")
        workflow.request_draft_pdf(quote.pk)
        return STAND_IN

    monkeypatch.setattr("quotes.pdf.rendering.quote_pdf", slow)
    drafts.render_draft(workflow.request_draft_pdf(quote.pk).pk)
    draft = DraftPdf.objects.get()
    assert (draft.reading.title, draft.done_at, bytes(draft.pdf)) == ("Plus récent", None, b"")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (engine.NoPdf.HTML_TOO_LARGE, "trop long"),
        (engine.NoPdf.TOO_SLOW, "pris trop de temps"),
        (engine.NoPdf.CRASHED, "prévenez la personne"),
    ],
)
def test_what_cannot_be_rendered_is_told_and_can_be_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, reason: engine.NoPdf, words: str
) -> None:
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)

    def failing(content: Any, *, draft: bool) -> bytes:
        raise engine.RenderingFailed(reason, "secret words of the engine")

    monkeypatch.setattr("quotes.pdf.rendering.quote_pdf", failing)
    desk.post(wait_of(quote))
    drafts.sweep()
    page = text(desk.get(wait_of(quote)))
    assert "pas pu être fait" in page
    assert words in page
    assert "secret words" not in page
    monkeypatch.setattr("quotes.pdf.rendering.quote_pdf", lambda content, *, draft: STAND_IN)
    assert "se prépare" in text(desk.post(wait_of(quote), follow=True))
    drafts.sweep()
    assert desk.get(pdf_of(quote)).content == STAND_IN


def test_a_worker_that_dies_again_and_again_is_told_too(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    draft = workflow.request_draft_pdf(quote.pk)
    DraftPdf.objects.update(attempts=drafts.MAX_ATTEMPTS)
    drafts.render_draft(draft.pk)
    assert "pas pu être fait" in text(at_desk(quote.owner).get(wait_of(quote)))
    assert quick == []


def test_somebody_elses_quote_does_not_exist(quick: list[bool]) -> None:
    quote = make_quote()
    workflow.request_draft_pdf(quote.pk)
    drafts.sweep()
    desk = at_desk(owner())
    assert desk.get(pdf_of(quote)).status_code == 404
    assert desk.get(wait_of(quote)).status_code == 404
    assert desk.post(wait_of(quote)).status_code == 404
    assert at_desk(manager()).get(pdf_of(quote)).status_code == 200
    assert "/admin/login/" in Client().get(pdf_of(quote)).headers["Location"]


def test_it_is_no_version_and_no_customer_gets_it(quick: list[bool]) -> None:
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(title="Version 2 à venir")
    events, files = quote.events.count(), sorted(default_storage.listdir("versions")[1])
    workflow.request_draft_pdf(quote.pk)
    drafts.sweep()
    assert QuoteVersion.objects.count() == 1
    assert quote.events.count() == events
    assert sorted(default_storage.listdir("versions")[1]) == files
    browser = visitor(quote)
    assert "brouillon" not in text(browser.get(quote.get_absolute_url())).lower()
    document = b"".join(browser.get(f"{quote.get_absolute_url()}devis.pdf"))
    assert document != STAND_IN
    assert "/admin/login/" in browser.get(pdf_of(quote)).headers["Location"]


def test_once_sent_there_is_no_draft_any_more(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    workflow.request_draft_pdf(quote.pk)
    drafts.sweep()
    workflow.send(quote.pk, actor=SYSTEM)
    desk = at_desk(quote.owner)
    for response in (desk.get(pdf_of(quote), follow=True), desk.post(wait_of(quote), follow=True)):
        assert response.redirect_chain[-1][0] == page_of(quote)
        assert any("n'est plus un brouillon" in sentence for sentence in said(response))
    with pytest.raises(IllegalMove):
        workflow.request_draft_pdf(quote.pk)


def test_it_is_forgotten_after_a_day(quick: list[bool]) -> None:
    workflow.request_draft_pdf(make_quote().pk)
    drafts.sweep()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=23, minutes=59), tick=False):
        sweeping.sweep()
        assert DraftPdf.objects.count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1), tick=False):
        sweeping.sweep()
        assert not DraftPdf.objects.exists()


def test_the_preview_offers_it_beside_the_customers_page(quick: list[bool]) -> None:
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)
    preview = reverse("admin:quotes_quote_preview", args=[quote.pk])
    page = text(desk.get(preview))
    assert f'action="{wait_of(quote)}"' in page
    assert "PDF du brouillon" in page
    sent = make_sent_quote(owner=quote.owner)
    page = text(desk.get(reverse("admin:quotes_quote_preview", args=[sent.pk])))
    assert "PDF du brouillon" not in page
    assert reverse("admin:quotes_quote_pdf", args=[sent.pk]) in page
