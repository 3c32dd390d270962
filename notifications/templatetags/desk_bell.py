"""The bell in the head of every page of the desk."""

from __future__ import annotations

from typing import Any

from django import template

from notifications.models import Notification

register = template.Library()


@register.inclusion_tag("admin/notifications/bell_link.html", takes_context=True)
def bell(context: dict[str, Any]) -> dict[str, Any]:
    user = context["request"].user
    shown = user.is_active and user.is_staff and not context.get("is_popup")
    return {"shown": shown, "unread": Notification.objects.unread(user).count() if shown else 0}
