"""What is kept of the staff's comings and goings, beside their journal, which is append-only and stays."""

from __future__ import annotations

import datetime as dt

from lib.retention import Rows, Rule
from logisav.staff.models import Invitation, Session

SESSIONS_KEPT = dt.timedelta(0)
"""Once it has ended nobody can take a session up again."""

INVITATIONS_KEPT = dt.timedelta(days=90)
"""Who was invited, by whom and whether they came stands in the staff's journal."""


def _sessions(before: dt.datetime) -> Rows:
    """Staff's and customers' alike."""
    return Session.objects.filter(expire_date__lte=before)


def _invitations(before: dt.datetime) -> Rows:
    """Taken up or not: their link has died."""
    return Invitation.objects.filter(expires_at__lte=before)


RULES = (
    Rule("sessions de navigateur finies", SESSIONS_KEPT, "expire_date", _sessions),
    Rule("invitations et mots de passe oubliés", INVITATIONS_KEPT, "expires_at", _invitations),
)
