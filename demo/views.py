"""The demo's own pages: the way to walk, and the mailbox that shows every mail."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from demo import mailbox
from demo.marks import marked, shown_by
from demo.people import ADMIN, OTHERS
from quotes.models import Quote

SHOWN = 200
# A mail is somebody else's HTML: no script, no form, nothing loaded; only its links work, in the whole window.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-top-navigation-by-user-activation"],
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Six steps, so that the whole journey can be walked, and what the sample quotes show."""
    context = {
        "admin": ADMIN,
        "others": OTHERS,
        "stripe": f"{settings.STRIPE_API_URL}/_standin/",
        "draft": marked().filter(state=Quote.State.DRAFT).first(),
        "examples": [(quote, shown_by(quote)) for quote in marked().order_by("-pk")],
    }
    return render(request, "demo/home.html", context)


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Every mail, or those about one quote."""
    number = request.GET.get("devis", "")
    found = [mail for mail in mailbox.mails(_folder()) if number in mail.subject][:SHOWN]
    return render(request, "demo/mails.html", {"mails": found, "number": number})


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # typed for views without arguments
def mail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "demo/mail.html", {"mail": _mail(name)})


@require_safe
@xframe_options_sameorigin
@csp(MAIL_POLICY)  # type: ignore[arg-type]
def body(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part, alone in its frame."""
    return HttpResponse(_mail(name).html)


@require_safe
def attachment(request: HttpRequest, name: str, index: int) -> HttpResponseBase:
    for found in _mail(name).attachments:
        if found.index == index:
            file = BytesIO(found.content)
            return FileResponse(file, as_attachment=True, filename=found.name, content_type=found.type)
    raise Http404


def _folder() -> Path:
    return Path(settings.DEMO_DIR, "mails")


def _mail(name: str) -> mailbox.CaughtMail:
    found = mailbox.find(_folder(), name)
    if found is None:
        raise Http404
    return found
