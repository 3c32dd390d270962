"""Customers are found by their telephone number however it is written: those that were there before get its digits.

Outside one transaction: whoever works meanwhile waits for one batch at most, and a migration that was interrupted begins again.
"""

import re
import unicodedata
from typing import Any

from django.db import migrations, models

BATCH = 1000
EXTENSION = re.compile(
    r"[\s,;(]*(?:poste|p\.|ext(?:ension)?\.?|interne|int\.?|x|#)[\s.:]*(?:n°\s*)?([0-9]{1,7})[\s)]*$",
    re.IGNORECASE,
)
PREFIX = re.compile(r"(?:\+(?:00)?|00)(?:33|262|59[046])?|33(?=[1-9][0-9]{8}$)")
TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")


def digits_of(phone: str) -> str:
    """As the search reads a number at the time of this migration."""
    shown = "".join(c for c in phone if c in "\t\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = "".join(str(unicodedata.decimal(c, c)) for c in " ".join(shown.split()))
    extension = EXTENSION.search(text)
    signs = re.sub(r"[^+0-9]", "", TRUNK_ZERO.sub("", text[: extension.start()] if extension else text))
    prefix = PREFIX.match(signs)
    return signs[prefix.end() if prefix else 0 :].replace("+", "").lstrip("0")


def fill(apps: Any, schema_editor: Any) -> None:
    customers = apps.get_model("quotes", "Customer").objects.using(schema_editor.connection.alias)
    called, last = customers.exclude(phone="").order_by("pk").only("pk", "phone"), 0
    while batch := list(called.filter(pk__gt=last)[:BATCH]):
        for customer in batch:
            customer.phone_digits = digits_of(customer.phone)
        customers.bulk_update(batch, ["phone_digits"])
        last = batch[-1].pk


def index_digits(apps: Any, schema_editor: Any) -> None:
    """Where 0007 could have pg_trgm."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
        cursor.execute("SELECT current_setting('lock_timeout')")
        patience = cursor.fetchone()[0]
        # It makes nobody wait, and waits itself for whoever is at it.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("DROP INDEX CONCURRENTLY IF EXISTS customers_phone_digits")  # half built, if it was interrupted
        cursor.execute(
            "CREATE INDEX CONCURRENTLY customers_phone_digits ON quotes_customer"
            " USING gin (phone_digits gin_trgm_ops) WITH (fastupdate = off)"
        )
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])


class AddFieldOnce(migrations.AddField):
    """A column that is there already is left alone."""

    def database_forwards(self, app_label: Any, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        if self.name not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0012_version_address")]
    operations = [
        AddFieldOnce(
            model_name="customer",
            name="phone_digits",
            field=models.CharField(blank=True, default="", editable=False, max_length=40),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        # Dropped with its column.
        migrations.RunPython(index_digits, migrations.RunPython.noop),
    ]
