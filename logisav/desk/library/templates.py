"""The shelf on the desk: texts and whole quotes to begin from. Managers fill it, owners take from it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from logisav.desk.forms import DECIMALS, WithDeposit
from logisav.desk.journalled import Journalled
from logisav.desk.library import from_template
from logisav.desk.lines import LinesInline, in_order
from logisav.desk.stamped import StampedAdmin
from quotes.models import QuoteTemplate, TemplateLine, TextTemplate


def texts() -> list[Any]:
    """What static/desk/texts.js offers beside each text: where it serves, its name, its words."""
    return list(TextTemplate.objects.values("place", "name", "text"))


@admin.register(TextTemplate)
class TextTemplateAdmin(Journalled, StampedAdmin):
    """A quote keeps the words it was given: changing or deleting a text changes no quote."""

    list_display = ("name", "place", "beginning")
    list_filter = ("place",)
    search_fields = ("name", "text")
    search_help_text = "Nom, texte"
    actions = None
    list_per_page = 50
    warn_unsaved_form = True
    row_name, row_ending = "Ce texte type", ""
    fields = (("name", "place"), "text")

    @admin.display(description="Texte")
    def beginning(self, template: TextTemplate) -> str:
        return Truncator(template.text).chars(90)


class TemplateLineInline(LinesInline):
    """Their permissions are the template's."""

    model = TemplateLine

    def has_view_permission(self, request: HttpRequest, obj: QuoteTemplate | None = None) -> bool:
        return any(
            request.user.has_perm(f"quotes.{verb}_quotetemplate") for verb in ("view", "change", "add")
        )

    def has_change_permission(self, request: HttpRequest, obj: QuoteTemplate | None = None) -> bool:
        verb = "change" if obj else "add"
        return request.user.has_perm(f"quotes.{verb}_quotetemplate")

    def has_add_permission(self, request: HttpRequest, obj: QuoteTemplate | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: QuoteTemplate | None = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(QuoteTemplate)
class QuoteTemplateAdmin(Journalled, StampedAdmin):
    """A quote copies its template: changing or deleting the template changes no quote."""

    form = WithDeposit
    inlines = (TemplateLineInline,)
    formfield_overrides = DECIMALS
    list_display = ("name", "title", "line_count", "begin")
    search_fields = ("name", "title", "tags")
    search_help_text = "Nom, objet, étiquette"
    actions = None
    list_per_page = 50
    warn_unsaved_form = True
    row_name, row_ending = "Ce modèle de devis", ""
    change_form_template = "desk/library/change_form.html"
    fieldsets = (
        (None, {"fields": (("name", "title"),)}),
        (
            "Remise sur le total et TVA à 0 %",
            {"fields": (("discount_kind", "discount_value"), ("vat_reason", "vat_detail"))},
        ),
        ("Textes", {"fields": ("intro", "outro", "conditions")}),
        (
            "Acompte, exécution, conclusion du contrat",
            {
                "fields": (
                    *(("deposit_kind", "deposit_value"), "payment_methods"),
                    *(("delivery", "start"), ("duration", "formalities")),
                    *(("nature", "contract"), "tags", ("withdrawal_exception", "withdrawal_reason")),
                )
            },
        ),
        (
            "Travaux d'énergie, déchets du chantier",
            {
                "fields": (
                    *("energy_works", "without_subcontractors", "subcontractors"),
                    *("no_waste", ("waste_quantity", "waste_cost"), "waste_sorting", "waste_points"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuoteTemplate]:
        items = Count("lines", filter=Q(lines__kind=TemplateLine.Kind.ITEM))
        return QuoteTemplate.objects.annotate(items=items).order_by("name")

    @admin.display(description="Lignes", ordering="items")
    def line_count(self, template: QuoteTemplate) -> int:
        return template.items  # type: ignore[attr-defined]

    @admin.display(description="Nouveau devis")
    def begin(self, template: QuoteTemplate) -> SafeString:
        address = reverse("admin:quotes_quotetemplate_begin")
        words = (
            '<a class="desk-link" href="{}?modele={}">Commencer<span class="sr-only"> depuis {}</span></a>'
        )
        return format_html(words, address, template.pk, template.name)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        in_order(formset)
        super().save_formset(request, form, formset, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context |= {"texts": texts(), "may_begin": from_template.may_begin(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("nouveau-devis/", view(from_template.begin), name="quotes_quotetemplate_begin"),
            path("depuis/<int:pk>/", view(from_template.keep), name="quotes_quotetemplate_keep"),
            *super().get_urls(),
        ]
