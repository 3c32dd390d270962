"""« Renoncer au contrat ici »: to the last second, without a reason, once."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from notifications.models import Notification
from quotes import withdrawal, workflow
from quotes.french import PARIS
from quotes.models import IllegalMove, Quote
from quotes.tests.factories import SYSTEM, mails, make_business, make_sent_quote, version_of, visitor
from quotes.workflow import Withdrawal

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
    return browser.post(path(quote), {"name": "Claire Morel", "email": "claire@exemple.net"})


def test_from_the_accepted_page_to_the_receipt() -> None:
    quote = accept(make_sent_quote())
    browser = visitor(quote)
    assert "Renoncer au contrat ici" in text(browser.get(quote.get_absolute_url()))
    assert "Confirmer la rétractation" in text(browser.get(path(quote)))
    assert withdraw(quote, browser).headers["Location"] == quote.get_absolute_url()
    quote.refresh_from_db()
    assert quote.state == Quote.State.WITHDRAWN
    assert "Votre rétractation est enregistrée" in text(browser.get(quote.get_absolute_url()))


def test_the_receipt_goes_to_the_address_given_with_content_date_and_time() -> None:
    with time_machine.travel(TUESDAY, tick=False):
        quote = accept(make_sent_quote())
        withdraw(quote, visitor(quote))
    receipt = mails("quotes/withdrawn", quote).get()
    assert receipt.to == "claire@exemple.net"
    assert "24\u00a0novembre\u00a02026 à 14\u00a0h\u00a041\u00a0min\u00a000\u00a0s" in receipt.text
    assert f"Claire Morel renonce au contrat {quote.number}" in receipt.text
    assert "8\u00a0décembre\u00a02026" in receipt.text


def test_the_owner_is_told_by_mail_and_notification() -> None:
    quote = accept(make_sent_quote())
    withdraw(quote, visitor(quote))
    assert mails("quotes/withdrawn_owner", quote).get().to == quote.owner.email
    assert Notification.objects.unread(quote.owner).get().kind == "withdrawn"


def test_pressed_twice_gives_one_withdrawal() -> None:
    quote = accept(make_sent_quote())
    for _ in range(2):
        outcome = workflow.withdraw(quote.pk, name="C", email="c@exemple.net", actor=SYSTEM)
        assert outcome is Withdrawal.DONE
    assert quote.events.filter(kind="withdrawn").count() == 1
    assert mails("quotes/withdrawn", quote).count() == 1


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
        quote = accept(make_sent_quote(valid_until=dt.date(2027, 1, 1)))
    for instant, possible in ((last_second, True), (last_second + dt.timedelta(seconds=1), False)):
        with time_machine.travel(instant, tick=False):
            assert Quote.objects.get(pk=quote.pk).can_withdraw is possible
            page = text(visitor(quote).get(quote.get_absolute_url()))
            assert ("Renoncer au contrat ici" in page) is possible


def test_too_late_is_refused_by_the_verb_itself() -> None:
    quote = accept(make_sent_quote(), timezone.now() - dt.timedelta(days=30))
    outcome = workflow.withdraw(quote.pk, name="C", email="c@exemple.net", actor=SYSTEM)
    assert outcome is Withdrawal.TOO_LATE
    assert not mails("quotes/withdrawn", quote).exists()


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
    at = dt.datetime.combine(concluded, dt.time(12), tzinfo=PARIS)
    assert withdrawal.last_day(at) == last


def test_a_professional_or_a_sale_on_the_premises_has_no_such_right() -> None:
    for quote in (make_sent_quote(customer=make_business()), make_sent_quote(contract="on_premises")):
        assert not accept(quote).can_withdraw
        assert version_of(quote).reading.withdrawal is None


def test_whoever_signs_reads_where_the_function_will_be() -> None:
    for quote, is_told in ((make_sent_quote(), True), (make_sent_quote(contract="on_premises"), False)):
        page = text(visitor(quote).get(f"{quote.get_absolute_url()}signer/"))
        assert "Recevoir mon code par mail" in page
        assert ("Renoncer au contrat ici" in page) is is_told


def test_an_exception_is_chosen_with_a_reason_and_shown_in_the_version() -> None:
    quote = make_sent_quote(
        withdrawal_exception="urgent_repair", withdrawal_reason="Fuite de gaz, appel du 3 mars."
    )
    page = text(visitor(quote).get(quote.get_absolute_url()))
    assert "Fuite de gaz, appel du 3 mars." in page
    assert not accept(quote).can_withdraw


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
    workflow.withdraw(quote.pk, name="C", email="c@exemple.net", actor=SYSTEM)
    with pytest.raises(IllegalMove):
        workflow.mark_done(quote.pk, actor=SYSTEM)
