"""The data of persons whose time is over: the verbs of `manage.py purge` that need more than one application.

One batch is one transaction: the quotes are locked and looked at again, what hangs on them goes, their journals go
under a permit, and the permit is told in the staff's journal. What a run removed of files goes after it.
"""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, Model, OuterRef

from lib.retention import Rows, Rule, remove
from logisav.staff import journal
from logisav.staff.journal import By
from notifications import retention as notifications
from payments.models import Deposit
from quotes import retention as quotes
from quotes.law.retention import CONTRACTS, PROSPECTS, TRACES
from quotes.models import Customer, PurgePermit, Quote
from quotes.workflow import purging
from signing import retention as signing
from signing.models import PaperAcceptance, Signature


def _without_contract(rows: Rows) -> Rows:
    """Whatever a quote's own row says: what was signed or is owed for stays."""
    for proof in (Signature, PaperAcceptance, Deposit):
        rows = rows.exclude(Exists(proof.objects.filter(quote=OuterRef("pk"))))
    return rows


def _erase(rows: Rows) -> int:
    found = _locked(rows)
    signing.forget(found)
    notifications.forget_about([quote.number for quote in found])
    _forget_forms(Quote, [quote.pk for quote in found])
    _tell(purging.erase(found), "Devis sans contrat effacés")
    return len(found)


def _forget_customers(rows: Rows) -> int:
    """With what the desk's own log of forms and the mails about a change of address say of them."""
    locked = list(rows.select_for_update().values_list("pk", flat=True))
    # Whoever got a quote while this waited stays; from here on a new one waits for us.
    ids = list(rows.filter(pk__in=locked).values_list("pk", flat=True))
    notifications.forget_about([f"client {pk}" for pk in ids])
    _forget_forms(Customer, ids)
    return remove(Customer.objects.filter(pk__in=ids))


def _forget_forms(model: type[Model], ids: list[int]) -> None:
    """Django's log of the admin bears the names of rows and of what was typed."""
    kind = ContentType.objects.get_for_model(model)
    LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids]).delete()


def _remove_traces(rows: Rows) -> int:
    found = _locked(rows)
    _tell(purging.remove_traces(found), "Adresses IP et navigateurs effacés")
    return len(found)


def _locked(rows: Rows) -> list[Quote]:
    """Those that are still of the kind once nobody else can change them."""
    wanted = list(rows.values_list("pk", flat=True))
    locks = Quote.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
    ids = [quote.pk for quote in locks]
    return list(rows.filter(pk__in=ids).order_by("pk"))


def _tell(permit: PurgePermit | None, what: str) -> None:
    """The permit, word for word, is a fact of the staff's journal; nobody of the staff stands behind a timer."""
    if permit is not None:
        target = f"{what} : {len(permit.said['quotes'])} devis"
        journal.append("purged", by=By(None), target=target, permit=permit.sha256, document=permit.document)


RULES = (
    Rule(
        "devis sans contrat",
        PROSPECTS.lasts,
        "last_at",
        lambda before: _without_contract(quotes.never_signed(before)),
        _erase,
    ),
    # After the quotes: whoever has none left is found here.
    Rule("clients sans devis", PROSPECTS.lasts, "created_at", quotes.without_quote, _forget_customers),
    Rule(
        "traces de qui n'a pas signé",
        TRACES.lasts,
        "last_at",
        lambda before: _without_contract(quotes.with_traces(before)),
        _remove_traces,
    ),
)
# Told, never carried out: a contract goes by nobody's hand but its owner's.
CONTRACTS_OVER = Rule(
    "contrats de plus de dix ans (à examiner)", CONTRACTS.lasts, "accepted_at", quotes.contracts_over
)
