"""Signatures on the desk: read, never written. The one thing that an owner may do is to lift a pause."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from lib import files, french
from logisav.desk.access import visible_quote
from logisav.desk.base import DeskAdmin
from logisav.desk.paging import BoundedList
from logisav.desk.reading import ReadOnly
from notifications.staff import member
from quotes import rules
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote
from quotes.pages.views import pdf_response
from quotes.rules import Verb
from signing import stamps, workflow
from signing.models import SealedDocument, Signature
from signing.proof import proof_file


def allow_more_tries(request: HttpRequest, quote_id: int) -> HttpResponse:
    """« Autoriser de nouveaux essais »: GET tells what the customer will see, POST does it."""
    quote = visible_quote(request, quote_id)
    if not request.user.has_perm("quotes.change_quote"):
        raise PermissionDenied
    reason = rules.why_not(Verb.ALLOW_MORE_TRIES, workflow.circumstances(quote, quote.current_version()))
    if reason is not None:
        return _not_allowed(request, quote, quote.words_for(reason))
    if request.method != "POST":
        context = admin.site.each_context(request) | {"title": "Autoriser de nouveaux essais", "quote": quote}
        return TemplateResponse(request, "desk/signatures/allow_more_tries.html", context)
    try:
        workflow.allow_more_tries(quote.pk, actor=Actor.staff(member(request)))
    except IllegalMove as refusal:
        return _not_allowed(request, quote, refusal.words)
    messages.success(request, f"{quote.customer.name} peut de nouveau demander un code.")
    return redirect("admin:quotes_quote_change", quote.pk)


def _not_allowed(request: HttpRequest, quote: Quote, words: str) -> HttpResponse:
    messages.error(request, f"« Autoriser de nouveaux essais » n'est pas possible : {words}")
    return redirect("admin:quotes_quote_change", quote.pk)


@require_safe
def signed_pdf(request: HttpRequest, quote_id: int) -> HttpResponseBase:
    """The sealed document, as the customer got it."""
    quote = visible_quote(request, quote_id)
    signature = Signature.objects.filter(quote=quote).first()
    document = signature.latest_document() if signature else None
    if document is None:
        raise Http404
    data = files.read_or_none(str(document.file), document.sha256)
    if data is None:
        messages.error(
            request,
            "Le PDF signé manque ou a changé sur le serveur : demandez à qui administre Logisav de le remettre "
            "depuis une sauvegarde.",
        )
        return redirect("admin:quotes_quote_change", quote.pk)
    return pdf_response(data, name=f"Devis signé {quote.number}.pdf")


def waive_stamp(request: HttpRequest, quote_id: int) -> HttpResponse:
    """« Sceller sans horodatage »: GET tells what it means, POST does it."""
    quote = visible_quote(request, quote_id)
    signature = Signature.objects.filter(quote=quote).first()
    if not request.user.has_perm("quotes.change_quote"):
        raise PermissionDenied
    if signature is None or not signature.may_waive_stamp:
        raise Http404
    if request.method != "POST":
        context = admin.site.each_context(request) | {"title": "Sceller sans horodatage", "quote": quote}
        context["signature"] = signature
        return TemplateResponse(request, "desk/signatures/waive_stamp.html", context)
    stamps.waive(signature.pk, actor=Actor.staff(member(request)))
    messages.success(
        request, f"Le document signé de {quote.customer.name} est scellé dans un instant, puis envoyé."
    )
    return redirect("admin:quotes_quote_change", quote.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def download_proof(request: HttpRequest, quote_id: int) -> HttpResponseBase:
    """« Dossier de preuve »: GET tells what is in it, POST hands it over and writes down to whom."""
    quote = visible_quote(request, quote_id)
    signature = Signature.objects.select_related("quote", "version").filter(quote=quote).first()
    if signature is None or signature.latest_document() is None:
        raise Http404
    if request.method != "POST":
        context = admin.site.each_context(request) | {"title": "Dossier de preuve", "quote": quote}
        return TemplateResponse(request, "desk/signatures/proof_file.html", context)
    file = proof_file.temporary_file()
    try:
        digest = proof_file.write(signature, file)
    except proof_file.NotProvable as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:quotes_quote_change", quote.pk)
    workflow.note_proof_exported(quote.pk, sha256=digest, actor=Actor.staff(member(request)))
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"Dossier de preuve {quote.number}.zip",
        content_type="application/zip",
    )


def latest(signature: Signature) -> SealedDocument | None:
    """Among documents that are read already."""
    return max(signature.documents.all(), key=lambda document: document.revision, default=None)


@admin.register(Signature)
class SignatureAdmin(ReadOnly, BoundedList, DeskAdmin):
    list_display = ("number", "full_name", "total", "signed_at", "sealed")
    search_fields = ("quote__number", "first_name", "last_name", "email", "reference")
    search_help_text = "Numéro, signataire, mail, référence"
    actions = None
    fields = (
        ("number", "reference"),
        ("full_name", "capacity"),
        ("email", "phone"),
        ("signed_at", "total"),
        "agreed",
        ("ip", "agent"),
        "sealed",
        "level",
        "digest",
    )
    readonly_fields = ("number", "full_name", "total", "agreed", "sealed", "level", "digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signature]:
        return (
            Signature.objects.filter(quote__in=Quote.objects.visible_to(member(request)))
            .select_related("quote", "version")
            .prefetch_related("documents")
            .defer("drawing", "version__content")
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:quote_id>/essais/", view(allow_more_tries), name="signing_allow_more_tries"),
            path("<int:quote_id>/sans-horodatage/", view(waive_stamp), name="signing_waive_stamp"),
            path("<int:quote_id>/devis-signe.pdf", view(signed_pdf), name="signing_signed_pdf"),
            path("<int:quote_id>/dossier-de-preuve/", view(download_proof), name="signing_proof_file"),
            *super().get_urls(),
        ]

    @admin.display(description="Devis", ordering="quote__number")
    def number(self, signature: Signature) -> str:
        return signature.quote.number

    @admin.display(description="Signataire", ordering="last_name")
    def full_name(self, signature: Signature) -> str:
        return signature.full_name

    @admin.display(description="Total TTC", ordering="version__total")
    def total(self, signature: Signature) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(signature.version.total))

    @admin.display(description="Scellé")
    def sealed(self, signature: Signature) -> str:
        if (document := latest(signature)) is not None:
            return french.short_moment(document.sealed_at)
        return "Scellement en attente" if signature.waits_for_stamp else "En préparation"

    @admin.display(description="Niveau")
    def level(self, signature: Signature) -> str:
        if (document := latest(signature)) is not None:
            return f"{document.get_level_display()}. {document.reason}"
        return signature.error if signature.waits_for_stamp else "Connu une fois le document scellé"

    @admin.display(description="Empreinte de la version signée")
    def digest(self, signature: Signature) -> str:
        return signature.version_hash

    @admin.display(description="Accords cochés")
    def agreed(self, signature: Signature) -> str:
        return " ".join(consent["words"] for consent in signature.consents)
