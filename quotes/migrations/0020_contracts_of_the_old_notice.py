"""The contracts that were signed with the old notice are found by an index of their own: the first page counts them.

Outside a transaction, since it reads all quotes; a migration that was interrupted begins again.
"""

from typing import Any

from django.db import migrations, models

NAME = "quotes_of_the_old_notice"


class AddIndexBesideWork(migrations.AddIndex):
    """PostgreSQL builds the index while others write."""

    def database_forwards(self, app_label: Any, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        statement = str(self.index.create_sql(model, schema_editor)).replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            patience = cursor.fetchone()[0]
            # It makes nobody wait, and waits itself for whoever is at it.
            cursor.execute("SET lock_timeout = 0")
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # half built, if it was interrupted
            cursor.execute(statement)
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("quotes", "0019_law_of_the_contract")]
    operations = [
        AddIndexBesideWork(
            model_name="quote",
            index=models.Index(
                fields=["nature"],
                name=NAME,
                condition=models.Q(accepted_at__isnull=False, signed_notice__in=["", "old"]),
            ),
        ),
    ]
