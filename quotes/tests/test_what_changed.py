"""What changed since the version before stands in the mail and on the page, until the new one is signed."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from logisav.desk.tests.desk import at_desk, owner, text
from quotes import workflow
from quotes.models import Company, Quote
from quotes.tests.factories import (
    SYSTEM,
    add_lines,
    complete,
    mails,
    make_quote,
    make_sent_quote,
    send,
    send_again,
    version_of,
    visitor,
)
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
LINES: tuple[dict[str, Any], ...] = (
    {"kind": "section", "label": "Dépose"},
    {"label": "Main-d'œuvre", "quantity": Decimal(6), "unit": "h", "unit_price": Decimal(58)},
    {"kind": "text", "label": "Peinture comprise"},
    {"kind": "section", "label": "Pose", "description": "Fourniture et pose"},
    {"label": "Main-d'œuvre", "quantity": Decimal(24), "unit": "h", "unit_price": Decimal(58)},
    {"kind": "text", "label": "Garantie 10 ans"},
)
SINCE = "Ce qui a changé depuis la version\u00a0"


def page_of(quote: Quote) -> str:
    return html.unescape(text(visitor(quote).get(quote.get_absolute_url())))


def preview_of(quote: Quote) -> str:
    address = reverse("admin:quotes_quote_preview", args=[quote.pk])
    return html.unescape(text(at_desk(quote.owner).get(address)))


def revised() -> Quote:
    """A next version that means something else in five places, at the same price."""
    quote = make_sent_quote(lines=LINES, deposit_kind="amount", deposit_value=Decimal(522), owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    quote.lines.filter(label="Peinture comprise").update(label="Peinture NON comprise")
    quote.lines.filter(label="Garantie 10 ans").delete()
    quote.lines.filter(label="Pose").update(description="Fourniture seule, sans pose")
    quote.lines.filter(quantity=24).update(position=1)
    Quote.objects.filter(pk=quote.pk).update(deposit_kind="percent", deposit_value=Decimal(25))
    return Quote.objects.get(pk=quote.pk)


SENTENCES = [
    "Acompte\u00a0: 522,00\u00a0€ (25\u00a0% du total) au lieu de 522,00\u00a0€ (montant fixe).",
    "Retiré\u00a0: Garantie 10 ans.",
    "Texte\u00a0: «\u00a0Peinture NON comprise\u00a0» au lieu de «\u00a0Peinture comprise\u00a0».",
    "Pose, description\u00a0: «\u00a0Fourniture seule, sans pose\u00a0» au lieu de «\u00a0Fourniture et pose\u00a0».",
    (
        "«\u00a0Main-d'œuvre\u00a0» (2e ligne de ce nom) est maintenant dans la partie «\u00a0Dépose\u00a0», "
        "et non plus dans la partie «\u00a0Pose\u00a0»."
    ),
]


def test_mail_and_page_tell_each_change_of_what_is_agreed() -> None:
    quote = revised()
    preview = preview_of(quote)
    send(quote)
    mail, page = mails("quotes/new_version", quote).get(), page_of(quote)
    for sentence in SENTENCES:
        assert f"- {sentence}" in mail.text
        assert f"<li>{sentence}</li>" in page
        assert f"<li>{sentence}</li>" in preview, "the owner reads it before it leaves"
    assert f"{SINCE}1" in page
    assert f"{SINCE}1" in preview
    assert f"{SINCE}1" in preview_of(Quote.objects.get(pk=quote.pk)), "and afterwards"
    assert "présentation" not in mail.text + page + preview


def test_a_first_version_has_nothing_to_tell() -> None:
    quote = make_sent_quote(owner=owner())
    assert SINCE not in page_of(quote)
    assert SINCE not in preview_of(quote)


def test_once_signed_it_is_no_longer_told() -> None:
    quote = send(revised())
    make_signature(quote)
    assert SINCE not in page_of(quote)
    assert SINCE not in preview_of(Quote.objects.get(pk=quote.pk))


def test_a_version_that_never_reached_the_customer_is_not_the_one_before() -> None:
    quote = make_sent_quote(title="Une pompe")
    workflow.revise(quote.pk, actor=SYSTEM)
    lost = workflow.send(quote.pk, actor=SYSTEM)
    workflow.abandon_sending(lost.pk, reason="panne")
    Quote.objects.filter(pk=quote.pk).update(title="Deux pompes")
    page = page_of(send(quote))
    assert f"{SINCE}1" in page
    assert "«\u00a0Deux pompes\u00a0» au lieu de «\u00a0Une pompe\u00a0»" in page


def test_a_version_given_up_does_not_come_back_over_a_newer_one() -> None:
    """Its worker was slow, not dead."""
    quote = make_quote()
    slow = workflow.send(quote.pk, actor=SYSTEM)
    workflow.abandon_sending(slow.pk, reason="panne")
    newer = workflow.send(quote.pk, actor=SYSTEM)
    complete(slow)
    complete(newer)
    assert version_of(Quote.objects.get(pk=quote.pk)).number == newer.number


def test_what_changed_is_told_from_the_version_that_was_mailed() -> None:
    """One that came into force without a mail told nothing to anybody."""
    quote = make_sent_quote(title="Une pompe")
    workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(title="Deux pompes")
    kept_back = workflow.send(quote.pk, actor=SYSTEM)
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    complete(kept_back)
    workflow.unblock(quote.pk, actor=SYSTEM)
    page = page_of(send_again(Quote.objects.get(pk=quote.pk)))
    assert f"{SINCE}1" in page
    assert "«\u00a0Deux pompes\u00a0» au lieu de «\u00a0Une pompe\u00a0»" in page


def test_a_third_version_is_held_against_the_second() -> None:
    quote = send_again(send_again(make_sent_quote(title="A"), title="B"), title="C")
    page = page_of(quote)
    assert f"{SINCE}2" in page
    assert "«\u00a0C\u00a0» au lieu de «\u00a0B\u00a0»" in page


def test_a_new_look_of_the_company_is_told_as_that() -> None:
    quote = make_sent_quote()
    Company.objects.update(colour="#123456")
    assert "La présentation du devis a été revue." in page_of(send_again(quote))


def test_what_an_owner_wrote_stays_text_on_the_page() -> None:
    quote = make_quote()
    send(quote)
    workflow.revise(quote.pk, actor=SYSTEM)
    add_lines(quote, ({"label": "<b>Gras</b>", "unit": "h", "unit_price": Decimal(1)},))
    shown = text(visitor(send(quote)).get(quote.get_absolute_url()))
    assert "&lt;b&gt;Gras" in shown
    assert "<b>Gras" not in shown
