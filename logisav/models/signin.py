"""Tries to log in to the desk, so that a password cannot be guessed at speed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class LoginTry(models.Model):
    """A try that has not succeeded. Kept as digests: a password typed as a name is stored nowhere."""

    pair = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = "essai de connexion"
        verbose_name_plural = "essais de connexion"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
