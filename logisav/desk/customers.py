"""Customers on the desk. A changed mail address is a verb of its own: it ends every link to the old one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from lib import french, limiter, phones
from logisav.desk import access
from logisav.desk.files.pages import Exchanged
from logisav.desk.journalled import Journalled
from logisav.desk.paging import BoundedList
from logisav.desk.quotes.searching import search_customers
from logisav.desk.similar import similar
from logisav.desk.stamped import StampedAdmin
from notifications.staff import member
from quotes import workflow
from quotes.journal import Actor
from quotes.models import Customer, Question, Quote, StagedImport

TOLD = "known_customer"
MOST_QUOTES, MOST_QUESTIONS = 50, 20
LINKS_ENDED = (
    "L'adresse mail a changé : les liens envoyés à l'ancienne ne s'ouvrent plus. "
    "Pour un devis en attente, envoyez une nouvelle version ; pour un devis signé, renvoyez un lien."
)


class KnownCustomerForm(ModelForm):  # type: ignore[type-arg]
    def clean_email(self) -> str:
        """Quotes may have left for it, and a contract needs a mailbox."""
        email = str(self.cleaned_data["email"])
        if self.instance.email and not email:
            raise ValidationError("Une adresse mail ne se retire pas\u00a0: remplacez-la.")
        return email


class NewCustomerForm(ModelForm):  # type: ignore[type-arg]
    """Tells once that a colleague has this customer already; sent again, it makes a customer of one's own.

    Only by the exact mailbox or number, by the colleague's name alone, and so often an hour: whoever tries addresses
    learns little. Beyond that nothing is told, and nobody is kept from working.
    """

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        super().clean()
        said = self.cleaned_data
        if self.errors:
            return said
        user, told = member(self.request), said["email"].lower()
        if (
            self.request.session.get(TOLD) == told
            or limiter.take(limiter.KNOWN_CUSTOMER.of(account=user.pk)).wait
        ):
            return said
        same = Customer.objects.like(email=said["email"], phone=said["phone"])
        other = same.exclude(pk__in=Customer.objects.visible_to(user).values("pk")).first()
        if other is not None:
            self.request.session[TOLD] = told
            raise ValidationError(
                f"Ce client est déjà suivi par {followed_by(other)}. "
                "Pour créer votre propre fiche, enregistrez une deuxième fois."
            )
        return said


def followed_by(customer: Customer) -> str:
    """Whose quotes he has; without any, who made him."""
    owners = User.objects.filter(quotes__customer=customer, is_active=True).distinct().order_by("pk")
    people = list(owners) or [one for one in [customer.made_by] if one is not None and one.is_active]
    return french.listed([one.get_full_name() or one.get_username() for one in people]) or "un gestionnaire"


@admin.register(Customer)
class CustomerAdmin(Journalled, Exchanged, BoundedList, StampedAdmin):
    import_kind = StagedImport.Kind.CUSTOMERS
    export_name = "clients"
    list_display = ("name", "kind", "email", "shown_phone", "quote_count")
    list_filter = ("kind",)
    sortable_by = ()
    search_fields = ("searched",)
    search_help_text = "Nom, raison sociale, mail, téléphone, SIREN"
    ordering = ("company_name", "last_name", "first_name", "-pk")
    actions = None
    warn_unsaved_form = True
    row_name, row_ending = "Ce client", ""
    fieldsets = (
        (None, {"fields": ("kind", ("company_name", "siren"), ("civility", "first_name", "last_name"))}),
        ("Coordonnées", {"fields": (("email", "phone"), "address")}),
    )
    change_form_template = "desk/customers/change_form.html"

    class Media:
        js = ("desk/customer.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """Only whom one may see; their quotes that one may see are counted, for the rows of the page alone."""
        mine = Quote.objects.visible_to(member(request))
        made = mine.filter(customer=OuterRef("pk")).order_by().values("customer")
        counted = Subquery(made.annotate(made=Count("pk")).values("made"))
        seen = access.visible_customers(request)
        return seen.annotate(quotes_made=Coalesce(counted, 0)).order_by(*self.ordering)

    def get_form(
        self, request: HttpRequest, obj: Customer | None = None, *args: Any, **kwargs: Any
    ) -> type[ModelForm[Customer]]:
        if obj is not None:
            return super().get_form(request, obj, *args, form=KnownCustomerForm, **kwargs)
        made = super().get_form(request, obj, *args, form=NewCustomerForm, **kwargs)
        made.request = request  # type: ignore[attr-defined]
        return made

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        return search_customers(queryset, search_term), False

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    @admin.display(description="Nom")
    def name(self, customer: Customer) -> str:
        return customer.name

    @admin.display(description="Téléphone")
    def shown_phone(self, customer: Customer) -> str:
        return phones.shown(customer.phone)

    @admin.display(description="Devis")
    def quote_count(self, customer: Customer) -> SafeString | int:
        made: int = customer.quotes_made  # type: ignore[attr-defined]
        if not made:
            return made
        address = f"{reverse('admin:quotes_quote_changelist')}?{urlencode({'client': customer.pk})}"
        words = "1 devis" if made == 1 else f"{made} devis"
        return format_html('<a class="desk-link" href="{}">{}</a>', address, words)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(similar)
        return [path("semblables/", view, name="quotes_customer_similar"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        customer: Customer | None = kwargs.get("obj")
        if customer is not None:
            context |= {"title": customer.name, "subtitle": None} | self._theirs(request, customer)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _theirs(self, request: HttpRequest, customer: Customer) -> dict[str, Any]:
        """What there is of theirs, as far as one may see it."""
        if not (access.may_act(request) or request.user.has_perm("quotes.view_quote")):
            return {"customer": customer}
        quotes = Quote.objects.visible_to(member(request)).filter(customer=customer)
        rows = list(quotes.select_related("signature", "paper_acceptance").order_by("-pk")[: MOST_QUOTES + 1])
        questions = Question.objects.filter(quote__in=quotes).select_related("quote", "answer")
        return {
            "customer": customer,
            "quotes": rows[:MOST_QUOTES],
            "more_quotes": len(rows) > MOST_QUOTES,
            "questions": questions.order_by("-asked_at")[:MOST_QUESTIONS],
            "may_create": request.user.has_perm("quotes.add_quote"),
        }

    def save_model(self, request: HttpRequest, obj: Customer, form: ModelForm[Customer], change: Any) -> None:
        if not change:
            obj.made_by = member(request)
            obj.save()
            return
        others = [name for name in form.changed_data if name != "email"]
        if others:
            obj.save(update_fields=others)
        if "email" in form.changed_data:
            workflow.change_email(obj.pk, email=obj.email, actor=Actor.staff(member(request)))
            messages.warning(request, LINKS_ENDED)
