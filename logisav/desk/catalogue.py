"""The price list on the desk, and the search that the editor asks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from lib import french
from lib.fields import visible
from logisav.desk import item_enclosures
from logisav.desk.files.pages import Exchanged
from logisav.desk.forms import DECIMALS, offer_rates, shown_price, trimmed, vat_choice
from logisav.desk.journalled import Journalled
from logisav.desk.paging import BoundedList
from logisav.desk.stamped import StampedAdmin
from quotes.models import CatalogueItem, Company, StagedImport

MOST_FOUND, LONGEST_SEARCH = 12, 100


class CatalogueItemForm(ModelForm):  # type: ignore[type-arg]
    vat_rate = vat_choice()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rates(self, (Company.objects.first() or Company()).vat_rates)
        if self.instance.pk:
            self.initial["unit_price"] = shown_price(self.instance.unit_price)


@admin.register(CatalogueItem)
class CatalogueItemAdmin(Journalled, Exchanged, BoundedList, StampedAdmin):
    """Nothing is deleted: an article that is no longer sold is no longer offered."""

    import_kind = StagedImport.Kind.CATALOGUE
    export_name = "catalogue"
    form = CatalogueItemForm
    formfield_overrides = DECIMALS
    list_display = ("reference", "label", "unit", "price", "rate", "is_active")
    list_filter = ("is_active",)
    search_fields = ("reference", "label")
    search_help_text = "Référence, désignation"
    actions = None
    warn_unsaved_form = True
    change_form_template = "desk/library/item_form.html"
    row_name, row_ending = "Cet article", ""
    fields = (
        ("reference", "is_active", "is_supply"),
        "label",
        "description",
        ("unit", "unit_price", "vat_rate"),
    )

    def has_delete_permission(self, request: HttpRequest, obj: CatalogueItem | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CatalogueItem], search_term: str
    ) -> tuple[QuerySet[CatalogueItem], bool]:
        return queryset & CatalogueItem.objects.matching(_words(search_term)), False

    @admin.display(description="Prix HT", ordering="unit_price")
    def price(self, item: CatalogueItem) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.price(item.unit_price))

    @admin.display(description="TVA", ordering="vat_rate")
    def rate(self, item: CatalogueItem) -> str:
        return french.percent(item.vat_rate)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "quotes_catalogueitem"
        return [
            path("chercher/", view(search), name=f"{name}_search"),
            path("<int:pk>/photos/", view(item_enclosures.enclosures), name=f"{name}_enclosures"),
            path(
                "<int:pk>/photos/<int:enclosure>.jpg",
                view(item_enclosures.photo, cacheable=True),
                name=f"{name}_photo",
            ),
            path(
                "<int:pk>/documents/<int:enclosure>.pdf",
                view(item_enclosures.document),
                name=f"{name}_document",
            ),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item: CatalogueItem | None = kwargs.get("obj")
        if item is not None and self.has_change_permission(request, item):
            context |= item_enclosures.section(item)
        return super().render_change_form(request, context, *args, **kwargs)


@require_safe
def search(request: HttpRequest) -> JsonResponse:
    """What the editor offers to add, as the form's fields want it typed; `more` when there would be others."""
    if not request.user.has_perm("quotes.view_catalogueitem"):
        raise PermissionDenied
    items = CatalogueItem.objects.offered().matching(_words(request.GET.get("q", "")))
    found = list(items[: MOST_FOUND + 1])
    return JsonResponse(
        {"items": [_as_typed(item) for item in found[:MOST_FOUND]], "more": len(found) > MOST_FOUND}
    )


def _words(typed: str) -> str:
    return visible(typed)[:LONGEST_SEARCH]


def _as_typed(item: CatalogueItem) -> dict[str, str]:
    return {
        "reference": item.reference,
        "label": item.label,
        "description": item.description,
        "unit": item.unit,
        "unit_price": f"{shown_price(item.unit_price):f}".replace(".", ","),
        "vat_rate": str(trimmed(item.vat_rate)),
        "price": f"{french.price(item.unit_price)}{f' / {item.unit}' if item.unit else ''}",
    }
