"""Levels with an authority's time, anchors; and the triggers again, which SQLite drops with a table that it remakes."""

import django.utils.timezone
from django.db import migrations, models

TABLES = {
    "signing_sealeddocument": "a sealed document is written once",
    "signing_anchor": "an anchor is written once",
}


SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    for table, words in TABLES.items()
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    statement
    for table, words in TABLES.items()
    for statement in (
        f"""CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}",
        f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_append_only()""",
        f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()""",
    )
]


def protect(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('signing', '0004_public_checks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='jour')),
                ('document', models.TextField(verbose_name='fins des journaux (JSON)')),
                ('sha256', models.CharField(max_length=64)),
                ('signature', models.BinaryField(verbose_name='signature (CMS)')),
                ('stamped_at', models.DateTimeField(blank=True, null=True, verbose_name='horodaté le')),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='fait le')),
            ],
            options={
                'verbose_name': 'ancrage',
                'ordering': ('day',),
            },
        ),
        migrations.AddField(
            model_name='sealeddocument',
            name='reason',
            field=models.CharField(blank=True, max_length=300, verbose_name='pourquoi ce niveau'),
        ),
        migrations.AddField(
            model_name='signature',
            name='stamp_failed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='sans réponse des autorités depuis'),
        ),
        migrations.AddField(
            model_name='signature',
            name='stamp_told_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='signature',
            name='stamp_waived_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='scellé sans horodatage, décidé le'),
        ),
        migrations.AddField(
            model_name='signature',
            name='stamp_waived_by',
            field=models.CharField(blank=True, max_length=150, verbose_name='décidé par'),
        ),
        migrations.AlterField(
            model_name='sealeddocument',
            name='level',
            field=models.CharField(choices=[('B-B', 'PAdES B-B'), ('B-T', 'PAdES B-T'), ('B-LTA', 'PAdES B-LTA')], default='B-B', max_length=6, verbose_name='niveau'),
        ),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
