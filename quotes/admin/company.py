"""The company on the desk: one row, never a second, never deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from notifications.staff_journal import Journalled
from quotes.admin.company_form import CompanyForm
from quotes.admin.forms import DECIMALS
from quotes.models import Company


@admin.register(Company)
class CompanyAdmin(Journalled, ModelAdmin):
    form = CompanyForm
    formfield_overrides = DECIMALS
    warn_unsaved_form = True
    fieldsets = (
        (
            "Identité",
            {
                "fields": (
                    ("legal_name", "trade_name"),
                    "tagline",
                    ("legal_form", "capital"),
                    ("siret", "vat_number"),
                    "registration",
                )
            },
        ),
        ("Coordonnées", {"fields": ("address", ("phone", "email"), ("website", "hours"))}),
        ("Apparence", {"fields": (("logo", "colour"),)}),
        ("Assurance et médiation", {"fields": ("insurer", "mediator")}),
        ("Ce que le devis dit des frais", {"fields": ("travel_costs", "quote_cost")}),
        (
            "Paiement",
            {"fields": ("payment_methods", ("iban", "bic"), "account_holder", "deposit_reminder_days")},
        ),
        ("Suivi des devis envoyés", {"fields": ("quote_reminder_days", "expiry_notice_days")}),
        ("Conditions générales", {"fields": ("terms_text", "terms_pdf")}),
        ("Pour chaque nouveau devis", {"fields": (("default_validity_days", "default_deposit_percent"),)}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Company.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is nothing to list: straight to the form."""
        company = Company.objects.first()
        if company is None:
            return redirect("admin:quotes_company_add")
        return redirect("admin:quotes_company_change", company.pk)

    def response_change(self, request: HttpRequest, obj: Company) -> HttpResponse:
        self.message_user(
            request, "L'entreprise est enregistrée. Les devis déjà envoyés gardent ce qu'ils disaient."
        )
        return redirect("admin:quotes_company_change", obj.pk)

    def response_add(
        self, request: HttpRequest, obj: Company, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.response_change(request, obj)
