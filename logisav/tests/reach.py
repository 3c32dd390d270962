"""Which requests reach: those for which the body of the view itself ran, past every door that stands before it.

Told from inside, since no status tells it: a form may be refused by the token's check or by the view, both with 403.
The installation that `make fuzz` asks runs with `logisav.tests.reach_settings`; nothing else ever does.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

HEADER = "X-Body-Ran"


def body_of(view: Any) -> CodeType | None:
    """The code of the view itself, inside its decorators, the desk's own included."""
    while True:
        if isinstance(view, functools.partial):
            view = view.func
        elif hasattr(view, "__wrapped__"):
            view = inspect.unwrap(view)
        elif inspect.ismethod(view):
            view = view.__func__
        else:
            return getattr(view, "__code__", None)


def told(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The outermost middleware of all: says in a header whether the body ran, in this thread, for this request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            body = body_of(resolve(request.path_info).func)
        except Resolver404:
            body = None
        ran = False

        def watch(frame: FrameType, event: str, _: Any) -> None:
            nonlocal ran
            ran = ran or (event == "call" and frame.f_code is body)

        sys.setprofile(watch)
        try:
            response = get_response(request)
        finally:
            sys.setprofile(None)
        response.headers[HEADER] = "1" if ran else "0"
        return response

    return middleware
