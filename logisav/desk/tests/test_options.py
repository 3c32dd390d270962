"""Options on the desk: grouped and fixed in the editor; what the customer chose is told in list, page and history."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from logisav.desk.tests.desk import at_desk, filled, owner, page_of, text
from quotes import readiness, workflow
from quotes.models import Quote
from quotes.rules import Verb
from quotes.tests.factories import SYSTEM, complete
from quotes.tests.test_choosing import LINES, again, choose, sent, waiting
from quotes.versions import freezing

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote() -> Quote:
    return sent(owner=owner())


@pytest.fixture
def desk(quote: Quote) -> Client:
    return at_desk(quote.owner)


def save(desk: Client, quote: Quote, **typed: Any) -> Any:
    """A field that is None is a box that was unticked."""
    address = page_of(quote)
    data = filled(desk.get(address)) | typed
    return desk.post(address, {name: value for name, value in data.items() if value is not None})


def field(quote: Quote, label: str, name: str) -> str:
    """As the form calls it: lines stand in their order."""
    labels = [line.label for line in quote.lines.all()]
    return f"lines-{labels.index(label)}-{name}"


def test_the_editor_groups_options_and_says_which_one_counts(desk: Client, quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    save(
        desk,
        quote,
        **{
            field(quote, "Thermostat", "choice_group"): "Confort",
            field(quote, "Thermostat", "choice_kind"): "at_most_one",
            field(quote, "Thermostat", "chosen"): "on",
        },
    )
    line = quote.lines.get(label="Thermostat")
    assert (line.choice_group, line.choice_kind, line.chosen) == ("Confort", "at_most_one", True)
    assert "298,80" not in text(desk.get(page_of(quote)))
    assert [one.label for one in freezing.preview(again(quote)).chosen] == ["Thermostat", "Ballon 200 l"]


def test_a_line_that_is_no_option_keeps_nothing_of_one(desk: Client, quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    save(desk, quote, **{field(quote, "Ballon 200 l", "option"): None})
    line = quote.lines.get(label="Ballon 200 l")
    assert (line.option, line.chosen, line.choice_group) == (False, False, "")


def test_a_group_without_its_one_line_or_with_two_is_not_sent(quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    assert readiness.missing(again(quote)) == []
    quote.lines.filter(choice_group="Ballon").update(chosen=False)
    assert "Un groupe au choix" in readiness.missing(again(quote))[0]
    quote.lines.filter(choice_group="Ballon").update(chosen=True)
    assert "Un groupe au choix" in readiness.missing(again(quote))[0]


def test_the_box_fixes_the_options_at_once(desk: Client, quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    assert 'name="options_fixed"' in text(desk.get(page_of(quote)))
    save(desk, quote, options_fixed="on")
    assert again(quote).options_fixed
    assert not again(quote).may(Verb.CHOOSE)
    save(desk, quote, options_fixed=None)
    assert again(quote).may(Verb.CHOOSE)


def test_list_page_and_history_tell_the_choice(desk: Client, quote: Quote) -> None:
    choose(quote, "Thermostat", "Ballon 300 l")
    page = text(desk.get(page_of(quote)))
    assert "Le client a choisi\xa0: Thermostat, Ballon 300 l. La version 2 se prépare." in page
    assert "«\xa0Thermostat\xa0» et «\xa0Ballon 300 l\xa0»" in page
    listed = reverse("admin:quotes_quote_changelist")
    assert "Options choisies par le client" in text(desk.get(listed))
    complete(waiting(quote))
    assert "Choix du client en vigueur" in text(desk.get(listed))
    assert "La version 2 porte le choix du client." in text(desk.get(page_of(quote)))


def test_the_next_version_says_that_it_starts_with_the_choice(desk: Client, quote: Quote) -> None:
    choose(quote, "Thermostat", "Ballon 300 l")
    complete(waiting(quote))
    workflow.revise(quote.pk, actor=SYSTEM)
    page = text(desk.get(page_of(quote)))
    assert "Elle reprend le choix du client&nbsp;: «\xa0Thermostat\xa0» et «\xa0Ballon 300 l\xa0»." in page
    assert "ne reprend pas son choix" not in page


def test_a_choice_that_came_while_the_next_version_was_written_is_told_before_it_is_sent(
    desk: Client, quote: Quote
) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    choose(quote, "Thermostat", "Ballon 200 l")
    complete(waiting(quote))
    page = text(desk.get(page_of(quote)))
    assert "ne reprend pas son choix" in page
    quote.lines.filter(label="Thermostat").update(chosen=True)
    assert "ne reprend pas son choix" not in text(desk.get(page_of(quote)))


def test_a_choice_that_failed_is_told(desk: Client, quote: Quote) -> None:
    choose(quote, "Thermostat", "Ballon 200 l")
    workflow.abandon_sending(waiting(quote).pk, reason="Pas de police.")
    page = text(desk.get(page_of(quote)))
    assert "celle d'avant reste en vigueur" in page


def test_the_preview_shows_the_options_and_none_of_them_does_anything(desk: Client, quote: Quote) -> None:
    page = text(desk.get(reverse("admin:quotes_quote_preview", args=[quote.pk])))
    assert "Mes options" in page
    assert reverse("signing:choose", args=[quote.public_id]) not in page


def test_a_template_keeps_groups_and_what_counts(quote: Quote) -> None:
    template = workflow.save_as_template(quote.pk, name="Ballons")
    kept = template.lines.values_list("label", "chosen", "choice_group")
    assert list(kept) == [
        (line["label"], line.get("chosen", False), line.get("choice_group", "")) for line in LINES
    ]
