"""One real quote of each class of situation, made by verbs, beside what it is in the words of the table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from logisav.desk.tests.desk import owner
from payments import rules as payment_rules
from payments import workflow as payments
from payments.models import Payment
from payments.tests.factories import CUSTOMER, accept, make_paying_company, withdraw
from quotes import emails, list_columns, workflow
from quotes.content import canonical
from quotes.models import Declaration, Question, Quote, QuoteVersion
from quotes.models.declaration import ANSWER_TIME
from quotes.rules import Circumstances, DeclarationStatus, DepositStatus, Stage, VersionStatus
from quotes.tests.factories import SYSTEM, make_business, make_link, make_quote, send, version_of
from signing import workflow as signing
from signing.models import TRIES_A_LIFE, SigningAllowance

Build = Callable[[], Quote]
Step = Callable[[Quote], object]
NEW_ADDRESS = "claire@ailleurs.example"


def draft(**fields: Any) -> Quote:
    make_paying_company()
    quote = make_quote(owner=owner(), start="3 semaines après la signature", **fields)
    quote.refresh_from_db()
    return quote


def sent(**fields: Any) -> Quote:
    return send(draft(**fields))


def contract(**fields: Any) -> Quote:
    return accept(sent(**fields))


def without_deposit() -> Quote:
    return contract(deposit_kind=Quote.DepositKind.NONE, deposit_value=0)


# Steps on the way


def sends(quote: Quote) -> QuoteVersion:
    return workflow.send(quote.pk, actor=SYSTEM)


def sends_in_vain(quote: Quote) -> None:
    workflow.abandon_sending(sends(quote).pk, reason="le moteur est en panne")


def revises(quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)


def reminds(quote: Quote) -> None:
    workflow.remind(quote.pk, actor=SYSTEM)


def blocks(quote: Quote) -> None:
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)


def refuses(quote: Quote) -> None:
    workflow.refuse(quote.pk, reason="", actor=SYSTEM)


def refuses_by_phone(quote: Quote) -> None:
    workflow.mark_refused(quote.pk, reason="", actor=SYSTEM)


def cancels(quote: Quote) -> None:
    workflow.cancel(quote.pk, actor=SYSTEM)


def files(quote: Quote) -> None:
    workflow.mark_done(quote.pk, actor=SYSTEM)


def moves(quote: Quote) -> None:
    workflow.change_email(quote.customer_id, email=NEW_ADDRESS, actor=SYSTEM)


@transaction.atomic
def lapses(quote: Quote) -> None:
    """Yesterday was the last day; the working copy has another date."""
    QuoteVersion.objects.filter(quote=quote).update(valid_until=timezone.localdate() - dt.timedelta(days=1))
    list_columns.refresh(quote)


def fixes_options(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(options_fixed=True)


def chooses(quote: Quote) -> None:
    """Every option; the worker has not made its PDF yet."""
    version = version_of(quote)
    workflow.choose_options(
        quote.pk,
        link=make_link(quote)[0],
        chosen=frozenset(line.identity for line in version.reading.options),
        version_hash=version.version_hash,
        actor=CUSTOMER,
    )


def pauses(quote: Quote) -> None:
    SigningAllowance.objects.create(quote=quote, tries=TRIES_A_LIFE)


def accepts(quote: Quote) -> None:
    accept(quote)


def withdraws(quote: Quote) -> None:
    withdraw(quote)


def declares(quote: Quote) -> None:
    workflow.declare(quote.pk, name="Claire Morel", email="claire.morel@exemple.fr", actor=CUSTOMER)


def declares_openly(quote: Quote) -> None:
    declaration = workflow.declare_openly(
        quote.public_id, name="Claire Morel", email="claire.morel@exemple.fr", actor=CUSTOMER
    )
    assert declaration is not None
    workflow.take_up(declaration.pk)


def waits_for_days(quote: Quote) -> None:
    Declaration.objects.filter(quote=quote).update(asked_at=timezone.now() - ANSWER_TIME)


def grows_old(quote: Quote) -> None:
    """Every period of the law is over: delivered on the day of the signature, long ago."""
    long_ago = timezone.now() - dt.timedelta(days=40)
    Quote.objects.filter(pk=quote.pk).update(accepted_at=long_ago, delivered_on=long_ago.date())


def is_of_old(quote: Quote) -> None:
    """Its version was frozen before its nature was asked for."""
    version = QuoteVersion.objects.get(quote=quote, is_current=True)
    document = json.loads(version.content)
    del document["law"], document["withdrawal"]["start"]
    content = canonical(document | {"schema": 2})
    QuoteVersion.objects.filter(pk=version.pk).update(content=content)
    Quote.objects.filter(pk=quote.pk).update(nature=Quote.Nature.UNKNOWN, signed_notice="")


def pays(quote: Quote) -> None:
    deposit = payments.ensure_deposit(quote.pk)
    assert deposit is not None
    today = timezone.localdate()
    payments.confirm_transfer(quote.pk, amount=deposit.amount, received_on=today, actor=SYSTEM)


def pays_slowly(quote: Quote) -> None:
    """The customer's bank thinks about it."""
    deposit = payments.ensure_deposit(quote.pk)
    assert deposit is not None
    method, state = Payment.Method.CARD, Payment.State.PENDING
    Payment.objects.create(deposit=deposit, method=method, amount=deposit.amount, state=state)


def after(build: Build, *steps: Step) -> Build:
    def made() -> Quote:
        quote = build()
        for step in steps:
            step(quote)
            quote.refresh_from_db()
        return quote

    return made


NEVER, FROZEN = VersionStatus.NONE, VersionStatus.FROZEN
OUT, REMINDED = Circumstances(Stage.SENT), Circumstances(Stage.REMINDED)
REFUSED = Circumstances(Stage.REFUSED)
DUE, PAID = DepositStatus.DUE, DepositStatus.PAID
ACCEPTED = Circumstances(Stage.ACCEPTED, withdrawal_open=True, deposit=DUE, awaits_delivery=True)
DONE = replace(ACCEPTED, stage=Stage.DONE)
DECLARED = replace(ACCEPTED, declaration=DeclarationStatus.ASKED)
# What is asked for stands beside a withdrawn contract too; its stage forbids to pay it.
WITHDRAWN = replace(ACCEPTED, stage=Stage.WITHDRAWN)


def off_premises() -> Quote:
    return contract(contract=Quote.Contract.OFF_PREMISES, duration="2 jours")


CLASSES: dict[str, tuple[Build, Circumstances]] = {
    "draft": (draft, Circumstances(Stage.DRAFT, version=NEVER)),
    "draft, sent in vain": (after(draft, sends_in_vain), Circumstances(Stage.DRAFT, version=FROZEN)),
    "draft, its second version sent in vain": (
        after(sent, revises, sends_in_vain),
        Circumstances(Stage.DRAFT, revising=True),
    ),
    "the same, blocked": (
        after(sent, revises, sends_in_vain, blocks),
        Circumstances(Stage.DRAFT, revising=True, blocked=True),
    ),
    "sending": (after(draft, sends), Circumstances(Stage.SENDING, version=FROZEN)),
    "sending, moved": (after(draft, sends, moves), Circumstances(Stage.SENDING, version=FROZEN)),
    "sending the second": (after(sent, revises, sends), Circumstances(Stage.SENDING, revising=True)),
    "sending the second, blocked": (
        after(sent, revises, sends, blocks),
        Circumstances(Stage.SENDING, revising=True, blocked=True),
    ),
    "sending the second, moved": (
        after(sent, revises, sends, moves),
        Circumstances(Stage.SENDING, revising=True, address_changed=True),
    ),
    "sending the second, lapsed": (
        after(sent, lapses, revises, sends),
        Circumstances(Stage.SENDING, revising=True, past_validity=True),
    ),
    "sent": (sent, OUT),
    "sent, revising": (after(sent, revises), replace(OUT, revising=True)),
    "sent, blocked": (after(sent, blocks), replace(OUT, blocked=True)),
    "sent, blocked, revising": (after(sent, revises, blocks), replace(OUT, revising=True, blocked=True)),
    "sent, lapsed": (after(sent, lapses), replace(OUT, past_validity=True)),
    "sent, lapsed, revising": (after(sent, lapses, revises), replace(OUT, past_validity=True, revising=True)),
    "sent, lapsed, blocked": (after(sent, lapses, blocks), replace(OUT, past_validity=True, blocked=True)),
    "sent, moved": (after(sent, moves), replace(OUT, address_changed=True)),
    "sent, moved, revising": (after(sent, moves, revises), replace(OUT, address_changed=True, revising=True)),
    "sent, moved, blocked": (after(sent, moves, blocks), replace(OUT, address_changed=True, blocked=True)),
    "sent, moved, lapsed": (
        after(sent, moves, lapses),
        replace(OUT, address_changed=True, past_validity=True),
    ),
    "sent, options fixed": (after(sent, fixes_options), replace(OUT, options_fixed=True)),
    "sent, choosing": (after(sent, chooses), replace(OUT, choosing=True)),
    "sent, revising, choosing": (after(sent, revises, chooses), replace(OUT, revising=True, choosing=True)),
    "sent, signing paused": (after(sent, pauses), replace(OUT, signing_paused=True)),
    "reminded": (after(sent, reminds), REMINDED),
    "reminded, revising": (after(sent, reminds, revises), replace(REMINDED, revising=True)),
    "reminded, blocked": (after(sent, reminds, blocks), replace(REMINDED, blocked=True)),
    "reminded, moved": (after(sent, reminds, moves), replace(REMINDED, address_changed=True)),
    "reminded, lapsed": (after(sent, reminds, lapses), replace(REMINDED, past_validity=True)),
    "refused": (after(sent, refuses), REFUSED),
    "refused, revising": (after(sent, refuses, revises), replace(REFUSED, revising=True)),
    "refused, blocked": (after(sent, refuses, blocks), replace(REFUSED, blocked=True)),
    "refused, blocked, revising": (
        after(sent, refuses, revises, blocks),
        replace(REFUSED, blocked=True, revising=True),
    ),
    "refused, moved": (after(sent, refuses, moves), replace(REFUSED, address_changed=True)),
    "refused, lapsed": (after(sent, refuses, lapses), replace(REFUSED, past_validity=True)),
    "filed": (after(sent, refuses, files), Circumstances(Stage.FILED)),
    "filed, blocked": (
        after(sent, blocks, refuses_by_phone, files),
        Circumstances(Stage.FILED, blocked=True),
    ),
    "filed, moved": (after(sent, refuses, files, moves), Circumstances(Stage.FILED, address_changed=True)),
    "cancelled": (after(sent, cancels), Circumstances(Stage.CANCELLED)),
    "cancelled draft": (after(draft, cancels), Circumstances(Stage.CANCELLED, version=NEVER)),
    "cancelled, blocked": (after(sent, cancels, blocks), Circumstances(Stage.CANCELLED, blocked=True)),
    "cancelled, moved": (after(sent, cancels, moves), Circumstances(Stage.CANCELLED, address_changed=True)),
    "accepted": (contract, ACCEPTED),
    "accepted, once blocked": (after(sent, blocks, accepts), replace(ACCEPTED, blocked=True)),
    "accepted, moved": (after(contract, moves), replace(ACCEPTED, address_changed=True)),
    "accepted, lapsed": (after(contract, lapses), replace(ACCEPTED, past_validity=True)),
    "accepted, period over": (after(contract, grows_old), replace(ACCEPTED, withdrawal_open=False)),
    "accepted, paid": (after(contract, pays), replace(ACCEPTED, deposit=PAID)),
    "accepted, payment pending": (
        after(contract, pays_slowly),
        replace(ACCEPTED, deposit=DepositStatus.PENDING),
    ),
    "accepted off premises": (off_premises, replace(ACCEPTED, deposit=DepositStatus.TOO_EARLY)),
    "accepted, no deposit": (without_deposit, replace(ACCEPTED, deposit=DepositStatus.NONE)),
    "accepted by a business": (
        lambda: contract(customer=make_business()),
        replace(ACCEPTED, withdrawal_open=False, awaits_delivery=False),
    ),
    "accepted for services": (
        lambda: contract(nature=Quote.Nature.SERVICES),
        replace(ACCEPTED, awaits_delivery=False),
    ),
    "accepted long ago, of unknown nature": (
        after(contract, is_of_old, grows_old),
        replace(ACCEPTED, awaits_delivery=False, nature_unknown=True),
    ),
    "done": (after(contract, files), DONE),
    "done, moved": (after(contract, files, moves), replace(DONE, address_changed=True)),
    "done, once blocked": (after(sent, blocks, accepts, files), replace(DONE, blocked=True)),
    "done, lapsed": (after(contract, files, lapses), replace(DONE, past_validity=True)),
    "done, period over": (after(contract, grows_old, files), replace(DONE, withdrawal_open=False)),
    "done, paid": (after(contract, pays, files), replace(DONE, deposit=PAID)),
    "done, payment pending": (
        after(contract, pays_slowly, files),
        replace(DONE, deposit=DepositStatus.PENDING),
    ),
    "done off premises": (after(off_premises, files), replace(DONE, deposit=DepositStatus.TOO_EARLY)),
    "done, no deposit": (after(without_deposit, files), replace(DONE, deposit=DepositStatus.NONE)),
    "accepted, declared": (after(contract, declares), DECLARED),
    "accepted, declared, paid": (after(contract, pays, declares), replace(DECLARED, deposit=PAID)),
    "accepted, declared without a link": (after(contract, declares_openly), DECLARED),
    "accepted, declared, silent": (
        after(contract, declares, waits_for_days),
        replace(DECLARED, declaration=DeclarationStatus.SILENT),
    ),
    "accepted, declared without a link, unmatched": (
        after(contract, declares_openly, waits_for_days),
        replace(DECLARED, declaration=DeclarationStatus.UNMATCHED),
    ),
    "done, declared, moved": (
        after(contract, files, declares, moves),
        replace(DECLARED, stage=Stage.DONE, address_changed=True),
    ),
    "withdrawn": (after(contract, withdraws), WITHDRAWN),
    "withdrawn from what was done": (after(contract, files, withdraws), WITHDRAWN),
    "withdrawn, paid": (after(contract, pays, withdraws), replace(WITHDRAWN, deposit=PAID)),
    "withdrawn, moved": (after(contract, withdraws, moves), replace(WITHDRAWN, address_changed=True)),
}


def as_read(quote: Quote) -> Circumstances:
    """The product's own reading, with all that its applications know."""
    version = quote.current_version()
    found = signing.circumstances(quote, version)
    if version is None and quote.versions.exists():
        found = replace(found, version=FROZEN)
    return replace(found, deposit=payment_rules.status(payment_rules.deposit_of(quote)))


@transaction.atomic
def ask_anyway(quote: Quote) -> Question:
    """A question that waits, and its mails, in situations too in which no more could be asked."""
    question = Question.objects.create(
        quote=quote, version=quote.current_version(), text="Et le thermostat ?"
    )
    emails.question_asked(question)
    list_columns.refresh(quote)
    return question
