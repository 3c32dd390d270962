"""Are the triggers there that hold what was written? A careless change of a table on SQLite would drop them."""

from __future__ import annotations

from django.db import connection

from quotes.models import QuoteEvent
from signing.models import Anchor, SealedDocument

WRITTEN_ONCE = (QuoteEvent, SealedDocument, Anchor)
SUFFIXES = {"sqlite": ("no_update", "no_delete"), "postgresql": ("no_change", "no_truncate")}
QUERIES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def missing_triggers() -> list[str]:
    """The names of those that should be there."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[connection.vendor])
        found = {name for (name,) in cursor.fetchall()}
    expected = (
        f"{model._meta.db_table}_{suffix}" for model in WRITTEN_ONCE for suffix in SUFFIXES[connection.vendor]
    )
    return [name for name in expected if name not in found]
