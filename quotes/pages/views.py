"""The customer's pages of a quote: open, read, ask, refuse. Renouncing: withdrawal.py."""

from __future__ import annotations

import io
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib import files, french
from notifications import restoration
from notifications.headers import file_name
from quotes import access, rules, workflow
from quotes.access import Visit, open_house, quote_required
from quotes.content import Content
from quotes.models import AccessLink, Company, IllegalMove, Question, Quote, QuoteVersion
from quotes.pages import options
from quotes.pages.forms import QuestionForm, RefuseForm
from quotes.pages.options import Wish
from quotes.rules import Situation, Verb
from quotes.versions.comparison import changes

FORM = ["GET", "HEAD", "POST"]
SOON = 4  # seconds until the page looks again for what is being prepared


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
    version = link.quote.current_version()
    situation = rules.situation(link.quote.circumstances(version, link=link.status(version)))
    if situation is Situation.UNKNOWN:
        raise Http404
    if situation is Situation.BLOCKED:
        return access.blocked(request)
    if request.method == "POST" and restoration.is_closed():
        return access.come_back(request)
    if request.method == "POST":
        workflow.request_link(link.quote_id, actor=access.actor_of(request))
        return render(request, "quotes/link_requested.html")
    if situation is Situation.LINK_EXPIRED:
        context = {"email": french.masked(link.email)}
        return render(request, "quotes/link_expired.html", context, status=410)
    if request.method != "HEAD":
        workflow.note_opened(link)
        access.grant(request, link)
    return redirect(link.quote)


open_link.access = "token"  # type: ignore[attr-defined]


@require_POST
@open_house
def request_link(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new link to the customer's own address; the same answer whether or not the quote exists."""
    quote = Quote.objects.filter(public_id=public_id).first()
    if quote is not None:
        workflow.request_link(quote.pk, actor=access.actor_of(request))
    return render(request, "quotes/link_requested.html")


@require_safe
@quote_required(Verb.VISIT)
def show(request: HttpRequest, visit: Visit) -> HttpResponse:
    """What the situation allows to see: the rows of the access table after the link's own."""
    match visit.situation:
        case Situation.OPEN if visit.version.damaged_at is not None:
            return updating(request, visit)
        case Situation.OPEN:
            return read(request, visit, Wish())
        case Situation.CONCLUDED:
            # None when the acceptance was not on line, or while the sealed document is not there.
            signature = getattr(visit.quote, "signature", None)
            signed = {
                "signature": signature,
                "sealed": signature and signature.latest_document(),
                "paper": None if signature else getattr(visit.quote, "paper_acceptance", None),
            }
            return render(request, "quotes/accepted.html", reading_context(visit) | signed)
        case Situation.SETTLED:
            return render(request, "quotes/settled.html", {"quote": visit.quote, "company": visit.company})
        case Situation.PAST_VALIDITY:
            return render(
                request,
                "quotes/quote_expired.html",
                {"ask_url": reverse("quotes:ask", args=[visit.quote.public_id]), "company": visit.company},
            )
        case _:
            return updating(request, visit)


def read(request: HttpRequest, visit: Visit, wish: Wish, *, status: int = 200) -> HttpResponse:
    """The quote as it may be signed, with the options as they are wished for, which stores nothing."""
    changed = what_changed(visit.version.previous(), visit.content)
    context = reading_context(visit) | changed | {"mine": options.of_visit(visit, wish)}
    context["choosing"] = visit.circumstances.choosing
    response = render(request, "quotes/show.html", context, status=status)
    if context["choosing"]:  # by itself, without JavaScript too
        response.headers["Refresh"] = f"{SOON}; url={visit.quote.get_absolute_url()}"
    return response


def updating(request: HttpRequest, visit: Visit, *, status: int = 200) -> HttpResponse:
    """The next version is on its way, or the file of this one is being mended."""
    context = {"quote": visit.quote, "company": visit.company}
    return render(request, "quotes/updating.html", context, status=status)


def reading_context(visit: Visit) -> dict[str, object]:
    return visit.context | {"questions": thread(visit.quote)}


def what_changed(before: QuoteVersion | None, content: Content) -> dict[str, object]:
    """« Ce qui a changé depuis la version n », as the mail told it; nothing on a first version."""
    return {"since": before.number, "changes": changes(before.reading, content)} if before else {}


def thread(quote: Quote) -> list[Question]:
    return list(quote.questions.select_related("answer__author"))


@require_safe
@quote_required(Verb.READ)
def pdf(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The very file that is hashed and signed."""
    data = workflow.stored_pdf(visit.version)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name=f"{visit.quote.number}.pdf")


def pdf_response(data: bytes, *, name: str) -> FileResponse:
    """Under a name in ASCII: a document bears the title that staff gave it."""
    plain = file_name(name)
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=plain, content_type="application/pdf")


def file_away(request: HttpRequest, visit: Visit) -> HttpResponse:
    """A stored file that is not whole is shown to nobody."""
    context = {"quote": visit.quote, "company": visit.company}
    return render(request, "quotes/file_away.html", context, status=503)


@require_safe
@quote_required(Verb.READ)
def terms(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The general terms as frozen with the version."""
    terms = visit.content.terms
    if terms is None:
        raise Http404
    if terms.kind == "text":
        return render(request, "quotes/terms.html", visit.context)
    data = files.read_or_none(f"company/{terms.sha256}.pdf", terms.sha256)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name="conditions-generales.pdf")


@require_safe
@quote_required(Verb.READ)
def contribution(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """« Cadre de contribution », as it travels with the version."""
    frozen = visit.content.contribution
    if frozen is None:
        raise Http404
    data = files.read_or_none(frozen.path, frozen.sha256)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name="cadre-de-contribution.pdf")


@require_safe
@quote_required(Verb.READ)
def rge_proof(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """The certificate RGE as frozen with the version: it is to be read before the signature."""
    sha256 = visit.content.rge_proof
    if not sha256:
        raise Http404
    data = files.read_or_none(f"company/{sha256}.pdf", sha256)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name="attestation-rge.pdf")


@require_safe
@quote_required(Verb.READ)
def photo(request: HttpRequest, visit: Visit, *, sha256: str) -> HttpResponse:
    """A photo of the version that is read, in one of its sizes."""
    return photo_response(visit.content, sha256)


def photo_response(content: Content, sha256: str) -> HttpResponse:
    """One of these photos, in one of its sizes; nothing else that is stored."""
    sizes = {one.sha256: one.path for one in content.photos}
    sizes |= {one.small_sha256: one.small_path for one in content.photos}
    if sha256 not in sizes:
        raise Http404
    return picture_response(sizes[sha256], sha256)


def picture_response(name: str, sha256: str) -> HttpResponse:
    """This reader's browser keeps it for an hour: its address names what it shows."""
    data = files.read_or_none(name, sha256)
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@quote_required(Verb.READ)
def document(request: HttpRequest, visit: Visit, *, sha256: str) -> HttpResponseBase:
    """A document of the version that is read, always as a file of its own and never inside a page."""
    found = next((one for one in visit.content.documents if one.sha256 == sha256), None)
    if found is None:
        raise Http404
    data = files.read_or_none(found.path, found.sha256)
    if data is None:
        return file_away(request, visit)
    return pdf_response(data, name=found.file_name)


@require_http_methods(FORM)
@quote_required(Verb.ASK)
def ask(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = QuestionForm(request.POST or None)
    if request.method != "POST":
        return _question_page(request, visit, form)
    if not form.is_valid():
        return _question_page(request, visit, form, status=422)
    try:
        asked = workflow.ask(visit.quote.pk, actor=access.actor_of(request), **form.cleaned_data)
    except IllegalMove:
        messages.warning(request, "Le devis a changé entre-temps, votre question n'est pas partie.")
        return redirect(visit.quote)
    if asked is workflow.Asking.TOO_MANY:
        return _question_page(request, visit, form, status=429, asked_too_much=True)
    messages.success(request, "Votre question est partie, nous répondons par mail.")
    return redirect(visit.quote)


def _question_page(
    request: HttpRequest, visit: Visit, form: QuestionForm, *, status: int = 200, asked_too_much: bool = False
) -> HttpResponse:
    """A quote that may not be read shows nothing of itself: the form alone."""
    context = visit.context | {"form": form, "asked_too_much": asked_too_much}
    if rules.may(Verb.READ, visit.circumstances):
        context |= {"questions": thread(visit.quote)}
    else:
        context |= {"content": None, "version": None}
    return render(request, "quotes/ask.html", context, status=status)


@require_http_methods(FORM)
@quote_required(Verb.REFUSE)
def refuse(request: HttpRequest, visit: Visit) -> HttpResponse:
    form = RefuseForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = visit.context | {"form": form}
        return render(request, "quotes/refuse.html", context, status=422 if request.method == "POST" else 200)
    try:
        workflow.refuse(visit.quote.pk, actor=access.actor_of(request), **form.cleaned_data)
    except IllegalMove:
        messages.warning(request, "Le devis a changé entre-temps, votre refus n'a pas été enregistré.")
    return redirect(visit.quote)


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
    try:
        return FileResponse(company.logo.open("rb"))
    except FileNotFoundError:
        raise Http404 from None


def with_company(request: HttpRequest) -> dict[str, Any]:
    """What every page of a customer may show, asked for only when its template does."""
    return {"company": SimpleLazyObject(Company.objects.first)}
