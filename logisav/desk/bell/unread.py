"""What waits behind the bell of whoever asks for a page: read once, and less what the page itself tells."""

from __future__ import annotations

from django.http import HttpRequest

from notifications.models import Notification
from notifications.staff import member

MOST = 1000


def unread(request: HttpRequest) -> list[str]:
    """What the unread lines are about, one a line."""
    known: list[str] | None = getattr(request, "unread", None)
    if known is None:
        known = list(Notification.objects.unread(member(request)).values_list("about", flat=True)[:MOST])
        request.unread = known  # type: ignore[attr-defined]
    return known


def read(request: HttpRequest, about: str) -> None:
    """Whoever opens the page of something has read what was told of it."""
    if about in unread(request):
        Notification.objects.unread(member(request)).filter(about=about).mark_read()
        request.unread = [one for one in unread(request) if one != about]  # type: ignore[attr-defined]
