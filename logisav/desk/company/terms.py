"""General terms that come as a PDF: read by the child process of the public check before they are kept.

They are handed to every customer, so they are pages and nothing else. The reading takes a second or more: it comes
before the transaction of the form, leaves its verdict with the file, and the form takes no file without one.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from logisav.desk.examined import why_refused
from quotes.uploads import checked_terms

NOT_READ = "Ce document n'a pas été examiné : choisissez-le à nouveau, puis réessayez."


def examine(file: Any) -> None:
    """Leave on the file why it is refused, empty where it is not."""
    if file is None:
        return
    try:
        checked_terms(file, size=file.size or 0)
    except ValidationError:
        return  # the form says so, by looking once more
    file.why_refused = why_refused(file.read())
    file.seek(0)


def refuse(file: Any) -> None:
    """Raises ValidationError unless it was examined, and found to be pages alone."""
    if why := getattr(file, "why_refused", NOT_READ):
        raise ValidationError(why)
