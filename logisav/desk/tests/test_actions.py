"""What the owner does to a quote: each action asks first, happens once, and is offered only where it makes sense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lib.day import today_in_paris
from logisav.desk.quotes.actions import ACTIONS
from logisav.desk.tests.desk import action_of, at_desk, manager, owner, page_of, said, text
from quotes import workflow
from quotes.models import Company, Customer, IllegalMove, Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, add_lines, mails, make_quote, make_sent_quote, send

pytestmark = pytest.mark.django_db
STEPS = [action.path for action in ACTIONS]


def draft() -> Quote:
    return make_quote(owner=owner())


def sending() -> Quote:
    quote = draft()
    workflow.send(quote.pk, actor=SYSTEM)
    return quote


def sent() -> Quote:
    return send(draft())


def reminded() -> Quote:
    quote = sent()
    workflow.remind(quote.pk, actor=SYSTEM)
    return quote


def revising() -> Quote:
    quote = sent()
    workflow.revise(quote.pk, actor=SYSTEM)
    return quote


def blocked() -> Quote:
    quote = sent()
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    return quote


def lapsed() -> Quote:
    quote = sent()
    QuoteVersion.objects.filter(quote=quote).update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    return quote


def refused() -> Quote:
    quote = sent()
    workflow.refuse(quote.pk, reason="", actor=SYSTEM)
    return quote


def cancelled() -> Quote:
    quote = draft()
    workflow.cancel(quote.pk, actor=SYSTEM)
    return quote


def accepted() -> Quote:
    quote = sent()
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED, accepted_at=timezone.now())
    return quote


def done() -> Quote:
    quote = accepted()
    workflow.mark_done(quote.pk, actor=SYSTEM)
    return quote


OFFERED: dict[Callable[[], Quote], set[str]] = {
    draft: {"envoyer", "dupliquer", "annuler"},
    sending: {"dupliquer"},
    sent: {
        "relancer", "nouvelle-version", "renvoyer-un-lien", "dupliquer", "bloquer", "marquer-refuse", "annuler",
    },
    reminded: {
        "relancer", "nouvelle-version", "renvoyer-un-lien", "dupliquer", "bloquer", "marquer-refuse", "annuler",
    },
    revising: {
        "envoyer", "relancer", "renvoyer-un-lien", "dupliquer", "bloquer", "marquer-refuse", "annuler",
    },
    blocked: {"debloquer", "nouvelle-version", "dupliquer", "marquer-refuse", "annuler"},
    lapsed: {"nouvelle-version", "renvoyer-un-lien", "dupliquer", "bloquer", "marquer-refuse", "annuler"},
    refused: {"nouvelle-version", "dupliquer", "bloquer", "terminer"},
    cancelled: {"dupliquer"},
    accepted: {
        "renvoyer-un-lien", "dupliquer", "terminer", "materiel-livre", "retractation-recue-autrement",
    },
    done: {"renvoyer-un-lien", "dupliquer", "materiel-livre", "retractation-recue-autrement"},
}  # fmt: skip


def preview_of(quote: Quote) -> str:
    return reverse("admin:quotes_quote_preview", args=[quote.pk])


def pdf_of(quote: Quote) -> str:
    return reverse("admin:quotes_quote_pdf", args=[quote.pk])


def browser_of(quote: Quote) -> Client:
    return at_desk(quote.owner)


@pytest.mark.parametrize("situation", OFFERED, ids=lambda situation: situation.__name__)
def test_only_what_the_state_allows_is_offered(situation: Callable[[], Quote]) -> None:
    quote = situation()
    page = text(browser_of(quote).get(page_of(quote)))
    offered = {step for step in STEPS if action_of(quote, step) in page}
    if 'name="_send"' in page:
        offered.add("envoyer")
    assert offered == OFFERED[situation]


@pytest.mark.parametrize("situation", OFFERED, ids=lambda situation: situation.__name__)
def test_what_is_not_offered_is_refused_with_a_sentence_and_never_an_error(
    situation: Callable[[], Quote],
) -> None:
    quote = situation()
    browser = browser_of(quote)
    before = list(Quote.objects.filter(pk=quote.pk).values())
    count = quote.events.count()
    for step in sorted(set(STEPS) - OFFERED[situation]):
        for response in (
            browser.get(action_of(quote, step), follow=True),
            browser.post(action_of(quote, step), follow=True),
        ):
            assert response.status_code == 200
            assert any("n'est pas possible" in sentence for sentence in said(response)), step
    assert list(Quote.objects.filter(pk=quote.pk).values()) == before
    assert quote.events.count() == count


@pytest.mark.parametrize("situation", OFFERED, ids=lambda situation: situation.__name__)
def test_every_action_asks_before_it_does_anything(situation: Callable[[], Quote]) -> None:
    quote = situation()
    browser = browser_of(quote)
    before, count = list(Quote.objects.filter(pk=quote.pk).values()), quote.events.count()
    for step in sorted(OFFERED[situation]):
        page = text(browser.get(action_of(quote, step)))
        assert "Ce que le client verra" in page
        assert "csrfmiddlewaretoken" in page
    assert list(Quote.objects.filter(pk=quote.pk).values()) == before
    assert quote.events.count() == count


def do(quote: Quote, step: str, **fields: str) -> list[str]:
    response = browser_of(quote).post(action_of(quote, step), fields, follow=True)
    assert response.status_code == 200
    quote.refresh_from_db()
    return said(response)


def test_envoyer_freezes_the_version_and_says_where_it_goes() -> None:
    quote = draft()
    assert do(quote, "envoyer") == [
        f"Le devis {quote.number} part à claire.morel@exemple.fr. Son PDF se prépare, le mail suit."
    ]
    assert quote.state == Quote.State.SENDING
    event = quote.events.get(kind="version_frozen")
    assert event.actor["name"] == quote.owner.username


def test_what_is_missing_is_listed_and_nothing_is_sent() -> None:
    quote = make_quote(owner=owner(), lines=())
    Quote.objects.filter(pk=quote.pk).update(issued_on=dt.date(2020, 1, 1), valid_until=dt.date(2020, 1, 31))
    browser = browser_of(quote)
    for response in (browser.get(action_of(quote, "envoyer")), browser.post(action_of(quote, "envoyer"))):
        page = text(response)
        assert "Ajoutez au moins une ligne avec un prix." in page
        assert "La date de validité est passée." in page
        assert 'class="desk-button">Envoyer' not in page
    assert response.status_code == 422
    quote.refresh_from_db()
    assert quote.state == Quote.State.DRAFT
    assert not QuoteVersion.objects.exists()


def test_renvoyer_un_lien_mails_a_fresh_one() -> None:
    quote = sent()
    assert do(quote, "renvoyer-un-lien") == ["Un nouveau lien part à claire.morel@exemple.fr."]
    assert quote.links.count() == 2
    assert mails("quotes/new_link", quote).count() == 1


def test_relancer_reminds() -> None:
    quote = sent()
    do(quote, "relancer")
    assert quote.state == Quote.State.REMINDED
    assert mails("quotes/reminder", quote).count() == 1


def test_bloquer_keeps_the_reason_and_debloquer_lifts_it() -> None:
    quote = sent()
    do(quote, "bloquer", reason="Litige en cours")
    assert quote.blocked_at
    assert "Litige en cours" in text(browser_of(quote).get(page_of(quote)))
    do(quote, "debloquer")
    assert Quote.objects.get(pk=quote.pk).blocked_at is None
    assert [event.kind for event in quote.events.all()][-2:] == ["blocked", "unblocked"]


def test_a_reason_that_is_too_long_is_told_and_nothing_happens() -> None:
    quote = sent()
    response = browser_of(quote).post(action_of(quote, "bloquer"), {"reason": "x" * 301})
    assert "300 caractères" in text(response)
    quote.refresh_from_db()
    assert not quote.is_blocked


def test_nouvelle_version_opens_the_form_again() -> None:
    quote = refused()
    do(quote, "nouvelle-version")
    assert quote.is_editable
    assert 'name="title"' in text(browser_of(quote).get(page_of(quote)))


def test_dupliquer_leads_to_the_copy() -> None:
    quote = sent()
    response = browser_of(quote).post(action_of(quote, "dupliquer"))
    copy = Quote.objects.exclude(pk=quote.pk).get()
    assert response.headers["Location"] == page_of(copy)
    assert (copy.title, copy.lines.count()) == (quote.title, quote.lines.count())
    assert copy.state == Quote.State.DRAFT


def test_marquer_refuse_terminer_and_annuler() -> None:
    quote = sent()
    do(quote, "marquer-refuse", reason="Au téléphone")
    assert quote.state == Quote.State.REFUSED
    assert quote.events.get(kind="marked_refused").facts["reason"] == "Au téléphone"
    done_ = accepted()
    do(done_, "terminer", performed_on=f"{today_in_paris():%d/%m/%Y}")
    assert done_.state == Quote.State.DONE
    cancelled_ = sent()
    do(cancelled_, "annuler")
    assert cancelled_.state == Quote.State.CANCELLED


def test_the_same_action_twice_is_done_once() -> None:
    quote = sent()
    do(quote, "annuler")
    assert any("n'est pas possible" in sentence for sentence in do(quote, "annuler"))
    assert quote.events.filter(kind="cancelled").count() == 1


def test_a_quote_that_becomes_unsendable_between_page_and_click_stays_a_draft() -> None:
    quote = draft()
    browser = browser_of(quote)
    browser.get(action_of(quote, "envoyer"))
    Company.objects.update(phone="")
    assert browser.post(action_of(quote, "envoyer")).status_code == 422
    quote.refresh_from_db()
    assert quote.state == Quote.State.DRAFT


def test_odd_names_and_braces_do_not_break_the_page() -> None:
    quote = draft()
    Customer.objects.update(last_name="{number} <b>{0}</b>", email="a{b}@exemple.fr")
    add_lines(quote, ({"label": "{email} <script>", "unit": "h", "unit_price": 1},))
    page = text(browser_of(quote).get(action_of(quote, "envoyer")))
    assert "a{b}@exemple.fr" in page
    assert "<b>{0}" not in page


@pytest.mark.parametrize(
    ("situation", "verb"),
    [
        (draft, lambda pk: workflow.block(pk, reason="", actor=SYSTEM)),
        (blocked, lambda pk: workflow.block(pk, reason="", actor=SYSTEM)),
        (accepted, lambda pk: workflow.block(pk, reason="", actor=SYSTEM)),
        (sent, lambda pk: workflow.unblock(pk, actor=SYSTEM)),
        (draft, lambda pk: workflow.remind(pk, actor=SYSTEM)),
        (lapsed, lambda pk: workflow.remind(pk, actor=SYSTEM)),
    ],
    ids=["never sent", "blocked twice", "concluded", "not blocked", "nothing to remind of", "past its date"],
)
def test_a_verb_that_would_change_nothing_is_refused_whoever_asks(
    situation: Callable[[], Quote], verb: Callable[[int], None]
) -> None:
    quote = situation()
    before, count = list(Quote.objects.filter(pk=quote.pk).values()), quote.events.count()
    with pytest.raises(IllegalMove):
        verb(quote.pk)
    assert list(Quote.objects.filter(pk=quote.pk).values()) == before
    assert quote.events.count() == count


def test_a_cancelled_quote_has_no_version_in_preparation() -> None:
    quote = revising()
    do(quote, "annuler")
    assert not quote.revising
    refused_ = refused()
    workflow.revise(refused_.pk, actor=SYSTEM)
    do(refused_, "terminer")
    assert not refused_.revising


@pytest.mark.parametrize("step", STEPS)
def test_another_owner_finds_no_quote(step: str) -> None:
    quote = sent()
    browser = at_desk(owner())
    assert browser.get(action_of(quote, step)).status_code == 404
    assert browser.post(action_of(quote, step)).status_code == 404
    assert browser.get(page_of(quote)).status_code == 302
    assert browser.get(preview_of(quote)).status_code == 404
    assert browser.get(pdf_of(quote)).status_code == 404


def test_a_manager_may_act_on_every_quote() -> None:
    quote = sent()
    assert at_desk(manager()).post(action_of(quote, "relancer")).status_code == 302
    quote.refresh_from_db()
    assert quote.state == Quote.State.REMINDED


def test_staff_without_rights_may_neither_see_nor_act() -> None:
    quote = sent()
    User.objects.filter(pk=quote.owner_id).update(is_superuser=False)
    quote.owner.groups.clear()
    browser = browser_of(quote)
    for address in (page_of(quote), action_of(quote, "annuler"), preview_of(quote)):
        assert browser.get(address).status_code == 403
    assert browser.post(action_of(quote, "annuler")).status_code == 403
    assert Client().get(page_of(quote)).headers["Location"].startswith("/admin/login/")


def test_an_action_without_csrf_token_is_refused() -> None:
    quote = sent()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(quote.owner)
    assert browser.post(action_of(quote, "annuler")).status_code == 403
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENT


def test_apercu_is_the_customers_page_and_nothing_on_it_leads_anywhere() -> None:
    quote = sent()
    response = browser_of(quote).get(preview_of(quote))
    page = text(response)
    assert "Accepter et signer" in page
    assert "Aperçu" in page
    assert f'href="/devis/{quote.public_id}/' not in page
    assert f"/devis/{quote.public_id}/retractation/." in page, "the notice names the function by its address"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert quote.links.count() == 1


def test_apercu_of_a_draft_shows_what_would_be_sent() -> None:
    quote = draft()
    page = text(browser_of(quote).get(preview_of(quote)))
    assert quote.title in page
    assert "8\u202f939,35" in page
    assert not QuoteVersion.objects.exists()


def test_apercu_of_a_new_version_shows_the_working_copy() -> None:
    quote = revising()
    Quote.objects.filter(pk=quote.pk).update(title="Tout autre chose")
    assert "Tout autre chose" in text(browser_of(quote).get(preview_of(quote)))


def test_the_pdf_is_the_file_that_the_customer_reads() -> None:
    quote = sent()
    response = browser_of(quote).get(pdf_of(quote))
    version = quote.current_version()
    assert version is not None
    assert b"".join(response.streaming_content) == version.pdf.read()  # type: ignore[attr-defined]
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert browser_of(quote).get(pdf_of(make_quote(owner=quote.owner))).status_code == 404


def test_the_next_step_is_the_one_filled_button() -> None:
    for situation, step in ((sent, "relancer"), (blocked, "debloquer"), (refused, "nouvelle-version")):
        quote = situation()
        page = text(browser_of(quote).get(page_of(quote)))
        assert f'class="desk-button" href="{action_of(quote, step)}"' in page
        assert page.count('class="desk-button"') == 1


def test_what_is_asked_is_a_whole_sentence_that_names_the_quote() -> None:
    assert all(action.asks.endswith(" ?") and "{number}" in action.asks for action in ACTIONS)
    quote = sent()
    page = text(browser_of(quote).get(action_of(quote, "bloquer"))).replace("&#x27;", "'")
    assert f"<h2>Bloquer l'accès du client au devis {quote.number}\u00a0?</h2>" in page
    page = text(browser_of(quote).get(action_of(quote, "annuler")))
    assert '<button type="submit" class="desk-button grave">Annuler le devis</button>' in page


def test_make_sent_quote_is_what_the_desk_shows_as_sent() -> None:
    quote = make_sent_quote(owner=owner())
    page = text(browser_of(quote).get(page_of(quote)))
    assert '<span class="pill info" data-fact="quote.sent">Envoyé</span>' in page
