"""Verbs, desk, customer's pages and mails say what the table by hand says, for one real quote of each class.

Each verb is done for real and undone again; the laws are looked at in between.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from logisav.desk.quotes.actions import ACTIONS
from logisav.desk.tests.desk import action_of, at_desk, filled, page_of, text
from logisav.tests.situations import CLASSES, as_read, ask_anyway
from notifications import outbox, queue, vault
from notifications.models import OutgoingEmail
from payments import rules as payment_rules
from payments import workflow as payments
from payments.tests.factories import CUSTOMER
from payments.workflow import Announced, NoDeposit, card, periodic
from quotes import workflow
from quotes.access import browser_digest
from quotes.law.contract import Place
from quotes.models import AccessLink, Company, Declaration, IllegalMove, Question, Quote
from quotes.rules import CONTRACT, Circumstances, LinkStatus, Situation, Stage, Verb, VersionStatus
from quotes.tests.factories import SYSTEM, complete, make_customer, make_link
from quotes.tests.test_rules import by_hand, expected_page
from quotes.workflow import Choosing
from signing import choosing, paper
from signing import workflow as signing
from signing.models import SigningRequest
from signing.tests.factories import make_form
from signing.workflow import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
BROWSER = "b" * 64


@dataclass
class Case:
    """A quote in its situation, with a question that waits and a mail that has left."""

    quote: Quote
    circumstances: Circumstances
    question: Question
    rights: Rights

    @property
    def pk(self) -> int:
        return self.quote.pk

    @property
    def repeatable(self) -> OutgoingEmail:
        return OutgoingEmail.objects.get(message="quotes/question_received", about=self.quote.number)


@pytest.fixture(params=CLASSES)
def case(request: pytest.FixtureRequest, settings: Settings) -> Case:
    settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"
    build, circumstances = CLASSES[request.param]
    quote = build()
    question = ask_anyway(quote)
    OutgoingEmail.objects.update(state=OutgoingEmail.State.SENT)
    case = Case(Quote.objects.get(pk=quote.pk), circumstances, question, Rights.of(quote.pk))
    assert as_read(case.quote) == circumstances, "the product reads the situation otherwise"
    return case


# The verbs: whether they did something


def _stands(verb: Callable[[], object]) -> bool:
    try:
        verb()
    except (IllegalMove, NoDeposit, outbox.Held):
        return False
    return True


def plain(verb: Callable[[Case], object]) -> Callable[[Case], bool]:
    return lambda case: _stands(lambda: verb(case))


def edits(case: Case) -> bool:
    """What is part of the working copy is asked for, added and taken away alike."""
    stored = workflow.StoredFile(kind="photo", file=f"photos/{'a' * 64}.jpg", label="", size=1)
    verbs = (
        lambda: workflow.request_draft_pdf(case.pk),
        lambda: workflow.enclose(case.pk, stored),
        lambda: workflow.remove_enclosure(case.pk, 0),
    )
    (found,) = {_stands(verb) for verb in verbs}
    return found


def changes_customer(case: Case) -> bool:
    """By the form, the only way there is."""
    desk, page = at_desk(case.quote.owner), page_of(case.quote)
    response = desk.get(page)
    if "adminform" not in response.context or 'name="title"' not in text(response):
        return False
    other = make_customer(
        first_name="Paul", last_name="Dupont", email="paul@exemple.fr", made_by=case.quote.owner
    )
    desk.post(page, filled(response) | {"customer": other.pk})
    return Quote.objects.get(pk=case.pk).customer_id == other.pk


def requests_link(case: Case) -> bool:
    before = case.quote.links.count()
    workflow.request_link(case.pk, actor=CUSTOMER)
    return case.quote.links.count() > before


def requests_code(case: Case) -> bool:
    version = case.quote.current_version()
    if version is None:
        return False
    outcome, _ = signing.request_code(
        case.pk,
        link=make_link(case.quote)[0],
        form=make_form(
            place=version.reading.contract,
            kind=version.reading.customer.kind,
            consents=frozenset(one.id for one in version.reading.consents if one.required),
        ),
        version_hash=version.version_hash,
        browser=BROWSER,
        actor=CUSTOMER,
    )
    return outcome in (Outcome.CODE_SENT, Outcome.PAUSED)  # a limit, not a situation


def reminds_of_deposit(case: Case) -> bool:
    """On a day on which the company wants it."""
    Company.objects.update(deposit_reminder_days=[0])
    return periodic._remind(case.pk)


def chooses(case: Case) -> bool:
    """Every option that the version has."""
    version = case.quote.current_version()
    if version is None:
        return False
    try:
        chosen = choosing.choose_options(
            case.pk,
            link=make_link(case.quote)[0],
            chosen=frozenset(line.identity for line in version.reading.options),
            version_hash=version.version_hash,
            browser=BROWSER,
            actor=CUSTOMER,
        )
    except IllegalMove:
        return False
    return chosen is Choosing.CHOSEN


def accepts(case: Case) -> bool:
    """With a code that was asked for in time: T2 looks at everything again."""
    version = case.quote.current_version()
    if version is None:
        return False
    link, _ = make_link(case.quote)
    request = SigningRequest.objects.create(
        quote=case.quote,
        version=version,
        link=link,
        email=link.email,
        version_hash=version.version_hash,
        browser_sha256=browser_digest(BROWSER),
        expires_at=timezone.now() + dt.timedelta(minutes=9),
        consents=[{"id": consent.id, "words": consent.words} for consent in version.reading.consents],
    )
    was_a_contract = case.quote.is_concluded
    outcome = signing._accept(request.pk, actor=CUSTOMER)
    return outcome is Outcome.SIGNED and not was_a_contract


def declares(case: Case) -> bool:
    found = workflow.declare(case.pk, name="C", email="claire.morel@exemple.fr", actor=CUSTOMER)
    return found is not None


def answers(verb: Callable[..., bool]) -> Callable[[Case], bool]:
    """By the link in the contract's mailbox; where nothing was declared no link of any kind does it."""

    def step(case: Case) -> bool:
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        Declaration.objects.filter(quote=case.pk).update(token_sha256=digest)
        return verb(token, actor=CUSTOMER)

    return step


def takes_silence(case: Case) -> bool:
    return any(workflow.take_silence(declaration.pk) for declaration in case.quote.declarations.all())


def record_acceptance(case: Case) -> None:
    newest = next(iter(paper.versions_of(case.quote)), None)
    paper.record_acceptance(
        case.pk,
        version_number=newest.number if newest else 1,
        signatory="Claire Morel",
        signed_on=timezone.localdate(),
        place=Place.ON_PREMISES,
        consents=frozenset(),
        scan="paper/none.pdf",
        sha256="",
        actor=SYSTEM,
    )


def mails_version(case: Case) -> bool:
    """What the worker does once the PDF is there."""
    version = case.quote.versions.filter(done_at=None, failed_at=None).first()
    if version is None:
        return False
    complete(version)
    return case.quote.links.filter(created_at__gte=version.frozen_at).exists()


def opens(case: Case, name: str) -> bool:
    """The page itself, not the way back to the quote's own; a document that is not there is behind the door too."""
    browser = visitor(case)
    answer = browser.get(reverse(name, args=[case.quote.public_id]))
    return answer.status_code in (200, 404)


def visitor(case: Case) -> Client:
    browser = Client()
    browser.get(make_link(case.quote)[1])
    return browser


VERBS: dict[Verb, Callable[[Case], bool]] = {
    Verb.SEND: plain(lambda case: workflow.send(case.pk, actor=SYSTEM)),
    Verb.REVISE: plain(lambda case: workflow.revise(case.pk, actor=SYSTEM)),
    Verb.EDIT: edits,
    Verb.CHANGE_CUSTOMER: changes_customer,
    Verb.RESEND_LINK: plain(lambda case: workflow.resend_link(case.pk, actor=SYSTEM)),
    Verb.REMIND: plain(lambda case: workflow.remind(case.pk, actor=SYSTEM)),
    Verb.BLOCK: plain(lambda case: workflow.block(case.pk, reason="", actor=SYSTEM)),
    Verb.UNBLOCK: plain(lambda case: workflow.unblock(case.pk, actor=SYSTEM)),
    Verb.ANSWER: plain(
        lambda case: workflow.answer(case.question.pk, text="Oui.", author=case.quote.owner, actor=SYSTEM)
    ),
    Verb.REPEAT_MAIL: plain(lambda case: outbox.repeat(case.repeatable)),
    Verb.MARK_REFUSED: plain(lambda case: workflow.mark_refused(case.pk, reason="", actor=SYSTEM)),
    Verb.CANCEL: plain(lambda case: workflow.cancel(case.pk, actor=SYSTEM)),
    Verb.MARK_DONE: plain(lambda case: workflow.mark_done(case.pk, actor=SYSTEM)),
    Verb.DUPLICATE: plain(lambda case: workflow.duplicate(case.pk, actor=SYSTEM)),
    Verb.ALLOW_MORE_TRIES: plain(lambda case: signing.allow_more_tries(case.pk, actor=SYSTEM)),
    Verb.CONFIRM_TRANSFER: plain(
        lambda case: payments.confirm_transfer(
            case.pk, amount=Decimal(100), received_on=timezone.localdate(), actor=SYSTEM
        )
    ),
    Verb.RECORD_ACCEPTANCE: plain(record_acceptance),
    Verb.VISIT: lambda case: opens(case, "quotes:show"),
    Verb.READ: lambda case: opens(case, "quotes:pdf"),
    Verb.SEE_CONTRACT: lambda case: opens(case, "signing:signed_pdf"),
    Verb.REQUEST_LINK: requests_link,
    Verb.ASK: lambda case: (
        _stands(lambda: workflow.ask(case.pk, text="Et quand ?", phone="", actor=CUSTOMER))
        and case.quote.questions.count() == 2
    ),
    Verb.REFUSE: plain(lambda case: workflow.refuse(case.pk, reason="", actor=CUSTOMER)),
    Verb.CHOOSE: chooses,
    Verb.REQUEST_CODE: requests_code,
    Verb.ACCEPT: accepts,
    Verb.DECLARE: declares,
    Verb.CONFIRM: answers(workflow.confirm),
    Verb.DISOWN: answers(workflow.disown),
    Verb.RECORD_WITHDRAWAL: plain(lambda case: workflow.record_withdrawal(case.pk, actor=SYSTEM)),
    Verb.RECORD_OTHERWISE: plain(
        lambda case: workflow.record_otherwise(
            case.pk,
            channel=Declaration.Channel.LETTER,
            sent_on=timezone.localdate(),
            name="Claire Morel",
            actor=SYSTEM,
            accepted_anyway=True,
        )
    ),
    Verb.MARK_DELIVERED: plain(
        lambda case: workflow.mark_delivered(case.pk, delivered_on=timezone.localdate(), actor=SYSTEM)
    ),
    Verb.SAY_NATURE: plain(
        lambda case: workflow.say_nature(case.pk, nature=Quote.Nature.GOODS, actor=SYSTEM)
    ),
    Verb.TAKE_SILENCE: takes_silence,
    Verb.PAY: lambda case: card._take_attempt(case.pk, actor=CUSTOMER)[1] is not None,
    Verb.ANNOUNCE_TRANSFER: lambda case: (
        payments.announce_transfer(case.pk, actor=CUSTOMER) is Announced.DONE
    ),
    Verb.MAIL_VERSION: mails_version,
    Verb.TELL_DEPOSIT_OPEN: lambda case: periodic._tell_opening(case.pk),
    Verb.REMIND_DEPOSIT: reminds_of_deposit,
}
# What else may happen to it.
BESIDE: dict[str, Callable[[Case], object]] = {
    "a reminder by itself": lambda case: workflow.remind_automatically(case.pk),
    "the end of validity is near": lambda case: workflow.tell_expiry(case.pk),
    "the address changes": lambda case: workflow.change_email(
        case.quote.customer_id, email="encore@exemple.fr", actor=SYSTEM
    ),
    "a sweep of payments": lambda case: queue.sweep(*periodic.BY_ITSELF),
}


# The laws


@dataclass(frozen=True)
class Rights:
    """What the law or the contract gives the customer."""

    withdrawal: bool
    contract: bool
    paying: bool

    @classmethod
    def of(cls, quote_id: int) -> Rights:
        quote = Quote.objects.get(pk=quote_id)
        deposit = payment_rules.deposit_of(quote)
        paying = deposit is not None and deposit.remaining > 0 and payment_rules.may_be_paid(deposit)
        return cls(quote.can_withdraw(), quote.is_concluded, paying)


def undone(step: Callable[[], Any]) -> Any:
    """Do it, look at the laws, and undo it."""
    with transaction.atomic():
        result = step()
        transaction.set_rollback(True)
    return result


def after(case: Case, name: object, step: Callable[[Case], Any]) -> Any:
    """What it did; raises where it broke a law."""
    known = set(OutgoingEmail.objects.values_list("pk", flat=True))
    result = step(case)
    mailed = OutgoingEmail.objects.filter(about=case.quote.number).exclude(pk__in=known)
    to_the_customer = [mail for mail in mailed if not mail.message.endswith("_owner")]
    blocked = case.circumstances.blocked and case.circumstances.stage not in CONTRACT
    assert not (blocked and to_the_customer), f"{name}: mailed for a blocked quote"
    for mail in to_the_customer:
        assert mail.sealed_secrets is None or opens_something(mail), f"{name}: a link that opens nothing"
    _rights_stand(name, case.rights, Rights.of(case.pk))
    return result


def opens_something(mail: OutgoingEmail) -> bool:
    assert mail.sealed_secrets is not None
    link = vault.unseal(mail.sealed_secrets).get("link")
    if link is None:
        return True
    answer = Client().get("/" + link.split("/", 3)[3], follow=True)
    return answer.status_code == 200 and bool(answer.redirect_chain)


def _rights_stand(name: object, before: Rights, now: Rights) -> None:
    assert now.contract or not before.contract, f"{name}: the contract is gone"
    if name in (Verb.CONFIRM, Verb.RECORD_WITHDRAWAL, Verb.RECORD_OTHERWISE, Verb.TAKE_SILENCE):
        return
    assert now.withdrawal or not before.withdrawal, f"{name} took the right to withdraw away"
    if name not in (Verb.PAY, Verb.CONFIRM_TRANSFER, Verb.DECLARE):
        assert now.paying or not before.paying, f"{name} took the deposit's payment away"


# The tests


def test_each_verb_does_what_the_table_allows_and_breaks_no_law(case: Case) -> None:
    assert set(VERBS) == set(Verb)
    for verb, step in VERBS.items():
        done = undone(partial(after, case, verb, step))
        assert done is by_hand(verb, reached(case, verb)), f"{verb}: {done}"
    Quote.objects.filter(pk=case.pk).update(next_reminder_at=timezone.now())
    for name, happens in BESIDE.items():
        undone(partial(after, case, name, happens))


def reached(case: Case, verb: Verb) -> Circumstances:
    """As the verb finds it: a link to the customer's own address does not fit a version that was made for another."""
    circumstances = case.circumstances
    behind_the_door = (
        Verb.VISIT, Verb.READ, Verb.SEE_CONTRACT, Verb.CHOOSE, Verb.REQUEST_CODE, Verb.ACCEPT,
    )  # fmt: skip
    if verb in behind_the_door and circumstances.address_changed and circumstances.stage not in CONTRACT:
        return replace(circumstances, link=LinkStatus.NONE)
    if verb is Verb.MAIL_VERSION:
        # Of the version that comes: it is in force by then.
        moved = bool(case.quote.versions.filter(done_at=None).exclude(email=case.quote.customer.email))
        return replace(circumstances, version=VersionStatus.IN_FORCE, address_changed=moved)
    return circumstances


OFFERED_BY: dict[Verb, str] = {
    Verb.REVISE: "nouvelle-version",
    Verb.RESEND_LINK: "renvoyer-un-lien",
    Verb.REMIND: "relancer",
    Verb.BLOCK: "bloquer",
    Verb.UNBLOCK: "debloquer",
    Verb.MARK_REFUSED: "marquer-refuse",
    Verb.CANCEL: "annuler",
    Verb.MARK_DONE: "terminer",
    Verb.DUPLICATE: "dupliquer",
    Verb.RECORD_WITHDRAWAL: "enregistrer-la-retractation",
    Verb.RECORD_OTHERWISE: "retractation-recue-autrement",
    Verb.MARK_DELIVERED: "materiel-livre",
    Verb.SAY_NATURE: "dire-la-nature",
}


def test_the_desk_and_the_actions_of_its_list_offer_exactly_what_the_verbs_do(case: Case) -> None:
    quote = case.quote
    desk = at_desk(quote.owner)
    response = desk.get(page_of(quote))
    page = text(response)
    form = response.context["adminform"].form
    addresses = {
        Verb.ANSWER: reverse("admin:quotes_question_change", args=[case.question.pk]),
        Verb.REPEAT_MAIL: reverse("admin:quotes_quote_mail", args=[quote.pk, case.repeatable.pk]),
        Verb.ALLOW_MORE_TRIES: reverse("admin:signing_allow_more_tries", args=[quote.pk]),
        Verb.CONFIRM_TRANSFER: reverse("admin:payments_confirm_transfer", args=[quote.pk]),
        Verb.RECORD_ACCEPTANCE: reverse("admin:signing_record_acceptance", args=[quote.pk]),
    } | {verb: action_of(quote, step) for verb, step in OFFERED_BY.items()}
    offered = {verb: f'"{address}"' in page for verb, address in addresses.items()}
    offered[Verb.SEND] = 'name="_send"' in page or action_of(quote, "envoyer") in page
    offered[Verb.EDIT] = 'name="title"' in page
    customer = form.fields.get("customer")
    offered[Verb.CHANGE_CUSTOMER] = offered[Verb.EDIT] and customer is not None and not customer.disabled
    wrong = [verb for verb, is_there in offered.items() if is_there is not by_hand(verb, case.circumstances)]
    assert not wrong
    for action in (one for one in ACTIONS if one.form is None):
        listed = desk.get(reverse("admin:quotes_quote_bulk", args=[action.path]), {"devis": [case.pk]})
        possible = bool(listed.context["possible"])
        assert possible is by_hand(action.verb, case.circumstances), action.path


PAGES = {
    Verb.CHOOSE: "signing:choose",
    Verb.REQUEST_CODE: "signing:sign",
    Verb.ASK: "quotes:ask",
    Verb.READ: "quotes:pdf",
    Verb.REFUSE: "quotes:refuse",
    Verb.DECLARE: "quotes:withdraw",
    Verb.PAY: "payments:pay",
    Verb.ANNOUNCE_TRANSFER: "payments:announce",
}
TEMPLATES = {
    Situation.BLOCKED: (403, "quotes/blocked.html"),
    Situation.LINK_EXPIRED: (410, "quotes/link_expired.html"),
    Situation.CONCLUDED: (200, "quotes/accepted.html"),
    Situation.SETTLED: (200, "quotes/settled.html"),
    Situation.UPDATING: (200, "quotes/updating.html"),
    Situation.PAST_VALIDITY: (200, "quotes/quote_expired.html"),
    Situation.OPEN: (200, "quotes/show.html"),
}


def links_of_all_ages(case: Case) -> Iterator[tuple[LinkStatus, str]]:
    for status, expires_at in (
        (LinkStatus.VALID, timezone.now() + dt.timedelta(hours=1)),
        (LinkStatus.EXPIRED, timezone.now()),
    ):
        link, path = make_link(case.quote)
        AccessLink.objects.filter(pk=link.pk).update(expires_at=expires_at)
        fits = case.circumstances.stage in CONTRACT or not case.circumstances.address_changed
        yield status if fits else LinkStatus.NONE, path


def test_the_customers_page_offers_exactly_what_works(case: Case) -> None:
    """Behind a link of any age, which leads to the row of the access table that matches."""
    for link, path in links_of_all_ages(case):
        answer: Any = Client().get(path, follow=True)
        row = expected_page(replace(case.circumstances, link=link))
        if row is Situation.UNKNOWN:
            assert (answer.status_code, case.quote.number in text(answer)) == (404, False)
        else:
            assert (answer.status_code, answer.templates[0].name) == TEMPLATES[row]
    browser = visitor(case)
    answer = browser.get(case.quote.get_absolute_url())
    page = text(answer).split("<footer", maxsplit=1)[0]  # a door stands in the foot of every page
    is_in = answer.status_code == 200
    for verb, name in PAGES.items():
        address = reverse(name, args=[case.quote.public_id])
        offered = any(f'{at}="{address}{end}' in page for at in ("href", "action") for end in '"#')
        # Outside there is the open door: it stands on every page, and answers alike for any quote.
        wanted = by_hand(verb, case.circumstances) if is_in else verb is Verb.DECLARE
        assert offered is wanted, verb
        if verb not in (Verb.CHOOSE, Verb.PAY, Verb.ANNOUNCE_TRANSFER):
            assert (browser.get(address).status_code == 200) is wanted, verb


def test_the_classes_reach_every_stage(figure: Callable[[str, str], None]) -> None:
    seen = [circumstances for _, circumstances in CLASSES.values()]
    assert {circumstances.stage for circumstances in seen} == set(Stage)
    figure("what may be done", f"{len(seen)} classes of situation, {len(VERBS)} verbs, each done and undone")
