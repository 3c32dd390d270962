"""The company on the desk: one row, never a second, never deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from logisav.desk.company import terms
from logisav.desk.company.form import CompanyForm
from logisav.desk.forms import DECIMALS
from logisav.desk.journalled import Journalled
from logisav.desk.stamped import StampedAdmin
from quotes import legal
from quotes.colour import Palette
from quotes.models import Company
from quotes.models.company import sha256_of
from quotes.readiness import gaps_of_company

# The form as steps: what each holds, by the headings of the fieldsets.
STEPS = (
    ("Qui vous êtes", ("Identité", "Coordonnées", "Apparence")),
    (
        "Ce que la loi demande",
        (
            *(
                "Assurance obligatoire",
                "Médiateur de la consommation",
                "Après la vente",
                "Déchets des chantiers",
            ),
            *("Travaux d'économies d'énergie", "Entre professionnels", "Rétractation"),
            *("Ce que le devis dit des frais", "Conditions générales"),
        ),
    ),
    ("Se faire payer", ("Paiement",)),
    ("Vos devis de tous les jours", ("Pour chaque nouveau devis", "Suivi des devis envoyés")),
    ("Les pages légales de votre site", ("Pages légales du site",)),
)


@dataclass(frozen=True)
class Step:
    title: str
    fieldsets: list[Any]
    missing: int
    is_open: bool

    @property
    def state(self) -> str:
        match self.missing:
            case 0:
                return "complet"
            case 1:
                return "une chose manque"
        return f"{self.missing} choses manquent"


def steps(context: dict[str, Any]) -> list[Step]:
    """What is wrong or missing is open; the first step too where nothing is."""
    wanting = {finding.field for finding in (*context.get("gaps", ()), *context["missing_on_pages"])}
    by_name = {fieldset.name: fieldset for fieldset in context["adminform"]}
    errors = set(context["adminform"].form.errors)
    made = []
    for title, names in STEPS:
        fieldsets = [by_name[name] for name in names]
        fields = {name for one in fieldsets for name in flatten(one.fields)}
        missing = len(fields & wanting)
        made.append(Step(title, fieldsets, missing, bool(missing or fields & errors)))
    if not any(step.is_open for step in made):
        made[0] = replace(made[0], is_open=True)
    return made


@admin.register(Company)
class CompanyAdmin(Journalled, StampedAdmin):
    form = CompanyForm
    formfield_overrides = DECIMALS
    warn_unsaved_form = True
    row_name, row_ending = "Votre entreprise", "e"
    change_form_template = "desk/company/change_form.html"
    change_form_before_template = "desk/company/before.html"
    fieldsets = (
        (
            "Identité",
            {
                "fields": (
                    ("legal_name", "trade_name"),
                    "tagline",
                    ("legal_form", "legal_form_name"),
                    ("siret", "vat_number"),
                    ("vat_regime", "territory"),
                    ("registration", "capital"),
                )
            },
        ),
        ("Coordonnées", {"fields": ("address", ("phone", "email"), ("website", "hours"))}),
        ("Apparence", {"fields": (("logo", "colour"),)}),
        (
            "Assurance obligatoire",
            {"fields": (("insurer_name", "insurer_territory"), "insurer_contract", "insurer_not_needed")},
        ),
        (
            "Médiateur de la consommation",
            {"fields": (("mediator_name", "mediator_site"), "mediator_address")},
        ),
        ("Après la vente", {"fields": (("after_sales", "spare_parts"),)}),
        ("Déchets des chantiers", {"fields": (("waste_sorting", "waste_cost"), "waste_points")}),
        ("Travaux d'économies d'énergie", {"fields": ("rge", "rge_qualifications", "rge_proof")}),
        ("Entre professionnels", {"fields": (("payment_days", "late_rate"),)}),
        (
            "Rétractation",
            {"fields": ("giving_back", ("texts_read_on", "texts_read_by"))},
        ),
        ("Ce que le devis dit des frais", {"fields": ("travel_costs", "quote_cost")}),
        (
            "Paiement",
            {"fields": ("payment_methods", ("iban", "bic"), "account_holder", "deposit_reminder_days")},
        ),
        ("Suivi des devis envoyés", {"fields": ("quote_reminder_days", "expiry_notice_days")}),
        (
            "Pages légales du site",
            {
                "fields": (
                    "publication_director",
                    ("host", "host_phone"),
                    "data_email",
                    "is_micro",
                    ("accessibility", "accessibility_tested_on"),
                    "accessibility_gaps",
                )
            },
        ),
        ("Conditions générales", {"fields": ("terms_text", "terms_pdf")}),
        ("Pour chaque nouveau devis", {"fields": (("default_validity_days", "default_deposit_percent"),)}),
    )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The child process reads the terms before the form's transaction begins."""
        if request.method == "POST" and self.has_change_permission(request):
            for name in ("terms_pdf", "rge_proof"):
                terms.examine(request.FILES.get(name))
        return super().changeform_view(request, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Company.objects.exists()

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """For the menus of every page: they never offer to add a second one, so nothing is asked of the database."""
        return {
            "add": False,
            "change": self.has_change_permission(request),
            "delete": False,
            "view": self.has_view_permission(request),
        }

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        company: Company | None = kwargs.get("obj")
        context["missing_on_pages"] = legal.missing(company) if company else []
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        context["unread_texts"] = company.unread_texts if company else ()
        if company is not None:
            stored = Company.objects.get(pk=company.pk)
            context |= {"gaps": gaps_of_company(stored), "letter": self._letter(stored)}
        context["steps"] = steps(context)
        return super().render_change_form(request, context, *args, **kwargs)

    def _letter(self, company: Company) -> dict[str, Any]:
        """The head of a quote as it is printed; the logo as it was redrawn."""
        logo = f"{reverse('quotes:logo')}?{sha256_of(company.logo)}" if company.logo else ""
        return {"company": company.facts, "palette": Palette.of(company.colour), "logo": logo}

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
