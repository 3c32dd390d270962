"""A mail's words, from its templates: templates/emails/<message>.{subject.txt,txt,html}.

Rendered when it is asked for, with the secrets masked, and once more while it is sent, with the true ones: a
secret is never put in by replacing text, so that no text of a customer can attract it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.template import Context
from django.template.loader import get_template

from notifications.headers import one_line
from notifications.vault import Secrets

GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


@dataclass(frozen=True)
class Rendering:
    text: str
    html: str


def subject(message: str, context: dict[str, Any]) -> str:
    """One line, made without any secret: subjects are shown on locked screens and kept in logs."""
    return one_line(_render(f"{message}.subject.txt", context, autoescape=False))


def render(message: str, context: dict[str, Any], secrets: Secrets, *, subject: str) -> Rendering:
    everything = {**context, "subject": subject, "secret": secrets}
    text = _render(f"{message}.txt", everything, autoescape=False)
    return Rendering(
        text=GAPS.sub("\n\n", text).strip() + "\n",
        html=_render(f"{message}.html", everything, autoescape=True).strip() + "\n",
    )


def words(name: str, context: dict[str, Any]) -> str:
    """A few sentences of a mail by themselves, from templates/emails/words: what whoever sends it may rewrite."""
    return _render(f"words/{name}.txt", context, autoescape=False).strip()


def _render(name: str, context: dict[str, Any], *, autoescape: bool) -> str:
    # The engine's own template: a text part knows neither escaping nor context processors.
    template: Any = get_template(f"emails/{name}")
    rendered: str = template.template.render(Context(context, autoescape=autoescape))
    return rendered
