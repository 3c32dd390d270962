"""The desk's own tags, `{% load desk %}`: the head of every page (bell, notice of a restore), states of money."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.text import capfirst

from logisav.desk import names
from logisav.desk.bell.unread import unread
from logisav.desk.payments import pills
from logisav.staff.roles import manages_accounts
from notifications import restoration

register = template.Library()
register.filter("payment_pill", pills.payment_pill)
register.filter("refund_pill", pills.refund_pill)


BY_MODEL = {
    "articles": "Catalogue",
    "utilisateurs": "Comptes",
    "acceptations sur papier": "Signés sur papier",
    "tâches à reprendre": "À reprendre",
}


@register.filter
def called(title: str) -> str:
    """A part of the trail as the menu calls it."""
    return BY_MODEL.get(str(title), capfirst(str(title)))


@register.simple_tag
def new_one(opts: Any) -> str:
    return names.of_new(opts)


@register.inclusion_tag("desk/bell/link.html", takes_context=True)
def bell(context: dict[str, Any]) -> dict[str, Any]:
    user = context["request"].user
    shown = user.is_active and user.is_staff and not context.get("is_popup")
    return {"shown": shown, "unread": len(unread(context["request"])) if shown else 0}


@register.inclusion_tag("desk/restored.html", takes_context=True)
def restored_notice(context: dict[str, Any]) -> dict[str, Any]:
    """For administrators: the database was restored, and nothing leaves yet."""
    user = context["request"].user
    return {"restoration": restoration.closed() if user.is_active and manages_accounts(user) else None}
