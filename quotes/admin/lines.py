"""The lines of a quote or of a template, edited in its form."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.forms import Script
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from quotes.admin.forms import DECIMALS, LineForm
from quotes.models import Quote, QuoteLine


class LinesInline(TabularInline):
    """The table of lines of a quote, or of a template of quotes."""

    form = LineForm
    template = "admin/quotes/lines/lines.html"
    fields = (
        "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate", "option",
        "position",
    )  # fmt: skip
    verbose_name_plural = "Lignes"
    formfield_overrides = DECIMALS | {
        models.TextField: {
            "widget": UnfoldAdminTextareaWidget(attrs={"rows": 1, "placeholder": "Description"})
        }
    }

    class Media:
        js = tuple(
            Script(f"desk/{name}.js", defer=True)
            for name in ("money", "lines", "totals", "catalogue", "customer", "leaving")
        )

    def get_extra(self, request: HttpRequest, obj: models.Model | None = None, **kwargs: Any) -> int:
        """For who has no script: with it they are taken away, and lines are added with buttons."""
        return 3

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.model._default_manager.order_by("position", "pk")


class LineInline(LinesInline):
    """Their permissions are the quote's: whoever may change it may change its lines."""

    model = QuoteLine

    def has_view_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return request.user.has_perm("quotes.view_quote") or request.user.has_perm("quotes.change_quote")

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        if obj is None:
            return request.user.has_perm("quotes.add_quote")
        return obj.is_editable and request.user.has_perm("quotes.change_quote")

    def has_add_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self.has_change_permission(request, obj)


def in_order(formset: Any) -> None:
    """Number the lines as they stand on the page; those without a rank come last, as they were added."""
    kept = [form for form in formset.forms if form not in formset.deleted_forms and _counts(form)]
    kept.sort(key=_rank)
    for rank, form in enumerate(kept):
        form.instance.position = rank
        if form.instance.pk is not None:
            formset.model.objects.filter(pk=form.instance.pk).update(position=rank)


def _rank(form: Any) -> tuple[bool, int]:
    position = form.cleaned_data.get("position")
    return position is None, position or 0


def _counts(form: Any) -> bool:
    return bool(form.has_changed() or form.instance.pk)
