"""Words of strangers in the LISEZMOI of a proof file: `{{ text|one_line }}`."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def one_line(words: object) -> str:
    """On the line that it is quoted in: what stands in a block of commands there, somebody pastes into a terminal."""
    return "".join(letter for letter in " ".join(str(words).split()) if letter.isprintable())
