"""What leaves by mail and what staff are told inside the desk. The rows are the queue."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone

LATELY = dt.timedelta(days=30)


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def due(self, now: dt.datetime) -> OutgoingEmailQuerySet:
        """Whatever may be taken up: its time has come, or who had taken it up is gone."""
        queued = Q(state=OutgoingEmail.State.QUEUED, next_try_at__lte=now)
        abandoned = Q(state=OutgoingEmail.State.SENDING, claimed_until__lte=now)
        return self.filter(queued | abandoned).order_by("next_try_at", "pk")

    def untold(self, now: dt.datetime) -> OutgoingEmailQuerySet:
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


class OutgoingEmail(models.Model):
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
