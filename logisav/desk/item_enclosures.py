"""« Photos et documents » of an article: a line that is made of it brings them into its quote."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from lib import files
from logisav.desk.access import page
from logisav.desk.handed_in import PART, Enclosed, HandedInForm, LabelForm, named_row, take_in
from logisav.desk.journalled import named, note
from quotes import workflow
from quotes.models import CatalogueItem, ItemEnclosure
from quotes.pages.views import pdf_response, picture_response


def section(item: CatalogueItem, *, form: HandedInForm | None = None) -> dict[str, Any]:
    return {
        "item": item,
        "enclosed": [Enclosed(one, _address(one)) for one in item.enclosures.all()],
        "files_action": reverse("admin:quotes_catalogueitem_enclosures", args=[item.pk]),
        "files_form": form or HandedInForm(),
    }


def _address(one: ItemEnclosure) -> str:
    name = "photo" if one.is_photo else "document"
    return reverse(f"admin:quotes_catalogueitem_{name}", args=[one.item_id, one.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def enclosures(request: HttpRequest, pk: int) -> HttpResponse:
    if not request.user.has_perm("quotes.change_catalogueitem"):
        raise PermissionDenied
    item = get_object_or_404(CatalogueItem, pk=pk)
    if request.method != "POST":
        return _page(request, item)
    if "_remove" in request.POST:
        workflow.remove_from_item(item.pk, named_row(request))
        return _done(request, item)
    if "_change" in request.POST:
        labels = LabelForm(request.POST)
        if labels.is_valid():
            workflow.change_of_item(item.pk, named_row(request), **labels.cleaned_data)
        return _done(request, item)
    form = HandedInForm(request.POST, request.FILES)
    if form.is_valid():
        in_contract = form.cleaned_data["in_contract"]
        take_in(form, lambda stored: workflow.enclose_in_item(item.pk, stored, in_contract=in_contract))
    return _page(request, item, form=form, status=422) if form.errors else _done(request, item)


def _done(request: HttpRequest, item: CatalogueItem) -> HttpResponse:
    note(request, "changed", target=named(item), fields=["Photos et documents"])
    if request.headers.get(PART):
        return _page(request, item)
    messages.success(request, "C'est enregistré.")
    return redirect(reverse("admin:quotes_catalogueitem_change", args=[item.pk]) + "#photos-et-documents")


def _page(
    request: HttpRequest, item: CatalogueItem, *, form: HandedInForm | None = None, status: int = 200
) -> HttpResponse:
    shown = section(item, form=form)
    if request.headers.get(PART):
        return TemplateResponse(request, "desk/quotes/enclosures.html", shown, status=status)
    context = {"title": f"Photos et documents : {item.label}", **shown}
    return page(request, "desk/library/item_enclosures.html", context, status=status)


@require_safe
def photo(request: HttpRequest, pk: int, enclosure: int) -> HttpResponse:
    found = _found(request, pk, enclosure)
    return picture_response(str(found.small), found.small_sha256)


@require_safe
def document(request: HttpRequest, pk: int, enclosure: int) -> HttpResponseBase:
    found = _found(request, pk, enclosure)
    data = files.read_or_none(str(found.file), found.sha256)
    if data is None or found.is_photo:
        raise Http404
    return pdf_response(data, name=f"{found.label}.pdf")


def _found(request: HttpRequest, pk: int, enclosure: int) -> ItemEnclosure:
    if not request.user.has_perm("quotes.view_catalogueitem"):
        raise PermissionDenied
    return get_object_or_404(ItemEnclosure, item=pk, pk=enclosure)
