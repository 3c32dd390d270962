"""QR codes drawn into a page: `{% load qr %}`, then `{% qr address "what it leads to" %}`."""

from __future__ import annotations

import segno
from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def qr(text: str, words: str) -> SafeString:
    """An inline SVG; `words` are its title, the alternative text that PDF/UA asks for."""
    code = segno.make(text, error="m", micro=False)
    drawing = code.svg_inline(title=words, omitsize=True, border=0, svgclass=None)
    return mark_safe(drawing)  # noqa: S308 (segno's own paths, and a title that it escapes)
