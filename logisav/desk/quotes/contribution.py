"""« Cadre de contribution »: the PDF of whoever pays the CEE, looked into, stored, and attached to the quote."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from lib import files
from lib.day import today_in_paris
from lib.fields import CalendarField
from logisav.desk.access import may_act, page, visible_quote
from logisav.desk.examined import why_refused
from quotes import workflow
from quotes.models import IllegalMove, Quote
from quotes.uploads import checked_terms


class ContributionForm(forms.Form):
    file = forms.FileField(
        label="Cadre de contribution (PDF)",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "application/pdf"}),
        help_text="5 Mo au plus. Le client le lit avec le devis, et il est joint au devis signé.",
        error_messages={"required": "Choisissez le PDF du cadre de contribution."},
    )
    dated = CalendarField(
        label="Daté du",
        localize=True,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "24/11/2026"}),
        help_text="La date que porte le cadre\u00a0: au plus tard celle de la signature du devis.",
        error_messages={
            "required": "Écrivez la date que porte le cadre, par exemple 24/11/2026.",
            "invalid": "Écrivez une date, par exemple 24/11/2026.",
        },
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        checked_terms(file, size=file.size or 0)
        data: bytes = file.read()
        if why := why_refused(data):
            raise ValidationError(why)
        return data

    def clean_dated(self) -> Any:
        dated = self.cleaned_data["dated"]
        if dated > today_in_paris():
            raise ValidationError(
                "Cette date est à venir\u00a0: le cadre est remis avant la signature, écrivez la date qu'il porte."
            )
        return dated


@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Looked into and stored before any lock is taken; « Retirer » leaves the file to the versions that have it."""
    quote = visible_quote(request, pk)
    if not may_act(request):
        raise PermissionDenied
    if not quote.is_editable:
        return _too_late(request, quote)
    if request.method != "POST":
        return _page(request, quote, ContributionForm())
    form = ContributionForm(request.POST, request.FILES)
    try:
        if "_remove" in request.POST:
            workflow.detach_contribution(quote.pk)
            messages.success(request, "Le cadre de contribution est retiré.")
            return redirect("admin:quotes_quote_change", quote.pk)
        if not form.is_valid():
            return _page(request, quote, form, status=422)
        stored = files.store(form.cleaned_data["file"], folder="contributions")
        workflow.attach_contribution(quote.pk, file=stored, dated=form.cleaned_data["dated"])
    except IllegalMove:
        return _too_late(request, quote)
    messages.success(request, "Le cadre de contribution est joint\u00a0: il partira avec le devis.")
    return redirect("admin:quotes_quote_change", quote.pk)


def _too_late(request: HttpRequest, quote: Quote) -> HttpResponse:
    messages.error(
        request, f"Le devis {quote.number} ne se modifie plus\u00a0: préparez une nouvelle version."
    )
    return redirect("admin:quotes_quote_change", quote.pk)


def _page(request: HttpRequest, quote: Quote, form: ContributionForm, *, status: int = 200) -> HttpResponse:
    context = {"title": f"Cadre de contribution : {quote.number}", "quote": quote, "form": form}
    return page(request, "desk/quotes/contribution.html", context, status=status)
