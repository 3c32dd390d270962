"""The deposit on the owner's desk: where it stands, a transfer that arrived, money that goes back, and by when."""

from __future__ import annotations

import datetime as dt
import html
import re
import secrets
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from demo.stripe_standin.standin import StandIn
from lib import french
from logisav.desk.tests.desk import accountant, at_desk, manager, owner, page_of, said, stamp_in, text
from payments import rules, workflow
from payments.models import BalanceStatus, Dispute, Payment, Refund, StripeEvent
from payments.rules import balance_status_of
from payments.tests.factories import (
    CUSTOMER,
    accept,
    deposit_of,
    make_accepted_quote,
    make_paying_company,
    pay,
    withdraw,
)
from payments.tests.test_transfer import confirm
from quotes import workflow as quotes
from quotes.models import Quote
from quotes.tests.factories import mails, make_business, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
LIST = "/admin/payments/deposit/"
REFUNDS = "Remboursements à faire"


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote(owner=owner())


@pytest.fixture
def desk(quote: Quote) -> Client:
    return at_desk(quote.owner)


def arrived(quote: Quote) -> str:
    return reverse("admin:payments_confirm_transfer", args=[quote.pk])


def give_back(payment: Payment) -> str:
    return reverse("admin:payments_refund", args=[payment.pk])


def typed(**fields: Any) -> dict[str, Any]:
    today = dt.datetime.now(tz=french.PARIS).strftime("%d/%m/%Y")
    asked = {
        "token": secrets.token_hex(16),
        "method": "transfer",
        "amount": "2 681,81 €",
        "received_on": today,
    }
    return asked | fields


def refund(**fields: Any) -> dict[str, Any]:
    return {"token": secrets.token_hex(16), "amount": "2681,81", "reason": "Chantier annulé"} | fields


def book(desk: Client, address: str, data: dict[str, Any], **options: Any) -> Any:
    """Open the page, then send it filled in."""
    return desk.post(address, data | stamp_in(desk.get(address)), **options)


def read(response: Any) -> str:
    return html.unescape(text(response))


def first_page(desk: Client) -> str:
    return read(desk.get("/admin/"))


# A transfer that arrived


def test_an_announced_transfer_waits_on_the_first_page_until_it_is_confirmed(
    quote: Quote, desk: Client
) -> None:
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    assert "Virements annoncés" in first_page(desk)
    assert arrived(quote) in read(desk.get(page_of(quote)))
    asked = read(desk.get(arrived(quote)))
    assert "Ce que le client verra" in asked
    assert 'value="2681,81"' in asked
    response = book(desk, arrived(quote), typed(), follow=True)
    assert response.redirect_chain[-1][0] == page_of(quote)
    assert said(response)[0].startswith("Le virement de 2\u202f681,81\u00a0€ est enregistré.")
    assert "Acompte reçu</span>" in read(response)
    assert mails("payments/transfer_received", quote).count() == 1
    assert quote.events.get(kind="transfer_confirmed").actor["name"] == quote.owner.username
    assert "Virements annoncés" not in first_page(desk)


def filled_button(response: Any) -> str:
    """What the page asks for first; a page has one."""
    found = re.findall(r'class="desk-button"[^>]*>([^<]+)<', read(response))
    assert len(found) == 1, found
    return str(found[0]).strip()


def test_the_filled_button_is_what_is_due(quote: Quote, desk: Client) -> None:
    assert filled_button(desk.get(page_of(quote))) == "Matériel livré"
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    assert filled_button(desk.get(page_of(quote))) == "Confirmer la réception du virement"
    confirm(quote, "2681.81")
    assert filled_button(desk.get(page_of(quote))) == "Matériel livré"
    withdraw(quote)
    page = desk.get(page_of(quote))
    assert filled_button(page) == "Rembourser"
    assert "Confirmer la réception" not in read(page)


def test_the_list_tells_a_transfer_to_look_for_from_one_that_nobody_announced(
    quote: Quote, desk: Client
) -> None:
    make_accepted_quote(owner=quote.owner)
    workflow.sweep()
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    listed = read(desk.get(LIST))
    assert listed.count("Virement annoncé</span>") == 1
    assert listed.count("Acompte à recevoir</span>") == 1
    only = desk.get(LIST, {"situation": "announced"})
    assert [deposit.quote for deposit in only.context["cl"].result_list] == [quote]
    confirm(quote, "1000")
    assert not desk.get(LIST, {"situation": "announced"}).context["cl"].result_list


def test_an_accountant_books_the_transfer_of_whoevers_quote(quote: Quote) -> None:
    """And nothing else: the page shows them no other button."""
    nadia = accountant()
    desk = at_desk(nadia)
    assert arrived(quote) in read(desk.get(page_of(quote)))
    assert book(desk, arrived(quote), typed()).status_code == 302
    assert balance_status_of(quote) is BalanceStatus.PAID
    assert quote.events.get(kind="transfer_confirmed").actor["name"] == nadia.username
    assert give_back(Payment.objects.get()) in read(desk.get(page_of(quote)))


@pytest.mark.parametrize(
    ("amount", "status", "sentence"),
    [
        ("1000", BalanceStatus.PARTIAL, "Il reste 1\u202f681,81\u00a0€ à recevoir."),
        ("3 000,00", BalanceStatus.OVERPAID, "318,19\u00a0€ reçus en trop."),
    ],
)
def test_too_little_and_too_much_are_said_and_booked(
    quote: Quote, desk: Client, amount: str, status: BalanceStatus, sentence: str
) -> None:
    response = book(desk, arrived(quote), typed(amount=amount), follow=True)
    assert said(response)[1] == sentence
    assert balance_status_of(quote) is status


def test_a_cheque_is_booked_by_its_name(quote: Quote, desk: Client) -> None:
    response = book(desk, arrived(quote), typed(method="cheque"), follow=True)
    assert said(response)[0].startswith("Le chèque de 2\u202f681,81\u00a0€ est enregistré.")
    assert balance_status_of(quote) is BalanceStatus.PAID
    assert mails("payments/cheque_received", quote).count() == 1
    assert mails("payments/transfer_received", quote).count() == 0
    assert quote.events.get(kind="cheque_confirmed").facts["amount"] == "2681.81"
    assert "Chèque de 2\u202f681,81\u00a0€ reçu le" in read(response)
    assert Payment.objects.get().means == "Chèque"


def test_no_other_means_is_booked_by_hand(quote: Quote, desk: Client) -> None:
    assert book(desk, arrived(quote), typed(method="card")).status_code == 422
    assert not Payment.objects.exists()


def test_pressed_twice_the_button_books_one_transfer(quote: Quote, desk: Client) -> None:
    filled = typed(amount="1000") | stamp_in(desk.get(arrived(quote)))
    for _ in range(2):
        assert desk.post(arrived(quote), filled).status_code == 302
    assert deposit_of(quote).received == Decimal(1000)


def test_a_transfer_that_a_colleague_confirmed_meanwhile_is_not_booked_twice_without_a_word(
    quote: Quote, desk: Client
) -> None:
    filled = typed() | stamp_in(desk.get(arrived(quote)))
    assert book(at_desk(manager()), arrived(quote), typed(amount="1000")).status_code == 302
    response = desk.post(arrived(quote), filled)
    assert response.status_code == 409
    assert deposit_of(quote).received == Decimal(1000)
    page = read(response)
    assert "Cet acompte a été modifié entre-temps" in page
    assert 'value="2 681,81 €"' in page
    changed = {one.label: (one.before, one.now) for one in response.context["stale"].changes}
    assert changed["Déjà reçu"] == ("0,00\u00a0€", "1\u202f000,00\u00a0€")
    assert desk.post(arrived(quote), filled | stamp_in(response)).status_code == 302
    assert deposit_of(quote).received == Decimal("3681.81")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "0"}, "supérieure ou égale"),
        ({"amount": "-5"}, "supérieure ou égale"),
        ({"amount": "beaucoup"}, "nombre"),
        ({"amount": "NaN"}, "nombre"),
        ({"amount": "1e20"}, "nombre"),
        ({"amount": "1" + 20 * "0"}, "chiffre"),
        ({"received_on": "31/12/2099"}, "pas encore venue"),
        ({"received_on": "01/01/2020"}, "pas encore signé"),
        ({"token": "x"}, ""),
        ({"token": "0" * 33}, ""),
    ],
)
def test_what_makes_no_sense_is_told_and_books_nothing(
    quote: Quote, desk: Client, fields: dict[str, str], sentence: str
) -> None:
    response = book(desk, arrived(quote), typed(**fields))
    assert response.status_code == 422
    assert sentence in read(response)
    assert not Payment.objects.exists()


def test_a_quote_without_deposit_has_nothing_to_confirm(desk: Client, quote: Quote) -> None:
    bare = accept(make_sent_quote(owner=quote.owner, deposit_kind="none", deposit_value=0))
    draft = make_sent_quote(owner=quote.owner)
    for other in (bare, draft):
        response = desk.post(arrived(other), typed(), follow=True)
        assert said(response) == [f"Le devis {other.number} n'attend pas d'acompte."]
        assert arrived(other) not in read(desk.get(page_of(other)))


def test_a_transfer_that_comes_after_the_withdrawal_is_booked_and_has_to_go_back(
    quote: Quote, desk: Client
) -> None:
    withdraw(quote)
    response = book(desk, arrived(quote), typed(), follow=True)
    assert "à rembourser" in said(response)[1]
    assert balance_status_of(quote) is BalanceStatus.REFUND_DUE


# Money that goes back


def test_a_card_is_refunded_in_part_after_asking(stripe: StandIn, quote: Quote, desk: Client) -> None:
    payment = pay(stripe, quote)
    page = read(desk.get(page_of(quote)))
    assert "Claire Morel" in page
    assert "se termine par 4242, Visa" in page
    assert "Un remboursement ne se reprend pas" in read(desk.get(give_back(payment)))
    assert not Refund.objects.exists()
    filled = refund(amount="1 000") | stamp_in(desk.get(give_back(payment)))
    for _ in range(2):
        response = desk.post(give_back(payment), filled)
        assert response.headers["Location"] == page_of(quote)
    made = Refund.objects.get()
    assert (made.amount, made.reason) == (Decimal(1000), "Chantier annulé")
    assert made.requested_by == quote.owner.username
    workflow.send_refund(made.pk)
    assert "1\u202f000,00\u00a0€ remboursés au client." in read(desk.get(page_of(quote)))


def test_what_a_colleague_refunded_meanwhile_is_told_before_more_goes_back(
    quote: Quote, desk: Client
) -> None:
    payment = confirm(quote, "2681.81")
    filled = refund(amount="1000") | stamp_in(desk.get(give_back(payment)))
    assert book(at_desk(manager()), give_back(payment), refund(amount="500")).status_code == 302
    response = desk.post(give_back(payment), filled)
    assert response.status_code == 409
    assert Refund.objects.count() == 1
    assert "Ce paiement a été modifié entre-temps" in read(response)
    assert desk.post(give_back(payment), filled | stamp_in(response)).status_code == 302
    assert Refund.objects.count() == 2


def test_the_whole_pressed_twice_goes_back_once(quote: Quote, desk: Client) -> None:
    payment = confirm(quote, "2681.81")
    filled = refund() | stamp_in(desk.get(give_back(payment)))
    first, second = (desk.post(give_back(payment), filled, follow=True) for _ in range(2))
    assert "par virement est noté" in said(first)[0]
    assert said(second) == []
    assert balance_status_of(quote) is BalanceStatus.REFUNDED
    assert mails("payments/refunded", quote).count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "2681,82"}, "Il reste 2\u202f681,81\u00a0€ à rembourser"),
        ({"amount": "0"}, "supérieure ou égale"),
        ({"reason": " "}, "Dites pourquoi"),
        ({"token": ""}, ""),
    ],
)
def test_a_refund_has_a_reason_and_its_bounds(
    quote: Quote, desk: Client, fields: dict[str, str], sentence: str
) -> None:
    payment = confirm(quote, "2681.81")
    response = book(desk, give_back(payment), refund(**fields))
    assert response.status_code == 422
    assert sentence in read(response)
    assert not Refund.objects.exists()


def test_nothing_that_did_not_come_goes_back(stripe: StandIn, quote: Quote, desk: Client) -> None:
    payment = pay(stripe, quote, number="4000000000000002")
    assert not payment.is_paid
    assert give_back(payment) not in read(desk.get(page_of(quote)))
    response = book(desk, give_back(payment), refund(), follow=True)
    assert "rien n'est parti" in said(response)[0]
    assert desk.get(reverse("admin:payments_refund", args=[payment.pk + 1])).status_code == 404


def test_a_withdrawal_is_a_refund_to_make_within_fourteen_days(quote: Quote, desk: Client) -> None:
    payment = confirm(quote, "2681.81")
    assert REFUNDS not in first_page(desk)
    withdraw(quote)
    by = rules.refund_by(quote)
    assert quote.withdrawn_at is not None
    assert by == french.in_paris(quote.withdrawn_at).date() + dt.timedelta(days=14)
    for page in (first_page(desk), read(desk.get(page_of(quote))), read(desk.get(give_back(payment)))):
        assert (french.day(by) in page) or (french.short_day(by) in page)
    assert REFUNDS in first_page(desk)
    assert REFUNDS not in first_page(at_desk(owner()))
    assert REFUNDS in first_page(at_desk(manager()))
    assert "En retard" not in first_page(desk)
    with time_machine.travel(quote.withdrawn_at + dt.timedelta(days=16), tick=False):
        assert "En retard" in first_page(at_desk(quote.owner))
    book(desk, give_back(payment), refund())
    assert REFUNDS not in first_page(desk)


# What is in doubt


def test_a_dispute_and_a_payment_set_aside_are_shown(quote: Quote, desk: Client) -> None:
    payment = confirm(quote, "100")
    Dispute.objects.create(payment=payment, provider_id="dp_1", amount=Decimal(100), reason="fraudulent")
    odd = Payment.objects.create(
        deposit=payment.deposit,
        method="card",
        amount=Decimal(5),
        state=Payment.State.SET_ASIDE,
        reason="devise USD au lieu de EUR",
    )
    StripeEvent.objects.create(
        event_id="evt_1",
        type="charge.refunded",
        payload={},
        livemode=False,
        payment=odd,
        status=StripeEvent.Status.SET_ASIDE,
        reason="devise USD au lieu de EUR",
    )
    page = read(desk.get(page_of(quote)))
    assert "conteste 100,00\u00a0€" in page
    assert "À vérifier</span>" in page
    assert page.count("devise USD au lieu de EUR") == 2
    assert "Paiements à vérifier" in first_page(desk)


@pytest.mark.parametrize("mark", ["of-another-time", ""], ids=["our mark", "somebody else's"])
def test_an_unknown_payment_with_our_mark_is_shown_to_managers(quote: Quote, mark: str) -> None:
    payload = {
        "id": "evt_inconnu",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": {"object": "checkout.session", "id": "cs_1", "metadata": {"payment": mark}}},
    }
    StripeEvent.objects.create(
        event_id="evt_inconnu",
        type="checkout.session.completed",
        payload=payload,
        livemode=False,
        status=StripeEvent.Status.SET_ASIDE,
        reason="paiement inconnu de Logisav",
    )
    assert ("evt_inconnu" in first_page(at_desk(manager()))) is bool(mark)
    assert "evt_inconnu" not in first_page(at_desk(quote.owner))


# Who may, and the list


def test_only_who_may_change_the_quote_acts_on_its_money(quote: Quote) -> None:
    payment = confirm(quote, "2681.81")
    stranger, reader = at_desk(owner()), quote.owner
    addresses = ((arrived(quote), typed()), (give_back(payment), refund()))
    for address, filled in addresses:
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, filled).status_code == 404
    reader.groups.clear()
    for address, filled in addresses:
        assert at_desk(reader).post(address, filled).status_code == 403
        assert Client().post(address, filled).status_code == 302
    assert (Payment.objects.count(), Refund.objects.count()) == (1, 0)
    assert book(at_desk(manager()), give_back(payment), refund()).status_code == 302


def test_deposits_are_listed_by_status_for_those_who_see_the_quote(quote: Quote, desk: Client) -> None:
    for state in ("paid", "due"):
        other = accept(make_sent_quote(owner=quote.owner, title=state))
        workflow.ensure_deposit(other.pk)
        if state == "paid":
            confirm(other, "2681.81")
    paid = desk.get(f"{LIST}?situation=paid").context["cl"].result_list
    assert [deposit.quote.title for deposit in paid] == ["paid"]
    assert len(desk.get(LIST).context["cl"].result_list) == 2
    assert not at_desk(owner()).get(LIST).context["cl"].result_list
    assert desk.get(f"{LIST}?situation=intrus").status_code in (200, 302)


def test_the_list_asks_as_many_questions_for_many_deposits(
    django_assert_max_num_queries: Any, quote: Quote
) -> None:
    julien = manager()
    make_paying_company()
    for _ in range(12):
        confirm(accept(make_sent_quote(owner=julien)), "100")
    desk = at_desk(julien)
    desk.get(LIST)
    with django_assert_max_num_queries(14):
        assert len(desk.get(f"{LIST}?situation=partial").context["cl"].result_list) == 12


def test_a_deposit_is_read_only(quote: Quote) -> None:
    confirm(quote, "100")
    deposit, desk = deposit_of(quote), at_desk(manager())
    page = f"{LIST}{deposit.pk}/change/"
    assert desk.get(page).headers["Location"] == page_of(quote)
    assert desk.post(page, {"amount": "1"}).status_code == 403
    assert desk.post(f"{LIST}{deposit.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
    assert at_desk(owner()).get(page).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("method", "mail"), [("transfer", "transfer_received"), ("cheque", "cheque_received")]
)
def test_row_16_money_that_came_before_the_law_allows_it_is_given_back_and_nobody_is_thanked(
    method: str, mail: str
) -> None:
    """Art. L221-10: kept, it would prove against the company that it was received."""
    signed = dt.datetime(2026, 11, 24, 14, 41, tzinfo=french.PARIS)
    with time_machine.travel(signed, tick=False):
        quote = make_accepted_quote(
            owner=owner(), contract=Quote.Contract.OFF_PREMISES, start="3 semaines après la signature"
        )
    desk = at_desk(quote.owner)
    with time_machine.travel(signed + dt.timedelta(days=3), tick=False):
        assert "interdit de recevoir de l'argent avant le 2" in read(desk.get(arrived(quote)))
        answer = book(desk, arrived(quote), typed(method=method, received_on="26/11/2026"), follow=True)
        assert "rendez cette somme au client" in " ".join(said(answer))
    sent = mails(f"payments/{mail}", quote).get()
    assert "est arrivé trop tôt" in sent.subject
    for words in ("nous vous contactons pour vous le rendre", "2\u00a0décembre\u00a02026"):
        assert words in sent.text
    assert "bien reçu" not in sent.subject + sent.text
    assert "Reste à régler" not in sent.text
    payment = deposit_of(quote).payments.get()
    with time_machine.travel(signed + dt.timedelta(days=20), tick=False):
        desk = at_desk(quote.owner)
        assert "reçus avant le 2" in read(desk.get(page_of(quote)))
        shown = html.unescape(text(visitor(quote).get(quote.get_absolute_url())))
        assert "nous vous contactons pour vous le rendre" in shown
        assert "bien été reçu" not in shown
        book(desk, give_back(payment), refund())
        assert "reçus avant le 2" not in read(desk.get(page_of(quote)))
        # What the law allows now is asked for again.
        assert balance_status_of(quote) is BalanceStatus.DUE
        assert deposit_of(quote).remaining == Decimal("2681.81")
        assert "J'ai fait le virement" in html.unescape(text(visitor(quote).get(quote.get_absolute_url())))


def test_row_23_what_was_paid_in_advance_bears_interest_after_three_months(quote: Quote) -> None:
    """Art. L214-2, for consumers, as long as the works are not done."""
    paid = confirm(quote, "2681.81").received_on
    assert paid == dt.date(2026, 11, 24)
    words = "peut porter intérêt au taux légal"
    for day, is_said in ((dt.date(2027, 2, 23), False), (dt.date(2027, 2, 24), True)):
        with time_machine.travel(dt.datetime.combine(day, dt.time(12), tzinfo=french.PARIS), tick=False):
            assert (words in read(at_desk(quote.owner).get(page_of(quote)))) is is_said
    with time_machine.travel(dt.datetime(2027, 3, 1, 12, tzinfo=french.PARIS), tick=False):
        quotes.mark_done(quote.pk, actor=CUSTOMER)
        assert words not in read(at_desk(quote.owner).get(page_of(quote)))
        business = make_accepted_quote(owner=quote.owner, customer=make_business())
        confirm(business, "2681.81")
        assert words not in read(at_desk(quote.owner).get(page_of(business)))
