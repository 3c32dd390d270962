"""« Marquer terminé » files a contract; the customer keeps the page, the deposit to pay and the right to withdraw."""

from __future__ import annotations

import datetime as dt
import html
from zoneinfo import ZoneInfo

import pytest
import time_machine

from demo.stripe_standin.standin import StandIn
from lib.day import today_in_paris
from logisav.desk.tests.desk import action_of, at_desk, owner, page_of, text
from payments import workflow
from payments.models import BalanceStatus, Payment
from payments.rules import balance_status_of
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    make_accepted_quote,
    open_page,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import deliver_all
from payments.tests.test_transfer import confirm
from payments.workflow import Announced, periodic
from quotes import workflow as quotes
from quotes.models import Quote
from quotes.tests.factories import SYSTEM, mails, make_sent_quote, secrets_of, visitor

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
SIGNED = dt.datetime(2026, 11, 24, 14, 41, tzinfo=PARIS)
DAY = dt.timedelta(days=1)
NO_END = "le droit de rétractation n'a pas de fin"


def done(quote: Quote) -> Quote:
    quotes.mark_done(quote.pk, actor=SYSTEM)
    quote.refresh_from_db()
    return quote


def page(quote: Quote) -> str:
    return html.unescape(text(visitor(quote).get(quote.get_absolute_url())))


def test_row_3_done_within_the_period_the_customer_still_withdraws_and_gets_the_receipt() -> None:
    with time_machine.travel(SIGNED, tick=False):
        quote = done(make_accepted_quote(nature="services"))
        assert "Vous pouvez changer d'avis" in page(quote)
        assert "8\u00a0décembre\u00a02026" in page(quote)
        browser, address = visitor(quote), f"{quote.get_absolute_url()}retractation/"
        assert "Confirmer la rétractation" in html.unescape(text(browser.get(address)))
        browser.post(address, {"name": "Claire Morel", "email": "claire@exemple.net"})
        browser.post(f"{address}code/", secrets_of("quotes/withdrawal_code", quote))
    quote.refresh_from_db()
    assert quote.state == Quote.State.WITHDRAWN
    assert mails("quotes/declared", quote).get().to == "claire.morel@exemple.fr"
    assert mails("quotes/declared_copy", quote).get().to == "claire@exemple.net"
    assert mails("quotes/withdrawn", quote).get().to == "claire.morel@exemple.fr"
    assert mails("quotes/withdrawn_owner", quote).count() == 1


def test_done_changes_nothing_about_the_last_second_of_the_period() -> None:
    with time_machine.travel(SIGNED, tick=False):
        quote = done(make_accepted_quote(nature="services"))
    for instant, possible in (
        (dt.datetime(2026, 12, 8, 23, 59, 59, tzinfo=PARIS), True),
        (dt.datetime(2026, 12, 9, tzinfo=PARIS), False),
    ):
        with time_machine.travel(instant, tick=False):
            assert Quote.objects.get(pk=quote.pk).can_withdraw() is possible
            assert ("Vous pouvez changer d'avis" in page(quote)) is possible


def test_a_refusal_that_is_filed_gives_no_right_to_withdraw() -> None:
    quote = make_sent_quote()
    quotes.mark_refused(quote.pk, reason="", actor=SYSTEM)
    done(quote)
    assert quotes.declare(quote.pk, name="C", email="c@exemple.net", actor=CUSTOMER) is None
    assert "Vous pouvez changer d'avis" not in page(quote)


def test_the_deposit_of_a_done_contract_is_paid_by_card(stripe: StandIn) -> None:
    quote = done(make_accepted_quote())
    assert "Régler mon acompte" in page(quote)
    assert pay(stripe, quote).state == Payment.State.PAID
    assert "a bien été reçu" in page(quote)


def test_or_by_transfer() -> None:
    quote = done(make_accepted_quote())
    assert "J'ai fait le virement" in page(quote)
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.DONE


def test_a_page_that_is_open_at_stripe_stays_open(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    payment = open_page(quote)
    done(quote)
    workflow.sweep()
    payment.refresh_from_db()
    assert payment.state == Payment.State.OPEN
    stripe.pay_with(session_of(payment), name="Claire Morel")
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_a_deposit_that_was_never_asked_for_is_asked_for_by_the_sweep() -> None:
    quote = done(make_accepted_quote())
    workflow.sweep()
    assert deposit_of(quote).standing == BalanceStatus.DUE


def test_the_day_on_which_it_opens_is_told_as_the_page_has_promised() -> None:
    with time_machine.travel(SIGNED, tick=False):
        quote = make_accepted_quote(contract="off_premises", start="3 semaines après la signature")
        workflow.sweep()
        done(quote)
        assert "nous vous écrirons ce" in page(quote)
    with time_machine.travel(SIGNED + 8 * DAY, tick=False):
        workflow.sweep()
    assert mails("payments/open_now", quote).count() == 1


def test_nobody_is_reminded_of_the_deposit_of_a_done_contract() -> None:
    with time_machine.travel(SIGNED, tick=False):
        quote = make_accepted_quote({"deposit_reminder_days": [3]})
        workflow.sweep()
        done(quote)
    with time_machine.travel(SIGNED + 4 * DAY, tick=False):
        workflow.sweep()
    assert not mails("payments/reminder", quote).exists()


def test_what_was_paid_is_to_be_sent_back_after_a_withdrawal_from_a_done_contract(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    pay(stripe, quote)
    withdraw(done(quote))
    assert balance_status_of(quote) is BalanceStatus.REFUND_DUE


def test_the_desks_words_before_it_are_true() -> None:
    quote = make_accepted_quote(owner=owner())
    desk = at_desk(quote.owner)
    words = html.unescape(text(desk.get(action_of(quote, "terminer"))))
    kept = "Le client garde ses documents, son acompte à régler et son droit de rétractation, jusqu'à 14"
    assert kept in words
    before = page(quote)
    answer = desk.post(action_of(quote, "terminer"), {"performed_on": f"{today_in_paris():%d/%m/%Y}"})
    assert answer.status_code == 302
    for right in (
        "Télécharger le PDF",
        "Régler mon acompte",
        "J'ai fait le virement",
        "Vous pouvez changer d'avis",
    ):
        assert right in before
        assert right in page(quote)


def finish(quote: Quote, **days: str) -> None:
    answer = at_desk(quote.owner).post(action_of(quote, "terminer"), days)
    assert answer.status_code == 302, text(answer)
    quote.refresh_from_db()


def test_row_1_the_end_of_the_works_with_the_delivery_gives_the_right_its_end() -> None:
    with time_machine.travel(SIGNED, tick=False):
        quote = make_accepted_quote(owner=owner())
    with time_machine.travel(SIGNED + 30 * DAY, tick=False):
        finish(quote, performed_on="23/12/2026", delivered_on="21/12/2026")
        shown = html.unescape(text(at_desk(quote.owner).get(page_of(quote))))
    assert (quote.performed_on, quote.delivered_on) == (dt.date(2026, 12, 23), dt.date(2026, 12, 21))
    assert quote.withdrawal_last_day() == dt.date(2027, 1, 4)
    assert "jusqu'au 4\u00a0janvier\u00a02027 inclus" in mails("quotes/delivered", quote).get().text
    assert NO_END not in shown


def test_row_1_the_end_of_the_works_alone_gives_it_none_and_the_owner_is_told() -> None:
    quote = make_accepted_quote(owner=owner())
    finish(quote, performed_on=f"{today_in_paris():%d/%m/%Y}", delivered_on="")
    assert quote.performed_on == today_in_paris()
    assert quote.withdrawal_last_day() is None
    assert quote.can_withdraw()
    assert not mails("quotes/delivered", quote).exists()
    assert NO_END in html.unescape(text(at_desk(quote.owner).get(page_of(quote))))


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_back_from_a_payment_that_failed_it_is_offered_again_only_while_it_may_be_made(
    stripe: StandIn, is_withdrawn: bool
) -> None:
    quote = done(make_accepted_quote())
    payment = open_page(quote)
    Payment.objects.filter(pk=payment.pk).update(state=Payment.State.EXPIRED)
    if is_withdrawn:
        withdraw(quote)
    back = html.unescape(text(visitor(quote).get(f"{quote.get_absolute_url()}acompte/retour/")))
    assert "Votre paiement n'a pas abouti" in back
    assert ("Régler mon acompte" in back) is not is_withdrawn


def test_a_refusal_that_is_filed_waits_for_no_deposit() -> None:
    """Looked at again and again it would stand before those that wait for one."""
    quote = make_sent_quote()
    quotes.mark_refused(quote.pk, reason="", actor=SYSTEM)
    quotes.mark_done(quote.pk, actor=SYSTEM)
    assert periodic.missing_deposits() == []


def test_row_21_a_deposit_that_a_done_contract_still_asks_for_is_settled_in_words() -> None:
    quote = make_accepted_quote(owner=owner())
    desk = at_desk(quote.owner)
    words = "Un acompte impayé se règle encore sur sa page, ou avec le solde"
    assert words in html.unescape(text(desk.get(action_of(quote, "terminer"))))
    assert "à régler à la commande" in page(quote).partition('id="devis"')[0]
    done(quote)
    assert "réglez votre acompte ici, ou avec le solde" in page(quote)
    assert "à la commande" not in page(quote).partition('id="devis"')[0]
    kept = "2\u202f681,81\u00a0€ de plus avec le solde"
    assert kept in html.unescape(text(desk.get(page_of(quote))))
    confirm(quote, "2681.81")
    assert "avec le solde" not in page(quote)
    assert kept not in html.unescape(text(desk.get(page_of(quote))))


@pytest.mark.parametrize("asked", [False, True])
def test_after_an_early_start_page_and_mail_say_alike_what_is_kept(asked: bool) -> None:
    """Art. L221-25: the share that was done at the customer's own request is theirs to pay."""
    quote = make_accepted_quote(owner=owner(), nature="services")
    Quote.objects.filter(pk=quote.pk).update(early_start=asked)
    quote.refresh_from_db()
    confirm(quote, "2681.81")
    until = "et qui prend fin plus tôt avec les travaux, demandés pendant le délai"
    words = html.unescape(text(at_desk(quote.owner).get(action_of(quote, "terminer"))))
    assert (until in words) is asked
    withdraw(quote)
    kept = "la part des travaux déjà faite à votre demande"
    assert (kept in page(quote)) is asked
    assert (kept in mails("quotes/withdrawn", quote).get().text) is asked
    assert ("Vous n'avez plus rien à payer" in page(quote)) is not asked
