"""Deposits on the desk: read everywhere, and two things to do, a transfer that arrived and money that goes back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from notifications.paging import BoundedList
from notifications.reading import ReadOnly
from notifications.staff import member
from payments import pills, rules, workflow
from payments.forms import RefundForm, TransferForm
from payments.models import Deposit, Payment, Standing
from payments.workflow import NoDeposit, NotRefundable
from quotes import french
from quotes.journal import Actor
from quotes.models import Quote


def may_book(request: HttpRequest) -> bool:
    """Owners, managers, and accountants, who change nothing else of a quote."""
    return request.user.has_perm("payments.change_deposit")


def visible(request: HttpRequest, quote_id: int) -> Quote:
    """The quote if this member of staff may see it, else it does not exist; and if they may book money."""
    if not (request.user.has_perm("quotes.view_quote") or request.user.has_perm("quotes.change_quote")):
        raise PermissionDenied
    quote = Quote.objects.visible_to(member(request)).with_parties().filter(pk=quote_id).first()
    if quote is None:
        raise Http404
    if not may_book(request):
        raise PermissionDenied
    return quote


# A transfer that arrived


def confirm_transfer(request: HttpRequest, quote_id: int) -> HttpResponse:
    """« Confirmer la réception du virement »: partial and over-payments are seen, not refused."""
    quote = visible(request, quote_id)
    deposit = rules.deposit_of(quote)
    if deposit is None:
        return _no_deposit(request, quote)
    initial = {"amount": deposit.remaining or deposit.amount}
    form = TransferForm(request.POST or None, initial=initial, quote=quote)
    if request.method == "POST" and form.is_valid():
        return _book_transfer(request, quote, form)
    context = {"deposit": deposit, "title": "Confirmer la réception du virement"}
    return _ask(request, "admin/payments/confirm_transfer.html", quote, form, context)


def _book_transfer(request: HttpRequest, quote: Quote, form: TransferForm) -> HttpResponse:
    try:
        workflow.confirm_transfer(
            quote.pk,
            amount=form.cleaned_data["amount"],
            received_on=form.cleaned_data["received_on"],
            actor=Actor.staff(member(request)),
            key=form.key(f"transfer {quote.pk}"),
        )
    except NoDeposit:
        return _no_deposit(request, quote)
    _tell_what_came(request, quote, form)
    return redirect("admin:quotes_quote_change", quote.pk)


def _tell_what_came(request: HttpRequest, quote: Quote, form: TransferForm) -> None:
    deposit = Deposit.objects.select_related("quote").get(quote=quote)
    amount = french.money(form.cleaned_data["amount"])
    messages.success(
        request, f"Le virement de {amount} est enregistré. Le reçu part à {quote.customer.email}."
    )
    if rules.standing(deposit) is Standing.PARTIAL:
        messages.warning(request, f"Il reste {french.money(deposit.remaining)} à recevoir.")
    elif rules.standing(deposit) is Standing.OVERPAID:
        messages.warning(request, f"{french.money(deposit.excess)} reçus en trop.")
    elif rules.standing(deposit) is Standing.REFUND_DUE:
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
    quote = visible(request, payment.deposit.quote_id)
    reason = "Rétractation du client" if quote.state == Quote.State.WITHDRAWN else ""
    initial = {"amount": payment.refundable, "reason": reason}
    form = RefundForm(request.POST or None, initial=initial, payment=payment)
    if form.is_done:
        return redirect("admin:quotes_quote_change", quote.pk)
    if not payment.refundable:
        return _nothing_to_refund(request, quote)
    if request.method == "POST" and form.is_valid():
        return _refund(request, quote, payment, form)
    context = {"payment": payment, "by": rules.refund_by(quote), "title": "Rembourser"}
    return _ask(request, "admin/payments/refund.html", quote, form, context)


def _refund(request: HttpRequest, quote: Quote, payment: Payment, form: RefundForm) -> HttpResponse:
    try:
        made = workflow.request_refund(
            payment.pk,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            actor=Actor.staff(member(request)),
            key=form.refund_key,
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
    return TemplateResponse(request, template, everything, status=422 if form.errors else 200)


# The list


class ByStanding(admin.SimpleListFilter):
    """By the rule that every page goes by, so that list and page never differ."""

    title = "situation"
    parameter_name = "situation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), label) for value, label in Standing.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> QuerySet[Deposit]:
        if self.value() not in Standing.values:
            return queryset
        return queryset.filter(standing=self.value())


@admin.register(Deposit)
class DepositAdmin(ReadOnly, BoundedList, ModelAdmin):
    list_display = ("numbered", "customer", "asked", "came", "shown_standing", "shown_since")
    list_display_links = ("numbered",)
    list_filter = (ByStanding,)
    search_fields = (
        "quote__number", "reference", "quote__customer__last_name", "quote__customer__company_name",
        "payments__card_holder",
    )  # fmt: skip
    search_help_text = "Numéro, référence, client, titulaire de la carte"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deposit]:
        visible = Deposit.objects.visible_to(member(request))
        return visible.with_quote().with_payments().order_by("-created_at", "-pk")

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

    @admin.display(description="Client")
    def customer(self, deposit: Deposit) -> str:
        return deposit.quote.customer.name

    @admin.display(description="Demandé")
    def asked(self, deposit: Deposit) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(deposit.amount))

    @admin.display(description="Reçu")
    def came(self, deposit: Deposit) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(deposit.received))

    @admin.display(description="Situation")
    def shown_standing(self, deposit: Deposit) -> SafeString:
        return pills.pill(Standing(deposit.standing))

    @admin.display(description="Demandé le")
    def shown_since(self, deposit: Deposit) -> str:
        return french.short_day(french.in_paris(deposit.created_at).date())
