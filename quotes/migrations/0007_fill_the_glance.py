"""Quotes that were there before get what lists show of them; PostgreSQL gets its index for words inside texts."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import DatabaseError, migrations, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

QUESTION, OURS, THEIRS, SETTLED = range(4)
SIGNABLE = ("sent", "reminded")
QUIET = ("mail_sent", "code_tried")
PAID = ("deposit_paid", "transfer_confirmed")
CENT = Decimal("0.01")
SEARCHED = {"quotes_quote": "quotes_searched", "quotes_customer": "customers_searched"}


def fill(apps: Any, schema_editor: Any) -> None:
    quotes = apps.get_model("quotes", "Quote").objects.using(schema_editor.connection.alias)
    this = OuterRef("pk")
    events = apps.get_model("quotes", "QuoteEvent").objects.filter(quote=this).order_by("-seq")
    versions = apps.get_model("quotes", "QuoteVersion").objects.filter(quote=this)
    links = apps.get_model("quotes", "AccessLink").objects.filter(quote=this, opened_at__isnull=False)
    current, told = versions.filter(is_current=True), events.exclude(kind__in=QUIET)
    sent = versions.filter(done_at__isnull=False).order_by("done_at")
    quotes.update(
        last_kind=Coalesce(Subquery(told.values("kind")[:1]), "last_kind"),
        last_at=Coalesce(Subquery(told.values("at")[:1]), "created_at"),
        shown_total=Coalesce(Subquery(current.values("total")[:1]), "shown_total"),
        in_force_until=Subquery(current.values("valid_until")[:1]),
        in_force_since=Subquery(current.values("done_at")[:1]),
        first_sent_at=Subquery(sent.values("done_at")[:1]),
        opened_at=Subquery(links.order_by("opened_at").values("opened_at")[:1]),
        paid_at=Subquery(events.filter(kind__in=PAID).values("at")[:1]),
    )
    fill_turns(apps, quotes)
    fill_working_copies(apps, quotes)


def fill_turns(apps: Any, quotes: Any) -> None:
    """Each overwrites the one before; versions that have lapsed are for the sweep."""
    waits = apps.get_model("quotes", "Question").objects.filter(quote=OuterRef("pk"), answer=None)
    quotes.update(turn=SETTLED)
    quotes.filter(state__in=(*SIGNABLE, "sending")).update(turn=THEIRS)
    quotes.filter(Q(state="draft") | Q(revising=True)).update(turn=OURS)
    quotes.filter(Exists(waits)).update(turn=QUESTION)


def fill_working_copies(apps: Any, quotes: Any) -> None:
    """Their total is what their lines make: to the cent a line, VAT by rate."""
    lines = apps.get_model("quotes", "QuoteLine").objects
    edited = quotes.filter(
        Q(state="draft") | Q(revising=True, state__in=(*SIGNABLE, "refused")) | Q(in_force_since=None)
    )
    for pk in edited.values_list("pk", flat=True).iterator(chunk_size=1000):
        quotes.filter(pk=pk).update(shown_total=total(lines.filter(quote=pk, kind="item", option=False)))


def total(lines: Any) -> Decimal:
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        price = line.quantity * line.unit_price * (100 - line.discount) / 100
        bases[line.vat_rate] = bases.get(line.vat_rate, Decimal(0)) + price.quantize(
            CENT, rounding=ROUND_HALF_UP
        )
    vat = ((base * rate / 100).quantize(CENT, rounding=ROUND_HALF_UP) for rate, base in bases.items())
    return sum(bases.values(), Decimal(0)) + sum(vat, Decimal(0))


def index_words(apps: Any, schema_editor: Any) -> None:
    """Where pg_trgm may be had: it comes with PostgreSQL, and whoever may create in the database may ask for it."""
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return  # searching then reads along the list's order, as on SQLite
    for table, index in SEARCHED.items():
        # Rows are written one by one and searched all day: new ones go straight into the index.
        schema_editor.execute(
            f"CREATE INDEX {index} ON {table} USING gin (searched gin_trgm_ops) WITH (fastupdate = off)"
        )


def forget_words(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for index in SEARCHED.values():
            schema_editor.execute(f"DROP INDEX IF EXISTS {index}")


class Migration(migrations.Migration):
    dependencies = [("quotes", "0006_at_a_glance")]
    operations = [
        migrations.RunPython(index_words, forget_words),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
