"""What the bell forgets. The words of mails are proof where a contract is: quotes/retention.py says which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lib.retention import Rows, Rule
from notifications.models import Notification, OutgoingEmail

READ_LINES_KEPT = dt.timedelta(days=180)
"""What was read half a year ago still stands in the quote's history, where it belongs."""


def _read_lines(before: dt.datetime) -> Rows:
    return Notification.objects.filter(read_at__lte=before)


def forget_about(subjects: Sequence[str]) -> None:
    """Every mail and every line behind a bell about these: to whom and what it said too."""
    OutgoingEmail.objects.filter(about__in=subjects).delete()
    Notification.objects.filter(about__in=subjects).delete()


RULES = (Rule("notifications lues", READ_LINES_KEPT, "read_at", _read_lines),)
