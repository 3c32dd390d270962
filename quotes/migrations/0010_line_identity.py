"""Lines get a name of their own that stays from version to version; those that were there get theirs from their key.

Outside one transaction, since all lines are written: whoever works meanwhile waits for one batch at most, and a migration that
was interrupted begins again where it was.
"""

import functools
import secrets
from typing import Any

from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Cast, Concat

BATCH = 2000
NAME = "line_identity_unique"


def fill(apps: Any, schema_editor: Any) -> None:
    """`l1234`. New ones are hexadecimal and cannot be alike."""
    lines = apps.get_model("quotes", "QuoteLine").objects.using(schema_editor.connection.alias)
    unnamed, last = lines.filter(identity="").order_by("pk"), 0
    while batch := list(unnamed.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        lines.filter(pk__in=batch).update(identity=Concat(Value("l"), Cast("pk", models.CharField(max_length=19))))
        last = batch[-1]


class AddFieldOnce(migrations.AddField):
    """A column that is there already is left alone."""

    def database_forwards(self, app_label: Any, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        if self.name not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddUniqueBesideWork(migrations.AddConstraint):
    """PostgreSQL builds the index while others write, and takes it over in a moment."""

    def database_forwards(self, app_label: Any, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            patience = cursor.fetchone()[0]
            cursor.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [NAME])
            if cursor.fetchone():
                return
            # It makes nobody wait, and waits itself for whoever is at it.
            cursor.execute("SET lock_timeout = 0")
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # half built, if it was interrupted
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON quotes_quoteline (quote_id, identity)")
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
            cursor.execute(f"ALTER TABLE quotes_quoteline ADD CONSTRAINT {NAME} UNIQUE USING INDEX {NAME}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0009_queue_told")]
    operations = [
        AddFieldOnce(
            model_name="quoteline",
            name="identity",
            field=models.CharField(default="", editable=False, max_length=20),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        # The database knows no default: new rows bring theirs.
        migrations.AlterField(
            model_name="quoteline",
            name="identity",
            field=models.CharField(
                default=functools.partial(secrets.token_hex, 6), editable=False, max_length=20
            ),
        ),
        AddUniqueBesideWork(
            model_name="quoteline",
            constraint=models.UniqueConstraint(fields=("quote", "identity"), name=NAME),
        ),
    ]
