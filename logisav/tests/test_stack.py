"""What tests rely on: an empty database although triggers forbid it, and triggers in force all the same."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

FORBID = {
    "sqlite": [
        "CREATE TRIGGER keep BEFORE DELETE ON auth_group BEGIN SELECT RAISE(ABORT, 'kept'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept'; END $$",
        "CREATE TRIGGER keep BEFORE TRUNCATE OR DELETE ON auth_group EXECUTE FUNCTION keep()",
    ],
}
FORGET = {
    "sqlite": "DROP TRIGGER keep",
    "postgresql": "DROP FUNCTION keep CASCADE",
}


@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_tables_whose_rows_cannot_be_deleted() -> None:
    with connection.cursor() as cursor:
        for statement in FORBID[connection.vendor]:
            cursor.execute(statement)
    Group.objects.create(name="kept")
    try:
        call_command("flush", interactive=False)
        assert not Group.objects.exists()
        Group.objects.create(name="kept again")
        with pytest.raises(DatabaseError, match="kept"), transaction.atomic():
            Group.objects.all()._raw_delete("default")
    finally:
        with connection.cursor() as cursor:
            cursor.execute(FORGET[connection.vendor])
