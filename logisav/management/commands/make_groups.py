"""`manage.py make_groups`: the two groups of staff and what each may do. Harmless to repeat; run it after migrate."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction

OWNERS = "Responsables de devis"
MANAGERS = "Gestionnaires"
# What a manager writes for all; nothing refers to it, so it may be deleted too.
SHELVES = ("texttemplate", "quotetemplate")
OF_OWNERS = {
    "quotes": (
        "add_quote",
        "change_quote",
        "view_quote",
        "add_customer",
        "change_customer",
        "view_customer",
        "view_catalogueitem",
        "view_texttemplate",
        "view_quotetemplate",
    ),
    "signing": ("view_signature",),
    "payments": ("view_deposit",),
}
OF_MANAGERS = {
    "quotes": (
        *OF_OWNERS["quotes"],
        "manage_all_quotes",
        "add_company",
        "change_company",
        "view_company",
        "add_catalogueitem",
        "change_catalogueitem",
        *(f"{verb}_{shelf}" for shelf in SHELVES for verb in ("add", "change", "delete")),
    ),
    "signing": OF_OWNERS["signing"],
    "payments": OF_OWNERS["payments"],
    "notifications": ("view_outgoingemail",),
}


class Command(BaseCommand):
    help = "Crée ou remet à jour les groupes « Responsables de devis » et « Gestionnaires »."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for name, rights in ((OWNERS, OF_OWNERS), (MANAGERS, OF_MANAGERS)):
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set(self._permissions(rights))
            self.stdout.write(f"{name} : {group.permissions.count()} droits")

    def _permissions(self, rights: dict[str, tuple[str, ...]]) -> list[Permission]:
        return [
            Permission.objects.get(content_type__app_label=app, codename=codename)
            for app, codenames in rights.items()
            for codename in codenames
        ]
