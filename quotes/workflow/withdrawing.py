"""The consumer changes their mind (art. L221-18, L221-21 and D221-5 C. conso.): no reason asked, receipt at once.

What is declared is taken at once, whoever declares it, and stops money. It ends the contract once it is proven: by a
code mailed to the contract's address, by that mailbox's « Je confirme », by 72 h of its silence where it was declared
with a grant, or by the owner; always as of the moment when it was declared.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from lib import addresses, french, limiter, otp
from lib.day import today_in_paris
from quotes import emails, journal, links, rules
from quotes.journal import Actor
from quotes.law import contract
from quotes.law.contract import Period
from quotes.models import Declaration, Quote
from quotes.models.declaration import CODE_LIFE, TOLD_EVERY, TRIES_A_CODE
from quotes.rules import Verb
from quotes.workflow.locking import locked

Proof, Settled, State = Declaration.Proof, Declaration.Settled, Declaration.State


class Coded(enum.Enum):
    """What became of a code that was asked for, or typed."""

    SENT = enum.auto()
    TOO_SOON = enum.auto()
    DONE = enum.auto()
    WRONG_CODE = enum.auto()
    DEAD_CODE = enum.auto()
    OTHER_BROWSER = enum.auto()
    NOT_OPEN = enum.auto()


# Declaring


@transaction.atomic
def declare(quote_id: int, *, name: str, email: str, actor: Actor, browser: str = "") -> Declaration | None:
    """With a grant: the contract's mailbox is asked at once, and gets a code for this browser.

    Twice gives one; None: there is nothing to withdraw from.
    """
    quote = locked(quote_id)
    if not quote.may(Verb.DECLARE):
        return None
    declaration: Declaration | None = quote.standing_declaration()
    if declaration is not None and declaration.proof == Proof.GRANT:
        return declaration
    if declaration is None:
        declaration = Declaration(quote=quote, named=quote.number, ip=actor.ip, agent=actor.agent)
    # What was declared without a grant keeps its moment, and now has one.
    declaration.name, declaration.email, declaration.proof = name, email, Proof.GRANT
    declaration.save()
    _stand(quote, declaration, actor=actor)
    if email.lower() != quote.customer.email.lower():
        emails.copy_of_declaration(declaration, number=quote.number)
    if browser:
        mail_withdrawal_code(declaration.pk, browser=browser, actor=actor)
    return declaration


@transaction.atomic
def declare_openly(named: str, *, name: str, email: str, actor: Actor) -> Declaration | None:
    """Without a grant: stored, and nothing looked up, so that no answer tells what exists. None: too many from there.

    The sweep takes it up within seconds.
    """
    asking = limiter.DECLARATION.of(network=addresses.network(actor.ip))
    if limiter.take(asking).wait is not None:
        return None
    declaration = Declaration.objects.create(
        named=named[:40], name=name, email=email, ip=actor.ip, agent=actor.agent
    )
    emails.copy_of_declaration(declaration, number="")
    return declaration


@transaction.atomic
def take_up(declaration_id: int) -> bool:
    """What was declared without a grant finds its contract.

    A mailbox that a restore or a move has cut off is asked anew. False: another worker was faster.
    """
    declaration = Declaration.objects.get(pk=declaration_id)
    found = declaration.quote or Quote.objects.named(declaration.named).first()
    quote = locked(found.pk) if found else None
    declaration.refresh_from_db()
    if declaration.state != State.DECLARED or declaration.asked_at or (declaration.told_at and not found):
        return False
    if quote is not None and declaration.quote_id is not None:
        _ask_mailbox(quote, declaration)
        journal.append(
            quote,
            "withdrawal_asked_again",
            actor=Actor.system(),
            declaration=declaration.pk,
            to=quote.customer.email,
        )
    elif quote is not None and quote.declared_at is None and _was_open(quote, declaration):
        declaration.quote = quote
        declaration.save(update_fields=["quote"])
        _stand(quote, declaration, actor=Actor("customer", ip=declaration.ip, agent=declaration.agent))
    else:
        _leave_unmatched(quote, declaration)
    return True


def _was_open(quote: Quote, declaration: Declaration) -> bool:
    circumstances = quote.circumstances(quote.current_version(), at=declaration.declared_at)
    return rules.may(Verb.DECLARE, circumstances)


def _leave_unmatched(quote: Quote | None, declaration: Declaration) -> None:
    """It names no contract that is open to it, or one that has its declaration already: people look at it."""
    declaration.told_at = timezone.now()
    declaration.save(update_fields=["told_at"])
    if quote is not None and (quote.declared_at is not None or quote.state == Quote.State.WITHDRAWN):
        return
    if limiter.take(limiter.UNMATCHED_TOLD.of()).wait is None:
        emails.declared_of_no_contract(declaration, quote)


def _stand(quote: Quote, declaration: Declaration, *, actor: Actor) -> None:
    """Part of a verb that holds the quote: money stops, the contract's mailbox is asked, the owner is told."""
    quote.declared_at = declaration.declared_at
    quote.save(update_fields=["declared_at"])
    _ask_mailbox(quote, declaration)
    emails.declared_owner(quote, declaration)
    journal.append(
        quote,
        "withdrawal_declared",
        actor=actor,
        declaration=declaration.pk,
        declared_at=declaration.declared_at.isoformat(),
        channel=declaration.channel,
        proof=declaration.proof,
        name=declaration.name,
        email=declaration.email,
        to=quote.customer.email,
    )


def _ask_mailbox(quote: Quote, declaration: Declaration) -> None:
    """One fresh link to the page with two buttons; the one before it opens nothing any more."""
    token = secrets.token_urlsafe(32)
    declaration.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
    declaration.asked_at = declaration.told_at = timezone.now()
    declaration.save(update_fields=["token_sha256", "asked_at", "told_at"])
    emails.declared(quote, declaration, links.answer_address(token))


# Proving it: the code


@transaction.atomic
def mail_withdrawal_code(declaration_id: int, *, browser: str, actor: Actor) -> Coded:
    """A code to the contract's address, for this browser; the one before it dies."""
    quote, declaration = _held(declaration_id)
    if declaration.proof != Proof.GRANT or not _may(Verb.CONFIRM, quote, declaration):
        return Coded.NOT_OPEN
    keys = limiter.WITHDRAWAL_CODE.of(quote=quote.pk), limiter.WITHDRAWAL_CODES.of(quote=quote.pk)
    if limiter.take(*keys).wait is not None:
        return Coded.TOO_SOON
    declaration.nonce, declaration.tries = secrets.token_hex(16), 0
    declaration.browser_sha256 = _digest(browser)
    declaration.code_expires_at = timezone.now() + CODE_LIFE
    declaration.save(update_fields=["nonce", "tries", "browser_sha256", "code_expires_at"])
    emails.withdrawal_code(quote, declaration, code=expected_code(declaration, browser))
    journal.append(
        quote,
        "withdrawal_code_requested",
        actor=actor,
        declaration=declaration.pk,
        to=quote.customer.email,
    )
    return Coded.SENT


def expected_code(declaration: Declaration, browser: str) -> str:
    return otp.code(settings.OTP_KEY, "withdrawal", declaration.nonce, str(declaration.pk), browser)


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def confirm_with_code(declaration_id: int, *, code: str, browser: str, actor: Actor) -> Coded:
    """One guess: counted and committed before it is compared, so that no parallel guess escapes the count."""
    declaration = Declaration.objects.get(pk=declaration_id)
    if declaration.state == State.EFFECTIVE:
        return Coded.DONE
    if declaration.browser_sha256 != _digest(browser):
        return Coded.OTHER_BROWSER if declaration.browser_sha256 else Coded.DEAD_CODE
    if not _take_try(declaration):
        return Coded.DEAD_CODE
    if not otp.matches(code, expected_code(declaration, browser)):
        return Coded.WRONG_CODE
    return _confirm_code(declaration.pk, nonce=declaration.nonce, actor=actor)


@transaction.atomic(durable=True)
def _take_try(declaration: Declaration) -> bool:
    """T1, of this very code. False, and nothing counted, once it is dead or used up."""
    alive = Declaration.objects.filter(
        pk=declaration.pk,
        state=State.DECLARED,
        nonce=declaration.nonce,
        tries__lt=TRIES_A_CODE,
        code_expires_at__gt=timezone.now(),
    )
    return bool(alive.update(tries=F("tries") + 1))


@transaction.atomic
def _confirm_code(declaration_id: int, *, nonce: str, actor: Actor) -> Coded:
    """T2: everything is looked at again inside the lock."""
    quote, declaration = _held(declaration_id)
    if declaration.state == State.EFFECTIVE:
        return Coded.DONE
    if not _may(Verb.CONFIRM, quote, declaration):
        return Coded.NOT_OPEN
    if declaration.nonce != nonce or declaration.asked_at is None:  # a newer code, another mailbox
        return Coded.DEAD_CODE
    declaration.proof = Proof.CODE
    declaration.save(update_fields=["proof"])
    _take_effect(quote, declaration, Settled.CODE, actor=actor)
    return Coded.DONE


# Proving it otherwise, or not


@transaction.atomic
def confirm(token: str, *, actor: Actor) -> bool:
    """« Je confirme », by the link in the contract's own mailbox, however late."""
    if (found := _held_by(token)) is None or not _may(Verb.CONFIRM, *found):
        return False
    _take_effect(*found, Settled.MAILBOX, actor=actor)
    return True


@transaction.atomic
def disown(token: str, *, actor: Actor) -> bool:
    """« Ce n'était pas moi », by the same link within 72 h: the contract stands, money goes on."""
    if (found := _held_by(token)) is None or not _may(Verb.DISOWN, *found):
        return False
    quote, declaration = found
    _settle(quote, declaration, State.UNFOUNDED, Settled.DISOWNED)
    emails.disowned(quote, declaration)
    journal.append(quote, "withdrawal_disowned", actor=actor, declaration=declaration.pk)
    return True


@transaction.atomic
def record_withdrawal(quote_id: int, *, actor: Actor) -> None:
    """« Enregistrer la rétractation »: the owner hastens what was declared; refusing it is nobody's."""
    quote = locked(quote_id)
    quote.require(Verb.RECORD_WITHDRAWAL)
    _take_effect(quote, quote.declarations.standing().get(), Settled.OWNER, actor=actor)


class TooLate(Exception):
    """What was sent does not end this contract by right; `words` say why to its owner, who may accept it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@transaction.atomic
def record_otherwise(
    quote_id: int,
    *,
    channel: Declaration.Channel,
    sent_on: dt.date,
    name: str,
    actor: Actor,
    received_on: dt.date | None = None,
    scan: str = "",
    accepted_anyway: bool = False,
) -> None:
    """« Rétractation reçue autrement »: by letter, mail or word of mouth; the day of its sending counts (art. L221-21).

    `received_on`, today if nobody says another: from there the days of the refund run (art. L221-24).

    `scan` is the name of a stored file. Raises TooLate, unless the owner accepts it all the same.
    """
    quote = locked(quote_id)
    quote.require(Verb.RECORD_OTHERWISE)
    facts = quote.law()
    period = contract.withdrawal(facts) if facts else None
    in_time = period is not None and (period.last_day is None or sent_on <= period.last_day)
    if not in_time and not accepted_anyway:
        raise TooLate(_why_too_late(period))
    quote.withdrawal_known_on = received_on or today_in_paris()
    quote.save(update_fields=["withdrawal_known_on"])
    declaration = Declaration.objects.create(
        quote=quote,
        named=quote.number,
        channel=channel,
        declared_at=_moment_of(sent_on, quote),
        name=name,
        scan=scan,
        after_the_end=not in_time,
    )
    journal.append(
        quote,
        "withdrawal_received",
        actor=actor,
        declaration=declaration.pk,
        channel=channel.value,
        how=declaration.in_words,
        sent_on=sent_on.isoformat(),
        received_on=quote.withdrawal_known_on.isoformat(),
        name=name,
        scan=scan,
        after_the_end=not in_time,
    )
    _take_effect(quote, declaration, Settled.OWNER, actor=actor)


def _why_too_late(period: Period | None) -> str:
    if period is None or period.last_day is None:
        return "Ce contrat ne donne pas de droit de rétractation."
    return f"Le délai a fini le {french.day(period.last_day)}\u00a0: ce qui est parti après ne met pas fin au contrat."


def _moment_of(sent_on: dt.date, quote: Quote) -> dt.datetime:
    """Noon of that day, neither before the signature nor after now: a letter bears no hour."""
    noon = dt.datetime.combine(sent_on, dt.time(12), tzinfo=french.PARIS)
    return min(max(noon, quote.accepted_at or noon), timezone.now())


@transaction.atomic
def take_silence(declaration_id: int) -> bool:
    """72 h of silence of the contract's mailbox, where it was declared with a grant. False: something was faster."""
    quote, declaration = _held(declaration_id)
    if not _may(Verb.TAKE_SILENCE, quote, declaration):
        return False
    _take_effect(quote, declaration, Settled.SILENCE, actor=Actor.system())
    return True


@transaction.atomic
def tell_declaration_again(declaration_id: int) -> bool:
    """« À rapprocher »: owner and managers hear of it daily until the mailbox confirms or the owner records it."""
    quote, declaration = _held(declaration_id)
    is_recent = declaration.told_at is None or declaration.told_at > timezone.now() - TOLD_EVERY
    if not declaration.stands or declaration.proof != Proof.NONE or is_recent:
        return False
    declaration.told_at = timezone.now()
    declaration.save(update_fields=["told_at"])
    emails.declared_again_owner(quote, declaration)
    return True


def _held(declaration_id: int) -> tuple[Quote, Declaration]:
    """The quote locked, then its declaration as it is now: it moves under the quote's lock alone."""
    quote_id = Declaration.objects.values_list("quote_id", flat=True).get(pk=declaration_id)
    quote = locked(quote_id or 0)
    return quote, quote.declarations.get(pk=declaration_id)


def _held_by(token: str) -> tuple[Quote, Declaration] | None:
    """None too where a newer link has replaced this one while we waited."""
    found = Declaration.objects.for_token(token)
    if found is None:
        return None
    quote, declaration = _held(found.pk)
    return (quote, declaration) if declaration.token_sha256 == found.token_sha256 else None


def _may(verb: Verb, quote: Quote, declaration: Declaration) -> bool:
    return declaration.stands and quote.may(verb)


def _settle(
    quote: Quote, declaration: Declaration, state: Declaration.State, by: Declaration.Settled
) -> None:
    quote.declared_at = None
    quote.save(update_fields=["declared_at"])
    declaration.state, declaration.settled_by, declaration.settled_at = state, by, timezone.now()
    declaration.save(update_fields=["state", "settled_by", "settled_at"])


def _take_effect(quote: Quote, declaration: Declaration, by: Declaration.Settled, *, actor: Actor) -> None:
    """Concluded no more, as of the moment of the declaration: the last day of the refund counts from there."""
    quote.move_to(Quote.State.WITHDRAWN)
    quote.withdrawn_at = declaration.declared_at
    quote.save(update_fields=["withdrawn_at"])
    _settle(quote, declaration, State.EFFECTIVE, by)
    emails.withdrawn(quote, declaration)
    if by is not Settled.SILENCE:
        journal.append(
            quote, "withdrawal_confirmed", actor=actor, declaration=declaration.pk, how=str(by.label)
        )
    journal.append(
        quote,
        "withdrawn",
        actor=actor,
        name=declaration.name,
        contract=quote.number,
        email=declaration.email,
        declared_at=declaration.declared_at.isoformat(),
        settled_by=by.value,
    )
