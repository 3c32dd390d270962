"""A row of the journal may go under an open permit, once its hash is kept; nothing else may, as before.

The triggers keep their names. On SQLite they read other tables: whoever remakes one of these drops and makes them anew.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

EVENT, PURGED, OPENING = "quotes_quoteevent", "quotes_purgedevent", "quotes_purgeopening"
WORDS = {
    EVENT: "the journal is append-only",
    PURGED: "the journal is append-only",
    "quotes_purgepermit": "a permit is written once",
}
WITHOUT_PERMIT = "a row of the journal goes under an open permit alone"


def opened(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {OPENING} o WHERE o.quote_id = {row}.quote_id "  # noqa: S608 - names of our own
        f"AND {row}.seq BETWEEN o.first AND o.last)"
    )


MAY_GO = (
    f"({opened('OLD')} AND EXISTS (SELECT 1 FROM {PURGED} p WHERE p.quote_id = OLD.quote_id "  # noqa: S608 - names of our own
    "AND p.seq = OLD.seq AND p.hash = OLD.hash))"
)
MAY_COME = (
    f"({opened('NEW')} AND EXISTS (SELECT 1 FROM {EVENT} e WHERE e.quote_id = NEW.quote_id "  # noqa: S608 - names of our own
    "AND e.seq = NEW.seq AND e.hash = NEW.hash))"
)


def refused(table: str, verb: str, *, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{WORDS[table]}'); END"
    )


def function(name: str, words: str, *, unless: str = "") -> str:
    passes = f"IF {unless} THEN RETURN NEW; END IF;" if unless else ""
    return f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN {passes} RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$"""


def written_once(table: str) -> list[str]:
    return [
        function(f"{table}_append_only", WORDS[table]),
        f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_append_only()""",
        f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()""",
    ]


SQLITE = [
    *(refused(table, verb) for table in (PURGED, "quotes_purgepermit") for verb in ("UPDATE", "DELETE")),
    f"""CREATE TRIGGER {PURGED}_under_permit BEFORE INSERT ON {PURGED} WHEN NOT {MAY_COME}
    BEGIN SELECT RAISE(ABORT, '{WITHOUT_PERMIT}'); END""",
    f"DROP TRIGGER {EVENT}_no_delete",
    refused(EVENT, "DELETE", when=f"WHEN NOT {MAY_GO}"),
]
POSTGRESQL = [
    *written_once(PURGED),
    *written_once("quotes_purgepermit"),
    function(f"{PURGED}_under_permit", WITHOUT_PERMIT, unless=MAY_COME),
    f"""CREATE TRIGGER {PURGED}_under_permit BEFORE INSERT ON {PURGED}
    FOR EACH ROW EXECUTE FUNCTION {PURGED}_under_permit()""",
    # TRUNCATE keeps its function: no permit is for that.
    function(f"{EVENT}_change", WORDS[EVENT]).replace(
        "BEGIN  RAISE", f"BEGIN IF TG_OP = 'DELETE' THEN IF {MAY_GO} THEN RETURN OLD; END IF; END IF; RAISE"
    ),
    f"DROP TRIGGER {EVENT}_no_change ON {EVENT}",
    f"""CREATE TRIGGER {EVENT}_no_change BEFORE UPDATE OR DELETE ON {EVENT}
    FOR EACH ROW EXECUTE FUNCTION {EVENT}_change()""",
]
UNDO = {
    "sqlite": [
        f"DROP TRIGGER {PURGED}_under_permit",
        *(f"DROP TRIGGER {t}_no_{v}" for t in (PURGED, "quotes_purgepermit") for v in ("update", "delete")),
        f"DROP TRIGGER {EVENT}_no_delete",
        refused(EVENT, "DELETE"),
    ],
    "postgresql": [
        f"DROP FUNCTION {PURGED}_under_permit() CASCADE",
        *(f"DROP FUNCTION {table}_append_only() CASCADE" for table in (PURGED, "quotes_purgepermit")),
        f"DROP FUNCTION {EVENT}_change() CASCADE",
        f"""CREATE TRIGGER {EVENT}_no_change BEFORE UPDATE OR DELETE ON {EVENT}
        FOR EACH ROW EXECUTE FUNCTION {EVENT}_append_only()""",
    ],
}


def protect(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def release(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0026_legal_pages'),
    ]

    operations = [
        migrations.CreateModel(
            name='PurgedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
            ],
            options={
                'verbose_name': 'fichier à effacer',
                'verbose_name_plural': 'fichiers à effacer',
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='quote',
            name='purged_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='effacé le'),
        ),
        migrations.AddField(
            model_name='quote',
            name='traces_purged_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='traces effacées le'),
        ),
        migrations.CreateModel(
            name='PurgePermit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.TextField(verbose_name='permis (JSON canonique)')),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='fait le')),
            ],
            options={
                'verbose_name': 'permis de purge',
                'verbose_name_plural': 'permis de purge',
                'ordering': ('pk',),
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('pk__gt', 0)), name='permit_key_positive')],
            },
        ),
        migrations.CreateModel(
            name='PurgedEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField()),
                ('hash', models.CharField(max_length=64)),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purged_events', to='quotes.quote')),
            ],
            options={
                'verbose_name': 'fait effacé',
                'verbose_name_plural': 'faits effacés',
                'ordering': ('quote', 'seq'),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('quote', 'seq'), name='purged_once')],
            },
        ),
        migrations.CreateModel(
            name='PurgeOpening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.PositiveIntegerField()),
                ('last', models.PositiveIntegerField()),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='quotes.quote')),
                ('closed', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='quotes.purgepermit')),
                ('permit', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='quotes.purgepermit')),
            ],
            options={
                'verbose_name': 'purge en cours',
                'verbose_name_plural': 'purges en cours',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('closed__lt', 0)), name='opening_never_commits')],
            },
        ),
        migrations.RunPython(protect, release),
    ]
