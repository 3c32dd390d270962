"""Numbers of quotes in other people's sentences: `{% load numbers %}`, then `{{ mail.subject|whole }}`."""

from __future__ import annotations

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
NUMBER = re.compile(r"D-\d{4}-\d{4,}")


@register.filter
def whole(text: str) -> SafeString:
    """No line break inside `D-2026-0012`."""
    kept = NUMBER.sub(r'<span class="nowrap">\g<0></span>', conditional_escape(text))
    return mark_safe(kept)  # noqa: S308 - escaped just before, the number is digits
