"""What each thing of the desk is called, on its list and when it is new: as the menu says it, and never glued."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst

LISTS = {
    "auth.user": "Comptes",
    "logisav.invitation": "Invitations",
    "logisav.staffaction": "Journal du personnel",
    "notifications.outgoingemail": "Mails",
    "notifications.queueentry": "À reprendre",
    "payments.deposit": "Acomptes",
    "quotes.catalogueitem": "Catalogue",
    "quotes.company": "Entreprise",
    "quotes.customer": "Clients",
    "quotes.question": "Questions",
    "quotes.quote": "Devis",
    "quotes.quotetemplate": "Modèles de devis",
    "quotes.texttemplate": "Textes types",
    "signing.paperacceptance": "Signés sur papier",
    "signing.signature": "Signés en ligne",
}
NEW = {
    "auth.user": "Nouveau compte",
    "logisav.invitation": "Nouvelle invitation",
    "quotes.catalogueitem": "Nouvel article",
    "quotes.company": "Votre entreprise",
    "quotes.customer": "Nouveau client",
    "quotes.quote": "Nouveau devis",
    "quotes.quotetemplate": "Nouveau modèle de devis",
    "quotes.texttemplate": "Nouveau texte type",
}


def of_list(opts: Any) -> str:
    return LISTS.get(opts.label_lower) or capfirst(str(opts.verbose_name_plural))


def of_new(opts: Any) -> str:
    return NEW.get(opts.label_lower, "Ajouter")
