"""What a page of the desk asks by itself, the draft that is saved and the bell that is looked at: nobody need be there,
so it is no use of the log-in, which ends after its idle hours all the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

ASKED_BY_PAGES = re.compile(r"/admin/(quotes/quote/[0-9]+/enregistrer|notifications/notification/nombre)/")


def unattended(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Below the middleware of sessions, which reads the row at the first question."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if ASKED_BY_PAGES.fullmatch(request.path):
            request.session.is_used = False  # type: ignore[attr-defined]
        return get_response(request)

    return middleware
