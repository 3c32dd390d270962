"""Signing: a form gets its code, a code makes the signature, the signature gets its sealed PDF.

A guess is two steps. T1 takes a try by conditional updates and commits, so that no parallel guess escapes the
count; then the comparison; then T2 locks the quote, checks everything again and accepts.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lib import files, limiter
from lib.otp import matches
from notifications import outbox
from quotes import journal, rules
from quotes import workflow as quotes_workflow
from quotes.access import browser_digest
from quotes.content import Content
from quotes.journal import Actor
from quotes.law.contract import Place
from quotes.models import AccessLink, Customer, IllegalMove, Quote, QuoteVersion
from quotes.rules import Circumstances, Verb
from quotes.workflow.locking import locked
from signing import emails, otp
from signing.models import (
    BUTTON,
    CODE_LIFE,
    CODES_AT_ONCE,
    TRIES_A_CODE,
    TRIES_A_LIFE,
    WINDOW,
    SealedDocument,
    Signatory,
    Signature,
    SigningAllowance,
    SigningRequest,
)


class Outcome(enum.Enum):
    CODE_SENT = enum.auto()
    SIGNED = enum.auto()
    WRONG_CODE = enum.auto()
    DEAD_CODE = enum.auto()
    TOO_MANY_TRIES = enum.auto()
    TOO_SOON = enum.auto()
    PAUSED = enum.auto()
    LINK_USED_UP = enum.auto()
    CHANGED = enum.auto()
    DAMAGED = enum.auto()
    CONTRADICTION = enum.auto()
    OTHER_BROWSER = enum.auto()
    NOT_OPEN = enum.auto()


# From form to code


def request_code(
    quote_id: int, *, link: AccessLink, form: Signatory, version_hash: str, browser: str, actor: Actor
) -> tuple[Outcome, SigningRequest | None]:
    """Bind a fresh code to this version, form, link and browser, and mail it. The browser's code before it dies.

    A request comes with CODE_SENT alone. The owner learns once a day of a pause, or of the same contradiction.
    The file that is signed is read and compared first, outside the transaction.
    """
    in_force = QuoteVersion.objects.filter(quote=quote_id, version_hash=version_hash, is_current=True)
    read = in_force.first()
    if read is not None and not _can_be_read(read):
        return Outcome.DAMAGED, None
    return _request_code(
        quote_id, link=link, form=form, version_hash=version_hash, browser=browser, actor=actor
    )


def _can_be_read(version: QuoteVersion) -> bool:
    """The PDF and what is joined to it: nobody signs what nobody can read."""
    joined = version.reading.joined_files
    are_there = all(files.read_or_none(name, sha256) is not None for name, sha256 in joined)
    return quotes_workflow.stored_pdf(version) is not None and are_there


@transaction.atomic
def _request_code(
    quote_id: int, *, link: AccessLink, form: Signatory, version_hash: str, browser: str, actor: Actor
) -> tuple[Outcome, SigningRequest | None]:
    quote = locked(quote_id)
    if not _may(Verb.REQUEST_CODE, quote, link.pk):
        return Outcome.NOT_OPEN, None
    version = _version_as_agreed(quote, version_hash, form.consents)
    if version is None:
        return Outcome.CHANGED, None
    if version.damaged_at is not None:
        return Outcome.DAMAGED, None
    if _protects_less(version.reading, form):
        _tell_owner_of_contradiction(quote, form, version.reading, actor)
        return Outcome.CONTRADICTION, None
    allowance = _locked_allowance(quote)
    if not allowance.allows_a_code:
        _tell_owner_of_pause(quote, allowance)
        return Outcome.PAUSED, None
    if not allowance.allows_a_code_by(link.pk):
        return Outcome.LINK_USED_UP, None
    if limiter.take(limiter.CODE.of(quote=quote.pk)).wait is not None:
        return Outcome.TOO_SOON, None
    return Outcome.CODE_SENT, _open_request(quote, version, link, form, browser=browser, actor=actor)


def resend_code(
    request_id: int, *, link: AccessLink, browser: str, actor: Actor
) -> tuple[Outcome, SigningRequest | None]:
    """« Demander un nouveau code »: the same form, a new code."""
    old = SigningRequest.objects.get(pk=request_id)
    if old.browser_sha256 != browser_digest(browser):
        return Outcome.OTHER_BROWSER, None
    return request_code(
        old.quote_id,
        link=link,
        form=old.signatory,
        version_hash=old.version_hash,
        browser=browser,
        actor=actor,
    )


def _may(verb: Verb, quote: Quote, link_id: int) -> bool:
    """With the link as it is now, read inside the lock."""
    link, version = AccessLink.objects.get(pk=link_id), quote.current_version()
    link.quote = quote
    return rules.may(verb, quote.circumstances(version, link=link.status(version)))


def _version_as_agreed(quote: Quote, version_hash: str, ticked: frozenset[str]) -> QuoteVersion | None:
    """The version in force, if it is the one that was read, its hash computed anew, and what it requires is ticked."""
    version = quote.current_version()
    if version is None or version_hash != version.version_hash or version.computed_hash() != version_hash:
        return None
    required = {consent.id for consent in version.reading.consents if consent.required}
    return version if required <= ticked else None


def _protects_less(content: Content, form: Signatory) -> bool:
    """Than the law does a contract as the signatory describes it: then another version is needed."""
    if form.kind != content.customer.kind or not content.protects(Place(form.place), at=timezone.now()):
        return True
    said_larger = content.law is not None and not content.law.is_small
    return form.is_small is True and said_larger and content.contract == Place.OFF_PREMISES


def _tell_owner_of_contradiction(quote: Quote, form: Signatory, content: Content, actor: Actor) -> None:
    """The quote's frozen facts do not fit what the signatory says: a lawful contract needs another version."""
    said = _in_words(form, content)
    recent = quote.events.filter(kind="contradiction", at__gt=timezone.now() - WINDOW)
    if any(event.facts.get("said") == said for event in recent):
        return
    emails.contradiction(quote, said=said, of_the_visit=is_of_the_visit(content))
    journal.append(quote, "contradiction", actor=actor, place=form.place, signs_as=form.kind, said=said)


def _in_words(form: Signatory, content: Content) -> str:
    """What the signatory says of the contract, the cause of a contradiction among it."""
    said = [Customer.Kind(form.kind).label, Quote.Contract(form.place).label.lower()]
    if form.is_small:
        said.append("cinq salariés au plus, hors de son activité principale")
    words = ", ".join(said)
    return f"{words} (et c'est le jour de la visite)" if is_of_the_visit(content) else words


def is_of_the_visit(content: Content) -> bool:
    """Whether it is the day alone that makes this version protect too little."""
    now = timezone.now()
    return content.is_visited(now) and not content.protects(Place(content.contract), at=now)


def _locked_allowance(quote: Quote) -> SigningAllowance:
    SigningAllowance.objects.get_or_create(quote=quote)
    return SigningAllowance.objects.select_for_update(no_key=True).get(quote=quote)


def _tell_owner_of_pause(quote: Quote, allowance: SigningAllowance) -> None:
    """Once a day is enough."""
    now = timezone.now()
    if allowance.owner_told_at is not None and allowance.owner_told_at > now - WINDOW:
        return
    allowance.owner_told_at = now
    allowance.save(update_fields=["owner_told_at"])
    emails.paused(quote)
    journal.append(quote, "signing_paused", actor=Actor.system(), tries=allowance.tries)


def _open_request(
    quote: Quote, version: QuoteVersion, link: AccessLink, form: Signatory, *, browser: str, actor: Actor
) -> SigningRequest:
    now = timezone.now()
    _make_room(quote, link, browser)
    request = SigningRequest.objects.create(
        quote=quote,
        version=version,
        link=link,
        email=link.email,
        version_hash=version.version_hash,
        browser_sha256=browser_digest(browser),
        created_at=now,
        expires_at=min(now + CODE_LIFE, link.expires_at),
        **form.row(version.reading.consents),
    )
    request.mail = emails.code(request, code=expected_code(request, browser))
    request.save(update_fields=["mail"])
    journal.append(
        quote,
        "code_requested",
        actor=actor,
        challenge=request.pk,
        version=version.number,
        version_hash=request.version_hash,
        link=request.link_id,
        drawing_sha256=hashlib.sha256(request.drawing).hexdigest() if request.drawing else "",
        expires_at=request.expires_at.isoformat(),
        **request.facts,
    )
    return request


def _make_room(quote: Quote, link: AccessLink, browser: str) -> None:
    """One code a browser, two at once: of several others the oldest of the same link goes first.

    So a holder of one link, with however many browsers, ends no code that was asked for by another.
    """
    open_codes = quote.signing_requests.filter(state=SigningRequest.State.OPEN)
    own, over = Q(browser_sha256=browser_digest(browser)), Q(expires_at__lte=timezone.now())
    open_codes.filter(own | over).update(state=SigningRequest.State.REPLACED)
    others = sorted(open_codes, key=lambda request: (request.link_id != link.pk, request.created_at))
    for request in others[: max(0, len(others) - CODES_AT_ONCE + 1)]:
        request.state = SigningRequest.State.REPLACED
        request.save(update_fields=["state"])


def expected_code(request: SigningRequest, browser: str) -> str:
    return otp.code(
        settings.OTP_KEY,
        nonce=request.nonce,
        version_hash=request.version_hash,
        request=request.pk,
        link=request.link_id,
        browser=browser,
    )


# From code to signature


def sign(request_id: int, *, code: str, link: AccessLink, browser: str, actor: Actor) -> Outcome:
    """One guess. The right one accepts the quote; whatever comes with a used code gets the same SIGNED.

    Every guess that is compared is counted first and for good; what is refused before that costs no try.
    """
    request = SigningRequest.objects.select_related("quote", "version").get(pk=request_id)
    if request.browser_sha256 != browser_digest(browser) or request.link_id != link.pk:
        return Outcome.OTHER_BROWSER
    if (refusal := why_no_try(request)) is not None:
        return refusal
    if not _take_try(request, actor=actor):
        request.refresh_from_db()
        return why_no_try(request) or Outcome.TOO_MANY_TRIES
    if not matches(code, expected_code(request, browser)):
        return Outcome.WRONG_CODE
    return _accept(request.pk, actor=actor)


def why_no_try(request: SigningRequest) -> Outcome | None:
    """A code that was used, used up or replaced is not guessed at."""
    if request.state == SigningRequest.State.USED:
        return Outcome.SIGNED
    if request.tries >= TRIES_A_CODE:
        return Outcome.TOO_MANY_TRIES
    return None if request.is_alive else Outcome.DEAD_CODE


@transaction.atomic(durable=True)
def _take_try(request: SigningRequest, *, actor: Actor) -> bool:
    """T1: count the try before it is looked at. False, and nothing counted, beyond any limit."""
    life = SigningAllowance.objects.filter(quote=request.quote_id, tries__lt=TRIES_A_LIFE)
    taken = life.update(tries=F("tries") + 1) and SigningRequest.objects.filter(
        pk=request.pk, state=SigningRequest.State.OPEN, tries__lt=TRIES_A_CODE
    ).update(tries=F("tries") + 1)
    allowance = SigningAllowance.objects.get(quote=request.quote_id)
    if not taken or not allowance.allows_the_try_by(request.link_id):
        transaction.set_rollback(True)
        return False
    request.refresh_from_db(fields=["tries"])
    journal.append(request.quote, "code_tried", actor=actor, challenge=request.pk, tries=request.tries)
    return True


@transaction.atomic
def _accept(request_id: int, *, actor: Actor) -> Outcome:
    """T2: everything is checked again inside the lock; all of it happens, or nothing. The seal is made afterwards."""
    request = SigningRequest.objects.select_related("version").get(pk=request_id)
    quote = locked(request.quote_id)
    if quote.is_concluded:
        return Outcome.SIGNED
    if not _may(Verb.ACCEPT, quote, request.link_id):
        return Outcome.NOT_OPEN
    ticked = frozenset(consent["id"] for consent in request.consents)
    version = _version_as_agreed(quote, request.version_hash, ticked)
    if version is None:
        return Outcome.CHANGED
    if version.damaged_at is not None:
        return Outcome.DAMAGED
    # The day of a visit may have come since the form; one that was sent before place and kind were asked said neither.
    if request.place and _protects_less(version.reading, request.signatory):
        _tell_owner_of_contradiction(quote, request.signatory, version.reading, actor)
        return Outcome.CONTRADICTION
    # Single use: exactly one row goes from open to used, or the code is dead.
    alive = SigningRequest.objects.filter(
        pk=request.pk, state=SigningRequest.State.OPEN, expires_at__gt=timezone.now()
    )
    if not alive.update(state=SigningRequest.State.USED):
        return Outcome.DEAD_CODE
    quote.signing_requests.filter(state=SigningRequest.State.OPEN).update(state=SigningRequest.State.REPLACED)
    quotes_workflow.mark_accepted(quote, version, early_start="early_start" in ticked)
    signature = _write_signature(quote, request, actor)
    transaction.on_commit(lambda: outbox.nudge("signing.seal", signature.pk), robust=True)
    return Outcome.SIGNED


def _write_signature(quote: Quote, request: SigningRequest, actor: Actor) -> Signature:
    """Mails first, the journal last: its head is the end of the lock order."""
    request.refresh_from_db(fields=["tries"])
    signature = Signature(
        quote=quote,
        request=request,
        version=request.version,
        version_hash=request.version_hash,
        ip=actor.ip,
        agent=actor.agent,
        **request.copied,
    )
    emails.accepted(signature)
    event = journal.append(
        quote,
        "accepted",
        actor=actor,
        challenge=request.pk,
        tries=request.tries,
        version=request.version.number,
        version_hash=request.version_hash,
        content_sha256=request.version.content_sha256,
        pdf_sha256=request.version.pdf_sha256,
        button=BUTTON,
        regime=request.version.reading.contract,
        total=str(request.version.total),
        deposit=str(request.version.deposit),
        reference=signature.reference,
        **_documents(request.version),
        **signature.facts,
    )
    signature.signed_at, signature.journal_seq, signature.journal_hash = event.at, event.seq, event.hash
    signature.save()
    return signature


def _documents(version: QuoteVersion) -> dict[str, list[dict[str, str]]]:
    """Which ones are part of the contract; their words stand in the frozen text too."""
    found = [{"title": one.title, "sha256": one.sha256} for one in version.reading.contract_documents]
    return {"documents": found} if found else {}


# After signing


@transaction.atomic
def complete_sealing(
    signature_id: int,
    *,
    file: str,
    sha256: str,
    level: SealedDocument.Level = SealedDocument.Level.B_B,
    reason: str = "",
) -> None:
    """The sealed PDF is stored: written down once, and mailed to the customer."""
    signature = Signature.objects.select_related("quote").get(pk=signature_id)
    quote = locked(signature.quote_id)
    signature.refresh_from_db(fields=["done_at"])
    if signature.done_at is not None:
        return
    document = SealedDocument.objects.create(
        signature=signature, file=file, sha256=sha256, level=level, reason=reason
    )
    signature.done_at, signature.claimed_until = timezone.now(), None
    signature.save(update_fields=["done_at", "claimed_until"])
    emails.signed_copy(document)
    journal.append(
        quote,
        "sealed",
        actor=Actor.system(),
        revision=document.revision,
        sha256=sha256,
        level=level,
        reason=reason,
        reference=signature.reference,
    )


@transaction.atomic
def tell_sealing_is_late(signature_id: int) -> None:
    """The customer shall not wait in silence; told once."""
    quote = locked(Signature.objects.values_list("quote_id", flat=True).get(pk=signature_id))
    first = Signature.objects.filter(pk=signature_id, late_mail_at=None, done_at=None).update(
        late_mail_at=timezone.now()
    )
    if first:
        signature = Signature.objects.select_related("quote__customer", "quote__owner").get(pk=signature_id)
        emails.sealing_late(signature)
        journal.append(quote, "sealing_late", actor=Actor.system())


def tell_sealing_has_failed(signature_id: int, *, reason: str) -> None:
    """The owner learns that the signed PDF does not come by itself; the queue tells it once."""
    quote = locked(Signature.objects.values_list("quote_id", flat=True).get(pk=signature_id))
    emails.sealing_failed(quote, reason=reason)
    journal.append(quote, "sealing_failed", actor=Actor.system(), reason=reason[:500])


def circumstances(quote: Quote, version: QuoteVersion | None) -> Circumstances:
    """With what signing knows: too many codes or tries, so that the customer cannot sign until the owner says so."""
    allowance: SigningAllowance | None = getattr(quote, "signing_allowance", None)
    paused = allowance is not None and not allowance.allows_a_code
    return replace(quote.circumstances(version), signing_paused=paused)


@transaction.atomic
def allow_more_tries(quote_id: int, *, actor: Actor) -> None:
    """« Autoriser de nouveaux essais »: the owner, who knows the customer, lifts the pause."""
    quote = locked(quote_id)
    allowance = _locked_allowance(quote)
    reason = rules.why_not(Verb.ALLOW_MORE_TRIES, circumstances(quote, quote.current_version()))
    if reason is not None:
        raise IllegalMove(quote, reason)
    allowance.tries, allowance.renewed_at, allowance.owner_told_at = 0, timezone.now(), None
    allowance.save(update_fields=["tries", "renewed_at", "owner_told_at"])
    journal.append(quote, "tries_allowed", actor=actor)


@transaction.atomic
def note_proof_exported(quote_id: int, *, sha256: str, actor: Actor) -> None:
    """« Dossier de preuve »: personal data left the desk, so it is written down who took what."""
    journal.append(locked(quote_id), "proof_exported", actor=actor, sha256=sha256)
