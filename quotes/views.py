"""The customer's pages of a quote: open, read, ask, refuse."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quotes import access, french, workflow
from quotes.access import Situation, Visit, quote_required
from quotes.forms import QuestionForm, RefuseForm, WithdrawalForm
from quotes.models import AccessLink, Company, IllegalMove, Question, Quote

FORM = ["GET", "HEAD", "POST"]
READABLE = (Situation.OPEN, Situation.UPDATING, Situation.CONCLUDED)
ASKABLE = (*READABLE, Situation.PAST_VALIDITY)
ANYWHERE = tuple(Situation)


@require_http_methods(FORM)
@csrf_exempt  # the token in the address is the authority, and the answer bears no-referrer, hence Origin: null
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET grants this browser one quote and goes to an address without token; POST asks for a new link."""
    response = _open_link(request, token)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _open_link(request: HttpRequest, token: str) -> HttpResponse:
    link = AccessLink.objects.for_token(token)
    if link is None:
        raise Http404
    if link.quote.is_blocked:
        return access.blocked(request)
    if request.method == "POST":
        workflow.request_link(link.quote_id, actor=access.actor_of(request))
        return render(request, "quotes/link_requested.html")
    if link.has_expired:
        context = {"email": french.masked(link.email)}
        return render(request, "quotes/link_expired.html", context, status=410)
    if request.method != "HEAD":
        workflow.note_opened(link)
        access.grant(request, link)
    return redirect(link.quote)


open_link.access = "token"  # type: ignore[attr-defined]


@require_POST
def request_link(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new link to the customer's own address; the same answer whether or not the quote exists."""
    quote = Quote.objects.filter(public_id=public_id).first()
    if quote is not None:
        workflow.request_link(quote.pk, actor=access.actor_of(request))
    return render(request, "quotes/link_requested.html")


@require_safe
@quote_required(*ANYWHERE)
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What the situation allows to see: the rows of the access table after the link's own."""
    match visit.situation:
        case Situation.OPEN:
            return render(request, "quotes/show.html", reading_context(visit))
        case Situation.CONCLUDED:
            return render(request, "quotes/accepted.html", reading_context(visit) | _signed(visit.quote))
        case Situation.SETTLED:
            return render(request, "quotes/settled.html", {"quote": visit.quote})
        case Situation.PAST_VALIDITY:
            return render(
                request,
                "quotes/quote_expired.html",
                {"ask_url": reverse("quotes:ask", args=[visit.quote.public_id])},
            )
        case _:
            return render(request, "quotes/updating.html", {"quote_url": visit.quote.get_absolute_url()})


def _signed(quote: Quote) -> dict[str, object]:
    """The signature and its sealed document, when the acceptance was on line; None while they are not there."""
    signature = getattr(quote, "signature", None)
    return {"signature": signature, "sealed": signature and signature.document}


def reading_context(visit: Visit) -> dict[str, object]:
    return {
        "quote": visit.quote,
        "version": visit.version,
        "content": visit.version.reading,
        "link": visit.link,
        "questions": thread(visit.quote),
    }


def thread(quote: Quote) -> list[Question]:
    return list(quote.questions.select_related("answer__author"))


@require_safe
@quote_required(*READABLE)
def pdf(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The very file that is hashed and signed."""
    return pdf_response(visit.version.pdf.open("rb"), name=f"{visit.quote.number}.pdf")


def pdf_response(file: object, *, name: str) -> FileResponse:
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/pdf")


@require_safe
@quote_required(*READABLE)
def terms(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The general terms as frozen with the version."""
    content = visit.version.reading
    if content.terms is None:
        raise Http404
    if content.terms.kind == "text":
        return render(request, "quotes/terms.html", {"quote": visit.quote, "content": content})
    return pdf_response(terms_file(content.terms.sha256), name="conditions-generales.pdf")


def terms_file(sha256: str) -> File[bytes]:
    """The general terms that a version was frozen with, whatever the company's are now."""
    return default_storage.open(f"company/{sha256}.pdf")


@require_http_methods(FORM)
@quote_required(*ASKABLE)
def ask(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = QuestionForm(request.POST or None)
    if request.method != "POST":
        return _question_page(request, visit, form)
    if not form.is_valid():
        return _question_page(request, visit, form, status=422)
    asked = workflow.ask(visit.quote.pk, actor=access.actor_of(request), **form.cleaned_data)
    if asked is workflow.Asked.TOO_MANY:
        form.add_error(None, TOO_MANY_QUESTIONS)
        return _question_page(request, visit, form, status=429)
    messages.success(request, "Votre question est partie, nous répondons par mail.")
    return redirect(visit.quote)


TOO_MANY_QUESTIONS = (
    "Vous avez posé plusieurs questions en peu de temps. Réessayez dans une heure, ou appelez-nous."
)


def _question_page(
    request: HttpRequest, visit: Visit, form: QuestionForm, *, status: int = 200
) -> HttpResponse:
    """An expired quote shows nothing of itself: the form alone."""
    context: dict[str, object] = {"quote": visit.quote, "form": form, "content": None}
    if visit.situation is not Situation.PAST_VALIDITY:
        context |= {"content": visit.version.reading, "questions": thread(visit.quote)}
    return render(request, "quotes/ask.html", context, status=status)


@require_http_methods(FORM)
@quote_required(Situation.OPEN)
def refuse(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = RefuseForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"quote": visit.quote, "content": visit.version.reading, "form": form}
        return render(request, "quotes/refuse.html", context, status=422 if request.method == "POST" else 200)
    try:
        workflow.refuse(visit.quote.pk, actor=access.actor_of(request), **form.cleaned_data)
    except IllegalMove:
        messages.warning(request, "Le devis a changé entre-temps, votre refus n'a pas été enregistré.")
    return redirect(visit.quote)


@require_http_methods(FORM)
@quote_required(Situation.CONCLUDED)
def withdraw(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Renoncer au contrat ici », then « Confirmer la rétractation »: one page, no reason, a receipt at once."""
    if not visit.quote.can_withdraw:
        return redirect(visit.quote)
    initial = {"name": visit.quote.customer.contact, "email": visit.link.email}
    form = WithdrawalForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        workflow.withdraw(visit.quote.pk, actor=access.actor_of(request), **form.cleaned_data)
        return redirect(visit.quote)
    context = {"quote": visit.quote, "content": visit.version.reading, "form": form}
    return render(request, "quotes/withdraw.html", context, status=422 if form.errors else 200)


@require_safe
@cache_control(max_age=300, public=True)
def brand_css(request: HttpRequest) -> HttpResponse:
    """The company's colour, and nothing else."""
    company = Company.objects.first()
    rule = f":root{{--brand:{company.colour}}}" if company else ""
    return HttpResponse(rule, content_type="text/css")


@require_safe
@cache_control(max_age=300, public=True)
def logo(request: HttpRequest) -> HttpResponseBase:
    company = Company.objects.first()
    if company is None or not company.logo:
        raise Http404
    return FileResponse(company.logo.open("rb"))
