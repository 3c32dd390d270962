"""`manage.py make_groups`: the groups of staff, one a role, and what each may do.

Harmless to repeat; run it after migrate.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction

from logisav.staff.roles import Role

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
    "signing": ("view_signature", "view_paperacceptance"),
    "payments": ("view_deposit", "change_deposit"),
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
    "notifications": ("view_outgoingemail", "change_outgoingemail"),
    "logisav": ("view_staffaction",),
}
OF_ACCOUNTANTS = {
    "quotes": ("view_quote", "view_all_quotes", "view_customer", "view_catalogueitem"),
    "signing": ("view_signature", "view_paperacceptance"),
    "payments": ("view_deposit", "change_deposit"),
    "notifications": ("view_outgoingemail",),
}
OF_ADMINISTRATORS = OF_MANAGERS | {
    "auth": ("view_user", "change_user"),
    "logisav": (*OF_MANAGERS["logisav"], "view_invitation", "add_invitation", "change_invitation"),
}
RIGHTS = {
    Role.OWNER: OF_OWNERS,
    Role.MANAGER: OF_MANAGERS,
    Role.ACCOUNTANT: OF_ACCOUNTANTS,
    Role.ADMINISTRATOR: OF_ADMINISTRATORS,
}


class Command(BaseCommand):
    help = "Crée ou remet à jour les groupes du personnel : un par rôle."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            (permission.content_type.app_label, permission.codename): permission
            for permission in Permission.objects.select_related("content_type")
        }
        for role, rights in RIGHTS.items():
            granted = [known[app, codename] for app, codenames in rights.items() for codename in codenames]
            group, _ = Group.objects.get_or_create(name=role.value)
            group.permissions.set(granted)
            self.stdout.write(f"{role.value} : {len(granted)} droits")
