"""A line is the same line from version to version: its identity stays when it is edited, and is nobody else's."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from logisav.desk.tests.desk import at_desk, filled, line, owner, page_of
from quotes import workflow
from quotes.models import Quote, QuoteLine
from quotes.tests.factories import (
    SYSTEM,
    make_customer,
    make_owner,
    make_quote,
    make_sent_quote,
    send,
    version_of,
)


def identities(quote: Quote) -> list[str]:
    return [line.identity for line in quote.lines.all()]


@pytest.mark.django_db
def test_the_desks_form_keeps_it_whatever_is_edited() -> None:
    quote = make_quote(owner=owner())
    first, second, third, fourth = identities(quote)
    desk = at_desk(quote.owner)
    data = filled(desk.get(page_of(quote))) | {
        "lines-1-label": "Une tout autre pompe",
        "lines-1-unit_price": "1,00",
        "lines-1-position": "3",
        "lines-3-position": "1",
        "lines-2-DELETE": "on",
        **line(4, label="Ballon", unit_price="10"),
        "lines-TOTAL_FORMS": "5",
    }
    assert desk.post(page_of(quote), data).status_code == 302
    *stayed, new = identities(quote)
    assert stayed == [first, fourth, second]
    assert new not in {first, second, third, fourth}
    assert quote.lines.get(identity=second).label == "Une tout autre pompe"


@pytest.mark.django_db
def test_nobody_writes_it_at_the_desk() -> None:
    quote = make_quote(owner=owner())
    before, desk = identities(quote), at_desk(quote.owner)
    response = desk.get(page_of(quote))
    assert "-identity" not in response.content.decode().replace("data-identity", "")
    desk.post(page_of(quote), filled(response) | {"lines-0-identity": "volée", "lines-0-label": "Dépose"})
    assert identities(quote) == before


@pytest.mark.django_db
def test_it_is_frozen_with_each_version() -> None:
    quote = make_sent_quote()
    first = version_of(quote).reading
    assert [facts.identity for facts in first.lines] == identities(quote)
    workflow.revise(quote.pk, actor=SYSTEM)
    quote.lines.filter(label="Main-d'œuvre").update(label="Pose", position=0)
    second = version_of(send(quote)).reading
    assert {facts.identity for facts in second.lines} == {facts.identity for facts in first.lines}


@pytest.mark.django_db
def test_another_quote_has_lines_of_its_own() -> None:
    quote = make_quote()
    copy = workflow.duplicate(quote.pk, actor=SYSTEM)
    template = workflow.save_as_template(quote.pk, name="Pompe")
    begun = workflow.create_from_template(
        template.pk, customer=make_customer(), owner=make_owner(), actor=SYSTEM
    )
    everything = identities(quote) + identities(copy) + identities(begun)
    assert len(everything) == len(set(everything)) == 12


@pytest.mark.django_db
def test_two_lines_of_a_quote_never_share_one() -> None:
    quote = make_quote()
    with pytest.raises(IntegrityError), transaction.atomic():
        quote.lines.update(identity="la même")


@pytest.mark.django_db(transaction=True)
def test_lines_that_were_there_before_get_one_each() -> None:
    quote = make_quote()
    try:
        call_command("migrate", "quotes", "0008", verbosity=0)
        assert "identity" not in columns()
    finally:
        call_command("migrate", "quotes", verbosity=0)
    assert identities(quote) == [f"l{pk}" for pk in quote.lines.values_list("pk", flat=True)]
    added = QuoteLine.objects.create(quote=quote, label="Ballon")
    assert len(added.identity) == 12


def columns() -> set[str]:
    with connection.cursor() as cursor:
        return {
            column.name
            for column in connection.introspection.get_table_description(cursor, "quotes_quoteline")
        }
