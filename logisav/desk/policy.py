"""The desk's own policy for browsers.

Unfold runs on Alpine, which evaluates attributes ('unsafe-eval'), and writes its colours into the page
('unsafe-inline' for styles). Scripts still come from our own files alone, and nothing is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

# The manifest makes the desk installable on a phone; it too is a file of our own.
POLICY = {"manifest-src": [SELF], "script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


def desk_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Below CSPMiddleware. A view that sets `_csp_replace` itself, such as the preview, keeps it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.path.startswith(reverse("admin:index")) and not hasattr(response, "_csp_replace"):
            response._csp_replace = POLICY  # type: ignore[attr-defined]
        return response

    return middleware
