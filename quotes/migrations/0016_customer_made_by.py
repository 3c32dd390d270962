"""Who made a customer sees them. Of those that were there, the desk's own log knows whose they are; imported ones it does not know.

Outside one transaction: whoever works meanwhile waits for one batch at most, and a migration that was interrupted begins again.
"""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

BATCH = 1000
ADDITION = 1


def fill(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    customers = apps.get_model("quotes", "Customer").objects.using(alias)
    kind = apps.get_model("contenttypes", "ContentType").objects.using(alias)
    entries = apps.get_model("admin", "LogEntry").objects.using(alias)
    known = kind.filter(app_label="quotes", model="customer").first()
    if known is None:
        return
    added, last = entries.filter(content_type=known, action_flag=ADDITION).order_by("pk"), 0
    while batch := list(added.filter(pk__gt=last).values_list("pk", "object_id", "user")[:BATCH]):
        makers = {int(made): user for _, made, user in batch if str(made).isdigit()}
        rows = list(customers.filter(pk__in=makers, made_by=None).only("pk"))
        for row in rows:
            row.made_by_id = makers[row.pk]
        customers.bulk_update(rows, ["made_by"])
        last = batch[-1][0]


class AddFieldOnce(migrations.AddField):
    """A column that is there already is left alone."""

    def database_forwards(self, app_label: Any, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        if f"{self.name}_id" not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("quotes", "0015_version_hashes_are_written_once"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        AddFieldOnce(
            model_name="customer",
            name="made_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
