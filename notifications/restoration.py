"""After a restore nothing leaves this house until its operator says so: the flag that all who mail or charge ask.

`manage.py restore` writes a row, `manage.py restore --open` opens it. docs/operations.md, "Backup and restore".
"""

from __future__ import annotations

from django.db import models


class Restoration(models.Model):
    """One restored backup: a new epoch of the database, closed until `opened_at`.

    The row is written by plain SQL, with its first three columns, in the transaction that loads the dump.
    """

    restored_at = models.DateTimeField("restauré le")
    dumped_at = models.DateTimeField("sauvegarde du")
    epoch = models.PositiveIntegerField("époque")
    # How far a quote's next version jumps that was numbered before the restore: another one may have been mailed.
    version_jump = models.PositiveSmallIntegerField(default=0, db_default=0)
    findings = models.TextField("à rapprocher", default="", db_default="")
    ready_at = models.DateTimeField("prêt le", null=True)
    opened_at = models.DateTimeField("rouvert le", null=True)

    class Meta:
        app_label = "notifications"
        verbose_name = "restauration"
        default_permissions = ()

    def __str__(self) -> str:
        return f"époque {self.epoch}, sauvegarde du {self.dumped_at:%d/%m/%Y}"


def closed() -> Restoration | None:
    """The latest restore while it is not opened."""
    return Restoration.objects.filter(opened_at=None).order_by("-pk").first()


def is_closed() -> bool:
    return Restoration.objects.filter(opened_at=None).exists()


def epoch() -> int:
    """1 for an installation that was never restored."""
    return int(Restoration.objects.aggregate(latest=models.Max("epoch", default=1))["latest"])
