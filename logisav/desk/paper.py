"""« Accepté autrement » on the desk: the paper that the customer signed is written down, with its scan."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from lib import french
from lib.day import today_in_paris
from lib.fields import CalendarField, OneLineField, whole
from logisav.desk import examined
from logisav.desk.access import may_act, page, visible_quote
from logisav.desk.base import DeskAdmin
from logisav.desk.paging import BoundedList
from logisav.desk.reading import ReadOnly
from notifications.staff import member
from quotes import rules
from quotes.content import Content
from quotes.journal import Actor
from quotes.law.contract import Place
from quotes.models import IllegalMove, Quote, QuoteVersion
from quotes.rules import Verb
from quotes.uploads import Scan
from signing import paper
from signing.models import PaperAcceptance
from signing.pages import paper_response

LABEL = "Accepté autrement"


class PaperForm(forms.Form):
    """What the paper says; `version` is the one whose consents are asked about."""

    version = forms.TypedChoiceField(
        label="Version signée", coerce=int, widget=UnfoldAdminSelectWidget, help_text="Celle du papier."
    )
    signatory = OneLineField(
        label="Signé par",
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        error_messages={"required": "Dites qui a signé, comme le papier le porte."},
    )
    signed_on = CalendarField(
        label="Signé le",
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "24/11/2026", "autocomplete": "off"}),
        localize=True,
        error_messages={"required": "Donnez la date que porte le papier, par exemple 24/11/2026."},
    )
    place = forms.ChoiceField(
        label="Signé où",
        choices=(
            ("", "Choisissez"),
            ("distance", "À distance, sans personne de l'entreprise aux côtés du client"),
            ("off_premises", "Chez le client ou sur le chantier, en présence de l'entreprise"),
            ("on_premises", "Dans vos locaux"),
        ),
        widget=UnfoldAdminSelectWidget,
        help_text="Les droits du client en dépendent.",
        error_messages={"required": "Dites où le client a signé\u00a0: ses droits en dépendent."},
    )
    is_small = forms.ChoiceField(
        label="Cinq salariés au plus, et un contrat hors de son activité principale",
        choices=(("", "Choisissez"), ("yes", "Oui"), ("no", "Non")),
        widget=UnfoldAdminSelectWidget,
        error_messages={"required": "Demandez-le au client\u00a0: ses droits en dépendent."},
    )
    consents = forms.MultipleChoiceField(
        label="Accords cochés sur le papier", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    scan = forms.FileField(
        label="Papier signé",
        help_text="Le devis entier, signé\u00a0: un PDF, ou une photo JPEG ou PNG, de 10\u00a0Mo au plus.",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
        error_messages={"required": "Joignez le papier signé\u00a0: sans lui, rien ne montre l'accord."},
    )

    def __init__(self, *args: Any, quote: Quote, versions: list[QuoteVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {version.number: version for version in versions}
        numbers: Any = [(number, f"Version {number}") for number in self.versions]
        self.fields["version"].choices = numbers  # type: ignore[attr-defined]
        self.fields["signatory"].initial = quote.customer.contact or quote.customer.name
        shown = self._version() or versions[0]
        consents: Any = [(one.id, one.words) for one in paper.consents_of(shown)]
        self.fields["consents"].choices = consents  # type: ignore[attr-defined]
        if not consents:
            del self.fields["consents"]
        if not _was_called_large(shown.reading):
            del self.fields["is_small"]

    def _version(self) -> QuoteVersion | None:
        return self.versions.get(whole(str(self.data.get("version", ""))) or 0) if self.is_bound else None

    def clean_signed_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["signed_on"]
        if day > today_in_paris():
            raise forms.ValidationError("Cette date n'est pas encore venue.")
        version = self._version()
        if version is not None and day < (first := paper.first_day(version)):
            raise forms.ValidationError(
                f"La version {version.number} date du {french.day(first)}\u00a0: elle n'a pas été signée avant."
            )
        return day

    def _check_place(self) -> None:
        version = self._version()
        place, day = self.cleaned_data.get("place"), self.cleaned_data.get("signed_on")
        if version and place and day and not paper.protects(version, Place(place), day):
            self.add_error(
                "place",
                f"La version {version.number} ne porte pas les droits d'un contrat signé là ce jour-là\u00a0: "
                "le client pourrait s'en défaire pendant un an de plus. Faites signer une nouvelle version.",
            )

    def clean_is_small(self) -> str:
        said = str(self.cleaned_data["is_small"])
        if said == "yes":
            raise forms.ValidationError(
                "Ce client est alors protégé comme un particulier, et la version signée ne le dit pas\u00a0: "
                "envoyez une nouvelle version, et faites-la signer."
            )
        return said

    def clean_scan(self) -> Scan:
        file = self.cleaned_data["scan"]
        return examined.scan(file, size=file.size or 0)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_place()
        version = self._version()
        ticked = set(self.cleaned_data.get("consents", ()))
        asked = paper.consents_of(version) if version else []
        if any(one.required and one.id not in ticked for one in asked):
            self.add_error(
                "consents",
                "Le papier doit porter chaque accord obligatoire\u00a0: sans eux, ce n'est pas ce devis qui est "
                "accepté. Faites signer le devis en ligne, ou un nouveau papier.",
            )
        return self.cleaned_data


def _was_called_large(content: Content) -> bool:
    """A business, off premises, that the version does not protect (art. L221-3)."""
    is_off = content.customer.is_business and content.contract == Place.OFF_PREMISES
    return is_off and content.law is not None and not content.law.is_small


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, quote_id: int) -> HttpResponse:
    """GET asks what the paper says and tells what the customer will see, POST writes it down."""
    quote = visible_quote(request, quote_id)
    if not may_act(request):
        raise PermissionDenied
    if (
        reason := rules.why_not(Verb.RECORD_ACCEPTANCE, quote.circumstances(quote.current_version()))
    ) is not None:
        return _not_possible(request, quote, quote.words_for(reason))
    versions = paper.versions_of(quote)
    form = PaperForm(
        request.POST or None,
        request.FILES or None,
        quote=quote,
        versions=versions,
        initial={"version": versions[0].number},
    )
    if request.method == "POST" and form.is_valid():
        return _record(request, quote, form)
    context = {"title": f"{LABEL}\u00a0: {quote.number}", "quote": quote, "form": form}
    return page(request, "desk/quotes/paper.html", context, status=422 if request.method == "POST" else 200)


def _record(request: HttpRequest, quote: Quote, form: PaperForm) -> HttpResponse:
    said = form.cleaned_data
    scan: Scan = said["scan"]
    name, sha256 = paper.store_scan(scan.data, suffix=scan.suffix)
    try:
        paper.record_acceptance(
            quote.pk,
            version_number=said["version"],
            signatory=said["signatory"],
            signed_on=said["signed_on"],
            place=Place(said["place"]),
            consents=frozenset(said.get("consents", ())),
            scan=name,
            sha256=sha256,
            actor=Actor.staff(member(request)),
        )
    except IllegalMove as refusal:
        return _not_possible(request, quote, refusal.words)
    messages.success(
        request,
        f"L'accord de {said['signatory']} est enregistré. La copie du papier part à {quote.customer.email}.",
    )
    return redirect("admin:quotes_quote_change", quote.pk)


def _not_possible(request: HttpRequest, quote: Quote, words: str) -> HttpResponse:
    messages.error(request, f"«\u00a0{LABEL}\u00a0» n'est pas possible\u00a0: {words}")
    return redirect("admin:quotes_quote_change", quote.pk)


@require_safe
def scan(request: HttpRequest, quote_id: int) -> HttpResponseBase:
    """The paper, as it was handed in."""
    quote = visible_quote(request, quote_id)
    acceptance = PaperAcceptance.objects.filter(quote=quote).first()
    if acceptance is None:
        raise Http404
    response = paper_response(acceptance)
    if response is None:
        messages.error(
            request,
            "Le papier signé manque ou a changé sur le serveur\u00a0: demandez à qui administre Logisav de le remettre "
            "depuis une sauvegarde.",
        )
        return redirect("admin:quotes_quote_change", quote.pk)
    return response


@admin.register(PaperAcceptance)
class PaperAcceptanceAdmin(ReadOnly, BoundedList, DeskAdmin):
    list_display = ("number", "signatory", "total", "signed_on", "recorded_by", "recorded_at")
    search_fields = ("quote__number", "signatory")
    search_help_text = "Numéro, signataire"
    actions = None
    fields = (
        ("number", "signatory"),
        ("signed_on", "place"),
        "total",
        "agreed",
        ("recorded_by", "recorded_at"),
        "paper",
    )
    readonly_fields = ("number", "total", "agreed", "paper")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaperAcceptance]:
        visible = Quote.objects.visible_to(member(request))
        rows = PaperAcceptance.objects.filter(quote__in=visible)
        return rows.select_related("quote", "version").defer("version__content")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:quote_id>/enregistrer/", view(record), name="signing_record_acceptance"),
            path("<int:quote_id>/papier/", view(scan), name="signing_paper"),
            *super().get_urls(),
        ]

    @admin.display(description="Devis", ordering="quote__number")
    def number(self, acceptance: PaperAcceptance) -> str:
        return acceptance.quote.number

    @admin.display(description="Total TTC", ordering="version__total")
    def total(self, acceptance: PaperAcceptance) -> SafeString:
        return format_html('<span class="amount">{}</span>', french.money(acceptance.version.total))

    @admin.display(description="Accords cochés")
    def agreed(self, acceptance: PaperAcceptance) -> str:
        return " ".join(consent["words"] for consent in acceptance.consents)

    @admin.display(description="Papier signé")
    def paper(self, acceptance: PaperAcceptance) -> SafeString:
        address = reverse("admin:signing_paper", args=[acceptance.quote_id])
        return format_html('<a class="desk-link" href="{}">Télécharger</a>', address)
