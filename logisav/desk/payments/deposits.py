"""Deposits on the desk: read everywhere, and two things to do, a transfer that arrived and money that goes back."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from lib import french
from logisav.desk import stamps
from logisav.desk.access import visible_quote
from logisav.desk.base import DeskAdmin
from logisav.desk.files.exporting import Exported
from logisav.desk.paging import BoundedList
from logisav.desk.payments import pills
from logisav.desk.payments.content import DepositSheet
from logisav.desk.payments.forms import RefundForm, TransferForm
from logisav.desk.reading import ReadOnly
from logisav.desk.stamped import Stale, stale_page
from logisav.desk.stamps import FormSnapshot
from logisav.desk.tabs import tabs
from notifications.staff import member
from payments import rules, workflow
from payments.models import AWAITED, BalanceStatus, Deposit, DepositQuerySet, Payment
from payments.workflow import NoDeposit, NotRefundable
from quotes.journal import Actor
from quotes.models import Quote
from quotes.workflow.locking import locked


def may_book(request: HttpRequest) -> bool:
    """Owners, managers, and accountants, who change nothing else of a quote."""
    return request.user.has_perm("payments.change_deposit")


def bookable_quote(request: HttpRequest, quote_id: int) -> Quote:
    """The quote if this member of staff may see it, else it does not exist; and if they may book money."""
    quote = visible_quote(request, quote_id)
    if not may_book(request):
        raise PermissionDenied
    return quote


# A transfer that arrived


def confirm_transfer(request: HttpRequest, quote_id: int) -> HttpResponse:
    """« Enregistrer un virement ou un chèque reçu »: partial and over-payments are seen, not refused."""
    quote = bookable_quote(request, quote_id)
    deposit = rules.deposit_of(quote)
    if deposit is None:
        return _no_deposit(request, quote)
    initial = {"amount": deposit.remaining or deposit.amount}
    form = TransferForm(request.POST or None, initial=initial, quote=quote)
    if request.method == "POST" and form.is_valid():
        return _book_transfer(request, quote, form)
    return _ask_transfer(request, quote, deposit, form)


def _ask_transfer(
    request: HttpRequest, quote: Quote, deposit: Deposit, form: TransferForm, *, stale: Stale | None = None
) -> HttpResponse:
    context = {"deposit": deposit, "title": "Enregistrer un virement ou un chèque reçu", "stale": stale}
    context["status"] = rules.balance_status(deposit).value
    context["stamp"] = stamps.written(shown_of_deposit(deposit), about=f"deposit of {quote.pk}")
    return _ask(request, "desk/payments/confirm_transfer.html", quote, form, context)


def shown_of_deposit(deposit: Deposit) -> FormSnapshot:
    paid, remaining = french.money(deposit.paid), french.money(deposit.remaining)
    return FormSnapshot({}, beside={"Déjà reçu": paid, "Reste à recevoir": remaining})


@transaction.atomic
def _book_transfer(request: HttpRequest, quote: Quote, form: TransferForm) -> HttpResponse:
    """What somebody else confirmed, or the customer paid, since the page was opened is told first."""
    locked(quote.pk)
    key = form.key(f"transfer {quote.pk}")
    deposit = rules.deposit_of(quote)
    if deposit is not None and not Payment.objects.filter(deposit__quote=quote, key=key).exists():
        about, now = f"deposit of {quote.pk}", shown_of_deposit(deposit)
        stale = stale_page(request, now, about=about, words="Cet acompte")
        if stale is not None:
            return _ask_transfer(request, quote, deposit, form, stale=stale)
    is_cheque = form.cleaned_data["method"] == Payment.Method.CHEQUE
    try:
        confirm = workflow.confirm_cheque if is_cheque else workflow.confirm_transfer
        confirm(
            quote.pk,
            amount=form.cleaned_data["amount"],
            received_on=form.cleaned_data["received_on"],
            actor=Actor.staff(member(request)),
            key=key,
        )
    except NoDeposit:
        return _no_deposit(request, quote)
    _tell_what_came(request, quote, form)
    return redirect("admin:quotes_quote_change", quote.pk)


def _tell_what_came(request: HttpRequest, quote: Quote, form: TransferForm) -> None:
    deposit = Deposit.objects.select_related("quote").get(quote=quote)
    amount = french.money(form.cleaned_data["amount"])
    messages.success(
        request,
        f"Le {Payment.Method(form.cleaned_data['method']).label.lower()} de {amount} est enregistré. "
        f"Le reçu part à {quote.customer.email}.",
    )
    if deposit.early and deposit.opens_on:
        messages.warning(
            request,
            f"La loi interdit de recevoir de l'argent avant le {french.day(deposit.opens_on)} (art. L221-10)\u00a0: "
            "rendez cette somme au client.",
        )
    if rules.balance_status(deposit) is BalanceStatus.PARTIAL:
        messages.warning(request, f"Il reste {french.money(deposit.remaining)} à recevoir.")
    elif rules.balance_status(deposit) is BalanceStatus.OVERPAID:
        messages.warning(request, f"{french.money(deposit.excess)} reçus en trop.")
    elif rules.balance_status(deposit) is BalanceStatus.REFUND_DUE:
        messages.warning(
            request, f"Ce devis est « {quote.get_state_display()} » : l'argent est à rembourser."
        )


def _no_deposit(request: HttpRequest, quote: Quote) -> HttpResponse:
    messages.error(request, f"Le devis {quote.number} n'attend pas d'acompte.")
    return redirect("admin:quotes_quote_change", quote.pk)


# Money that goes back


def refund(request: HttpRequest, payment_id: int) -> HttpResponse:
    """« Rembourser »: whole or part, by Stripe for a card, by the owner's own bank for a transfer."""
    payment = Payment.objects.filter(pk=payment_id).select_related("deposit").first()
    if payment is None:
        raise Http404
    quote = bookable_quote(request, payment.deposit.quote_id)
    reason = "Rétractation du client" if quote.state == Quote.State.WITHDRAWN else ""
    initial = {"amount": payment.refundable, "reason": reason}
    form = RefundForm(request.POST or None, initial=initial, payment=payment)
    if form.is_done:
        return redirect("admin:quotes_quote_change", quote.pk)
    if not payment.refundable:
        return _nothing_to_refund(request, quote)
    if request.method == "POST" and form.is_valid():
        return _refund(request, quote, payment, form)
    return _ask_refund(request, quote, payment, form)


def _ask_refund(
    request: HttpRequest, quote: Quote, payment: Payment, form: RefundForm, *, stale: Stale | None = None
) -> HttpResponse:
    context = {"payment": payment, "by": rules.refund_by(quote), "title": "Rembourser", "stale": stale}
    context["stamp"] = stamps.written(shown_of_payment(payment), about=f"payment {payment.pk}")
    return _ask(request, "desk/payments/refund.html", quote, form, context)


def shown_of_payment(payment: Payment) -> FormSnapshot:
    return FormSnapshot({}, beside={"Remboursable": french.money(payment.refundable)})


@transaction.atomic
def _refund(request: HttpRequest, quote: Quote, payment: Payment, form: RefundForm) -> HttpResponse:
    locked(quote.pk)
    now = Payment.objects.select_related("deposit").get(pk=payment.pk)
    about = f"payment {payment.pk}"
    stale = stale_page(request, shown_of_payment(now), about=about, words="Ce paiement")
    if stale is not None and now.refundable and not now.refunds.filter(key=form.refund_key).exists():
        return _ask_refund(request, quote, now, form, stale=stale)
    try:
        made = workflow.request_refund(
            payment.pk,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            actor=Actor.staff(member(request)),
            key=form.refund_key,
            share_done=form.cleaned_data.get("share_done"),
        )
    except NotRefundable:
        return _nothing_to_refund(request, quote)
    amount = french.money(made.amount)
    if payment.method == Payment.Method.CARD:
        words = (
            f"Le remboursement de {amount} est demandé à Stripe. Le client reçoit un mail quand il est fait."
        )
    else:
        words = f"Le remboursement de {amount} par virement est noté. Le client en est averti par mail."
    messages.success(request, words)
    return redirect("admin:quotes_quote_change", quote.pk)


def _nothing_to_refund(request: HttpRequest, quote: Quote) -> HttpResponse:
    messages.error(request, "Il ne reste pas autant à rembourser sur ce paiement : rien n'est parti.")
    return redirect("admin:quotes_quote_change", quote.pk)


def _ask(
    request: HttpRequest, template: str, quote: Quote, form: forms.Form, context: dict[str, Any]
) -> HttpResponse:
    everything = admin.site.each_context(request) | {"quote": quote, "form": form} | context
    status = 409 if context.get("stale") else 422 if form.errors else 200
    return TemplateResponse(request, template, everything, status=status)


# The list

CAME = (BalanceStatus.PAID, BalanceStatus.OVERPAID)


class ByStatus(admin.SimpleListFilter):
    """By the rule that every page goes by, so that list and page never differ."""

    title = "situation"
    parameter_name = "situation"
    ANNOUNCED, AWAITED, CAME = "announced", "awaited", "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.AWAITED, "À recevoir, en tout ou en partie"),
            (self.CAME, "Reçu en entier"),
            (self.ANNOUNCED, pills.ANNOUNCED),
            *((str(value), label) for value, label in BalanceStatus.choices),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> QuerySet[Deposit]:
        if self.value() == self.ANNOUNCED:
            return cast(DepositQuerySet, queryset).announced()
        if self.value() == self.AWAITED:
            return queryset.filter(standing__in=AWAITED)
        if self.value() == self.CAME:
            return queryset.filter(standing__in=CAME)
        if self.value() not in BalanceStatus.values:
            return queryset
        return queryset.filter(standing=self.value())


@admin.register(Deposit)
class DepositAdmin(ReadOnly, Exported, BoundedList, DeskAdmin):
    """The accountant's list: what is due, announced, received and to be given back, each with its reference."""

    sheet = DepositSheet()
    export_name = "acomptes"
    list_before_template = "desk/tabs.html"
    list_display = ("numbered", "customer", "asked", "came", "shown_status", "shown_since")
    list_display_links = ("numbered",)
    list_filter = (ByStatus,)
    search_fields = (
        "quote__number", "reference", "quote__customer__last_name", "quote__customer__company_name",
        "payments__card_holder",
    )  # fmt: skip
    search_help_text = "Numéro, référence, client, titulaire de la carte"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deposit]:
        visible = Deposit.objects.visible_to(member(request))
        return visible.with_quote().with_payments().order_by("-created_at", "-pk")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        seen = Deposit.objects.visible_to(member(request))
        parts = [
            ("Tous", "", seen),
            ("À recevoir", f"situation={ByStatus.AWAITED}", seen.filter(standing__in=AWAITED)),
            ("Virements annoncés", f"situation={ByStatus.ANNOUNCED}", seen.announced()),
            ("Reçus", f"situation={ByStatus.CAME}", seen.filter(standing__in=CAME)),
            (
                "À rendre",
                f"situation={BalanceStatus.REFUND_DUE.value}",
                seen.filter(standing=BalanceStatus.REFUND_DUE),
            ),
        ]
        shown = tabs(request, parts, at=reverse("admin:payments_deposit_changelist"))
        context = {"tabs": shown, "tabs_about": "Où en sont les acomptes"}
        return super().changelist_view(request, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:quote_id>/virement-recu/", view(confirm_transfer), name="payments_confirm_transfer"),
            path("paiement/<int:payment_id>/rembourser/", view(refund), name="payments_refund"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A deposit is read on its quote's page."""
        deposit = self.get_object(request, object_id)
        if request.method == "GET" and deposit is not None and self.has_view_permission(request, deposit):
            return redirect("admin:quotes_quote_change", deposit.quote_id)
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description="Devis")
    def numbered(self, deposit: Deposit) -> SafeString:
        return format_html(
            '<span class="stacked"><span class="number">{}</span><span class="under">{}</span></span>',
            deposit.quote.number,
            deposit.quote.title,
        )

    @admin.display(description="Client, référence")
    def customer(self, deposit: Deposit) -> SafeString:
        return format_html(
            '<span class="stacked"><span>{}</span><span class="under">{}</span></span>',
            deposit.quote.customer.name.replace(french.NBSP, " "),
            deposit.reference_grouped,
        )

    @admin.display(description="Demandé")
    def asked(self, deposit: Deposit) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(deposit.amount))

    @admin.display(description="Reçu")
    def came(self, deposit: Deposit) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(deposit.received))

    @admin.display(description="Situation")
    def shown_status(self, deposit: Deposit) -> SafeString:
        return pills.deposit_pill(deposit)

    @admin.display(description="Demandé le")
    def shown_since(self, deposit: Deposit) -> str:
        return french.short_day(french.in_paris(deposit.created_at).date())
