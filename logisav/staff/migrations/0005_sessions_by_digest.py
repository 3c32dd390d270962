"""Sessions known by the SHA-256 of their key, which nowhere stands in clear any more.

Log-ins of the desk end. Customers' sessions are carried over for a day at most: somebody may be about to sign.
"""

import datetime as dt
import hashlib
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone

BATCH = 500
A_DAY = dt.timedelta(days=1)

KINDS = [
    ("signed_in", "Connexion"),
    ("sign_in_failed", "Connexion refusée"),
    ("sign_in_paused", "Connexion mise en pause"),
    ("sign_ins_ended", "Connexions terminées"),
    ("password_chosen", "Mot de passe choisi"),
    ("factor_set", "Double vérification activée"),
    ("factor_replaced", "Appareil de vérification changé"),
    ("factor_removed", "Double vérification désactivée"),
    ("factor_reset", "Double vérification retirée par un administrateur"),
    ("codes_renewed", "Codes de secours renouvelés"),
    ("recovery_used", "Code de secours utilisé"),
    ("invited", "Invitation envoyée"),
    ("invitation_revoked", "Invitation annulée"),
    ("arrived", "Compte ouvert"),
    ("reset_asked", "Lien de mot de passe envoyé"),
    ("role_given", "Rôle changé"),
    ("activated", "Compte réactivé"),
    ("deactivated", "Compte désactivé"),
    ("account_changed", "Compte modifié"),
    ("added", "Ajout"),
    ("changed", "Modification"),
    ("deleted", "Suppression"),
    ("imported", "Import"),
    ("exported", "Export"),
]


def end_those_in_clear(apps: Any, schema_editor: Any) -> None:
    alias, now = schema_editor.connection.alias, timezone.now()
    old = apps.get_model("sessions", "Session").objects.using(alias)
    new, store = apps.get_model("logisav", "Session"), SessionStore()
    carried = [
        new(
            session_key=hashlib.sha256(row.session_key.encode()).hexdigest(),
            session_data=row.session_data,
            expire_date=min(row.expire_date, now + A_DAY),
            since=now,
            used_at=now,
        )
        for row in old.filter(expire_date__gt=now).iterator()
        if SESSION_KEY not in store.decode(row.session_data)
    ]
    new.objects.using(alias).bulk_create(carried, batch_size=BATCH)
    old.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("logisav", "0004_no_login_tries"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("session_key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("used_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.RunPython(end_those_in_clear, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="staffaction",
            name="what",
            field=models.CharField(choices=KINDS, max_length=40, verbose_name="nature"),
        ),
    ]
