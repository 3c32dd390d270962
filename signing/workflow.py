"""Signing: a form gets its code, a code makes the signature, the signature gets its sealed PDF.

A guess is two steps. T1 takes a try by conditional updates and commits, so that no parallel guess escapes the
count; then the comparison; then T2 locks the quote, checks everything again and accepts.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notifications import outbox
from quotes import journal
from quotes import workflow as quotes_workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Quote, QuoteVersion
from quotes.workflow.locking import locked
from signing import emails, otp
from signing.models import (
    BUTTON,
    CODE_LIFE,
    RESEND_AFTER,
    TRIES_A_CODE,
    TRIES_A_LIFE,
    TRIES_A_WINDOW,
    WINDOW,
    SealedDocument,
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
    CHANGED = enum.auto()
    CONTRADICTION = enum.auto()
    OTHER_BROWSER = enum.auto()
    NOT_OPEN = enum.auto()


@dataclass(frozen=True)
class SigningForm:
    """What the signatory typed and ticked; `consents` are the ids of the boxes.

    `place` and `kind` say how the contract is concluded and by whom, in the words of Quote.Contract and Customer.Kind.
    """

    first_name: str
    last_name: str
    phone: str
    capacity: str
    place: str
    kind: str
    consents: frozenset[str]
    drawing: bytes = b""


def browser_digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


# From form to code


@transaction.atomic
def request_code(
    quote_id: int, *, link: AccessLink, form: SigningForm, version_hash: str, browser: str, actor: Actor
) -> tuple[Outcome, SigningRequest | None]:
    """Bind a fresh code to this version, form, link and browser, and mail it. The code before it dies."""
    quote = locked(quote_id)
    if (refusal := _why_not_open(quote, link.pk)) is not None:
        return refusal, None
    version = _version_as_read(quote, version_hash)
    if version is None or not _required_consents(version) <= form.consents:
        return Outcome.CHANGED, None
    if (form.place, form.kind) != (version.reading.contract, version.reading.customer.kind):
        _tell_owner_of_contradiction(quote, form, actor)
        return Outcome.CONTRADICTION, None
    if (refusal := _why_no_code(quote)) is not None:
        return refusal, None
    return Outcome.CODE_SENT, _open_request(quote, version, link, form, browser=browser, actor=actor)


@transaction.atomic
def resend_code(
    request_id: int, *, link: AccessLink, browser: str, actor: Actor
) -> tuple[Outcome, SigningRequest | None]:
    """« Demander un nouveau code »: the same form, a new code."""
    old = SigningRequest.objects.get(pk=request_id)
    if old.browser_sha256 != browser_digest(browser):
        return Outcome.OTHER_BROWSER, None
    form = SigningForm(
        first_name=old.first_name,
        last_name=old.last_name,
        phone=old.phone,
        capacity=old.capacity,
        place=old.place,
        kind=old.kind,
        consents=frozenset(consent["id"] for consent in old.consents),
        drawing=bytes(old.drawing or b""),
    )
    return request_code(
        old.quote_id, link=link, form=form, version_hash=old.version_hash, browser=browser, actor=actor
    )


def _why_not_open(quote: Quote, link_id: int) -> Outcome | None:
    """State, access, validity and link, read inside the lock."""
    version = quote.current_version
    link = AccessLink.objects.get(pk=link_id)
    open_ = quote.state in Quote.SIGNABLE and not quote.is_blocked and version is not None
    if not open_ or version is None or version.is_past_validity or not link.is_valid:
        return Outcome.NOT_OPEN
    return None


def _version_as_read(quote: Quote, version_hash: str) -> QuoteVersion | None:
    """The version in force if it is the one that was read, its hash computed anew; else None."""
    version = quote.current_version
    if version is None or version_hash != version.version_hash or version.computed_hash() != version_hash:
        return None
    return version


def _required_consents(version: QuoteVersion) -> frozenset[str]:
    return frozenset(consent.id for consent in version.reading.consents if consent.required)


def _tell_owner_of_contradiction(quote: Quote, form: SigningForm, actor: Actor) -> None:
    """The quote's frozen facts do not fit what the signatory says: a lawful contract needs another version."""
    recent = quote.events.filter(kind="contradiction", at__gt=timezone.now() - WINDOW)
    if any((event.facts["place"], event.facts["signs_as"]) == (form.place, form.kind) for event in recent):
        return
    emails.contradiction(quote, place=form.place, kind=form.kind)
    journal.append(quote, "contradiction", actor=actor, place=form.place, signs_as=form.kind)


def _why_no_code(quote: Quote) -> Outcome | None:
    allowance = _locked_allowance(quote)
    if not allowance.allows_a_code:
        _tell_owner_of_pause(quote, allowance)
        return Outcome.PAUSED
    last = quote.signing_requests.order_by("-created_at").first()
    if last is not None and last.created_at > timezone.now() - RESEND_AFTER:
        return Outcome.TOO_SOON
    return None


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
    quote: Quote, version: QuoteVersion, link: AccessLink, form: SigningForm, *, browser: str, actor: Actor
) -> SigningRequest:
    now = timezone.now()
    quote.signing_requests.filter(state=SigningRequest.State.OPEN).update(state=SigningRequest.State.REPLACED)
    request = SigningRequest.objects.create(
        quote=quote,
        version=version,
        link=link,
        email=link.email,
        version_hash=version.version_hash,
        browser_sha256=browser_digest(browser),
        created_at=now,
        expires_at=min(now + CODE_LIFE, link.expires_at),
        first_name=form.first_name,
        last_name=form.last_name,
        phone=form.phone,
        capacity=form.capacity,
        place=form.place,
        kind=form.kind,
        drawing=form.drawing or None,
        consents=_ticked(version, form.consents),
    )
    request.mail = emails.code(request, code=expected_code(request, browser))
    request.save(update_fields=["mail"])
    _note_request(request, actor)
    return request


def _ticked(version: QuoteVersion, ids: frozenset[str]) -> list[dict[str, Any]]:
    """The words that were ticked, as the version has them."""
    return [
        {"id": consent.id, "words": consent.words}
        for consent in version.reading.consents
        if consent.id in ids
    ]


def expected_code(request: SigningRequest, browser: str) -> str:
    return otp.code(
        settings.OTP_KEY,
        nonce=request.nonce,
        version_hash=request.version_hash,
        request=request.pk,
        link=request.link_id,
        browser=browser,
    )


def _note_request(request: SigningRequest, actor: Actor) -> None:
    journal.append(
        request.quote,
        "code_requested",
        actor=actor,
        challenge=request.pk,
        version=request.version.number,
        version_hash=request.version_hash,
        link=request.link_id,
        first_name=request.first_name,
        last_name=request.last_name,
        phone=request.phone,
        capacity=request.capacity,
        place=request.place,
        signs_as=request.kind,
        email=request.email,
        consents=request.consents,
        drawing_sha256=hashlib.sha256(request.drawing).hexdigest() if request.drawing else "",
        expires_at=request.expires_at.isoformat(),
    )


# From code to signature


def sign(request_id: int, *, code: str, link: AccessLink, browser: str, actor: Actor) -> Outcome:
    """One guess. The right one accepts the quote; the same right one again gives the same answer."""
    request = SigningRequest.objects.select_related("quote", "version").get(pk=request_id)
    if request.browser_sha256 != browser_digest(browser) or request.link_id != link.pk:
        return Outcome.OTHER_BROWSER
    if (refusal := _why_no_try(request)) is not None:
        return refusal
    if not _take_try(request, actor=actor):
        request.refresh_from_db()
        return _why_no_try(request) or Outcome.TOO_MANY_TRIES
    if not otp.matches(code, expected_code(request, browser)):
        return Outcome.WRONG_CODE
    return _accept(request.pk, actor=actor)


def _why_no_try(request: SigningRequest) -> Outcome | None:
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
    if not taken or allowance.tries_in_window > TRIES_A_WINDOW:
        transaction.set_rollback(True)
        return False
    request.refresh_from_db(fields=["tries"])
    journal.append(request.quote, "code_tried", actor=actor, challenge=request.pk, tries=request.tries)
    return True


@transaction.atomic
def _accept(request_id: int, *, actor: Actor) -> Outcome:
    """T2: everything is checked again inside the lock; all of it happens, or nothing."""
    request = SigningRequest.objects.select_related("version").get(pk=request_id)
    quote = locked(request.quote_id)
    if quote.is_concluded:
        return Outcome.SIGNED
    if (refusal := _why_not_open(quote, request.link_id)) is not None:
        return refusal
    version = _version_as_read(quote, request.version_hash)
    ticked = {consent["id"] for consent in request.consents}
    if version is None or not _required_consents(version) <= ticked:
        return Outcome.CHANGED
    if not _use_code(request):
        return Outcome.DEAD_CODE
    quotes_workflow.mark_accepted(quote)
    signature = _write_signature(quote, request, actor)
    transaction.on_commit(lambda: outbox.nudge("signing.seal", signature.pk), robust=True)
    return Outcome.SIGNED


def _use_code(request: SigningRequest) -> bool:
    """Single use: exactly one row, or the code is dead."""
    used = SigningRequest.objects.filter(
        pk=request.pk, state=SigningRequest.State.OPEN, expires_at__gt=timezone.now()
    ).update(state=SigningRequest.State.USED)
    return used == 1


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
        first_name=request.first_name,
        last_name=request.last_name,
        phone=request.phone,
        capacity=request.capacity,
        place=request.place,
        kind=request.kind,
        email=request.email,
        consents=request.consents,
        drawing=request.drawing,
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
        first_name=request.first_name,
        last_name=request.last_name,
        phone=request.phone,
        capacity=request.capacity,
        place=request.place,
        signs_as=request.kind,
        email=request.email,
        consents=request.consents,
        button=BUTTON,
        total=str(request.version.total),
        deposit=str(request.version.deposit),
        reference=signature.reference,
    )
    signature.signed_at, signature.journal_seq, signature.journal_hash = event.at, event.seq, event.hash
    signature.save()
    return signature


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
    told = Signature.objects.filter(pk=signature_id, late_mail_at=None, done_at=None).update(
        late_mail_at=timezone.now()
    )
    if told:
        signature = Signature.objects.select_related("quote__customer", "quote__owner").get(pk=signature_id)
        emails.sealing_late(signature)
        journal.append(quote, "sealing_late", actor=Actor.system())


@transaction.atomic
def allow_more_tries(quote_id: int, *, actor: Actor) -> None:
    """« Autoriser de nouveaux essais »: the owner, who knows the customer, lifts the pause."""
    quote = locked(quote_id)
    allowance = _locked_allowance(quote)
    allowance.tries, allowance.renewed_at, allowance.owner_told_at = 0, timezone.now(), None
    allowance.save(update_fields=["tries", "renewed_at", "owner_told_at"])
    journal.append(quote, "tries_allowed", actor=actor)


@transaction.atomic
def note_proof_exported(quote_id: int, *, sha256: str, actor: Actor) -> None:
    """« Dossier de preuve »: personal data left the desk, so it is written down who took what."""
    journal.append(locked(quote_id), "proof_exported", actor=actor, sha256=sha256)
