"""What a code and a signature are bound to stays: the database itself refuses to write a version's hashes twice."""

from django.db import migrations

TABLE = "quotes_quoteversion"
WORDS = "the hashes of a version are written once"
CHANGED = " OR ".join(
    f"(OLD.{column} <> '' AND NEW.{column} <> OLD.{column})" for column in ("pdf_sha256", "version_hash")
)

SQLITE = [
    f"""CREATE TRIGGER {TABLE}_hashes_once BEFORE UPDATE ON {TABLE} WHEN {CHANGED}
    BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
]
POSTGRESQL = [
    f"""CREATE FUNCTION {TABLE}_hashes_once() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    f"""CREATE TRIGGER {TABLE}_hashes_once BEFORE UPDATE ON {TABLE}
    FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION {TABLE}_hashes_once()""",
]
UNDO = {
    "sqlite": [f"DROP TRIGGER {TABLE}_hashes_once"],
    "postgresql": [f"DROP FUNCTION {TABLE}_hashes_once() CASCADE"],
}


def protect(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def release(apps, schema_editor):
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("quotes", "0014_damaged_versions")]
    operations = [migrations.RunPython(protect, release)]
