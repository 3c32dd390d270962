"""How the customer gets in, and what is asked and answered there."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from quotes.models.quote import Quote
from quotes.models.version import QuoteVersion
from quotes.rules import LinkStatus

LINK_LIFE = dt.timedelta(hours=24)


def end_of_link() -> dt.datetime:
    """24 h of elapsed time: an instant, so a change of the clocks changes nothing."""
    return timezone.now() + LINK_LIFE


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    def for_token(self, token: str) -> AccessLink | None:
        digest = hashlib.sha256(token.encode()).hexdigest()
        return self.select_related("quote").filter(token_sha256=digest, revoked_at=None).first()

    def with_version_in_force(self) -> Any:
        """Each link with its quote, both parties and, where there is one, what it opens as `version_in_force`."""
        in_force = models.FilteredRelation(
            "quote__versions", condition=models.Q(quote__versions__is_current=True)
        )
        return self.annotate(version_in_force=in_force).select_related(  # type: ignore[misc]
            "quote__customer", "quote__owner", "version_in_force"
        )

    def knowing_of_codes(self, browser: str) -> Any:
        """`own_code`: this browser has a living code to sign; `code_elsewhere_until`: another one has, until then."""
        codes: Any = Quote._meta.get_field("signing_requests").related_model
        alive = codes.objects.alive().filter(quote=models.OuterRef("quote"))
        elsewhere = alive.exclude(browser_sha256=browser).order_by("-expires_at")
        return self.annotate(
            own_code=models.Exists(alive.filter(browser_sha256=browser)),
            code_elsewhere_until=models.Subquery(elsewhere.values("expires_at")[:1]),
        )

    def valid(self) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class AccessLink(models.Model):
    """A mailed link: only the SHA-256 of its 32 random bytes is stored."""

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    email = models.EmailField("envoyé à")
    requested = models.BooleanField("demandé par le client", default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=end_of_link)
    opened_at = models.DateTimeField("ouvert (peut-être par un robot) le", null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "lien d'accès"
        verbose_name_plural = "liens d'accès"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.quote.number}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def has_expired(self) -> bool:
        """Refused at exactly 24 h."""
        return timezone.now() >= self.expires_at

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and not self.has_expired

    def status(self, version: QuoteVersion | None) -> LinkStatus:
        """A link that went elsewhere than the version opens nothing; a contract is sent on to new addresses."""
        elsewhere = version is not None and not self.quote.is_concluded and self.email != version.address
        if self.revoked_at is not None or elsewhere:
            return LinkStatus.NONE
        return LinkStatus.EXPIRED if self.has_expired else LinkStatus.VALID

    @property
    def is_short(self) -> bool:
        """Less than a quarter of an hour left: too little to begin a signature."""
        return self.expires_at - timezone.now() < dt.timedelta(minutes=15)


class Question(models.Model):
    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="questions")
    version = models.ForeignKey(QuoteVersion, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField("question", max_length=4000)
    phone = models.CharField("téléphone", max_length=40, blank=True)
    asked_at = models.DateTimeField("posée le", default=timezone.now)

    class Meta:
        verbose_name = "question"
        ordering = ("asked_at", "pk")

    def __str__(self) -> str:
        return f"{self.quote.number} : {self.text[:60]}"


class Answer(models.Model):
    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="answer")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField("réponse", max_length=8000)
    answered_at = models.DateTimeField("répondu le", default=timezone.now)

    class Meta:
        verbose_name = "réponse"

    def __str__(self) -> str:
        return self.text[:60]
