"""Every address of the desk, and what it stands on: rows to name in it, people to knock with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from logisav.desk.tests import desk
from logisav.staff.models import Invitation
from logisav.tests.people import link_to
from notifications import outbox
from notifications.models import OutgoingEmail
from notifications.queue import QueueEntry
from payments.tests.factories import make_paying_company
from payments.tests.test_transfer import confirm
from quotes import workflow
from quotes.law.contract import Place
from quotes.models import CatalogueItem, Quote, QuoteTemplate, TextTemplate
from quotes.models.temporary import StagedImport
from quotes.tests.enclosures import add_document, add_photo, stored_document, stored_photo
from quotes.tests.factories import SYSTEM, make_owner, make_quote, make_sent_quote, send, stored_pdf, visitor
from signing import paper
from signing.models import PaperAcceptance, SealedDocument
from signing.tests.factories import make_signature
from signing.tests.sealed import small_pdf

STAFF = ("nobody", "owner", "other", "accountant", "manager", "administrator", "superuser")
STRANGERS = ("anonymous", "customer")
DRAFT = "@draft"


def named_routes() -> dict[str, tuple[str, URLPattern]]:
    """The desk's addresses by name; those without one are redirects of Django's own, and its last resort."""
    return {str(entry.name): (route, entry) for route, entry in _walk(get_resolver()) if entry.name}


def listed() -> list[str]:
    return [
        *named_routes(),
        "quotes_quote_change@draft",
        "quotes_quote_action@draft",
        "quotes_quote_contribution@draft",
        "quotes_quote_enclosures@draft",
        "quotes_quote_preview@draft",
    ]


def unnamed_routes() -> list[str]:
    return [route for route, entry in _walk(get_resolver()) if not entry.name]


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        elif route.startswith("admin/"):
            yield route, entry


@dataclass(frozen=True)
class House:
    """One of everything. The owner's quote is signed and paid for; `draft` is the owner's too."""

    quote: Quote
    draft: Quote
    people: dict[str, User]
    rows: dict[str, Any]

    def browser(self, who: str) -> Client:
        if who == "anonymous":
            client = Client()
        elif who == "customer":
            client = visitor(self.quote)
        else:
            client = desk.at_desk(self.people[who])
        client.raise_request_exception = False
        return client

    def asked(self, name: str) -> dict[str, Any]:
        """What an address wants beside itself, to be more than a bad request."""
        if name == "autocomplete":
            return {"app_label": "quotes", "model_name": "quote", "field_name": "customer", "term": ""}
        return {"devis": self.quote.pk} if name == "quotes_quote_bulk" else {}

    def path(self, name: str) -> str:
        """`quotes_quote_change@draft` is the address on the draft."""
        base, draft, _ = name.partition(DRAFT)
        route, entry = named_routes()[base]
        quote = self.draft if draft else self.quote
        model = "_".join(base.split("_")[:2])
        for argument in ("app_label",) if base == "app_list" else entry.pattern.converters:
            value = self._argument(argument, model, quote, base)
            route = _put(route, argument, value)
        return "/" + route

    def _argument(self, argument: str, model: str, quote: Quote, name: str) -> str:
        if argument == "quote_id" or name == "quotes_quotetemplate_keep":
            return str(quote.pk)
        row: Any = quote
        if model != "quotes_quote":
            row = self.rows.get(f"{name}.{argument}", self.rows.get(model))
        special = {
            "mail": self.rows["notifications_outgoingemail"].pk,
            "payment_id": self.rows["payment"].pk,
            "slug": "ouverture",
            "sha256": self.rows[name.rpartition("_")[2]] if argument == "sha256" else "",
            "step": "envoyer" if quote is self.draft else "dupliquer",
            "app_label": "quotes",
            "content_type_id": ContentType.objects.get_for_model(Quote).pk,
        }
        if name == "view_on_site" and argument == "object_id":
            return str(quote.pk)
        return str(special.get(argument) or row.pk)


def _put(route: str, argument: str, value: str) -> str:
    before, _, rest = route.partition(f"{argument}>")
    start = before.rfind("<")
    if "(?P" in before[start - 3 :]:  # the one route that Django writes as a regular expression
        return f"admin/{value}/"
    return before[:start] + value + rest


def build() -> House:
    call_command("make_groups", verbosity=0, stdout=desk._Nowhere())
    make_paying_company()
    people = make_people()
    quote, draft = make_quote(owner=people["owner"]), make_quote(owner=people["owner"])
    enclosed = {"photo": add_photo(quote).sha256, "document": add_document(quote, small_pdf()).sha256}
    send(quote)
    workflow.ask(quote.pk, text="Le thermostat est-il compris ?", phone="", actor=SYSTEM)
    return House(quote, draft, people, make_rows(quote, people) | enclosed)


def make_people() -> dict[str, User]:
    roles = {
        "owner": "Responsables de devis",
        "other": "Responsables de devis",
        "accountant": "Comptables",
        "manager": "Gestionnaires",
        "administrator": "Administrateurs",
    }
    people = {name: make_owner(username=name, is_superuser=name == "superuser") for name in STAFF}
    for name, group in roles.items():
        people[name].groups.add(Group.objects.get(name=group))
    return people


def make_rows(quote: Quote, people: dict[str, User]) -> dict[str, Any]:
    """By model, or by address and argument where that is not enough."""
    signature = make_signature(quote)
    file, digest = stored_pdf("signé")
    SealedDocument.objects.create(signature=signature, file=file, sha256=digest)
    payment = confirm(quote, "500")
    notice = outbox.notify(people["owner"], kind="question", text="?", about=quote.number, url="/admin/")
    mail = OutgoingEmail.objects.filter(about=quote.number, carries_secret=False).latest("pk")
    OutgoingEmail.objects.filter(pk=mail.pk).update(state="sent")
    article = CatalogueItem.objects.create(label="Chaudière", unit_price=1)
    for stored in (stored_photo(), stored_document(small_pdf())):
        workflow.enclose_in_item(article.pk, stored)
    return {
        "auth_user": people["other"],
        "logisav_invitation": invited(people["superuser"]),
        "signing_signature": signature,
        "signing_paperacceptance": on_paper(people["owner"]),
        "payment": payment,
        "payments_deposit": payment.deposit,
        "quotes_company": make_paying_company(),
        "quotes_customer": quote.customer,
        "quotes_question": quote.questions.get(),
        "quotes_catalogueitem": article,
        "quotes_catalogueitem_photo.enclosure": article.enclosures.get(kind="photo"),
        "quotes_catalogueitem_document.enclosure": article.enclosures.get(kind="document"),
        "quotes_texttemplate": TextTemplate.objects.create(name="Politesse", text="Cordialement"),
        "quotes_quotetemplate": QuoteTemplate.objects.create(name="Entretien", title="Entretien"),
        "quotes_catalogueitem_preview.pk": staged("catalogue", "catalogueitem", by=people["manager"]),
        "quotes_catalogueitem_errors.pk": staged("catalogue", "catalogueitem", by=people["manager"]),
        "quotes_customer_preview.pk": staged("customers", "customer", by=people["owner"]),
        "quotes_customer_errors.pk": staged("customers", "customer", by=people["owner"]),
        "notifications_notification": notice,
        "notifications_outgoingemail": mail,
        "notifications_queueentry": QueueEntry.objects.create(
            queue="deposits that open", row=quote.pk, error="OSError", told_at=timezone.now()
        ),
    }


def on_paper(owner: User) -> PaperAcceptance:
    quote, (file, digest) = make_sent_quote(owner=owner), stored_pdf("papier")
    return paper.record_acceptance(
        quote.pk,
        version_number=1,
        signatory="Claire Morel",
        signed_on=timezone.localdate(),
        place=Place.ON_PREMISES,
        consents=frozenset({"quote"}),
        scan=file,
        sha256=digest,
        actor=SYSTEM,
    )


def staged(kind: str, model: str, *, by: User) -> StagedImport:
    """A file handed in: the example that the page itself offers."""
    example = desk.at_desk(by).get(f"/admin/quotes/{model}/importer/exemple.csv")
    text = example.getvalue().decode("utf-8-sig")
    return StagedImport.objects.create(kind=kind, by=by, file_name="exemple.csv", text=text)


def invited(by: User) -> Invitation:
    typed = {"last_name": "Garnier", "email": "invitee@exemple.fr", "role": "Comptables"}
    desk.at_desk(by).post("/admin/logisav/invitation/add/", typed)
    assert link_to("invitee@exemple.fr")
    return Invitation.objects.get()
