"""Tried by `manage.py doctor`: the second factors, and to whom a mail of trial goes."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q

from lib.trials import FellShort, Trial, Tried
from logisav.staff import second_factor
from logisav.staff.models import SecondFactor
from logisav.staff.roles import Role


def administrators() -> list[str]:
    """The addresses of those who keep the accounts."""
    active = User.objects.filter(is_active=True).exclude(email="")
    kept = active.filter(Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR.value))
    return list(kept.values_list("email", flat=True).distinct().order_by("email"))


def factors() -> Tried:
    count, closed = SecondFactor.objects.count(), second_factor.unreadable()
    if closed:
        raise FellShort(
            f"{closed} second(s) facteur(s) sur {count} ne s'ouvrent avec aucune clé d'OUTBOX_KEY. Remettez l'ancienne"
            " clé derrière la nouvelle, puis lancez manage.py reseal_factors."
        )
    return Tried(f"OUTBOX_KEY ouvre les {count} second(s) facteur(s)")


FACTORS = Trial("Double vérification", factors)
