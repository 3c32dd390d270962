"""The second factor of a member of staff, and the codes for the day when the phone is lost."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class SecondFactor(models.Model):
    """There is a row once a first code has confirmed it: until then the secret lies sealed in the session alone."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        on_delete=models.CASCADE,
        related_name="second_factor",
    )
    sealed_secret = models.BinaryField("secret chiffré", editable=False)
    confirmed_at = models.DateTimeField("confirmé le", default=timezone.now)
    # The 30 s step of the last code that was accepted: a code is good once.
    last_step = models.BigIntegerField("dernier pas accepté", editable=False)

    class Meta:
        verbose_name = "second facteur"
        verbose_name_plural = "seconds facteurs"

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """One of ten, good once. 120 random bits: a plain digest gives nothing to guess at."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField("utilisé le", null=True)

    class Meta:
        verbose_name = "code de secours"
        verbose_name_plural = "codes de secours"
        constraints = (
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once_a_factor"),
        )

    def __str__(self) -> str:
        return f"{self.factor_id}/{self.pk}"
