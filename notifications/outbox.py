"""What must reach somebody is written here, in the transaction of the fact that it tells.

The row is the queue, the task is only a nudge: what a nudge misses, the sweep takes up.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from lib import tracing
from notifications import choices, events, rendering, vault
from notifications.headers import one_line
from notifications.models import Notification, NotificationChoice, OutgoingEmail
from notifications.nudging import URGENT, nudge

Ways = NotificationChoice.Ways

__all__ = [
    "Attachment",
    "CarriesSecret",
    "Held",
    "StaffMail",
    "notify",
    "nudge",
    "queue",
    "repeat",
    "take_back",
    "tell",
]


class CarriesSecret(Exception):
    """A mail with a link or a code is not sent again: ask the application that wrote it for a new one."""


class Held(Exception):
    """The application that wrote it does not let it go once more; the message says why."""


@dataclass(frozen=True)
class Attachment:
    """A file of the default storage, read while the mail is sent.

    Without one that `may_lack` the mail leaves all the same, and says so in its place.
    """

    name: str
    type: str
    path: str
    may_lack: bool = False


def queue(
    message: str,
    *,
    to: str,
    about: str,
    context: dict[str, Any],
    secrets: vault.Secrets | None = None,
    reply_to: str = "",
    sender_name: str = "",
    attachments: Sequence[Attachment] = (),
    expires_at: dt.datetime | None = None,
    url: str = "",
) -> OutgoingEmail:
    """Ask for a mail. `message` names its templates ("quotes/link"); past `expires_at` it is not sent."""
    events.mail_of(message)  # raises Undeclared: whoever reads it in a log would not know what it was
    secrets = secrets or {}
    # As it will be read back: what was marked safe, or was no plain value, is so no more.
    context = json.loads(json.dumps(context))
    subject = rendering.subject(message, context)
    written = rendering.render(message, context, vault.masked(secrets), subject=subject)
    return _enqueue(
        OutgoingEmail(
            message=message,
            to=one_line(to, limit=254),
            reply_to=one_line(reply_to, limit=254),
            sender_name=one_line(sender_name, limit=120),
            subject=subject,
            text=written.text,
            html=written.html,
            context=context,
            sealed_secrets=vault.seal(secrets) if secrets else None,
            carries_secret=bool(secrets),
            attachments=[asdict(attachment) for attachment in attachments],
            about=about,
            url=url,
            expires_at=expires_at,
        )
    )


def repeat(email: OutgoingEmail) -> OutgoingEmail:
    """Send the same words once more, as a mail of its own: what became of the first one stays written."""
    if email.carries_secret:
        raise CarriesSecret(email.message)
    if held := events.find_mail(email.message).why_held(email):
        raise Held(held)
    kept = (
        "message",
        "to",
        "reply_to",
        "sender_name",
        "subject",
        "text",
        "html",
        "context",
        "attachments",
        "about",
        "url",
    )
    return _enqueue(OutgoingEmail(**{name: getattr(email, name) for name in kept}))


def take_back(about: str) -> None:
    """Links and codes of this subject are dead: a mail that still waits with one is outdated, not sent.

    One that is being closed at this moment has its answer already, and is not waited for.
    """
    waiting = OutgoingEmail.objects.filter(about=about, state__in=OutgoingEmail.WAITING, carries_secret=True)
    found = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True))
    OutgoingEmail.objects.filter(pk__in=found).update(expires_at=timezone.now(), next_try_at=timezone.now())


def _enqueue(email: OutgoingEmail) -> OutgoingEmail:
    own_domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    email.message_id = f"<{uuid.uuid4()}@{own_domain}>"
    email.trace = tracing.current()
    email.save(force_insert=True)
    lane = URGENT if email.carries_secret else ""
    transaction.on_commit(lambda: nudge("notifications.deliver", email.pk, lane=lane), robust=True)
    return email


def notify(user: User, *, kind: str, text: str, about: str, url: str) -> Notification:
    """Put a line behind the bell of this member of staff."""
    text = one_line(text, limit=500)
    return Notification.objects.create(user=user, kind=kind, text=text, about=about, url=url)


@dataclass(frozen=True)
class StaffMail:
    """The mail of something that staff are told."""

    message: str
    context: dict[str, Any]
    sender_name: str


def tell(user: User, *, kind: str, text: str, about: str, url: str, mail: StaffMail | None = None) -> None:
    """Tell a member of staff by the ways that they chose for this kind of event.

    What has no mail, or nowhere to send one, is told behind the bell instead.
    """
    ways = choices.ways_of(user, kind)
    if ways is Ways.NONE:
        return
    by_mail = mail is not None and bool(user.email) and ways in (Ways.BOTH, Ways.MAIL)
    if ways is not Ways.MAIL or not by_mail:
        notify(user, kind=kind, text=text, about=about, url=url)
    if mail is not None and by_mail:
        queue(
            mail.message,
            to=user.email,
            about=about,
            context=mail.context,
            sender_name=mail.sender_name,
            url=url,
        )
