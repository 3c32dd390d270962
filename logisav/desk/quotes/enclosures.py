"""« Photos et documents » of a quote: handed in, tied to a line, called otherwise, taken away; and looked at."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import UnfoldAdminSelectWidget

from lib import files, french
from logisav.desk.access import may_act, page, visible_quote
from logisav.desk.handed_in import PART, Enclosed, HandedInForm, LabelForm, named_row, take_in
from logisav.desk.stamped import Stale
from logisav.desk.stamps import FieldChange
from quotes import workflow
from quotes.content import canonical, document_path, photo_path
from quotes.models import IllegalMove, Quote, QuoteEnclosure
from quotes.pages.views import pdf_response, photo_response, picture_response
from quotes.readiness import Draft


class QuoteFilesForm(HandedInForm):
    line = forms.ChoiceField(label="Pour quelle ligne", required=False, widget=UnfoldAdminSelectWidget())

    def __init__(self, draft: Draft, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = line_choices(draft)  # type: ignore[attr-defined]


def line_choices(draft: Draft) -> list[tuple[str, str]]:
    return [("", "Tout le devis"), *((line.identity, line.label) for line in draft.lines)]


def section(quote: Quote, draft: Draft, *, form: QuoteFilesForm | None = None) -> dict[str, Any]:
    """What the section of a working copy shows."""
    return {
        "quote": quote,
        "enclosed": [Enclosed(one, _address(quote, one)) for one in draft.enclosures],
        "files_action": reverse("admin:quotes_quote_enclosures", args=[quote.pk]),
        "line_choices": line_choices(draft),
        "files_form": form or QuoteFilesForm(draft),
    }


def _address(quote: Quote, one: QuoteEnclosure) -> str:
    kind, sha256 = ("photo", one.small_sha256) if one.is_photo else ("document", one.sha256)
    return reverse(f"admin:quotes_quote_{kind}", args=[quote.pk, sha256])


SHOWN = "_enclosed"


def as_shown(quote: Quote) -> str:
    """What a page that asks before sending carries of them: they are no fields of the form that has a stamp."""
    told = [[str(one.file), one.label, one.line, one.in_contract] for one in quote.enclosures.all()]
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def changed_since_shown(request: HttpRequest, quote: Quote) -> Stale | None:
    """Somebody has added or removed one since. The caller holds the lock."""
    if request.POST.get(SHOWN) in (None, as_shown(quote)):
        return None
    now = french.listed([str(one) for one in quote.enclosures.all()])
    changed = FieldChange("Photos et documents", "", now, "", is_lost=True)
    return Stale("Ce devis", "", None, [changed], is_known=True, files=[])


@require_http_methods(["GET", "HEAD", "POST"])
def enclosures(request: HttpRequest, pk: int) -> HttpResponse:
    """The section as a page of its own, which also stands on the quote's; POST adds, changes or takes away."""
    quote = visible_quote(request, pk)
    if not may_act(request):
        raise PermissionDenied
    if not quote.is_editable:
        return _too_late(request, quote)
    if request.method != "POST":
        return _page(request, quote)
    try:
        if "_remove" in request.POST:
            workflow.remove_enclosure(quote.pk, named_row(request))
        elif "_change" in request.POST:
            return _change(request, quote)
        else:
            return _add(request, quote)
    except IllegalMove:
        return _too_late(request, quote)
    return _done(request, quote, "C'est retiré. Les versions déjà envoyées gardent ce qu'elles montraient.")


def _add(request: HttpRequest, quote: Quote) -> HttpResponse:
    form = QuoteFilesForm(Draft(quote), request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, quote, form=form, status=422)
    said = form.cleaned_data

    def keep(stored: workflow.StoredFile) -> object:
        return workflow.enclose(quote.pk, stored, line=said["line"], in_contract=said["in_contract"])

    kept = take_in(form, keep)
    if form.errors:
        return _page(request, quote, form=form, status=422)
    return _done(request, quote, "C'est ajouté." if kept == 1 else f"{kept} fichiers sont ajoutés.")


def _change(request: HttpRequest, quote: Quote) -> HttpResponse:
    form = LabelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Cette légende est trop longue\u00a0: 120\u00a0signes au plus.")
        return _done(request, quote, "")
    try:
        workflow.change_enclosure(
            quote.pk, named_row(request), line=request.POST.get("line", ""), **form.cleaned_data
        )
    except QuoteEnclosure.DoesNotExist:
        return _done(request, quote, "")
    return _done(request, quote, "C'est enregistré.")


def _done(request: HttpRequest, quote: Quote, words: str) -> HttpResponse:
    if request.headers.get(PART):
        return _page(request, quote)
    if words:
        messages.success(request, words)
    return redirect(reverse("admin:quotes_quote_change", args=[quote.pk]) + "#photos-et-documents")


def _too_late(request: HttpRequest, quote: Quote) -> HttpResponse:
    messages.error(
        request, f"Le devis {quote.number} ne se modifie plus\u00a0: préparez une nouvelle version."
    )
    return redirect("admin:quotes_quote_change", quote.pk)


def _page(
    request: HttpRequest, quote: Quote, *, form: QuoteFilesForm | None = None, status: int = 200
) -> HttpResponse:
    shown = section(quote, Draft(quote), form=form)
    if request.headers.get(PART):
        return TemplateResponse(request, "desk/quotes/enclosures.html", shown, status=status)
    context = {"title": f"Photos et documents : {quote.number}", **shown}
    return page(request, "desk/quotes/enclosures_page.html", context, status=status)


@require_safe
def photo(request: HttpRequest, pk: int, sha256: str) -> HttpResponse:
    """Of the working copy, or of the version in force."""
    quote, name = visible_quote(request, pk), photo_path(sha256)
    if quote.enclosures.filter(Q(file=name) | Q(small=name)).exists():
        return picture_response(name, sha256)
    version = quote.current_version()
    if version is None:
        raise Http404
    return photo_response(version.reading, sha256)


@require_safe
def document(request: HttpRequest, pk: int, sha256: str) -> HttpResponseBase:
    quote, name = visible_quote(request, pk), document_path(sha256)
    version = quote.current_version()
    titles = [one.label for one in quote.enclosures.filter(file=name)]
    titles += [one.title for one in version.reading.documents if one.sha256 == sha256] if version else []
    if not titles:
        raise Http404
    data = files.read_or_none(name, sha256)
    if data is None:
        messages.error(request, "Ce document manque ou a changé sur le serveur.")
        return redirect("admin:quotes_quote_change", quote.pk)
    return pdf_response(data, name=f"{titles[0]}.pdf")
