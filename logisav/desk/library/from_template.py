"""Two ways between quotes and templates: begin a quote from a template, keep a quote as one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from lib.fields import OneLineField
from logisav.desk.access import page, visible_quote
from logisav.desk.journalled import named, note
from notifications.staff import member
from quotes import workflow
from quotes.journal import Actor
from quotes.models import Company, Quote, QuoteTemplate

NAME_LENGTH = 80


class BeginForm(forms.Form):
    template = forms.ModelChoiceField(
        label="Modèle",
        queryset=QuoteTemplate.objects.all(),
        empty_label="Choisissez un modèle",
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Choisissez un modèle."},
    )

    def __init__(self, *args: Any, customer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"] = customer
        customer.error_messages["required"] = "Choisissez le client, ou ajoutez-le."


class NameForm(forms.Form):
    name = OneLineField(
        label="Nom du modèle",
        max_length=NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        error_messages={"required": "Donnez un nom à ce modèle."},
    )


def may_begin(request: HttpRequest) -> bool:
    user = request.user
    return user.has_perm("quotes.add_quote") and (
        user.has_perm("quotes.view_quotetemplate") or user.has_perm("quotes.change_quotetemplate")
    )


def begin(request: HttpRequest) -> HttpResponse:
    """« Nouveau devis depuis un modèle »: which one, for whom; then the draft opens in the editor."""
    if not may_begin(request):
        raise PermissionDenied
    if not Company.objects.exists():
        return redirect("admin:quotes_quote_add")  # which says what is missing
    desk = admin.site.get_model_admin(Quote)
    customer = desk.formfield_for_dbfield(Quote._meta.get_field("customer"), request)
    form = BeginForm(request.POST or None, initial={"template": request.GET.get("modele")}, customer=customer)
    if request.method == "POST" and form.is_valid():
        user, template, whose = member(request), form.cleaned_data["template"], form.cleaned_data["customer"]
        quote = workflow.create_from_template(
            template.pk, customer=whose, owner=user, actor=Actor.staff(user)
        )
        messages.success(request, f"Le devis {quote.number} reprend le modèle « {template.name} ».")
        return redirect("admin:quotes_quote_change", quote.pk)
    context = {
        "title": "Nouveau devis depuis un modèle",
        "opts": QuoteTemplate._meta,
        "form": form,
        "media": desk.media + form.media,
        "has_templates": QuoteTemplate.objects.exists(),
    }
    return page(request, "desk/library/begin.html", context, status=422 if form.errors else 200)


def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """« Enregistrer comme modèle »: asks for a name."""
    quote = visible_quote(request, pk)
    if not request.user.has_perm("quotes.add_quotetemplate"):
        raise PermissionDenied
    form = NameForm(request.POST or None, initial={"name": quote.title[:NAME_LENGTH]})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                template = workflow.save_as_template(quote.pk, name=form.cleaned_data["name"])
                note(request, "added", target=named(template))
        except workflow.NameTaken:
            form.add_error("name", "Un modèle porte déjà ce nom : choisissez-en un autre.")
        else:
            messages.success(request, f"Le modèle « {template.name} » est enregistré.")
            return redirect("admin:quotes_quotetemplate_change", template.pk)
    context = {"title": f"Enregistrer comme modèle : {quote.number}", "quote": quote, "form": form}
    return page(request, "desk/library/keep.html", context, status=422 if form.errors else 200)
