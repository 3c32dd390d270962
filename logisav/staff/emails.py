"""What the site writes to its own staff about their accounts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from lib import french
from lib.addresses import absolute
from logisav.staff.models import Invitation
from logisav.staff.roles import ABOUT, Role
from notifications import outbox
from quotes.colour import Palette
from quotes.emails import company_context
from quotes.models import Company


def _company() -> dict[str, str]:
    """The seller's, or plain Logisav while nobody has presented the company yet."""
    if Company.objects.exists():
        return company_context()
    palette = Palette.of(Company().colour)
    return {
        "name": "Logisav",
        "phone": "",
        "phone_address": "",
        "email": settings.DEFAULT_FROM_EMAIL,
        "legal_line": "",
        "band": palette.band,
        "accent": palette.accent,
        "on_accent": palette.on_accent,
        "accent_dark": palette.accent_dark,
        "on_accent_dark": palette.on_accent_dark,
    }


def invited(invitation: Invitation, address: str, *, by: str) -> None:
    """An invitation or a way to a new password: not sent once its link has died."""
    role = Role(invitation.role) if invitation.role else None
    company = _company()
    context: dict[str, Any] = {
        "company": company,
        "name": invitation.full_name,
        "by": by,
        "username": invitation.user.get_username() if invitation.user else invitation.email,
        "role": role.label.lower() if role else "",
        "about_role": ABOUT[role] if role else "",
        "link_until": french.moment(invitation.expires_at),
    }
    outbox.queue(
        f"logisav/{invitation.kind}",
        to=invitation.email,
        about=invitation.about,
        context=context,
        secrets={"link": address},
        sender_name=company["name"],
        expires_at=invitation.expires_at,
    )


def account_changed(user: User, fact: str, *, to: str = "") -> None:
    """Something about their account changed: if it was not them, somebody has to hear of it."""
    address = to or user.email
    if not address:
        return
    company = _company()
    context = {
        "company": company,
        "name": user.get_full_name() or user.get_username(),
        "fact": fact,
        "admin_url": absolute(reverse("admin:index")),
    }
    outbox.queue(
        "logisav/account", to=address, about=f"compte {user.pk}", context=context, sender_name=company["name"]
    )
