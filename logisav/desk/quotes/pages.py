"""Pages of a quote beside its form: what a verb will do before it is done, and what the customer sees."""

from __future__ import annotations

from pathlib import PurePath
from typing import cast

from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from lib import files, french
from logisav.desk.access import may_act, page, visible_quote
from logisav.desk.forms import ReasonForm
from logisav.desk.quotes import actions, enclosures, mailing
from logisav.desk.quotes.actions import Action
from logisav.desk.quotes.before_sending import before_sending
from logisav.desk.quotes.contract_forms import ContractForm
from logisav.desk.quotes.mailing import WordsForm
from logisav.desk.stamped import Stale, StampedAdmin
from notifications import outbox
from notifications.models import OutgoingEmail
from notifications.staff import member
from quotes import emails, readiness, workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote
from quotes.pages.options import Wish, offered
from quotes.pages.views import pdf_response, thread, what_changed
from quotes.readiness import Draft
from quotes.versions import freezing
from quotes.versions.freezing import NotSendable
from quotes.workflow import TooLate
from quotes.workflow.locking import locked

LOOK = "_look"  # « Revoir le mail »: nothing is done yet


def act(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """GET tells what the customer will see, POST does it."""
    quote = visible_quote(request, pk)
    found = next((action for action in actions.ACTIONS if action.path == step), None)
    if found is None:
        raise Http404
    if not may_act(request):
        raise PermissionDenied
    if obstacle := found.obstacle(quote, quote.current_version()):
        return _too_late(request, quote, obstacle)
    form = _form(request, quote, found)
    is_right = form is None or (request.method == "POST" and form.is_valid())
    if request.method == "POST" and is_right and LOOK not in request.POST:
        stale = None
        with transaction.atomic():
            if found.path == "envoyer":
                stale = _changed_since_shown(request, quote)
            if stale is None:
                return _do(request, quote, found, form.said if form else "", form)
        return _ask(
            request, visible_quote(request, pk), found, form=form, reasons=[], stale=stale, status=409
        )
    reasons = readiness.missing(quote) if found.path == "envoyer" else []
    status = 200 if is_right or request.method != "POST" else 422
    return _ask(request, quote, found, form=form, reasons=reasons, status=status)


def _changed_since_shown(request: HttpRequest, quote: Quote) -> Stale | None:
    """Nobody sends what they did not see: the page carries the stamp of the working copy that it shows."""
    locked(quote.pk)
    stale = _editor().changed_since_shown(request, visible_quote(request, quote.pk))
    if stale and stale.is_known:
        return stale
    return enclosures.changed_since_shown(request, quote)


def _editor() -> StampedAdmin:
    return cast(StampedAdmin, admin.site.get_model_admin(Quote))


Asking = ReasonForm | WordsForm | ContractForm


def _form(request: HttpRequest, quote: Quote, found: Action) -> Asking | None:
    data = request.POST if request.method == "POST" else None
    if found.form is not None:  # a refusal that is filed has no dates
        return found.form(data, request.FILES or None, quote=quote) if quote.is_concluded else None
    if found.mails:
        return mailing.words_form(quote, found.path, data)
    return ReasonForm(data, label=found.reason) if found.reason else None


def _do(request: HttpRequest, quote: Quote, found: Action, said: object, form: Asking | None) -> HttpResponse:
    try:
        result = found.run(quote, Actor.staff(member(request)), said)
    except TooLate as late:
        return _ask(request, quote, found, form=form, reasons=[], refused=late.words, status=422)
    except NotSendable as refusal:
        return _ask(request, quote, found, form=None, reasons=refusal.reasons, status=422)
    except IllegalMove as refusal:
        return _too_late(request, quote, found.refusal(refusal.words))
    messages.success(request, _filled(found.done, quote))
    shown = result if isinstance(result, Quote) else quote  # the copy, where one was made
    return redirect("admin:quotes_quote_change", shown.pk)


def _too_late(request: HttpRequest, quote: Quote, obstacle: str) -> HttpResponse:
    messages.error(request, obstacle)
    return redirect("admin:quotes_quote_change", quote.pk)


def _ask(
    request: HttpRequest,
    quote: Quote,
    found: Action,
    *,
    form: Asking | None,
    reasons: list[str],
    stale: Stale | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    sends = found.path == "envoyer"
    missing = before_sending(member(request), Draft(quote)) if sends else {}
    context = missing | {
        "title": f"{found.label} : {quote.number}",
        "quote": quote,
        "action": found,
        "asks": _filled(found.asks, quote).replace(" ?", f"{french.NBSP}?").replace(" :", f"{french.NBSP}:"),
        "effects": [_filled(effect, quote) for effect in found.effects],
        "form": form,
        "facts_asked": isinstance(form, ContractForm),
        "reasons": reasons,
        "refused": refused,
        "stale": stale,
        "stamp": _editor().stamp(request, quote) if sends else "",
        "enclosed_as_shown": enclosures.as_shown(quote) if sends else "",
        "content": freezing.preview(quote) if sends else None,
        "changes": mailing.changes(quote) if sends else [],
        "mail": mailing.mail(quote, found.path, form.shown)
        if isinstance(form, WordsForm) and not reasons
        else None,
    }
    return page(request, "desk/quotes/action.html", context, status=status)


def _filled(words: str, quote: Quote) -> str:
    until = quote.withdrawal_until() if "{until}" in words and quote.is_concluded else ""
    if until and quote.early_start:
        until += ", et qui prend fin plus tôt avec les travaux, demandés pendant le délai"
    return words.format(
        email=quote.customer.email,
        number=quote.number,
        customer=quote.customer.name,
        until=f", {until}" if until else "",
    )


@require_safe
@csp_replace({})  # type: ignore[arg-type]
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's own page: what would be sent now, or what is in force. Nothing on it does anything."""
    quote = visible_quote(request, pk)
    version = quote.current_version()
    working_copy = version is None or quote.is_editable
    content = version.reading if version and not working_copy else freezing.preview(quote)
    held = quote.last_held_version() if working_copy else version and version.previous()
    context = {
        "quote": quote,
        "version": version,
        "content": content,
        "link": None,
        "questions": thread(quote),
        "preview": True,
        "working_copy": working_copy,
        "mine": None if quote.options_fixed or quote.is_concluded else offered(quote, content, Wish()),
    } | what_changed(None if quote.is_concluded else held, content)
    return TemplateResponse(request, "desk/quotes/preview.html", context)


@require_safe
def pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The PDF of the version in force: the file that the customer reads and signs."""
    quote = visible_quote(request, pk)
    version = quote.current_version()
    if version is None:
        raise Http404
    data = workflow.stored_pdf(version)
    if data is None:
        messages.error(
            request, "Le PDF de cette version manque ou a changé sur le serveur, il est en réparation."
        )
        return redirect("admin:quotes_quote_change", quote.pk)
    return pdf_response(data, name=f"{quote.number}.pdf")


@require_safe
def scan(request: HttpRequest, pk: int, declaration: int) -> HttpResponse:
    """The letter or mail by which a customer withdrew, as it was handed in; never shown inside a page."""
    quote = visible_quote(request, pk)
    found = quote.declarations.filter(pk=declaration).exclude(scan="").first()
    if found is None:
        raise Http404
    name = str(found.scan.name)
    data = files.read_or_none(name, PurePath(name).stem)
    if data is None:
        messages.error(request, "Ce document manque ou a changé sur le serveur.")
        return redirect("admin:quotes_quote_change", quote.pk)
    response = HttpResponse(data, content_type="application/octet-stream")
    file = f"retractation-{quote.number}{PurePath(name).suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def repeat_mail(request: HttpRequest, pk: int, mail: int) -> HttpResponse:
    """« Renvoyer »: the same words to the same address. A mail with a link or a code is never sent twice."""
    quote = visible_quote(request, pk)
    email = OutgoingEmail.objects.filter(pk=mail, about=quote.number).first()
    if email is None:
        raise Http404
    if not may_act(request):
        raise PermissionDenied
    if held := emails.why_held(email):
        return _too_late(request, quote, held)
    if request.method != "POST":
        return page(request, "desk/quotes/mail.html", {"title": "Renvoyer", "quote": quote, "email": email})
    try:
        with transaction.atomic():
            outbox.repeat(email)
    except outbox.CarriesSecret:
        messages.error(request, "Ce mail porte un lien ou un code : renvoyez plutôt un lien au client.")
    except outbox.Held as held:
        messages.error(request, str(held))
    else:
        messages.success(request, f"Le mail repart à {email.to}.")
    return redirect("admin:quotes_quote_change", quote.pk)
