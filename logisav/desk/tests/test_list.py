"""The list of quotes and the first page: what waits for the owner comes first, in few queries."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, manager, owner, page_of, text
from quotes import list_columns, workflow
from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, make_business, make_customer, make_quote, make_sent_quote

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LIST = "/admin/quotes/quote/"


def titles(response: Any) -> list[str]:
    return [quote.title for quote in response.context["cl"].result_list]


def make_lapse(quote: Quote) -> None:
    """As if sent long ago; the sweep is what midnight brings."""
    QuoteVersion.objects.filter(quote=quote).update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    Quote.objects.filter(pk=quote.pk).update(in_force_until=timezone.localdate() - dt.timedelta(days=1))
    list_columns.sweep()


def test_what_waits_for_the_owner_comes_first() -> None:
    julien = owner()
    for state in (Quote.State.ACCEPTED, Quote.State.CANCELLED):
        quote = make_sent_quote(owner=julien, title=state.value)
        Quote.objects.filter(pk=quote.pk).update(state=state)
        list_columns.refresh(quote)
    asked = make_sent_quote(owner=julien, title="question")
    workflow.ask(asked.pk, text="Quand venez-vous ?", phone="", actor=SYSTEM)
    make_sent_quote(owner=julien, title="client")
    make_quote(owner=julien, title="brouillon")
    make_lapse(make_sent_quote(owner=julien, title="expiré"))
    found = titles(at_desk(julien).get(LIST))
    assert found == ["question", "expiré", "brouillon", "client", "cancelled", "accepted"]


def test_owners_see_their_own_quotes_and_managers_all() -> None:
    julien, lea = owner(), owner()
    make_quote(owner=julien, title="à Julien")
    make_quote(owner=lea, title="à Léa")
    assert titles(at_desk(julien).get(LIST)) == ["à Julien"]
    assert titles(at_desk(manager()).get(LIST)) == ["à Léa", "à Julien"]


def test_the_list_asks_as_many_questions_for_forty_quotes_as_for_two(
    django_assert_max_num_queries: Any,
) -> None:
    julien = manager()
    browser = at_desk(julien)
    for number in range(40):
        quote = make_sent_quote(owner=julien, title=f"Devis {number}")
        workflow.ask(quote.pk, text="Bonjour, une question", phone="", actor=SYSTEM)
    browser.get(LIST)
    with django_assert_max_num_queries(12):
        assert len(titles(browser.get(LIST))) == 40


def row(browser: Client) -> str:
    """The list's one row, as read."""
    page = text(browser.get(LIST))
    start = page.index("field-numbered")
    plain = re.sub(r"<[^>]+>", " ", page[start - 20 : page.index("</table>", start)])
    return re.sub(r"\s*\n\s*|  +", " ", plain)


def test_a_row_tells_total_state_validity_and_the_last_fact() -> None:
    julien = owner()
    quote = make_sent_quote(owner=julien, customer=make_business())
    workflow.block(quote.pk, reason="", actor=SYSTEM)
    read = row(at_desk(julien))
    today = timezone.localdate()
    for words in (
        quote.number, "Boulangerie Perrin", "8\u202f939,35\xa0€", "Envoyé", "Accès bloqué",
        f"envoyé {today:%d/%m}",
    ):  # fmt: skip
        assert words in read


def test_a_sent_quotes_total_is_the_one_that_the_customer_holds() -> None:
    julien = owner()
    quote = make_sent_quote(owner=julien)
    quote.lines.all().delete()
    assert "8\u202f939,35\xa0€" in row(at_desk(julien))


def test_lapse_and_next_version_are_told_beside_the_state() -> None:
    julien = owner()
    quote = make_sent_quote(owner=julien)
    make_lapse(quote)
    assert "Expiré" in row(at_desk(julien))
    workflow.revise(quote.pk, actor=SYSTEM)
    assert "Nouvelle version" in row(at_desk(julien))


def test_declarations_that_wait_to_be_matched_are_found() -> None:
    julien = owner()
    for title in ("rapprocher", "déclaré", "calme"):
        quote = make_sent_quote(owner=julien, title=title)
        Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED, accepted_at=timezone.now())
        if title == "rapprocher":
            found = workflow.declare_openly(quote.public_id, name="X", email="", actor=Actor("customer"))
            assert found is not None
            workflow.take_up(found.pk)
        if title == "déclaré":
            workflow.declare(quote.pk, name="X", email="", actor=Actor("customer"))
    browser = at_desk(julien)
    assert titles(browser.get(f"{LIST}?retractation=rapprocher")) == ["rapprocher"]
    assert sorted(titles(browser.get(f"{LIST}?retractation=declaree"))) == ["déclaré", "rapprocher"]
    assert len(titles(browser.get(f"{LIST}?retractation=x"))) == 3
    assert titles(at_desk(owner()).get(f"{LIST}?retractation=rapprocher")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tour=question", ["asked"]),
        ("tour=nous", ["asked", "draft"]),
        ("tour=client", ["sent"]),
        ("tour=expire", []),
        ("tour=regle", ["refused"]),
        ("state__exact=refused", ["refused"]),
        ("q=D-", ["asked", "draft", "sent", "refused"]),
        ("q=Perrin", ["draft"]),
        ("q=perrin@exemple", ["draft"]),
        ("q=introuvable", []),
        ("tour=inconnu", ["asked", "draft", "sent", "refused"]),
        ("responsable=x", ["asked", "draft", "sent", "refused"]),
    ],
)
def test_filters_and_search(query: str, found: list[str]) -> None:
    julien = manager()
    refused = make_sent_quote(owner=julien, title="refused")
    workflow.refuse(refused.pk, reason="", actor=SYSTEM)
    make_sent_quote(owner=julien, title="sent")
    make_quote(
        owner=julien, title="draft", customer=make_customer(last_name="Perrin", email="perrin@exemple.fr")
    )
    asked = make_sent_quote(owner=julien, title="asked")
    workflow.ask(asked.pk, text="Une question ?", phone="", actor=SYSTEM)
    assert titles(at_desk(julien).get(f"{LIST}?{query}")) == found


def test_tabs_count_what_one_may_see_and_lead_there() -> None:
    julien = owner()
    make_quote(owner=julien), make_sent_quote(owner=julien), make_sent_quote(owner=julien)
    make_sent_quote(owner=owner())
    browser = at_desk(julien)
    tabs = browser.get(LIST).context["tabs"]
    assert [(tab.words, tab.shown) for tab in tabs] == [
        ("Tous", "3"), ("À nous", "1"), ("Chez le client", "2"), ("Acceptés", "0"), ("Terminés", "0"), ("Refusés", "0"),
    ]  # fmt: skip
    for tab in tabs:
        page = browser.get(tab.address)
        assert str(len(titles(page))) == tab.shown
        assert [one.words for one in page.context["tabs"] if one.is_here] == [tab.words]


def test_what_the_last_fact_says_is_not_said_twice() -> None:
    julien = owner()
    make_sent_quote(owner=julien)
    read = row(at_desk(julien))
    assert "Devis envoyé" in read
    assert "envoyé" not in read.replace("Devis envoyé", "")


def test_the_first_page_counts_and_leads() -> None:
    julien = owner()
    asked = make_sent_quote(owner=julien, title="À répondre")
    workflow.ask(asked.pk, text="Une question ?", phone="", actor=SYSTEM)
    make_quote(owner=julien)
    make_quote(title="à une autre")
    browser = at_desk(julien)
    response = browser.get("/admin/")
    assert [figure.count for figure in response.context["ours"]] == [1, 1, 0]
    assert page_of(asked) in text(response)
    assert "à une autre" not in text(response)
    for figure in (*response.context["ours"], *response.context["theirs"]):
        assert browser.get(figure.url).status_code == 200


def test_the_first_page_of_an_account_without_rights_says_so() -> None:
    make_quote()
    julien = owner()
    julien.groups.clear()
    assert "Demandez à un administrateur" in text(at_desk(julien).get("/admin/"))


def test_no_two_filters_of_a_list_read_the_same_word_of_its_address() -> None:
    """Each would read the other's choice as its own, and find nothing."""
    for desk in admin.site._registry.values():
        words = [getattr(one, "parameter_name", one) for one in desk.list_filter]
        assert len(words) == len(set(words)), desk
