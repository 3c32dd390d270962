"""A quote on the desk: list, form, and the pages that ask before a verb is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from lib import french
from lib.day import today_in_paris
from lib.fields import whole
from logisav.desk import access
from logisav.desk.aids import AidInline
from logisav.desk.bell import unread as bell
from logisav.desk.files.exporting import Exported
from logisav.desk.forms import DECIMALS, CustomerSelect, QuoteForm
from logisav.desk.library import from_template, templates
from logisav.desk.lines import LineInline, in_order
from logisav.desk.paging import BoundedList
from logisav.desk.payments.on_quote import deposit_card, is_due
from logisav.desk.quotes import (
    actions,
    bulk,
    contribution,
    drafts,
    enclosures,
    filters,
    listing,
    new_customer,
    pages,
    rights,
    tabs,
)
from logisav.desk.quotes.actions import Action
from logisav.desk.quotes.autosave import SavesItself
from logisav.desk.quotes.before_sending import before_sending
from logisav.desk.quotes.content import QuoteSheet
from logisav.desk.quotes.history import history
from logisav.desk.quotes.pills import pills
from logisav.desk.quotes.searching import search_quotes
from logisav.desk.stamped import Trace
from notifications.staff import member, who_may
from quotes import facts, list_columns, rules, workflow
from quotes.content import Content
from quotes.journal import Actor
from quotes.models import Aid, Company, Quote, QuoteEvent, QuoteLine, QuoteVersion
from quotes.models.quote import QuoteQuerySet
from quotes.readiness import Draft
from quotes.rules import Reason, Verb
from quotes.versions import freezing
from quotes.workflow.locking import locked
from signing import workflow as signing
from signing.models import Signature

NO_ROOM = (
    "Le catalogue apporte plus de photos ou de documents que ce devis n'en peut avoir\u00a0: {left} de trop."
)


def possible_owners() -> QuerySet[User]:
    """Whoever may write quotes; accountants read them."""
    return who_may("quotes.change_quote").filter(is_staff=True).order_by("last_name", "first_name")


def _stacked(first: SafeString, second: str) -> SafeString:
    """Two lines of one cell."""
    return format_html('<span class="stacked">{}<span class="under">{}</span></span>', first, second)


def _saved(request: HttpRequest, context: dict[str, Any], model: type[Model]) -> list[Any] | None:
    """Lines or aids that the form was filled with; None once something was typed into them."""
    if request.method == "POST":
        return None
    formsets = [inline.formset for inline in context["inline_admin_formsets"]]
    return [row for one in formsets if one.model is model for row in one.get_queryset()]


@admin.register(Quote)
class QuoteAdmin(Exported, BoundedList, SavesItself):
    form = QuoteForm
    sheet = QuoteSheet()
    export_name = "devis"
    inlines = (LineInline, AidInline)
    autocomplete_fields = ("customer",)
    actions = bulk.as_list_actions()
    list_disable_select_all = True
    list_display = ("numbered", "customer_name", "total", "status", "validity", "last_fact")
    list_display_links = ("numbered",)
    list_filter = (
        filters.ByCustomer,
        filters.ByTurn,
        filters.Declared,
        "state",
        filters.Owner,
        filters.BySignature,
        filters.BySending,
        rights.ByRight,
    )
    search_fields = ("searched",)
    search_help_text = "Numéro, objet, client, mail, étiquette"
    formfield_overrides = DECIMALS
    change_form_template = "desk/quotes/change_form.html"
    fieldsets = (
        (None, {"fields": (("customer", "owner"),)}),
        (None, {"fields": ("title", ("issued_on", "valid_until"), "worksite")}),
        (
            "Remise sur le total et TVA à 0 %",
            {"fields": (("discount_kind", "discount_value"), ("vat_reason", "vat_detail"))},
        ),
        ("Textes", {"fields": ("intro", "outro", "conditions")}),
        (
            "Acompte et exécution",
            {
                "fields": (
                    *(("deposit_kind", "deposit_value"), "payment_methods"),
                    *(("delivery", "start"), ("duration", "formalities")),
                    "options_fixed",
                )
            },
        ),
        (
            "Demande du client, travaux d'énergie",
            {
                "fields": (
                    *(("requested_on", "requested_by"), "energy_works"),
                    *("without_subcontractors", "subcontractors"),
                )
            },
        ),
        (
            "Déchets du chantier",
            {"fields": ("no_waste", ("waste_quantity", "waste_cost"), "waste_sorting", "waste_points")},
        ),
        (
            "Conclusion du contrat et rétractation",
            {
                "fields": (
                    ("nature", "contract"),
                    ("visited_on", "small_business"),
                    ("withdrawal_exception", "withdrawal_reason"),
                )
            },
        ),
        ("Pour vous seulement", {"fields": ("internal_note", "tags")}),
    )

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuoteQuerySet:
        return Quote.objects.visible_to(member(request)).with_parties()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Quote | None:
        """The page of one quote shows all that hangs on it: read with its row."""
        pk = whole(object_id)
        rows = self.get_queryset(request).knowing_what_hangs_on_it().with_version_in_force()
        rows = rows.select_related("signature", "paper_acceptance", "signing_allowance", "deposit")
        row = rows.filter(pk=pk).first() if pk is not None else None
        return row and row.holding(getattr(row, "version_in_force", None))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return listing.ORDER

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Quote], search_term: str
    ) -> tuple[QuerySet[Quote], bool]:
        return search_quotes(queryset, search_term), False

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        """A sent quote is read-only; its actions have pages of their own."""
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Quote | None = None, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, *args, **kwargs)
        if "customer" in form.base_fields:
            form.new_customer = new_customer.panel(request)
        return form

    # What its form was made from

    row_name, row_ending = "Ce devis", ""

    def stamped_beside(self, row: Quote) -> dict[str, str]:
        """A form of the draft says nothing sensible about the version that was sent since."""
        return {"État": row.get_state_display(), "Nouvelle version": "en préparation" if row.revising else ""}

    def last_change(self, request: HttpRequest, pk: int, since: dt.datetime) -> Trace | None:
        """The form's own saves, and what the journal tells."""
        saved = super().last_change(request, pk, since)
        event = (
            QuoteEvent.objects.filter(quote=pk, at__gte=since).exclude(kind__in=facts.quiet_kinds()).last()
        )
        if event is None or (saved is not None and saved.at >= event.at):
            return saved
        who = User.objects.filter(username=event.actor.get("name", "")).first()
        name = (who.get_full_name() or who.get_username()) if who else ""
        return Trace(event.at, name, is_own=who == request.user)

    def why_closed(self, row: Quote) -> str:
        return f"Il est maintenant {french.quoted(row.get_state_display())} et ne se modifie plus ici."

    # List

    def response_action(self, request: HttpRequest, queryset: QuerySet[Quote]) -> HttpResponse | None:
        """What is ticked comes from the list; Django would stumble over anything else."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if None in map(whole, chosen):
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
    def status(self, quote: Quote) -> SafeString:
        return _stacked(pills(quote), self._progress(quote))

    def _progress(self, quote: Quote) -> str:
        """Not the step that the last fact tells already."""
        steps = (
            ("envoyé", quote.in_force_since, ("sent", "resent")),
            ("ouvert", quote.opened_at, ("link_opened",)),
            ("signé", quote.accepted_at, ("accepted",)),
            ("acompte", quote.paid_at, ("deposit_paid", "transfer_confirmed")),
        )
        last = [
            (word, date)
            for word, date, kinds in steps
            if date and (quote.last_kind not in kinds or quote.has_question)
        ][-2:]
        return " · ".join(f"{word} {french.in_paris(date):%d/%m}" for word, date in last)

    @admin.display(description="Validité", ordering="valid_until")
    def validity(self, quote: Quote) -> str:
        return french.short_day(quote.shown_until)

    @admin.display(description="Dernier fait", ordering="last_at")
    def last_fact(self, quote: Quote) -> SafeString:
        when = french.short_day(french.in_paris(quote.last_at).date())
        words = "Question à traiter" if quote.has_question else facts.find(quote.last_kind).headline
        return _stacked(format_html('<span class="fact" title="{}">{}</span>', words, words), when)

    list_before_template = "desk/tabs.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shown = {"tabs": tabs.of(request), "tabs_about": "Où en sont les devis"}
        return super().changelist_view(request, shown | (extra_context or {}))

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
        return ((None, {"fields": ("customer",)}), *self.fieldsets[1:])

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "owner":
            kwargs["queryset"] = possible_owners()
        if db_field.name == "customer":
            kwargs["widget"] = CustomerSelect(db_field, self.admin_site)
            kwargs["queryset"] = access.visible_customers(request)
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
        if form.makes_customer:  # type: ignore[attr-defined]
            obj.customer = form.cleaned_data["customer"] = new_customer.save(request, form.new_customer)  # type: ignore[attr-defined]
        if change:
            self._save_working_copy(obj, form)
        else:
            self._create(request, obj, form)

    def _save_working_copy(self, quote: Quote, form: forms.ModelForm[Quote]) -> None:
        """Only the fields of the form, under the lock: a quote sent meanwhile is left as it is."""
        held = locked(quote.pk)
        another = held.customer_id != quote.customer_id
        if not held.is_editable or (another and held.why_no_other_customer()):
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
        if formset.model is QuoteLine:
            in_order(formset)
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """The lines make the total that the list shows."""
        super().save_related(request, form, formsets, change)
        of_lines = [formset for formset in formsets if formset.model is QuoteLine]
        new = [row for formset in of_lines for row in formset.new_objects]
        # A line that saved itself half typed has its article only now.
        new += [row for formset in of_lines for row, said in formset.changed_objects if "label" in said]
        if left := workflow.bring_from_catalogue(form.instance.pk, new):
            messages.warning(request, NO_ROOM.format(left=left))
        list_columns.refresh(form.instance)

    def response_add(
        self, request: HttpRequest, obj: Quote, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._after_saving(request, obj)

    def response_change(self, request: HttpRequest, obj: Quote) -> HttpResponse:
        return self._after_saving(request, obj)

    def _after_saving(self, request: HttpRequest, quote: Quote) -> HttpResponse:
        """Envoyer and Aperçu save first, so that nobody sends what they did not see."""
        if "_send" in request.POST:
            return redirect("admin:quotes_quote_action", quote.pk, "envoyer")
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
        if quote is not None and request.method == "GET":
            bell.read(request, quote.number)
        context["texts"] = templates.texts()
        form = context["adminform"].form
        if "customer" in form.fields and not form.fields["customer"].disabled:
            context["new_customer"] = form.new_customer
        if quote is not None:
            lines, aids = (_saved(request, context, model) for model in (QuoteLine, Aid))
            context |= self._page_context(
                request, quote, Draft(quote, lines=lines, aids=aids, company=access.company_of(request))
            )
        return super().render_change_form(request, context, *args, **kwargs)

    def _page_context(self, request: HttpRequest, quote: Quote, draft: Draft) -> dict[str, Any]:
        version = quote.current_version()
        shown = history(quote, version, reader=member(request))
        may_act = access.may_act(request)
        money = deposit_card(quote)
        may_edit = self.has_change_permission(request, quote)
        found = actions.offered(quote, version) if may_act else []
        signature: Signature | None = getattr(quote, "signature", None)
        return (
            shown
            | (before_sending(member(request), draft) if may_edit else {})
            | (enclosures.section(quote, draft) if may_edit else {})
            | {
                "title": quote.number,
                "subtitle": None,
                "quote": quote,
                "version": version,
                "pills": pills(quote),
                "declaration": quote.standing_declaration() if quote.declared_at else None,
                "right": rights.right_words(quote),
                "received": rights.received_otherwise(quote),
                "paused": rules.may(Verb.ALLOW_MORE_TRIES, signing.circumstances(quote, version)),
                "signature": signature,
                "meant_for": self._meant_for(signature, version),
                "document": signature.latest_document() if signature else None,
                "paper": getattr(quote, "paper_acceptance", None),
                "may_record_acceptance": may_act
                and rules.may(Verb.RECORD_ACCEPTANCE, quote.circumstances(version)),
                "deposit_card": money,
                "totals": draft.totals,
                "deposit": draft.deposit,
                "draft": draft,
                "sum": self._sum(draft, version),
                "content": None if may_edit else self._content(quote, version),
                "may_act": may_act,
                "address_changed": self._address_changed(quote, version),
                "why_no_sending": actions.why_no_sending(quote, version),
                "why_no_answer": actions.why_no_answer(quote, version),
                "may_edit": may_edit,
            }
            | self._actions(quote, found, waits=shown["has_open_question"] or is_due(money))
        )

    def _meant_for(self, signature: Signature | None, version: QuoteVersion | None) -> str:
        """Who was to sign, where somebody else did. The version that was read already is the one that was signed."""
        if signature is None or version is None:
            return ""
        signature.version = version
        return signature.meant_for

    def _address_changed(self, quote: Quote, version: QuoteVersion | None) -> bool:
        """The customer can neither read nor sign what is out: only a new version mends it."""
        return quote.stage in rules.OUT and rules.HOLDS[Reason.ADDRESS_CHANGED](quote.circumstances(version))

    def _next(self, quote: Quote, found: list[Action], *, waits: bool) -> Action | None:
        """The filled button: none while the form has its own, or a question or the deposit asks for something first."""
        if quote.is_editable or waits:
            return None
        return next((action for action in found if action.is_step), None)

    def _actions(self, quote: Quote, found: list[Action], *, waits: bool) -> dict[str, Any]:
        """What is due is filled; the rest waits under « Plus », what is grave apart."""
        filled = self._next(quote, found, waits=waits)
        rest = [one for one in found if one != filled and not (quote.is_editable and one.path == "envoyer")]
        return {
            "next_action": filled,
            "more_actions": [one for one in rest if not one.grave],
            "grave_actions": [one for one in rest if one.grave],
        }

    def _content(self, quote: Quote, version: QuoteVersion | None) -> Content:
        return version.reading if version and not quote.is_editable else freezing.preview(quote)

    def _sum(self, draft: Draft, version: QuoteVersion | None) -> dict[str, Any]:
        """What the customer holds, or what they would be sent."""
        if version is not None and not draft.quote.is_editable:
            return {
                "total": version.total,
                "payable": version.reading.payable if version.reading.deducted else None,
                "deposit": version.deposit,
                "valid_until": version.valid_until,
            }
        return {
            "total": draft.totals.incl_tax,
            "payable": draft.payable if draft.deducted else None,
            "deposit": draft.deposit,
            "valid_until": draft.quote.valid_until,
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("ensemble/<slug:step>/", view(bulk.act), name="quotes_quote_bulk"),
            path("<int:pk>/faire/<slug:step>/", view(pages.act), name="quotes_quote_action"),
            path("<int:pk>/enregistrer/", view(require_POST(self.autosave)), name="quotes_quote_autosave"),
            path("<int:pk>/cadre/", view(contribution.attach), name="quotes_quote_contribution"),
            path("<int:pk>/photos/", view(enclosures.enclosures), name="quotes_quote_enclosures"),
            path(
                "<int:pk>/photos/<str:sha256>.jpg",
                view(enclosures.photo, cacheable=True),
                name="quotes_quote_photo",
            ),
            path(
                "<int:pk>/documents/<str:sha256>.pdf",
                view(enclosures.document),
                name="quotes_quote_document",
            ),
            path("<int:pk>/apercu/", view(pages.preview), name="quotes_quote_preview"),
            path("<int:pk>/devis.pdf", view(pages.pdf), name="quotes_quote_pdf"),
            path("<int:pk>/brouillon/", view(drafts.draft), name="quotes_quote_draft"),
            path("<int:pk>/brouillon.pdf", view(drafts.pdf), name="quotes_quote_draft_pdf"),
            path("<int:pk>/retractation/<int:declaration>/", view(pages.scan), name="quotes_quote_scan"),
            path("<int:pk>/mail/<int:mail>/", view(pages.repeat_mail), name="quotes_quote_mail"),
            *super().get_urls(),
        ]
