"""Are the triggers there that hold what was written? A careless change of a table on SQLite would drop them."""

from __future__ import annotations

from django.db import connection

from quotes.models import PurgedEvent, PurgePermit, QuoteEvent, QuoteVersion
from signing.models import Anchor, PaperAcceptance, SealedDocument

WRITTEN_ONCE = (QuoteEvent, PurgedEvent, PurgePermit, SealedDocument, Anchor, PaperAcceptance)
OF_COLUMNS = (
    f"{QuoteVersion._meta.db_table}_hashes_once",
    f"{PurgedEvent._meta.db_table}_under_permit",
)
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
    suffixes = SUFFIXES[connection.vendor]
    expected = [f"{model._meta.db_table}_{suffix}" for model in WRITTEN_ONCE for suffix in suffixes]
    return [name for name in [*expected, *OF_COLUMNS] if name not in found]
