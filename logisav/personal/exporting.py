"""All that is kept of a person as one ZIP: `donnees.json`, the files beside it, and what it is in `LISEZMOI.txt`."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import BinaryField, FileField, GeneratedField, Model
from django.utils import timezone

from lib import files, french
from lib.day import today_in_paris
from logisav.personal import holdings
from logisav.personal.holdings import Person
from logisav.staff.models import StaffAction
from quotes import retention
from quotes.law.references import cite
from quotes.law.retention import CONTRACTS, PROSPECTS
from quotes.models import Quote

# What opens something, or keeps it closed: of no use to the person, and of much to whoever finds the ZIP.
SECRET = frozenset(
    {
        "token_sha256",
        "nonce",
        "browser_sha256",
        "sealed_secrets",
        "sealed_secret",
        "session_key",
        "session_data",
        "password",
        "digest",
        "key",
        "call",
        "session_url",
    }
)
# Upon whom somebody who works here acted is not theirs.
OF_OTHERS: dict[type[Model], frozenset[str]] = {StaffAction: frozenset({"target", "facts"})}
SUFFIXES = {b"%PDF": ".pdf", b"\x89PNG": ".png"}


class NothingKept(Exception):
    """Nobody is known by this mailbox."""


@dataclass
class Export:
    """`counts` by the name of the table; `files` by their name in the ZIP."""

    person: Person
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(rows) for name, rows in self.tables.items()}


def collect(mail: str) -> Export:
    """Raises NothingKept."""
    export = Export(holdings.of(mail))
    for model, rows in holdings.rows_of(export.person).items():
        if told := [_told(row, export) for row in rows]:
            export.tables[model._meta.label] = told
    if not export.tables:
        raise NothingKept(mail)
    return export


def _told(row: Model, export: Export) -> dict[str, Any]:
    told: dict[str, Any] = {}
    hidden = SECRET | OF_OTHERS.get(type(row), frozenset())
    for column in row._meta.concrete_fields:
        if column.name in hidden or isinstance(column, GeneratedField):
            continue
        value = getattr(row, column.attname)
        if isinstance(column, FileField):
            value = _stored(str(value), export)
        elif isinstance(column, BinaryField):
            value = _beside(f"{row._meta.label}-{row.pk}-{column.name}", bytes(value or b""), export)
        elif column.related_model is User:
            value = str(getattr(row, column.name) or "")
        told[column.name] = value
    return told


def _stored(name: str, export: Export) -> str:
    """A file that is away is told, and does not keep the rest from the person."""
    if not name:
        return ""
    try:
        export.files[f"fichiers/{name}"] = files.read_named(name)
    except (files.Damaged, OSError):
        export.missing.append(name)
        return f"{name} (fichier absent)"
    return f"fichiers/{name}"


def _beside(name: str, data: bytes, export: Export) -> str:
    if not data:
        return ""
    suffix = next((suffix for magic, suffix in SUFFIXES.items() if data.startswith(magic)), ".bin")
    export.files[f"fichiers/{name}{suffix}"] = data
    return f"fichiers/{name}{suffix}"


def packed(export: Export) -> bytes:
    document = {
        "adresse": export.person.mail,
        "fait_le": timezone.now(),
        "tables": export.tables,
        "fichiers_absents": export.missing,
        "tables_sans_donnees_personnelles": holdings.NOT_HELD,
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, default=_plain)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("LISEZMOI.txt", readme(export))
        archive.writestr("donnees.json", text)
        for name, data in export.files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(Decimal(value))


def readme(export: Export) -> str:
    lines = [
        f"Ce que nous gardons de la personne qui reçoit ses mails à l'adresse {export.person.mail},",
        f"au {french.day(today_in_paris())}.",
        "",
        "donnees.json : chaque ligne de notre base, table par table, telle qu'elle est gardée.",
        "fichiers/ : les documents que ces lignes nomment.",
        "Ce qui ouvre une porte (liens, codes, mots de passe) n'y est pas : nous n'en gardons que des empreintes.",
        "",
        *refusal(export.person),
    ]
    return "\n".join(lines) + "\n"


def refusal(person: Person) -> list[str]:
    """What an erasure that is asked for now cannot take, with its date; and what goes by itself."""
    law = cite("archive_of_contracts", on=today_in_paris())
    lines = ["Si l'effacement est demandé :"]
    for quote in Quote.objects.filter(pk__in=person.quotes).order_by("pk"):
        if quote.accepted_at is not None:
            until = french.day(retention.kept_until(quote))
            lines.append(
                f"- {quote.number} est un contrat : il ne peut pas être effacé. La loi demande de le garder "
                f"{CONTRACTS.words} ({law}), au moins jusqu'au {until}, et il sert de preuve à chacun."
            )
        else:
            lines.append(
                f"- {quote.number} n'est pas un contrat : il s'efface de lui-même {PROSPECTS.words} (manage.py purge)."
            )
    if not person.quotes:
        lines.append(
            "- aucun devis n'est à cette adresse : la fiche du client s'efface après 3 ans sans devis."
        )
    return lines
