"""The only sender of mails: claim a row, talk to the server outside any transaction, write down what it said.

Delivery is at least once. A mail can leave twice only if the worker dies between the server's 250 and the
closing transaction, and then both carry the same Message-ID.

Lock order: the e-mail's row comes first, before any row that a handler takes; nothing that holds a quote locks
an existing e-mail.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.db import transaction
from django.utils import timezone

from lib import files
from notifications import events, queue, rendering, vault
from notifications.headers import bare_address, file_name, is_address, named, one_line
from notifications.models import OutgoingEmail

log = logging.getLogger(__name__)

SPEAK_WITHIN = 60.0  # seconds from the claim to DATA; nothing is sent under a claim that has run out either
DATA_TIMEOUT = 60.0  # a server that looks into mails may think about them before it answers
GOODBYE_TIMEOUT = 2.0
DIRECT_TIMEOUT = 5.0
GIVE_UP_AFTER = dt.timedelta(hours=24)
TELL_AGAIN_AFTER = dt.timedelta(minutes=1)
BATCH = 50
LACKING = (
    "Ce document n'a pas pu être joint. Vous le lirez sur la page de votre devis, ou demandez-le-nous.\n"
)

State = OutgoingEmail.State


class Refused(Exception):
    """This mail will not be taken, now or later."""


class Impossible(Refused):
    """No server was asked: the mail itself cannot be written."""


class Outdated(Exception):
    """Its link or code is of no use any more."""


class Postponed(Exception):
    """The server says: not now."""


class Unreachable(Postponed):
    """The server, not the mail, is the trouble: the next mail would fare no better."""


class Unwritable(Exception):
    """A key, a file or a template is missing for now: an operator can put it back."""


# What the sweep and the task call


def sweep() -> int:
    """Take up what is due and tell what has not been heard. Returns how many rows were taken up."""
    return queue.sweep(MAILS, UNHEARD)


def deliver(pk: int) -> queue.JobOutcome:
    """Send this mail if it is due and nobody else is at it."""
    return queue.run(MAILS, pk)


def _deliver(email: OutgoingEmail) -> None:
    if email.is_outdated(timezone.now()):
        raise Outdated("Périmé avant son envoi")
    try:
        reply = _send(email)
    except Impossible:
        raise
    except Refused as refusal:
        # A server may be set up wrong for five minutes, and our own people hear of a quote by no other way.
        if events.find_mail(email.message).is_for_staff:
            raise Postponed(str(refusal)) from None
        raise
    _close(email, State.SENT, smtp_reply=reply)
    log.info("mail %s (%s) sent, asked for by %s", email.pk, email.message, email.trace or "-")


def _give_up(email: OutgoingEmail, error: Exception, reason: str) -> None:
    """The server's no stands at once, what is outdated has nothing to say; after a day somebody has to look."""
    match error:
        case Refused():
            _close(email, State.FAILED, error=reason)
        case Outdated():
            _close(email, State.OUTDATED)
        case _:
            _close(email, State.ATTENTION, error=reason)


def _tell_stuck(email: OutgoingEmail, reason: str) -> None:
    """Our own fault, not the server's: whoever wrote the mail tells its staff."""
    if (stuck := events.find_mail(email.message).stuck) is not None:
        stuck(email)


SMTP = queue.Service("smtp", away=(Unreachable,))
MAILS = queue.Queue(
    name="mails",
    rows=OutgoingEmail.objects.all,
    work=_deliver,
    batch=BATCH,
    services=(SMTP,),
    gives_up=queue.GiveUp(age=GIVE_UP_AFTER, at_once=(Refused, Outdated)),
    give_up=_give_up,
    tells_after=8,
    tell=_tell_stuck,
    reported_otherwise=(Postponed,),
    expected=(Refused, Outdated, Postponed, Unwritable),
)


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
    try:
        _tell(row)
    except Exception:
        # Whatever a handler raises: the mail has left, and this must not be forgotten with it.
        log.exception("handler of %s failed for mail %s", row.message, row.pk)
        OutgoingEmail.objects.filter(pk=row.pk).update(next_try_at=now + TELL_AGAIN_AFTER)


def _may_close(row: OutgoingEmail, email: OutgoingEmail, state: State) -> bool:
    """What the server has taken is sent, even if the claim ran out meanwhile; all else needs the claim."""
    if row.state == State.SENT:
        return False
    return state == State.SENT or (row.state == State.SENDING and row.claimed_until == email.claimed_until)


@transaction.atomic
def tell(pk: int) -> None:
    """Repeat what an application has not heard."""
    row = OutgoingEmail.objects.select_for_update().get(pk=pk)
    if row.is_settled and not row.told:
        _tell(row)


@transaction.atomic
def _tell(row: OutgoingEmail) -> None:
    """Call the application's handler. If it fails, the mail's own state stands and the sweep comes back."""
    if (settled := events.mail_of(row.message).settled) is not None:
        settled(row)
    row.told = True
    row.save(update_fields=["told"])


UNHEARD = queue.dated(
    "what became of mails",
    find=lambda: list(OutgoingEmail.objects.unacknowledged(timezone.now()).values_list("pk", flat=True)),
    work=tell,
    batch=BATCH,
)


# The mail and the server


def _send(email: OutgoingEmail) -> str:
    """The server's answer to DATA. Raises Refused, Postponed or Unwritable."""
    try:
        secrets = vault.unseal(email.sealed_secrets) if email.sealed_secrets is not None else {}
        message = _message(email, secrets)
    except ValidationError as error:
        raise Impossible(f"Adresse impossible : {email.to}") from error
    except Exception as error:
        # Its own words may quote the mail, and with it a link or a code.
        log.exception("mail %s (%s) cannot be written", email.pk, email.message)
        raise Unwritable(f"Message impossible à préparer ({type(error).__name__})") from error
    try:
        return vault.scrub(_transmit(message, claim=email), secrets)
    except (Refused, Postponed) as answer:
        # Some servers quote the line that they do not like.
        raise type(answer)(vault.scrub(str(answer), secrets)) from None
    except Exception as error:
        log.exception("mail %s (%s) cannot be sent", email.pk, email.message)
        raise Unwritable(f"Message impossible à envoyer ({type(error).__name__})") from error


def send_directly(to: list[str], *, subject: str, text: str) -> None:
    """Past the queue and with little patience: what tells that the queue is stuck. Raises Refused or Postponed."""
    try:
        addresses = [bare_address(address) for address in to]
    except ValidationError as error:
        raise Refused(f"Adresse impossible : {', '.join(to)}") from error
    message = EmailMultiAlternatives(
        subject=one_line(subject),
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=addresses,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    _transmit(message, timeout=DIRECT_TIMEOUT)


def _transmit(
    message: EmailMultiAlternatives, *, timeout: float | None = None, claim: OutgoingEmail | None = None
) -> str:
    backend = RecordingBackend(timeout=settings.EMAIL_TIMEOUT if timeout is None else timeout, claim=claim)
    try:
        backend.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        raise _judged(error) from error
    except ValueError as error:
        raise Impossible(f"Message impossible à écrire : {error}") from error
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
        try:
            data, kind, name = files.read_named(attachment["path"]), attachment["type"], attachment["name"]
        except (files.Damaged, OSError):
            if not attachment.get("may_lack"):
                raise
            log.exception("%s of mail %s cannot be read", attachment["path"], email.pk)
            data, kind, name = LACKING.encode(), "text/plain", f"{attachment['name']}.txt"
        message.attach(file_name(name), data, kind)
    return message


def try_out(to: str) -> str:
    """A mail about nothing, sent at once: what the server said. Raises Refused or Postponed."""
    message = EmailMultiAlternatives(
        subject="Essai d'envoi de Logisav",
        body="Ce mail a été demandé par « manage.py doctor » : l'envoi des mails fonctionne.\n",
        from_email=named("Logisav", settings.DEFAULT_FROM_EMAIL),
        to=[to],
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    )
    return _transmit(message)


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

    def __init__(
        self, *args: Any, deadline: Callable[[], float], accepted: Callable[[str], None], **options: Any
    ) -> None:
        self.deadline, self.accepted = deadline, accepted
        super().__init__(*args, **options)

    def data(self, msg: Any) -> tuple[int, bytes]:
        if time.monotonic() > self.deadline():
            raise TimeoutError("too late: the server was too slow, or this worker")
        if self.sock is not None:
            self.sock.settimeout(max(DATA_TIMEOUT, self.timeout))
        code, answer = super().data(msg)
        self.accepted(_spoken(code, answer))
        return code, answer


class _RecordingSSL(_Recording, smtplib.SMTP_SSL):
    pass


class RecordingBackend(EmailBackend):
    """Django's SMTP backend, with the server's reply to DATA, and a goodbye that changes nothing of it."""

    def __init__(self, *, claim: OutgoingEmail | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.reply, self.claim = "", claim
        self.latest = time.monotonic() + SPEAK_WITHIN

    def deadline(self) -> float:
        """As it is now: a claim is renewed, or lost, while the server is spoken to."""
        return self.latest if self.claim is None else min(self.latest, self.claim.sure_until)

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
