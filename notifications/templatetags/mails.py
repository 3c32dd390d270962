"""What mails need beside Django's own filters: `{% load mails %}`."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def in_threes(code: str) -> str:
    """`418 205`, with a space that does not break; a masked code stays as it is."""
    return f"{code[:3]}\u00a0{code[3:]}" if code.isdigit() else code
