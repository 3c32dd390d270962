"""Pages of a quote beside its form: what a verb will do before it is done, and what the customer sees."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from notifications import outbox
from notifications.models import OutgoingEmail
from notifications.staff import member
from quotes import readiness, versions
from quotes.admin import mailing, moves
from quotes.admin.forms import ReasonForm
from quotes.admin.mailing import WordsForm
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote
from quotes.offers import Move
from quotes.versions import NotSendable
from quotes.views import pdf_response, thread

LOOK = "_look"  # « Revoir le mail »: nothing is done yet


def may_act(request: HttpRequest) -> bool:
    return request.user.has_perm("quotes.change_quote")


def visible(request: HttpRequest, pk: int) -> Quote:
    """The quote if this member of staff may see it; else it does not exist."""
    if not (may_act(request) or request.user.has_perm("quotes.view_quote")):
        raise PermissionDenied
    quote = Quote.objects.visible_to(member(request)).with_parties().filter(pk=pk).first()
    if quote is None:
        raise Http404
    return quote


def move(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """GET tells what the customer will see, POST does it."""
    quote = visible(request, pk)
    found = next((move for move in moves.MOVES if move.path == step), None)
    if found is None:
        raise Http404
    if not may_act(request):
        raise PermissionDenied
    if not found.offered(quote, quote.current_version):
        return _too_late(request, quote, found)
    form = _form(request, quote, found)
    is_right = form is None or (request.method == "POST" and form.is_valid())
    if request.method == "POST" and is_right and LOOK not in request.POST:
        return _do(request, quote, found, form.said if form else "")
    reasons = readiness.missing(quote) if found.path == "envoyer" else []
    status = 200 if is_right or request.method != "POST" else 422
    return _ask(request, quote, found, form=form, reasons=reasons, status=status)


def _form(request: HttpRequest, quote: Quote, found: Move) -> ReasonForm | WordsForm | None:
    data = request.POST if request.method == "POST" else None
    if found.mails:
        return mailing.words_form(quote, found.path, data)
    return ReasonForm(data, label=found.reason) if found.reason else None


def _do(request: HttpRequest, quote: Quote, found: Move, reason: str) -> HttpResponse:
    try:
        result = found.run(quote, Actor.staff(member(request)), reason)
    except NotSendable as refusal:
        return _ask(request, quote, found, form=None, reasons=refusal.reasons, status=422)
    except IllegalMove:
        return _too_late(request, quote, found)
    messages.success(request, _filled(found.done, quote))
    return redirect("admin:quotes_quote_change", (result or quote).pk)


def _too_late(request: HttpRequest, quote: Quote, found: Move) -> HttpResponse:
    quote.refresh_from_db()
    messages.error(request, moves.obstacle(found, quote))
    return redirect("admin:quotes_quote_change", quote.pk)


def _ask(
    request: HttpRequest,
    quote: Quote,
    found: Move,
    *,
    form: ReasonForm | WordsForm | None,
    reasons: list[str],
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": f"{found.label} : {quote.number}",
        "quote": quote,
        "move": found,
        "effects": [_filled(effect, quote) for effect in found.effects],
        "form": form,
        "reasons": reasons,
        "content": versions.preview(quote) if found.path == "envoyer" else None,
        "changes": mailing.changes(quote) if found.path == "envoyer" else [],
        "mail": mailing.mail(quote, found.path, form.shown)
        if isinstance(form, WordsForm) and not reasons
        else None,
    }
    return page(request, "admin/quotes/quote/move.html", context, status=status)


def _filled(words: str, quote: Quote) -> str:
    return words.format(email=quote.customer.email, number=quote.number, customer=quote.customer.name)


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    everything = (
        admin.site.each_context(request) | {"opts": Quote._meta, "object": context.get("quote")} | context
    )
    return TemplateResponse(request, template, everything, status=status)


@require_safe
@csp_replace({})  # type: ignore[arg-type]
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's own page: what would be sent now, or what is in force. Nothing on it does anything."""
    quote = visible(request, pk)
    version = quote.current_version
    working_copy = version is None or quote.is_editable
    context = {
        "quote": quote,
        "version": version,
        "content": versions.preview(quote) if working_copy else version.reading,  # type: ignore[union-attr]
        "link": None,
        "questions": thread(quote),
        "preview": True,
        "working_copy": working_copy,
    }
    return TemplateResponse(request, "admin/quotes/quote/preview.html", context)


@require_safe
def pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The PDF of the version in force: the file that the customer reads and signs."""
    quote = visible(request, pk)
    version = quote.current_version
    if version is None:
        raise Http404
    return pdf_response(version.pdf.open("rb"), name=f"{quote.number}.pdf")


def repeat_mail(request: HttpRequest, pk: int, mail: int) -> HttpResponse:
    """« Renvoyer »: the same words to the same address. A mail with a link or a code is never sent twice."""
    quote = visible(request, pk)
    email = OutgoingEmail.objects.filter(pk=mail, about=quote.number).first()
    if email is None:
        raise Http404
    if not may_act(request):
        raise PermissionDenied
    if request.method != "POST":
        return page(
            request, "admin/quotes/quote/mail.html", {"title": "Renvoyer", "quote": quote, "email": email}
        )
    try:
        with transaction.atomic():
            outbox.repeat(email)
    except outbox.CarriesSecret:
        messages.error(request, "Ce mail porte un lien ou un code : renvoyez plutôt un lien au client.")
    else:
        messages.success(request, f"Le mail repart à {email.to}.")
    return redirect("admin:quotes_quote_change", quote.pk)
