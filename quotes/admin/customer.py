"""Customers on the desk. A changed mail address is a verb of its own: it ends every link to the old one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from notifications.paging import BoundedList
from notifications.staff import member
from notifications.staff_journal import Journalled
from quotes import workflow
from quotes.admin.importing import Exchanged
from quotes.admin.searching import search_customers
from quotes.journal import Actor
from quotes.models import Customer, Quote, StagedImport

LINKS_ENDED = (
    "L'adresse mail a changé : les liens envoyés à l'ancienne ne s'ouvrent plus. "
    "Renvoyez un lien depuis le devis."
)


@admin.register(Customer)
class CustomerAdmin(Journalled, Exchanged, BoundedList, ModelAdmin):
    import_kind = StagedImport.Kind.CUSTOMERS
    export_name = "clients"
    list_display = ("name", "kind", "email", "phone", "quote_count")
    list_filter = ("kind",)
    sortable_by = ()
    search_fields = ("searched",)
    search_help_text = "Nom, raison sociale, mail, téléphone, SIREN"
    ordering = ("company_name", "last_name", "first_name", "-pk")
    actions = None
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("kind", ("civility", "first_name", "last_name"), ("company_name", "siren"))}),
        ("Coordonnées", {"fields": (("email", "phone"), "address")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """Quotes are counted for the rows of the page alone."""
        made = Quote.objects.filter(customer=OuterRef("pk")).order_by().values("customer")
        counted = Subquery(made.annotate(made=Count("pk")).values("made"))
        return Customer.objects.annotate(quotes_made=Coalesce(counted, 0)).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        return search_customers(queryset, search_term), False

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    @admin.display(description="Nom")
    def name(self, customer: Customer) -> str:
        return customer.name

    @admin.display(description="Devis")
    def quote_count(self, customer: Customer) -> int:
        return customer.quotes_made  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: Customer, post_url_continue: str | None = None
    ) -> HttpResponse:
        """« Nouveau client » of a new quote comes back to it."""
        if request.GET.get("pour") == "devis" and "_popup" not in request.POST:
            return redirect(f"{reverse('admin:quotes_quote_add')}?{urlencode({'customer': obj.pk})}")
        return super().response_add(request, obj, post_url_continue)

    def save_model(self, request: HttpRequest, obj: Customer, form: ModelForm[Customer], change: Any) -> None:
        if not change:
            obj.save()
            return
        others = [name for name in form.changed_data if name != "email"]
        if others:
            obj.save(update_fields=others)
        if "email" in form.changed_data:
            workflow.change_email(obj.pk, email=obj.email, actor=Actor.staff(member(request)))
            messages.warning(request, LINKS_ENDED)
