"""A quote on the desk: list, form, and the pages that ask before a verb is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from notifications.paging import BoundedList
from notifications.staff import member, who_may
from quotes import french, glance, versions, workflow
from quotes.admin import drafts, filters, from_template, library, listing, moves, pages, together
from quotes.admin.exporting import Exported
from quotes.admin.forms import DECIMALS, QuoteForm
from quotes.admin.lines import LineInline, in_order
from quotes.admin.pills import pills
from quotes.admin.quote_sheet import QuoteSheet
from quotes.admin.searching import search_quotes
from quotes.admin.story import story
from quotes.content import Content
from quotes.journal import Actor
from quotes.models import Company, Quote, QuoteVersion
from quotes.models.quote import QuoteQuerySet, today_in_paris
from quotes.offers import Move
from quotes.timeline import headline
from quotes.workflow.locking import locked


def possible_owners() -> QuerySet[User]:
    """Whoever may write quotes; accountants read them."""
    return who_may("quotes.change_quote").filter(is_staff=True).order_by("last_name", "first_name")


def _stacked(first: SafeString, second: str) -> SafeString:
    """Two lines of one cell."""
    return format_html('<span class="stacked">{}<span class="under">{}</span></span>', first, second)


@admin.register(Quote)
class QuoteAdmin(Exported, BoundedList, ModelAdmin):
    form = QuoteForm
    sheet = QuoteSheet()
    export_name = "devis"
    inlines = (LineInline,)
    autocomplete_fields = ("customer",)
    actions = together.actions()
    list_disable_select_all = True
    list_display = ("numbered", "customer_name", "total", "standing", "validity", "last_fact")
    list_display_links = ("numbered",)
    list_filter = (filters.ByTurn, "state", filters.Owner, filters.BySignature, filters.BySending)
    search_fields = ("searched",)
    search_help_text = "Numéro, objet, client, mail, étiquette"
    formfield_overrides = DECIMALS
    change_form_template = "admin/quotes/quote/change_form.html"
    fieldsets = (
        (None, {"fields": (("customer", "owner"), "title", ("issued_on", "valid_until"), "worksite")}),
        ("Textes", {"fields": ("intro", "outro", "conditions")}),
        (
            "Acompte et exécution",
            {"fields": (("deposit_kind", "deposit_value"), "payment_methods", ("start", "duration"))},
        ),
        (
            "Conclusion du contrat et rétractation",
            {"fields": ("contract", ("withdrawal_exception", "withdrawal_reason"))},
        ),
        ("Pour vous seulement", {"fields": ("internal_note", "tags")}),
    )

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuoteQuerySet:
        return Quote.objects.visible_to(member(request)).with_parties()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return listing.ORDER

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Quote], search_term: str
    ) -> tuple[QuerySet[Quote], bool]:
        return search_quotes(queryset, search_term), False

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        """A sent quote is read-only; its moves have pages of their own."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return False

    # List

    def response_action(self, request: HttpRequest, queryset: QuerySet[Quote]) -> HttpResponse | None:
        """What is ticked comes from the list; Django would stumble over anything else."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(pk.isascii() and pk.isdecimal() and len(pk) < 19 for pk in chosen):
            raise Http404
        answer: HttpResponse | None = super().response_action(request, queryset)
        return answer

    @admin.display(description="Numéro", ordering="number")
    def numbered(self, quote: Quote) -> SafeString:
        return _stacked(format_html('<span class="number">{}</span>', quote.number), quote.title)

    @admin.display(description="Client")
    def customer_name(self, quote: Quote) -> str:
        return quote.customer.name.replace(french.NBSP, " ")  # a narrow column may break it

    @admin.display(description="Total TTC")
    def total(self, quote: Quote) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(quote.shown_total))

    @admin.display(description="État")
    def standing(self, quote: Quote) -> SafeString:
        return _stacked(pills(quote), self._progress(quote))

    def _progress(self, quote: Quote) -> str:
        steps = {
            "envoyé": quote.in_force_since,
            "ouvert": quote.opened_at,
            "signé": quote.accepted_at,
            "acompte": quote.paid_at,
        }
        last = [(word, date) for word, date in steps.items() if date][-2:]
        return " · ".join(f"{word} {french.in_paris(date):%d/%m}" for word, date in last)

    @admin.display(description="Validité", ordering="valid_until")
    def validity(self, quote: Quote) -> str:
        return french.short_day(quote.shown_until)

    @admin.display(description="Dernier fait", ordering="last_at")
    def last_fact(self, quote: Quote) -> SafeString:
        when = french.short_day(french.in_paris(quote.last_at).date())
        words = "Question à traiter" if quote.has_question else headline(quote.last_kind)
        return _stacked(format_html('<span class="fact" title="{}">{}</span>', words, words), when)

    def doors(self, request: HttpRequest) -> list[tuple[str, str]]:
        begin = ("Nouveau devis depuis un modèle", reverse("admin:quotes_quotetemplate_begin"))
        return [*([begin] if from_template.may_begin(request) else []), *super().doors(request)]

    # Form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        company, today = Company.current(), today_in_paris()
        percent = company.default_deposit_percent
        return {
            "owner": request.user.pk,
            "issued_on": today,
            "valid_until": today + dt.timedelta(days=company.default_validity_days),
            "deposit_kind": Quote.DepositKind.PERCENT if percent else Quote.DepositKind.NONE,
            "deposit_value": percent,
            **super().get_changeform_initial_data(request),
        }

    def get_fieldsets(self, request: HttpRequest, obj: Quote | None = None) -> Any:
        """Only managers give a quote to somebody else."""
        if request.user.has_perm("quotes.manage_all_quotes"):
            return self.fieldsets
        first = {"fields": ("customer", *self.fieldsets[0][1]["fields"][1:])}
        return ((None, first), *self.fieldsets[1:])

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "owner":
            kwargs["queryset"] = possible_owners()
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "owner":
            field.label_from_instance = lambda user: user.get_full_name() or user.get_username()
        return field

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not Company.objects.exists():
            messages.warning(
                request, "Présentez d'abord votre entreprise : ses coordonnées figurent sur chaque devis."
            )
            return redirect("admin:quotes_company_changelist")
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Quote, form: forms.ModelForm[Quote], change: Any) -> None:
        if change:
            self._save_working_copy(obj, form)
        else:
            self._create(request, obj, form)

    def _save_working_copy(self, quote: Quote, form: forms.ModelForm[Quote]) -> None:
        """Only the fields of the form, under the lock: a quote sent meanwhile is left as it is."""
        if not locked(quote.pk).is_editable:
            raise PermissionDenied
        quote.save(update_fields=[name for name in form.cleaned_data if name in form.fields])

    def _create(self, request: HttpRequest, quote: Quote, form: forms.ModelForm[Quote]) -> None:
        fields = dict(form.cleaned_data)
        customer, owner = fields.pop("customer"), fields.pop("owner", request.user)
        created = workflow.create_quote(
            customer=customer, owner=owner, actor=Actor.staff(member(request)), **fields
        )
        for field in Quote._meta.concrete_fields:
            setattr(quote, field.attname, getattr(created, field.attname))
        quote._state = created._state

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        in_order(formset)
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """The lines make the total that the list shows."""
        super().save_related(request, form, formsets, change)
        glance.refresh(form.instance)

    def response_add(
        self, request: HttpRequest, obj: Quote, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._after_saving(request, obj)

    def response_change(self, request: HttpRequest, obj: Quote) -> HttpResponse:
        return self._after_saving(request, obj)

    def _after_saving(self, request: HttpRequest, quote: Quote) -> HttpResponse:
        """Envoyer and Aperçu save first, so that nobody sends what they did not see."""
        if "_send" in request.POST:
            return redirect("admin:quotes_quote_move", quote.pk, "envoyer")
        if "_preview" in request.POST:
            return redirect("admin:quotes_quote_preview", quote.pk)
        if "_draft_pdf" in request.POST:
            return drafts.ask(request, quote)
        messages.success(request, f"Le devis {quote.number} est enregistré.")
        return redirect("admin:quotes_quote_change", quote.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        quote: Quote | None = kwargs.get("obj")
        context["texts"] = library.texts()
        if quote is not None:
            context |= self._page_context(request, quote)
        return super().render_change_form(request, context, *args, **kwargs)

    def _page_context(self, request: HttpRequest, quote: Quote) -> dict[str, Any]:
        version = quote.current_version
        told = story(quote)
        may_act = pages.may_act(request)
        found = moves.offered(quote, version) if may_act else []
        return told | {
            "title": quote.number,
            "subtitle": None,
            "quote": quote,
            "version": version,
            "pills": pills(quote),
            "totals": quote.totals,
            "deposit": quote.deposit_amount,
            "sum": self._sum(quote, version),
            "content": None if self.has_change_permission(request, quote) else self._content(quote, version),
            "may_act": may_act,
            "may_edit": self.has_change_permission(request, quote),
            "next_move": self._next(quote, found, waits=told["has_open_question"]),
            "moves": [move for move in found if not (quote.is_editable and move.path == "envoyer")],
        }

    def _next(self, quote: Quote, found: list[Move], *, waits: bool) -> Move | None:
        """The filled button: none while the form has its own, or a question waits for an answer."""
        if quote.is_editable or waits:
            return None
        return next((move for move in found if not move.grave and move.path != "dupliquer"), None)

    def _content(self, quote: Quote, version: QuoteVersion | None) -> Content:
        return version.reading if version and not quote.is_editable else versions.preview(quote)

    def _sum(self, quote: Quote, version: QuoteVersion | None) -> dict[str, Any]:
        """What the customer holds, or what they would be sent."""
        if version is not None and not quote.is_editable:
            return {"total": version.total, "deposit": version.deposit, "valid_until": version.valid_until}
        return {
            "total": quote.totals.incl_tax,
            "deposit": quote.deposit_amount,
            "valid_until": quote.valid_until,
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("ensemble/<slug:step>/", view(together.together), name="quotes_quote_together"),
            path("<int:pk>/faire/<slug:step>/", view(pages.move), name="quotes_quote_move"),
            path("<int:pk>/apercu/", view(pages.preview), name="quotes_quote_preview"),
            path("<int:pk>/devis.pdf", view(pages.pdf), name="quotes_quote_pdf"),
            path("<int:pk>/brouillon/", view(drafts.draft), name="quotes_quote_draft"),
            path("<int:pk>/brouillon.pdf", view(drafts.pdf), name="quotes_quote_draft_pdf"),
            path("<int:pk>/mail/<int:mail>/", view(pages.repeat_mail), name="quotes_quote_mail"),
            *super().get_urls(),
        ]
