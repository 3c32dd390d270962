"""What page, desk and mail say of one quote at one moment: no two sentences contradict each other, none is missing.

Each sentence about state, money or right names its fact in `data-fact`. Which facts exclude each other, and which must
be told in which situation, is written here by hand, from product.md and law.md, and read off no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from logisav.desk.tests.desk import at_desk, page_of, text
from logisav.tests import situations
from logisav.tests.situations import (
    CLASSES,
    after,
    contract,
    declares,
    files,
    off_premises,
    withdraws,
)
from notifications.models import OutgoingEmail
from payments import workflow as payments
from payments.models import Payment
from payments.tests.factories import CUSTOMER
from quotes.models import Quote
from quotes.tests.factories import SYSTEM, make_link, send

pytestmark = pytest.mark.django_db

# What leaves a person nothing to pay, or forbids to ask for it.
NOT_ASKED = {
    "deposit.announced",
    "deposit.pending",
    "deposit.paid",
    "deposit.overpaid",
    "deposit.refund_due",
    "deposit.refunded",
    "deposit.not_yet",
    "deposit.early",
    "quote.declared",
    "quote.withdrawn",
    "nothing.due",
}
EXCLUDES: dict[str, set[str]] = {
    "pay.asked": NOT_ASKED,
    "deposit.due": NOT_ASKED | {"deposit.partial"},
    "deposit.announced": {
        "deposit.paid",
        "deposit.refunded",
        "deposit.refund_due",
        "quote.withdrawn",
    },
    "deposit.paid": {
        "deposit.partial",
        "deposit.refunded",
        "deposit.refund_due",
        "deposit.not_yet",
        "deposit.early",
    },
    "deposit.refunded": {"deposit.refund_due", "deposit.partial", "deposit.pending"},
    "deposit.refund_due": {"nothing.kept"},
    "quote.withdrawn": {
        "quote.accepted",
        "quote.done",
        "quote.declared",
        "right.open",
        "pay.instead",
        "balance",
    },
    "quote.declared": {"pay.instead"},
    "quote.open": {
        "quote.accepted",
        "quote.refused",
        "quote.cancelled",
        "quote.withdrawn",
        "quote.done",
        "quote.lapsed",
    },
    "quote.refused": {"quote.accepted", "quote.cancelled", "quote.sent", "quote.reminded"},
    "quote.cancelled": {"quote.accepted", "quote.sent", "quote.reminded"},
}


def announces(quote: Quote) -> None:
    payments.announce_transfer(quote.pk, actor=CUSTOMER)


def pays(amount: str) -> Callable[[Quote], None]:
    def step(quote: Quote) -> None:
        today = timezone.localdate()
        payments.confirm_transfer(quote.pk, amount=Decimal(amount), received_on=today, actor=SYSTEM)

    return step


def gets_all_back(quote: Quote) -> None:
    for payment in Payment.objects.filter(deposit__quote=quote):
        payments.request_refund(payment.pk, amount=payment.amount, reason="Renonciation", actor=SYSTEM)


MONEY = {
    "announced": after(contract, announces),
    "partly paid": after(contract, pays("1000")),
    "partly paid, the rest announced": after(contract, pays("1000"), announces),
    "paid too much": after(contract, pays("3000")),
    "announced, then paid": after(contract, announces, pays("2681.81")),
    "announced, then declared": after(contract, announces, declares),
    "announced, then withdrawn": after(contract, announces, withdraws),
    "partly paid, withdrawn": after(contract, pays("1000"), withdraws),
    "paid, withdrawn, paid back": after(contract, pays("2681.81"), withdraws, gets_all_back),
    "paid, done, paid back": after(contract, pays("2681.81"), files, gets_all_back),
    "paid before the law allows it": after(off_premises, pays("1000")),
}
BUILDS = {name: build for name, (build, _) in CLASSES.items()} | MONEY

# What the customer reads there, in every word that tells it, and what the owner reads.
MUST: dict[str, tuple[set[str], set[str]]] = {
    "sent": ({"quote.open"}, {"quote.sent"}),
    "reminded": ({"quote.open"}, {"quote.reminded"}),
    "sent, lapsed": (set(), {"quote.lapsed"}),
    "refused": ({"quote.refused"}, {"quote.refused"}),
    "cancelled": ({"quote.cancelled"}, {"quote.cancelled"}),
    "accepted": (
        {"quote.accepted", "pay.asked", "deposit.due", "right.open", "balance"},
        {"quote.accepted", "deposit.due", "right.open"},
    ),
    "accepted, period over": (
        {"quote.accepted", "pay.asked", "deposit.due"},
        {"quote.accepted", "deposit.due"},
    ),
    "accepted, paid": ({"quote.accepted", "deposit.paid", "right.open"}, {"quote.accepted", "deposit.paid"}),
    "accepted, payment pending": (
        {"quote.accepted", "deposit.pending"},
        {"quote.accepted", "deposit.pending"},
    ),
    "accepted off premises": (
        {"quote.accepted", "deposit.not_yet", "right.open"},
        {"deposit.not_yet", "right.open"},
    ),
    "accepted by a business": ({"quote.accepted", "pay.asked"}, {"quote.accepted", "deposit.due"}),
    "done": ({"quote.accepted", "pay.asked", "right.open"}, {"quote.done", "right.open"}),
    "done, paid": ({"quote.accepted", "deposit.paid", "right.open"}, {"quote.done", "deposit.paid"}),
    "accepted, declared": ({"quote.accepted", "quote.declared"}, {"quote.accepted", "quote.declared"}),
    "accepted, declared, paid": ({"quote.declared"}, {"quote.declared", "deposit.paid"}),
    "withdrawn": ({"quote.withdrawn", "nothing.due"}, {"quote.withdrawn"}),
    "withdrawn, paid": (
        {"quote.withdrawn", "nothing.due", "deposit.refund_due"},
        {"quote.withdrawn", "deposit.refund_due"},
    ),
    "announced": (
        {"quote.accepted", "deposit.announced", "pay.instead", "right.open"},
        {"quote.accepted", "deposit.announced"},
    ),
    "partly paid": ({"quote.accepted", "deposit.partial", "pay.asked"}, {"deposit.partial"}),
    "partly paid, the rest announced": ({"deposit.partial", "deposit.announced"}, {"deposit.announced"}),
    "paid too much": ({"deposit.overpaid"}, {"deposit.overpaid"}),
    "announced, then paid": ({"deposit.paid"}, {"deposit.paid"}),
    "announced, then declared": ({"quote.declared"}, {"quote.declared"}),
    "announced, then withdrawn": ({"quote.withdrawn", "nothing.due"}, {"quote.withdrawn"}),
    "partly paid, withdrawn": ({"quote.withdrawn", "deposit.refund_due"}, {"deposit.refund_due"}),
    "paid, withdrawn, paid back": ({"quote.withdrawn", "deposit.refunded"}, {"deposit.refunded"}),
    "paid, done, paid back": ({"quote.accepted", "deposit.refunded"}, {"quote.done", "deposit.refunded"}),
    "paid before the law allows it": ({"deposit.early"}, {"deposit.early"}),
}
# Words that tell a state, a payment or a right: outside a named fact the page may not say them of this quote.
TELLING = re.compile(
    r"\b(accepté|refusé|annulé|terminé|renoncé|rétracté|réglé|à régler|remboursé|a bien été reçu|avons reçu|annoncé|"
    r"plus rien à payer|pouvez changer d'avis)e?s?\b",
    re.IGNORECASE,
)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Told(HTMLParser):
    """The facts that a document names, and what it says outside all of them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.facts: set[str] = set()
        self.rest: list[str] = []
        self._open: list[
            bool
        ] = []  # of each open element: whether a fact, or what is no sentence of ours, begins there
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        fact = named.get("data-fact") or ""
        if fact:
            self.facts.add(fact)
        aside = tag in ("title", "script", "style", "blockquote") or named.get("id") in ("devis", "questions")
        if tag not in VOID:
            self._open.append(bool(fact) or aside)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.rest.append(data)


def read_by_customer(quote: Quote) -> str:
    browser = Client()
    browser.get(make_link(quote)[1])
    return text(browser.get(quote.get_absolute_url()))


@pytest.fixture(params=BUILDS)
def situation(request: pytest.FixtureRequest, settings: Settings) -> tuple[str, Quote]:
    settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"
    return request.param, Quote.objects.get(pk=BUILDS[request.param]().pk)


def test_page_and_desk_tell_one_truth(situation: tuple[str, Quote]) -> None:
    name, quote = situation
    customer, owner = Told(read_by_customer(quote)), Told(text(at_desk(quote.owner).get(page_of(quote))))
    for facts in (customer.facts, owner.facts, customer.facts | owner.facts):
        assert contradictions(facts) == []
    must_customer, must_owner = MUST.get(name, (set(), set()))
    assert must_customer <= customer.facts
    assert must_owner <= owner.facts
    untold = TELLING.findall(" ".join(customer.rest))
    assert not untold, f"said outside a named fact: {untold}"


# What was, what happens then, and what the customer is mailed of it.
MAILED = {
    "a quote leaves": (situations.draft, send, {"quote.open"}),
    "a reminder": (situations.sent, situations.reminds, {"quote.open"}),
    "a refusal": (situations.sent, situations.refuses, {"quote.refused"}),
    "a transfer": (after(contract, announces), pays("2681.81"), {"deposit.paid"}),
    "a part of it": (after(contract, announces), pays("1000"), {"deposit.partial"}),
    "more than was asked for": (contract, pays("3000"), {"deposit.paid"}),
    "a transfer that comes too early": (off_premises, pays("1000"), {"deposit.early"}),
    "a declaration": (contract, declares, {"quote.declared"}),
    "a withdrawal": (contract, withdraws, {"quote.withdrawn"}),
    "a refund": (after(contract, pays("2681.81"), withdraws), gets_all_back, {"refund.sent"}),
}


@pytest.mark.parametrize("name", MAILED)
def test_a_mail_says_what_the_page_says_at_its_moment(name: str) -> None:
    build, step, said = MAILED[name]
    quote = build()
    known = set(OutgoingEmail.objects.values_list("pk", flat=True))
    step(quote)
    mails = OutgoingEmail.objects.filter(about=quote.number, to=quote.customer.email).exclude(pk__in=known)
    last = mails.latest("pk")  # a withdrawal is declared first, which is told too
    mailed = Told(last.html).facts
    assert said <= mailed
    page = Told(read_by_customer(Quote.objects.get(pk=quote.pk))).facts
    assert contradictions(page | mailed) == []


def contradictions(facts: set[str]) -> list[tuple[str, str]]:
    return [(one, other) for one in sorted(facts) for other in sorted(EXCLUDES.get(one, set()) & facts)]


def test_the_table_of_what_must_be_told_is_of_situations_that_exist() -> None:
    assert set(MUST) <= set(BUILDS)
    assert all(contradictions(customer | owner) == [] for customer, owner in MUST.values())


def test_a_contradiction_and_a_word_outside_a_fact_would_be_seen() -> None:
    page = '<main><p data-fact="deposit.paid">reçu</p><p data-fact="pay.asked">payez</p><p>Devis accepté</p></main>'
    told = Told(page)
    assert contradictions(told.facts) == [("pay.asked", "deposit.paid")]
    assert TELLING.findall(" ".join(told.rest)) == ["accepté"]
