"""A contract that was signed on paper, with its scan: written once, as the sealed documents are."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import signing.models

TABLE, WORDS = "signing_paperacceptance", "a paper acceptance is written once"
SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
    f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""CREATE FUNCTION {TABLE}_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    f"""CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_append_only()""",
    f"""CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_append_only()""",
]


def protect(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0001_initial'),
        ('signing', '0010_one_open_code_per_browser'),
    ]

    operations = [
        migrations.CreateModel(
            name='PaperAcceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signatory', models.CharField(max_length=200, verbose_name='signataire')),
                ('signed_on', models.DateField(verbose_name='signé sur papier le')),
                ('place', models.CharField(choices=[('distance', 'À distance'), ('off_premises', 'Hors établissement'), ('on_premises', 'En établissement')], max_length=14, verbose_name='lieu de la signature')),
                ('consents', models.JSONField(default=list, verbose_name='accords portés sur le papier')),
                ('scan', models.FileField(upload_to=signing.models.store_scan, verbose_name='papier signé')),
                ('sha256', models.CharField(max_length=64)),
                ('recorded_by', models.CharField(max_length=150, verbose_name='enregistré par')),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='enregistré le')),
                ('quote', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='paper_acceptance', to='quotes.quote')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='quotes.quoteversion')),
            ],
            options={
                'verbose_name': 'acceptation sur papier',
                'verbose_name_plural': 'acceptations sur papier',
                'ordering': ('-recorded_at',),
            },
        ),
        migrations.RunPython(protect, migrations.RunPython.noop),
    ]
