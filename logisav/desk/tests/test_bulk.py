"""Actions of the list: one page says what becomes of each chosen quote, then each is done by itself."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from logisav.desk.quotes.actions import ACTIONS
from logisav.desk.tests.desk import at_desk, manager, owner, said, text
from quotes import workflow
from quotes.models import Quote
from quotes.tests.factories import SYSTEM, mails, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db
LIST = "/admin/quotes/quote/"
STEPS = [action.path for action in ACTIONS if action.form is None]


@pytest.fixture
def julien() -> User:
    return owner()


@pytest.fixture
def desk(julien: User) -> Client:
    return at_desk(julien)


def bulk_of(step: str) -> str:
    return reverse("admin:quotes_quote_bulk", args=[step])


def ask(desk: Client, step: str, *quotes: Quote) -> Any:
    return desk.get(bulk_of(step), {"devis": [quote.pk for quote in quotes]})


def do(desk: Client, step: str, *quotes: Quote, **typed: str) -> Any:
    data: dict[str, Any] = {"devis": [quote.pk for quote in quotes], **typed}
    return desk.post(bulk_of(step), data, follow=True)


def states(*quotes: Quote) -> list[str]:
    return [Quote.objects.get(pk=quote.pk).state for quote in quotes]


def test_the_list_offers_the_actions_and_leads_to_their_page(desk: Client, julien: User) -> None:
    quotes = [make_sent_quote(owner=julien) for _ in range(2)]
    page = text(desk.get(LIST))
    for step in STEPS:
        assert f'<option value="{step}">' in page
    assert 'value="delete_selected"' not in page
    chosen = {"action": "relancer", "_selected_action": [quote.pk for quote in quotes], "index": "0"}
    response = desk.post(LIST, chosen, follow=True)
    assert response.redirect_chain[0][0].startswith(bulk_of("relancer"))
    assert [row.quote for row in response.context["rows"]] == quotes
    assert states(*quotes) == ["sent", "sent"]


def test_all_of_the_list_is_never_chosen(desk: Client, julien: User) -> None:
    quotes = [make_sent_quote(owner=julien) for _ in range(3)]
    chosen = {"action": "annuler", "_selected_action": [quotes[0].pk], "select_across": "1", "index": "0"}
    response = desk.post(LIST, chosen, follow=True)
    assert [row.quote for row in response.context["rows"]] == quotes[:1]


def test_each_quote_says_what_will_happen_or_why_not(desk: Client, julien: User) -> None:
    sent, draft = make_sent_quote(owner=julien), make_quote(owner=julien)
    page = html.unescape(text(ask(desk, "relancer", sent, draft)))
    assert "Possible pour 1 devis sur 2" in page
    assert "Sera fait" in page
    assert "« Relancer » n'est pas possible : ce devis est « En cours »." in page
    assert "Chaque client reçoit un rappel avec un nouveau lien" in page
    assert "Bonjour Madame\u00a0Morel,\n\nNous vous avons proposé un devis" in page
    assert states(sent, draft) == ["sent", "draft"]


def test_the_possible_ones_are_done_and_each_result_is_told(desk: Client, julien: User) -> None:
    first, draft, last = (
        make_sent_quote(owner=julien),
        make_quote(owner=julien),
        make_sent_quote(owner=julien),
    )
    sentences = said(do(desk, "relancer", first, draft, last))
    assert sorted(sentences) == sorted([
        f"« Relancer » est fait pour 2 devis : {first.number}, {last.number}.",
        f"{draft.number} : « Relancer » n'est pas possible : ce devis est « En cours ».",
    ])  # fmt: skip
    assert states(first, draft, last) == ["reminded", "draft", "reminded"]
    assert mails("quotes/reminder", first).count() == 1
    assert first.events.get(kind="reminded").actor["name"] == julien.username


def test_what_is_missing_keeps_one_quote_and_no_other(desk: Client, julien: User) -> None:
    whole, empty = make_quote(owner=julien), make_quote(owner=julien, lines=())
    assert "Ajoutez au moins une ligne avec un prix." in text(ask(desk, "envoyer", whole, empty))
    sentences = said(do(desk, "envoyer", whole, empty))
    assert any(sentence.startswith(f"{empty.number} : Ajoutez") for sentence in sentences)
    assert states(whole, empty) == ["sending", "draft"]


def test_one_that_changes_between_page_and_click_undoes_no_other(
    desk: Client, julien: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_sent_quote(owner=julien), make_sent_quote(owner=julien)
    real = workflow.cancel

    def cancel(quote_id: int, **facts: Any) -> None:
        if quote_id == first.pk:
            workflow.refuse(quote_id, reason="", actor=SYSTEM)
        real(quote_id, **facts)

    monkeypatch.setattr(workflow, "cancel", cancel)
    sentences = said(do(desk, "annuler", first, second))
    assert any("ce devis est « Refusé »" in sentence for sentence in sentences)
    assert states(first, second) == ["refused", "cancelled"]


def test_one_word_goes_into_every_mail(desk: Client, julien: User) -> None:
    quotes = [make_sent_quote(owner=julien) for _ in range(2)]
    do(desk, "relancer", *quotes, words="Nos bureaux ferment vendredi.")
    for quote in quotes:
        assert "Nos bureaux ferment vendredi." in mails("quotes/reminder", quote).get().text


def test_a_link_in_the_word_is_refused_and_nothing_leaves(desk: Client, julien: User) -> None:
    quote = make_sent_quote(owner=julien)
    response = do(desk, "relancer", quote, words="Voyez www.pirate.example")
    assert response.status_code == 422
    assert "Voyez www.pirate.example" in text(response)
    assert not mails("quotes/reminder", quote).exists()


def test_a_reason_is_kept_for_each(desk: Client, julien: User) -> None:
    quotes = [make_sent_quote(owner=julien) for _ in range(2)]
    do(desk, "bloquer", *quotes, reason="Litige")
    assert set(Quote.objects.values_list("blocked_reason", flat=True)) == {"Litige"}
    do(desk, "debloquer", *quotes)
    assert not Quote.objects.exclude(blocked_at=None).exists()


@pytest.mark.parametrize("step", STEPS)
def test_every_action_has_its_page_for_several(desk: Client, julien: User, step: str) -> None:
    quotes = [make_quote(owner=julien), make_sent_quote(owner=julien)]
    assert ask(desk, step, *quotes).status_code == 200
    assert do(desk, step, *quotes).status_code == 200


def test_a_selection_is_bounded_to_a_page_and_well_formed(desk: Client, julien: User) -> None:
    make_sent_quote(owner=julien)
    for devis in (["x"], ["-1"], ["1" * 30], ["0"], [str(number) for number in range(51)]):
        assert desk.get(bulk_of("annuler"), {"devis": devis}).status_code == 404
        assert desk.post(bulk_of("annuler"), {"devis": devis}).status_code == 404
    assert said(desk.get(bulk_of("annuler"), follow=True)) == ["Cochez d'abord un devis."]
    assert ask(desk, "voler").status_code == 404


def test_another_owners_quote_in_the_selection_stops_it_all(desk: Client, julien: User) -> None:
    own, other = make_sent_quote(owner=julien), make_sent_quote(owner=owner())
    assert ask(desk, "annuler", own, other).status_code == 404
    assert do(desk, "annuler", own, other).status_code == 404
    assert states(own, other) == ["sent", "sent"]
    do(at_desk(manager()), "annuler", own, other)
    assert states(own, other) == ["cancelled", "cancelled"]


@pytest.mark.parametrize("pk", ["--1", "1.5", "\x00", "9" * 30])
def test_a_tick_that_is_no_quote_does_not_exist(desk: Client, julien: User, pk: str) -> None:
    quote = make_sent_quote(owner=julien)
    ticked = {"action": "annuler", "_selected_action": [quote.pk, pk], "index": 0, "select_across": 0}
    desk.raise_request_exception = False
    assert desk.post(LIST, ticked).status_code == (400 if pk == "\x00" else 404)


def test_whoever_may_only_read_may_not_act(julien: User) -> None:
    quote = make_sent_quote(owner=julien)
    julien.groups.clear()
    desk = at_desk(julien)
    assert ask(desk, "annuler", quote).status_code == 403
    assert desk.post(bulk_of("annuler"), {"devis": [quote.pk]}).status_code == 403
    assert states(quote) == ["sent"]
