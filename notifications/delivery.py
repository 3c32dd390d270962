"""The only sender of mails: claim a row, talk to the server outside any transaction, write down what it said.

Delivery is at least once. A mail can leave twice only if the worker dies between the server's 250 and the
closing transaction, and then both carry the same Message-ID.

Lock order: the e-mail's row comes first, before any row that a handler takes; nothing that holds a quote locks
an existing e-mail.
"""

from __future__ import annotations

import datetime as dt
import enum
import logging
import smtplib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notifications import outbox, rendering, vault
from notifications.headers import bare_address, is_address, named, one_line
from notifications.models import OutgoingEmail

log = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=3)  # after that the mail of a worker that died is taken up by another
SPEAK_WITHIN = 60.0  # seconds from the claim to DATA, so that nothing is sent under a claim that has run out
DATA_TIMEOUT = 60.0  # a server that looks into mails may think about them before it answers
GOODBYE_TIMEOUT = 2.0
FIRST_WAIT = dt.timedelta(seconds=5)
LONGEST_WAIT = dt.timedelta(minutes=30)
GIVE_UP_AFTER = dt.timedelta(hours=24)
TELL_AGAIN_AFTER = dt.timedelta(minutes=1)
BATCH = 50

State = OutgoingEmail.State


class Outcome(enum.Enum):
    NOT_DUE = "not due, or somebody else has it"
    SENT = "sent"
    NOT_SENT = "will not be sent"
    LATER = "to be tried again"
    UNREACHABLE = "no server to talk to"


class Refused(Exception):
    """This mail will not be taken, now or later."""


class Postponed(Exception):
    """Not now."""


class Unreachable(Postponed):
    """The server, not the mail, is the trouble: the next mail would fare no better."""


# What the sweep and the task call


def sweep() -> int:
    """Take up what is due and tell what has not been heard. Returns how many rows were taken up."""
    now = timezone.now()
    taken = 0
    for pk in list(OutgoingEmail.objects.due(now).values_list("pk", flat=True)[:BATCH]):
        outcome = deliver(pk)
        taken += outcome is not Outcome.NOT_DUE
        if outcome is Outcome.UNREACHABLE:
            break  # a server that hangs must not keep a worker for hours
    untold = list(OutgoingEmail.objects.untold(now).values_list("pk", flat=True)[:BATCH])
    for pk in untold:
        tell(pk)
    return taken + len(untold)


def deliver(pk: int) -> Outcome:
    """Send this mail if it is due and nobody else is at it."""
    email = claim(pk)
    if email is None:
        return Outcome.NOT_DUE
    if email.is_outdated(timezone.now()):
        _close(email, State.OUTDATED)
        return Outcome.NOT_SENT
    try:
        reply = _send(email)
    except Refused as refusal:
        _close(email, State.FAILED, error=str(refusal))
        return Outcome.NOT_SENT
    except Postponed as trouble:
        _postpone(email, error=str(trouble))
        return Outcome.UNREACHABLE if isinstance(trouble, Unreachable) else Outcome.LATER
    _close(email, State.SENT, smtp_reply=reply)
    return Outcome.SENT


def claim(pk: int) -> OutgoingEmail | None:
    """One conditional UPDATE: of all who try at the same moment exactly one gets the mail."""
    now = timezone.now()
    until = now + LEASE
    won = (
        OutgoingEmail.objects.filter(pk=pk)
        .due(now)
        .order_by()
        .update(state=State.SENDING, claimed_until=until, attempts=F("attempts") + 1)
    )
    return OutgoingEmail.objects.get(pk=pk) if won else None


# What became of it


@transaction.atomic
def _close(email: OutgoingEmail, state: State, *, smtp_reply: str = "", error: str = "") -> None:
    """Settle the mail, forget its secrets, tell who asked for it."""
    row = OutgoingEmail.objects.select_for_update().get(pk=email.pk)
    if not _may_close(row, email, state):
        return
    now = timezone.now()
    row.state, row.smtp_reply, row.error = state, one_line(smtp_reply, limit=500), one_line(error, limit=500)
    row.sent_at = now if state == State.SENT else None
    row.sealed_secrets, row.claimed_until = None, None
    row.next_try_at = now
    row.save()
    _tell(row, now=now)


def _may_close(row: OutgoingEmail, email: OutgoingEmail, state: State) -> bool:
    """What the server has taken is sent, even if the claim ran out meanwhile; all else needs the claim."""
    if row.state == State.SENT:
        return False
    return state == State.SENT or (row.state == State.SENDING and row.claimed_until == email.claimed_until)


def _postpone(email: OutgoingEmail, *, error: str) -> None:
    """Back off from 5 seconds to 30 minutes; after 24 hours somebody has to look at it."""
    next_try_at = timezone.now() + min(FIRST_WAIT * 2 ** min(email.attempts - 1, 20), LONGEST_WAIT)
    if next_try_at > email.created_at + GIVE_UP_AFTER:
        _close(email, State.ATTENTION, error=error)
        return
    if email.expires_at is not None:
        next_try_at = min(next_try_at, email.expires_at)
    log.warning("mail %s (%s) postponed: %s", email.pk, email.message, error)
    OutgoingEmail.objects.filter(pk=email.pk, state=State.SENDING, claimed_until=email.claimed_until).update(
        state=State.QUEUED, claimed_until=None, next_try_at=next_try_at, error=one_line(error, limit=500)
    )


@transaction.atomic
def tell(pk: int) -> None:
    """Repeat what an application has not heard."""
    row = OutgoingEmail.objects.select_for_update().get(pk=pk)
    if row.is_settled and not row.told:
        _tell(row, now=timezone.now())


def _tell(row: OutgoingEmail, *, now: dt.datetime) -> None:
    """Call the application's handler. If it fails, the mail's own state stands and the sweep comes back."""
    handler = outbox.handler_of(row)
    try:
        with transaction.atomic():
            if handler is not None:
                handler(row)
            row.told = True
            row.save(update_fields=["told"])
    except Exception:
        # Whatever a handler raises: the mail has left, and this must not be forgotten with it.
        log.exception("handler of %s failed for mail %s", row.message, row.pk)
        row.told = False
        OutgoingEmail.objects.filter(pk=row.pk).update(next_try_at=now + TELL_AGAIN_AFTER)


# The mail and the server


def _send(email: OutgoingEmail) -> str:
    """The server's answer to DATA. Raises Refused or Postponed."""
    try:
        secrets = vault.unseal(email.sealed_secrets) if email.sealed_secrets is not None else {}
        message = _message(email, secrets)
    except ValidationError as error:
        raise Refused(f"Adresse impossible : {email.to}") from error
    except Exception as error:
        # A key, a file or a template that is missing for now: an operator can put it back.
        log.exception("mail %s (%s) cannot be written", email.pk, email.message)
        raise Postponed(f"Message impossible à préparer ({type(error).__name__})") from error
    try:
        return vault.scrub(_transmit(message), secrets)
    except (Refused, Postponed) as answer:
        # Some servers quote the line that they do not like.
        raise type(answer)(vault.scrub(str(answer), secrets)) from None


def _transmit(message: EmailMultiAlternatives) -> str:
    backend = RecordingBackend(timeout=settings.EMAIL_TIMEOUT)
    try:
        backend.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        raise _judged(error) from error
    except ValueError as error:
        raise Refused(f"Message impossible à écrire : {error}") from error
    return backend.reply


def _message(email: OutgoingEmail, secrets: vault.Secrets) -> EmailMultiAlternatives:
    written = rendering.Rendering(text=email.text, html=email.html)
    if secrets:
        written = rendering.render(email.message, email.context, secrets, subject=email.subject)
    message = EmailMultiAlternatives(
        subject=one_line(email.subject),
        body=written.text,
        from_email=named(email.sender_name, settings.DEFAULT_FROM_EMAIL),
        to=[bare_address(email.to)],
        reply_to=[email.reply_to] if is_address(email.reply_to) else None,
        headers={
            "Message-ID": email.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(written.html, "text/html")
    for attachment in email.attachments:
        with default_storage.open(attachment["path"]) as file:
            message.attach(one_line(attachment["name"]), file.read(), attachment["type"])
    return message


def _judged(error: Exception) -> Refused | Postponed:
    """5xx about this mail is final. 4xx, and whatever is about the server or our log-in, is not."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return _by_code(code, answer)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        return _by_code(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return Unreachable(_spoken(error.smtp_code, error.smtp_error))
    return Unreachable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _by_code(code: int, answer: bytes | str) -> Refused | Postponed:
    return (Refused if 500 <= code < 600 else Postponed)(_spoken(code, answer))


def _spoken(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", errors="replace") if isinstance(answer, bytes) else answer
    return one_line(f"{code} {text}", limit=500)


class _Recording(smtplib.SMTP):
    """Keeps what the server said to DATA, and does not begin it when it is too late."""

    def __init__(self, *args: Any, deadline: float, accepted: Callable[[str], None], **options: Any) -> None:
        self.deadline, self.accepted = deadline, accepted
        super().__init__(*args, **options)

    def data(self, msg: Any) -> tuple[int, bytes]:
        if time.monotonic() > self.deadline:
            raise TimeoutError("the server was too slow")
        if self.sock is not None:
            self.sock.settimeout(max(DATA_TIMEOUT, self.timeout))
        code, answer = super().data(msg)
        self.accepted(_spoken(code, answer))
        return code, answer


class _RecordingSSL(_Recording, smtplib.SMTP_SSL):
    pass


class RecordingBackend(EmailBackend):
    """Django's SMTP backend, with the server's reply to DATA, and a goodbye that changes nothing of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.reply = ""
        self.deadline = time.monotonic() + SPEAK_WITHIN

    @property
    def connection_class(self) -> Any:
        kind = _RecordingSSL if self.use_ssl else _Recording
        return partial(kind, deadline=self.deadline, accepted=self._keep)

    def _keep(self, reply: str) -> None:
        self.reply = reply

    def _close_connection(self, connection: smtplib.SMTP) -> None:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(GOODBYE_TIMEOUT)
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()
