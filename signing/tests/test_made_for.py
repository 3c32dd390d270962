"""A version was made for one customer at one mailbox: whatever is changed afterwards, nobody else reads or signs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from logisav.desk.tests.desk import at_desk, filled, manager, owner, page_of, said, text
from notifications import delivery
from notifications.models import OutgoingEmail
from quotes import links, workflow
from quotes.models import AccessLink, Customer, IllegalMove, Quote, QuoteVersion
from quotes.rules import Reason
from quotes.tests.factories import (
    SYSTEM,
    complete,
    mails,
    make_customer,
    make_link,
    make_quote,
    make_sent_quote,
    secrets_of,
    send,
    send_again,
    version_of,
    visitor,
)
from signing.models import Signature
from signing.tests.factories import make_form, make_signature, make_signing_request, right_code, sign
from signing.workflow import Outcome, request_code

pytestmark = pytest.mark.django_db
FIRST, SECOND = "claire.morel@exemple.fr", "paul.dupont@exemple.fr"
KEEPS_CUSTOMER = "un devis qui a une version garde son client. Pour un autre client, dupliquez le devis."


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote(owner=owner())


def another() -> Customer:
    return make_customer(civility="M.", first_name="Paul", last_name="Dupont", email=SECOND)


def signable_link(quote: Quote, email: str) -> AccessLink:
    """A link to this address, valid in itself."""
    link, _ = make_link(quote)
    AccessLink.objects.filter(pk=link.pk).update(email=email)
    link.refresh_from_db()
    return link


def asked_for(quote: Quote, link: AccessLink) -> Outcome:
    outcome, _ = request_code(
        quote.pk,
        link=link,
        form=make_form(
            consents=frozenset(one.id for one in version_of(quote).reading.consents if one.required)
        ),
        version_hash=version_of(quote).version_hash,
        browser="b" * 64,
        actor=SYSTEM,
    )
    return outcome


# Every way of changing a customer, a mail address, an owner


def by_the_quotes_form(quote: Quote) -> None:
    """« Nouvelle version », then another customer."""
    workflow.revise(quote.pk, actor=SYSTEM)
    desk, customer = at_desk(quote.owner), another()
    Customer.objects.filter(pk=customer.pk).update(made_by=quote.owner)
    page = desk.get(page_of(quote))
    response = desk.post(page_of(quote), filled(page) | {"customer": customer.pk})
    assert response.status_code == 200
    assert f"{KEEPS_CUSTOMER[:1].upper()}{KEEPS_CUSTOMER[1:]}" in text(response)


def by_the_customers_form(quote: Quote) -> None:
    """The one person made into the other."""
    desk, address = at_desk(manager()), f"/admin/quotes/customer/{quote.customer_id}/change/"
    changes = {"email": SECOND, "first_name": "Paul", "last_name": "Dupont"}
    assert desk.post(address, filled(desk.get(address)) | changes).status_code == 302


def by_the_verb(quote: Quote) -> None:
    workflow.change_email(quote.customer_id, email=SECOND, actor=SYSTEM)


def by_a_file(quote: Quote) -> None:
    """The mail is the key of a row: a file makes a second customer, it moves none."""
    desk = at_desk(manager())
    content = f"Prénom;Nom;Mail;Adresse\nClaire;Morel;{SECOND};12 chemin des Vignes\n".encode()
    page: Any = desk.post(
        "/admin/quotes/customer/importer/",
        {"file": SimpleUploadedFile("clients.csv", content, content_type="text/csv")},
        follow=True,
    )
    fingerprint = {"fingerprint": page.context["plan"].fingerprint}
    desk.post(page.redirect_chain[-1][0], fingerprint, follow=True)
    assert Customer.objects.filter(email=SECOND).exists()


def directly_the_customer(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(customer=another())


def directly_the_address(quote: Quote) -> None:
    Customer.objects.filter(pk=quote.customer_id).update(email=SECOND)


def by_another_owner(quote: Quote) -> None:
    """Whoever follows the quote says nothing of whom it was made for."""
    workflow.revise(quote.pk, actor=SYSTEM)
    desk = at_desk(manager())
    colleague = owner()
    assert (
        desk.post(page_of(quote), filled(desk.get(page_of(quote))) | {"owner": colleague.pk}).status_code
        == 302
    )
    assert Quote.objects.get(pk=quote.pk).owner == colleague


MOVING = (by_the_customers_form, by_the_verb, directly_the_customer, directly_the_address)
STAYING = (by_the_quotes_form, by_a_file, by_another_owner)


@pytest.mark.parametrize("change", MOVING, ids=lambda way: way.__name__)
def test_no_link_signs_another_persons_contract_however_the_address_was_changed(
    quote: Quote, change: Callable[[Quote], None]
) -> None:
    old = visitor(quote)
    kept, _ = make_link(quote)
    change(quote)
    for link in (kept, signable_link(quote, SECOND), signable_link(quote, FIRST)):
        assert asked_for(quote, link) is Outcome.NOT_OPEN
    page = text(old.get(quote.get_absolute_url()))
    assert "Accepter et signer" not in page
    assert quote.title not in page
    assert text(visitor(quote).get(quote.get_absolute_url())).count(quote.title) == 0
    for path in ("", "signer/", "devis.pdf", "code/"):
        assert quote.title not in text_of(visitor(quote).get(quote.get_absolute_url() + path))
    assert not mails("signing/code", quote).exists()


def text_of(response: Any) -> str:
    return "" if response.streaming else text(response)


@pytest.mark.parametrize("change", STAYING, ids=lambda way: way.__name__)
def test_what_changes_no_address_leaves_the_quote_to_be_signed(
    quote: Quote, change: Callable[[Quote], None]
) -> None:
    change(quote)
    quote = Quote.objects.get(pk=quote.pk)
    assert (quote.customer.email, quote.customer.last_name) == (FIRST, "Morel")
    assert make_signature(quote).email == FIRST


@pytest.mark.parametrize("change", MOVING, ids=lambda way: way.__name__)
def test_a_code_that_was_asked_for_before_accepts_nothing_afterwards(
    quote: Quote, change: Callable[[Quote], None]
) -> None:
    request = make_signing_request(quote)
    code = right_code(request)
    change(quote)
    assert sign(request, code) is Outcome.NOT_OPEN
    assert not Signature.objects.exists()
    assert Quote.objects.get(pk=quote.pk).state == Quote.State.SENT


def test_the_customer_of_a_quote_that_has_a_version_does_not_change() -> None:
    """Sent, refused, or frozen in vain: the first sending failed, and the draft stands open again."""
    in_vain = make_quote(owner=owner())
    version = workflow.send(in_vain.pk, actor=SYSTEM)
    workflow.abandon_sending(version.pk, reason="le moteur est en panne")
    refused = make_sent_quote(owner=owner())
    workflow.refuse(refused.pk, reason="", actor=SYSTEM)
    workflow.revise(refused.pk, actor=SYSTEM)
    for quote in (in_vain, refused):
        quote.refresh_from_db()
        assert quote.why_no_other_customer() is Reason.HAS_VERSION
        desk = at_desk(quote.owner)
        response = desk.post(page_of(quote), filled(desk.get(page_of(quote))) | {"customer": another().pk})
        assert "dupliquez le devis" in text(response)
        assert Quote.objects.get(pk=quote.pk).customer.email == FIRST


def test_a_draft_and_a_copy_take_any_customer(quote: Quote) -> None:
    copy = workflow.duplicate(quote.pk, actor=SYSTEM)
    desk, customer = at_desk(quote.owner), another()
    Customer.objects.filter(pk=customer.pk).update(made_by=quote.owner)
    for draft in (copy, make_quote(owner=quote.owner)):
        desk.post(page_of(draft), filled(desk.get(page_of(draft))) | {"customer": customer.pk})
        assert Quote.objects.get(pk=draft.pk).customer == customer


# What is said, and what mends it


def test_an_open_quote_says_that_its_address_has_changed_and_sends_no_link(quote: Quote) -> None:
    by_the_verb(quote)
    desk = at_desk(quote.owner)
    page = text(desk.get(page_of(quote)))
    assert "Adresse changée" in page
    assert "envoyez une nouvelle version" in page
    assert "renvoyer-un-lien" not in page
    assert "relancer" not in page
    for step in ("renvoyer-un-lien", "relancer"):
        response = desk.post(f"/admin/quotes/quote/{quote.pk}/faire/{step}/", {"words": ""}, follow=True)
        assert any("adresse changée : envoyez une nouvelle version" in words for words in said(response))
    for verb in (workflow.resend_link, workflow.remind):
        with pytest.raises(IllegalMove) as refusal:
            verb(quote.pk, actor=SYSTEM)
        assert refusal.value.reason is Reason.ADDRESS_CHANGED
    workflow.request_link(quote.pk, actor=SYSTEM)
    assert not mails("quotes/new_link", quote).exists()
    assert not mails("quotes/reminder", quote).exists()


def test_a_question_is_answered_once_the_new_version_is_out(quote: Quote) -> None:
    workflow.ask(quote.pk, text="Et le thermostat ?", phone="", actor=SYSTEM)
    question = quote.questions.get()
    by_the_verb(quote)
    desk, address = at_desk(quote.owner), f"/admin/quotes/question/{question.pk}/change/"
    for page in (page_of(quote), address, "/admin/quotes/question/"):
        assert "adresse changée : envoyez une nouvelle version" in text(desk.get(page))
    response = desk.post(address, {"text": "Il est en option."})
    assert response.status_code == 409
    assert "Il est en option." in text(response), "what was typed is kept"
    assert not mails("quotes/answer", quote).exists()
    send_again(quote)
    assert desk.post(address, {"text": "Il est en option."}).status_code == 302
    assert mails("quotes/answer", quote).get().to == SECOND


def test_a_new_version_goes_to_the_new_address_and_is_signed_there(quote: Quote) -> None:
    by_the_verb(quote)
    send_again(quote)
    assert mails("quotes/new_version", quote).get().to == SECOND
    assert version_of(quote).address == SECOND
    assert make_signature(quote).email == SECOND


def test_an_address_that_comes_back_finds_its_version(quote: Quote) -> None:
    by_the_verb(quote)
    workflow.change_email(quote.customer_id, email=FIRST, actor=SYSTEM)
    workflow.resend_link(quote.pk, actor=SYSTEM)
    assert make_signature(quote).email == FIRST


def test_a_contract_gets_its_links_at_the_new_address(quote: Quote) -> None:
    make_signature(quote)
    by_the_verb(quote)
    workflow.resend_link(quote.pk, actor=SYSTEM)
    workflow.request_link(quote.pk, actor=SYSTEM)
    assert [mail.to for mail in mails("quotes/new_link", quote)] == [SECOND, SECOND]
    browser = Client()
    page = browser.get(path_of(secrets_of("quotes/new_link", quote)["link"]), follow=True)
    assert "Devis accepté le" in text(page)


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def test_an_address_that_changes_while_the_version_is_on_its_way_gets_no_mail() -> None:
    quote = make_quote(owner=owner())
    version = workflow.send(quote.pk, actor=SYSTEM)
    by_the_verb(quote)
    complete(version)
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENT
    assert not OutgoingEmail.objects.filter(about=quote.number, to__in=[FIRST, SECOND]).exists()
    assert not quote.links.exists()
    kept_back = quote.events.get(kind="version_kept_back")
    assert kept_back.facts["reason"] == "adresse changée : envoyez une nouvelle version."
    assert "aucun mail n&#x27;est parti" in text(at_desk(quote.owner).get(page_of(quote)))
    send_again(quote)
    assert [mail.to for mail in mails("quotes/link", quote)] == [SECOND]


def test_a_mail_that_still_waits_does_not_leave_with_a_dead_link(quote: Quote) -> None:
    by_the_verb(quote)
    delivery.sweep()
    assert mails("quotes/link", quote).get().state == OutgoingEmail.State.OUTDATED


# Versions older than the column


def test_a_version_without_its_address_was_made_for_whom_the_journal_says(quote: Quote) -> None:
    QuoteVersion.objects.update(email="")
    assert version_of(quote).address == FIRST
    assert make_signature(quote).email == FIRST


def test_an_old_version_is_not_signed_at_another_address_either(quote: Quote) -> None:
    QuoteVersion.objects.update(email="")
    by_the_verb(quote)
    assert asked_for(quote, signable_link(quote, SECOND)) is Outcome.NOT_OPEN
    send_again(quote)
    QuoteVersion.objects.update(email="")
    assert [version.address for version in quote.versions.order_by("number")] == [FIRST, SECOND]
    with transaction.atomic():
        link, _ = links.make_link(Quote.objects.get(pk=quote.pk))
    assert asked_for(quote, link) is Outcome.CODE_SENT


def test_each_version_keeps_the_address_it_was_frozen_for() -> None:
    quote = send(make_quote())
    assert version_of(quote).email == FIRST


def test_a_version_without_its_address_is_nobodys_when_the_address_changed_meanwhile() -> None:
    quote = make_quote(owner=owner())
    version = workflow.send(quote.pk, actor=SYSTEM)
    by_the_verb(quote)
    QuoteVersion.objects.update(email="")
    complete(version)
    assert QuoteVersion.objects.get(pk=version.pk).address == ""
    assert not OutgoingEmail.objects.filter(about=quote.number, to__in=[FIRST, SECOND]).exists()
