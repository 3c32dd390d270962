"""« PDF du brouillon »: asked for, waited for, read; the staff's alone."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from logisav.desk.access import page, visible_quote
from quotes import workflow
from quotes.models import DraftPdf, IllegalMove, Quote
from quotes.workflow.drafts import is_of_today


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """POST asks for the PDF; GET waits for it, and goes to it once it is there."""
    quote = visible_quote(request, pk)
    if request.method == "POST":
        return ask(request, quote)
    if not quote.is_editable:
        return _none(request, quote)
    found = DraftPdf.objects.filter(quote=quote).defer("pdf", "content").first()
    if found is not None and not is_of_today(found, quote):
        return _page(request, quote, None, has_changed=True)
    if found is not None and found.done_at:
        return redirect("admin:quotes_quote_draft_pdf", quote.pk)
    return _page(request, quote, found)


def ask(request: HttpRequest, quote: Quote) -> HttpResponse:
    try:
        found = workflow.request_draft_pdf(quote.pk)
    except IllegalMove:
        return _none(request, quote)
    # The moment sets one waiting apart from another: static/desk/reload.js counts by address.
    waiting = reverse("admin:quotes_quote_draft", args=[quote.pk])
    return redirect(f"{waiting}?demande={found.requested_at:%H%M%S}")


def _none(request: HttpRequest, quote: Quote) -> HttpResponse:
    messages.error(request, f"Le devis {quote.number} n'est plus un brouillon : son PDF est celui envoyé.")
    return redirect("admin:quotes_quote_change", quote.pk)


def _page(
    request: HttpRequest, quote: Quote, found: DraftPdf | None, *, has_changed: bool = False
) -> HttpResponse:
    context = {
        "title": f"PDF du brouillon : {quote.number}",
        "quote": quote,
        "draft": found,
        "has_changed": has_changed,
    }
    return page(request, "desk/quotes/draft.html", context)


@require_safe
@csp_exempt()  # type: ignore[arg-type]  # Chromium shows a PDF by a page of its own, which `default-src 'none'` stops
def pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The PDF in the browser, as long as the working copy says the same."""
    quote = visible_quote(request, pk)
    found = DraftPdf.objects.filter(quote=quote, done_at__isnull=False).first()
    if found is None or not quote.is_editable or not is_of_today(found, quote):
        return redirect("admin:quotes_quote_draft", quote.pk)
    response = HttpResponse(bytes(found.pdf), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{quote.number}-brouillon.pdf"'
    return response
