"""What leaves by mail and what staff are told inside the desk. The rows are the queue."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from notifications.headers import one_line
from notifications.queue import ClaimedRow, QueueEntry, QueueQuerySet
from notifications.restoration import Restoration

__all__ = [
    "FORGOTTEN",
    "LATELY",
    "Alarm",
    "Notification",
    "NotificationChoice",
    "OutgoingEmail",
    "QueueEntry",
    "Reading",
    "Restoration",
]

LATELY = dt.timedelta(days=30)
FORGOTTEN = "Le texte de ce mail n'est plus gardé."


class OutgoingEmailQuerySet(QueueQuerySet["OutgoingEmail"]):
    def waiting(self) -> Self:
        return self.filter(state__in=OutgoingEmail.WAITING)

    def due(self) -> Self:
        """Links and codes first: somebody sits before a page that waits for them."""
        return super().due().order_by("-carries_secret", "next_try_at", "pk")

    def given_up(self) -> models.Q:
        """Refused, or not taken within a day, these last weeks; one that was too late has nothing to say."""
        ended = (OutgoingEmail.State.FAILED, OutgoingEmail.State.ATTENTION)
        return models.Q(state__in=ended, next_try_at__gte=timezone.now() - LATELY)

    def marks_of_revival(self) -> dict[str, Any]:
        return {"state": OutgoingEmail.State.QUEUED, "told": False}

    def marks_of_claim(self) -> dict[str, Any]:
        return {"state": OutgoingEmail.State.SENDING}

    def marks_of_pause(self, row: OutgoingEmail, moment: dt.datetime) -> dict[str, Any]:
        """Not past the moment from which on it is of no use: then it is written down as outdated."""
        moment = min(moment, row.expires_at) if row.expires_at else moment
        return {"state": OutgoingEmail.State.QUEUED, "next_try_at": moment}

    def put_off(self, row: OutgoingEmail, *, reason: str) -> None:
        super().put_off(row, reason=one_line(reason, limit=500))

    def held(self, row: OutgoingEmail) -> Self:
        return super().held(row).filter(state=OutgoingEmail.State.SENDING)

    def unacknowledged(self, now: dt.datetime) -> OutgoingEmailQuerySet:
        """Settled, but the application that asked for it has not heard of it yet."""
        return self.filter(state__in=OutgoingEmail.SETTLED, told=False, next_try_at__lte=now).order_by(
            "next_try_at", "pk"
        )

    def waiting_since(self, moment: dt.datetime) -> OutgoingEmailQuerySet:
        """Not out yet, and asked for at `moment` or before."""
        return self.filter(state__in=OutgoingEmail.WAITING, created_at__lte=moment)

    def unsent(self) -> OutgoingEmailQuerySet:
        """What will never leave by itself: somebody has to look at it."""
        return self.filter(state__in=OutgoingEmail.UNSENT)

    def unsent_lately(self) -> OutgoingEmailQuerySet:
        """Of the last weeks; `next_try_at` is when a mail was settled, and by what the index finds it."""
        return self.unsent().filter(next_try_at__gte=timezone.now() - LATELY)

    def with_words_of(self, before: dt.datetime) -> OutgoingEmailQuerySet:
        """Over since then, and what they said is still kept. What waits for somebody to look at it is not over."""
        over = self.filter(state__in=OutgoingEmail.OVER, told=True, next_try_at__lte=before)
        return over.exclude(text=FORGOTTEN)

    def forget_words(self) -> int:
        """To whom, when, its Message-ID and what the server said stay."""
        return self.update(text=FORGOTTEN, html=f"<p>{FORGOTTEN}</p>", context={}, sealed_secrets=None)


class OutgoingEmail(ClaimedRow):
    """One mail to one address. `text` and `html` are what was written, with every secret shown as ••••••."""

    class State(models.TextChoices):
        QUEUED = "queued", "En attente"
        SENDING = "sending", "Envoi en cours"
        SENT = "sent", "Envoyé"
        FAILED = "failed", "Échec"
        OUTDATED = "outdated", "Périmé"
        ATTENTION = "attention", "À traiter"

    WAITING = (State.QUEUED, State.SENDING)
    UNSENT = (State.FAILED, State.OUTDATED, State.ATTENTION)
    SETTLED = (State.SENT, *UNSENT)
    OVER = (State.SENT, State.FAILED, State.OUTDATED)

    message = models.CharField("modèle", max_length=60)
    to = models.CharField("destinataire", max_length=254)
    reply_to = models.CharField("réponse à", max_length=254, blank=True)
    sender_name = models.CharField("nom de l'expéditeur", max_length=120, blank=True)
    subject = models.CharField("objet", max_length=250)
    text = models.TextField("texte")
    html = models.TextField("HTML")
    context = models.JSONField("contenu", default=dict)
    sealed_secrets = models.BinaryField("secrets chiffrés", null=True, editable=False)
    carries_secret = models.BooleanField("porte un lien ou un code", default=False)
    attachments = models.JSONField("pièces jointes", default=list, blank=True)
    about = models.CharField("concerne", max_length=60, blank=True)
    url = models.CharField("adresse", max_length=300, blank=True)
    message_id = models.CharField("Message-ID", max_length=254, unique=True)
    # Which request, task or pass asked for it (lib/tracing): its log lines bear the same.
    trace = models.CharField(
        "demandé par la requête", max_length=64, default="", db_default="", editable=False
    )

    state = models.CharField("état", max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField("essais", default=0)
    next_try_at = models.DateTimeField("prochain essai", default=timezone.now)
    claimed_until = models.DateTimeField("pris en charge jusqu'à", null=True, editable=False)
    expires_at = models.DateTimeField("périmé à partir de", null=True, blank=True)
    created_at = models.DateTimeField("demandé le", default=timezone.now)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    smtp_reply = models.CharField("réponse du serveur", max_length=500, blank=True)
    error = models.CharField("erreur", max_length=500, blank=True)
    told = models.BooleanField("suite donnée", default=False, editable=False)

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "mails"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=("state", "next_try_at"), name="outgoing_email_due"),
            models.Index(fields=("about", "created_at"), name="outgoing_email_about"),
        )

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"

    @property
    def is_settled(self) -> bool:
        return self.state in self.SETTLED

    @property
    def is_waiting(self) -> bool:
        return self.state in self.WAITING

    @property
    def is_forgotten(self) -> bool:
        """What it said is not kept any more."""
        return self.text == FORGOTTEN

    def is_outdated(self, now: dt.datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> NotificationQuerySet:
        return self.filter(user=user)

    def unread(self, user: User) -> NotificationQuerySet:
        return self.of(user).filter(read_at=None)

    def unread_first(self) -> NotificationQuerySet:
        return self.order_by(models.F("read_at").desc(nulls_first=True), "-created_at", "-pk")

    def mark_read(self) -> int:
        """How many were not read before."""
        return self.filter(read_at=None).update(read_at=timezone.now())


class Notification(models.Model):
    """A line behind the bell of one member of staff."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="pour", on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField("nature", max_length=40)
    text = models.CharField("texte", max_length=500)
    about = models.CharField("concerne", max_length=60, blank=True)
    url = models.CharField("adresse", max_length=300, blank=True)
    created_at = models.DateTimeField("reçue le", default=timezone.now)
    read_at = models.DateTimeField("lue le", null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = "notification"
        verbose_name_plural = "notifications"
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("user", "read_at"), name="notification_unread"),)

    def __str__(self) -> str:
        return self.text


class NotificationChoice(models.Model):
    """By which ways a member of staff hears of one kind of event; without a row, by both."""

    class Ways(models.TextChoices):
        BOTH = "both", "Mail et Logisav"
        MAIL = "mail", "Mail seul"
        DESK = "desk", "Logisav seul"
        NONE = "none", "Rien"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="pour", on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField("nature", max_length=40)
    ways = models.CharField("moyens", max_length=4, choices=Ways, default=Ways.BOTH)

    class Meta:
        verbose_name = "choix de notification"
        verbose_name_plural = "choix de notification"
        constraints = (models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_kind"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.kind} : {self.get_ways_display()}"


class Reading(models.Model):
    """What a process said last of something that it alone can see: that it lives, until when a certificate is good."""

    name = models.CharField("nom", max_length=60, primary_key=True)
    value = models.CharField("valeur", max_length=300, blank=True)
    at = models.DateTimeField("relevé le", default=timezone.now)

    class Meta:
        verbose_name = "relevé"
        verbose_name_plural = "relevés"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} : {self.value}"


class Alarm(models.Model):
    """Something is not well, since when, and when administrators were told so by mail; gone once it is over."""

    name = models.CharField("sujet", max_length=60, primary_key=True)
    subject = models.CharField("intitulé", max_length=120)
    since = models.DateTimeField("depuis")
    first_told_at = models.DateTimeField("dit à 5 minutes", null=True, blank=True)
    again_told_at = models.DateTimeField("redit à 15 minutes", null=True, blank=True)
    # Somebody is telling that it is over.
    ending_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "alarme"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.subject}, depuis {self.since:%Y-%m-%d %H:%M}"
