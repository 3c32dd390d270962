"""« Renoncer au contrat ici »: to the last second, without a reason, once."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from lib.french import PARIS
from notifications.models import Notification
from quotes import workflow
from quotes.law import days
from quotes.models import IllegalMove, Quote
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_sent_quote,
    secrets_of,
    version_of,
    visitor,
    withdraw_at_once,
)

pytestmark = pytest.mark.django_db
TUESDAY = dt.datetime(2026, 11, 24, 13, 41, tzinfo=dt.UTC)


def accept(quote: Quote, at: dt.datetime | None = None) -> Quote:
    """Concluded at this instant."""
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED, accepted_at=at or timezone.now())
    return Quote.objects.get(pk=quote.pk)


def path(quote: Quote) -> str:
    return f"{quote.get_absolute_url()}retractation/"


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def withdraw(quote: Quote, browser: Client) -> Any:
    """With a grant and the code from the contract's mailbox."""
    browser.post(path(quote), {"name": "Claire Morel", "email": "claire@exemple.net"})
    return browser.post(f"{path(quote)}code/", secrets_of("quotes/withdrawal_code", quote))


def test_from_the_accepted_page_to_the_receipt() -> None:
    quote = accept(make_sent_quote())
    browser = visitor(quote)
    assert "Renoncer au contrat ici" in text(browser.get(quote.get_absolute_url()))
    assert "Confirmer la rétractation" in text(browser.get(path(quote)))
    assert withdraw(quote, browser).headers["Location"] == quote.get_absolute_url()
    quote.refresh_from_db()
    assert quote.state == Quote.State.WITHDRAWN
    assert "Votre rétractation est enregistrée" in text(browser.get(quote.get_absolute_url()))


def test_the_receipt_goes_to_the_contracts_address_and_to_the_one_given_with_content_date_and_time() -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = accept(make_sent_quote())
        withdraw(quote, visitor(quote))
    receipt, copy = mails("quotes/declared", quote).get(), mails("quotes/declared_copy", quote).get()
    assert (receipt.to, copy.to) == ("claire.morel@exemple.fr", "claire@exemple.net")
    at = "24\u00a0novembre\u00a02026 à 14\u00a0h\u00a041\u00a0min\u00a000\u00a0s"
    for mail in (receipt, copy):
        assert f"Déclaration reçue le {at}" in mail.text
        assert f"Claire Morel renonce au contrat {quote.number}" in mail.text
    end = mails("quotes/withdrawn", quote).get()
    assert end.to == "claire.morel@exemple.fr"
    assert "8\u00a0décembre\u00a02026" in end.text


def test_the_owner_is_told_by_mail_and_notification() -> None:
    quote = accept(make_sent_quote())
    withdraw(quote, visitor(quote))
    for message in ("quotes/declared_owner", "quotes/withdrawn_owner"):
        assert mails(message, quote).get().to == quote.owner.email
    assert [each.kind for each in Notification.objects.unread(quote.owner)] == ["withdrawn"] * 2


def test_pressed_twice_gives_one_withdrawal() -> None:
    quote = accept(make_sent_quote())
    browser = visitor(quote)
    for _ in range(2):
        browser.post(path(quote), {"name": "Claire Morel", "email": "claire@exemple.net"})
    code = secrets_of("quotes/withdrawal_code", quote)
    for _ in range(2):
        browser.post(f"{path(quote)}code/", code)
    assert mails("quotes/withdrawal_code", quote).count() == 1
    for kind in ("withdrawal_declared", "withdrawn"):
        assert quote.events.filter(kind=kind).count() == 1
    for message in ("quotes/declared", "quotes/declared_copy", "quotes/withdrawn"):
        assert mails(message, quote).count() == 1


@pytest.mark.parametrize(
    ("concluded", "last_second"),
    [
        (TUESDAY, dt.datetime(2026, 12, 8, 23, 59, 59, tzinfo=PARIS)),
        (dt.datetime(2026, 3, 17, 9, tzinfo=PARIS), dt.datetime(2026, 3, 31, 23, 59, 59, tzinfo=PARIS)),
        (
            dt.datetime(2026, 10, 12, 23, 59, tzinfo=PARIS),
            dt.datetime(2026, 10, 26, 23, 59, 59, tzinfo=PARIS),
        ),
    ],
    ids=["winter", "over summer time", "over winter time"],
)
def test_the_right_ends_with_the_last_second_of_the_fourteenth_day(
    concluded: dt.datetime, last_second: dt.datetime
) -> None:
    with time_machine.travel(concluded, tick=False):
        quote = accept(make_sent_quote(nature="services", valid_until=dt.date(2027, 1, 1)))
    for instant, possible in ((last_second, True), (last_second + dt.timedelta(seconds=1), False)):
        with time_machine.travel(instant, tick=False):
            assert Quote.objects.get(pk=quote.pk).can_withdraw() is possible
            page = text(visitor(quote).get(quote.get_absolute_url()))
            assert ("Vous pouvez changer d'avis" in page) is possible


def test_too_late_is_refused_by_the_verb_itself() -> None:
    quote = accept(make_sent_quote(nature="services"), timezone.now() - dt.timedelta(days=30))
    assert workflow.declare(quote.pk, name="C", email="c@exemple.net", actor=SYSTEM) is None
    assert not mails("quotes/declared", quote).exists()


@pytest.mark.parametrize(
    ("concluded", "last"),
    [
        (dt.date(2026, 12, 11), dt.date(2026, 12, 28)),  # Christmas, a Friday, then a week-end
        (dt.date(2026, 4, 30), dt.date(2026, 5, 15)),  # Ascension
        (dt.date(2026, 3, 23), dt.date(2026, 4, 7)),  # Easter Monday
        (dt.date(2026, 11, 28), dt.date(2026, 12, 14)),  # a Saturday
    ],
)
def test_a_last_day_that_is_no_working_day_moves_to_the_next_one(concluded: dt.date, last: dt.date) -> None:
    assert days.last_day(concluded) == last


def test_a_professional_or_a_sale_on_the_premises_has_no_such_right() -> None:
    for quote in (make_sent_quote(customer=make_business()), make_sent_quote(contract="on_premises")):
        assert not accept(quote).can_withdraw()
        assert version_of(quote).reading.withdrawal is None


def test_whoever_signs_reads_where_the_function_will_be() -> None:
    for fields, told in (
        ({}, "jusqu'à 14\u00a0jours après la livraison du matériel"),
        ({"nature": "services"}, "pendant 14\u00a0jours après la signature"),
        ({"contract": "on_premises"}, ""),
    ):
        quote = make_sent_quote(**fields)
        page = text(visitor(quote).get(f"{quote.get_absolute_url()}signer/"))
        assert "Recevoir mon code par mail" in page
        assert ("bouton «\u00a0Renoncer au contrat ici\u00a0»" in page) is bool(told)
        assert told in page


def test_an_exception_is_chosen_with_a_reason_and_shown_in_the_version() -> None:
    quote = make_sent_quote(
        nature="services",
        contract="off_premises",
        start="1 semaine après la signature",
        withdrawal_exception="urgent_repair",
        withdrawal_reason="fuite de gaz, appel du 3 mars",
    )
    page = text(visitor(quote).get(quote.get_absolute_url()))
    assert "vous nous l'avez demandé en urgence («\u00a0fuite de gaz, appel du 3 mars\u00a0»)" in page
    assert not accept(quote).can_withdraw()


def test_the_version_holds_notice_and_model_form() -> None:
    notices = {notice.id: notice.text for notice in version_of(make_sent_quote()).reading.notices}
    assert "sans donner de motif" in notices["withdrawal"]
    assert "notifie/notifions" in notices["withdrawal_form"]


def test_a_form_without_name_or_with_a_broken_address_is_kept() -> None:
    quote = accept(make_sent_quote())
    response = visitor(quote).post(path(quote), {"name": "", "email": "claire@"})
    assert response.status_code == 422
    assert 'value="claire@"' in text(response)


def test_a_withdrawn_quote_is_never_taken_up_again() -> None:
    quote = accept(make_sent_quote())
    assert withdraw_at_once(quote.pk)
    with pytest.raises(IllegalMove):
        workflow.mark_done(quote.pk, actor=SYSTEM)
