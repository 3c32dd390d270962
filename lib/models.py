"""What the limiter counts."""

from __future__ import annotations

from django.db import models


class Counter(models.Model):
    """The latest askings of one key, which is kept as a digest: who asked is not stored."""

    digest = models.CharField(max_length=64, primary_key=True)
    # In microseconds, 16 digits and a space each, the latest last; never more than the limit counts.
    times = models.TextField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "compteur de demandes"
        verbose_name_plural = "compteurs de demandes"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.digest[:8]} : {len(self.times.split())}"
