"""The staff's journal: who did what at the desk, beside what each quote's own journal tells."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone


class StaffJournalIsAppendOnly(Exception):
    """The journal is written once; triggers hold this in the database too."""


class StaffAction(models.Model):
    """One act. The name is kept beside the account, as it was then."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", "Connexion"
        SIGN_IN_FAILED = "sign_in_failed", "Connexion refusée"
        SIGN_IN_PAUSED = "sign_in_paused", "Connexion mise en pause"
        SIGN_INS_ENDED = "sign_ins_ended", "Connexions terminées"
        PASSWORD_CHOSEN = "password_chosen", "Mot de passe choisi"
        FACTOR_SET = "factor_set", "Double vérification activée"
        FACTOR_REPLACED = "factor_replaced", "Appareil de vérification changé"
        FACTOR_REMOVED = "factor_removed", "Double vérification désactivée"
        FACTOR_RESET = "factor_reset", "Double vérification retirée par un administrateur"
        CODES_RENEWED = "codes_renewed", "Codes de secours renouvelés"
        RECOVERY_USED = "recovery_used", "Code de secours utilisé"
        INVITED = "invited", "Invitation envoyée"
        INVITATION_REVOKED = "invitation_revoked", "Invitation annulée"
        ARRIVED = "arrived", "Compte ouvert"
        RESET_ASKED = "reset_asked", "Lien de mot de passe envoyé"
        ROLE_GIVEN = "role_given", "Rôle changé"
        ACTIVATED = "activated", "Compte réactivé"
        DEACTIVATED = "deactivated", "Compte désactivé"
        ACCOUNT_CHANGED = "account_changed", "Compte modifié"
        ADDED = "added", "Ajout"
        CHANGED = "changed", "Modification"
        DELETED = "deleted", "Suppression"
        IMPORTED = "imported", "Import"
        EXPORTED = "exported", "Export"
        PURGED = "purged", "Purge"

    at = models.DateTimeField("le", default=timezone.now)
    who = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="par", null=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField("nom", max_length=320, blank=True)
    what = models.CharField("nature", max_length=40, choices=Kind)
    target = models.CharField("objet", max_length=300, blank=True)
    facts = models.JSONField("détails", default=dict)
    ip = models.CharField("adresse IP", max_length=45, blank=True)

    class Meta:
        verbose_name = "action du personnel"
        verbose_name_plural = "journal du personnel"
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=("who", "-id"), name="staff_action_by_person"),
            models.Index(fields=("what", "-id"), name="staff_action_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.name} {self.what}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise StaffJournalIsAppendOnly("the staff's journal is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StaffJournalIsAppendOnly("the staff's journal is append-only")
