"""« À rapprocher »: what the world has, and the restored database has not. Only read here; people decide."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Self

from django.core.management import CommandError, call_command, get_commands
from django.db.models import Q

from lib import french
from logisav.backup import databases, media
from logisav.backup.numbers import Anchors
from payments import stripe_gateway
from payments.models import Payment, Refund
from payments.stripe_gateway import GatewayRefused, Made
from quotes.models import JournalHead
from signing import seal
from signing.models import Anchor
from signing.proof import evidence

EARLIER = dt.timedelta(minutes=10)  # our clock and Stripe's
PAGE_STATES = {"paid": "payée", "unpaid": "non payée", "no_payment_required": "non payée"}


@dataclass
class Findings:
    """`numbers` are the quotes that they name; `lost_versions`: versions may have been mailed that are unknown here."""

    lines: list[str] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    lost_versions: bool = False

    def __iadd__(self, other: Findings) -> Self:
        self.lines += other.lines
        self.numbers |= other.numbers
        self.lost_versions |= other.lost_versions
        return self


def newer_files(*, media_was_kept: bool) -> Findings:
    """Files that no row names. Without the old media folder nobody can tell which versions were mailed."""
    found = Findings(lost_versions=not media_was_kept)
    named = set(databases.named_files())
    for path in media.paths():
        if path in named:
            continue
        if path.startswith("signed/"):
            number = _number_in(path)
            found.numbers.add(number)
            found.lines.append(
                f"document scellé {path} : {number or 'sans preuve lisible'}, inconnu de cette base"
            )
        elif path.startswith("versions/"):
            found.lost_versions = True
            found.lines.append(f"version {path} : peut-être envoyée à un client, inconnue de cette base")
        else:
            found.lines.append(f"fichier {path} : inconnu de cette base")
    return found


def _number_in(path: str) -> str:
    """Of the quote, by the proof inside the sealed file; empty when there is none to be read."""
    try:
        proof = seal.attached((media.root() / path).read_bytes(), evidence.PROOF_NAME)
        return str(json.loads(proof)["quote"]) if proof else ""
    except Exception:  # noqa: BLE001 - a damaged file makes a parser raise anything; it is listed without number
        return ""


def newer_anchors(anchors: Anchors) -> Findings:
    """Anchors that this database has not, and how much further they hold each journal."""
    found = Findings()
    ours = {str(day): document for day, document in Anchor.objects.values_list("day", "document")}
    heads = dict(JournalHead.objects.values_list("quote__number", "seq"))
    for day, document in sorted(anchors.items()):
        if ours.get(day) == document:
            continue
        further = [
            f"{number} jusqu'à la ligne {seq} (ici {heads.get(number, 0)})"
            for number, (seq, _) in sorted(json.loads(document)["heads"].items())
            if seq > heads.get(number, 0)
        ]
        found.numbers |= set(json.loads(document)["heads"])
        found.lines.append(
            f"ancrage du {day}, inconnu de cette base : {', '.join(further) or 'rien de plus'}"
        )
    return found


# Stripe


def at_stripe(dumped_at: dt.datetime) -> Findings:
    """Pages, payments and refunds since the dump of which this database does not know, or not all.

    Raises GatewayUnavailable; a definite no, such as another account's key, is a finding.
    """
    found = Findings()
    try:
        made = stripe_gateway.made_since(dumped_at - EARLIER)
        under_way = [
            _settled_meanwhile(payment) for payment in Payment.objects.under_way().exclude(session_id=None)
        ]
    except GatewayRefused as refusal:
        if Payment.objects.filter(method=Payment.Method.CARD).exists():
            found.lines.append(f"Stripe n'a pas pu être interrogé : {refusal}")
        return found
    found.numbers = {one.quote for one in made if one.quote}
    found.lines = [line for one in made if (line := _unknown(one))] + [line for line in under_way if line]
    return found


def _unknown(made: Made) -> str:
    """In words, when it is not booked here as it stands there."""
    amount, at = french.money(made.amount), french.in_paris(made.at).strftime("%d/%m/%Y à %H:%M")
    about = f" du devis {made.quote}" if made.quote else ""
    match made.kind:
        case "page":
            known = Payment.objects.filter(session_id=made.id).exists()
            state = PAGE_STATES.get(made.state, made.state)
            what = f"page de paiement {made.id}{about}, {amount}, {state}"
        case "payment":
            ours = Payment.objects.filter(key=made.payment or None)
            looked_at = Q(state__in=Payment.UNDER_WAY, session_id__isnull=False)  # told by its own page
            known = ours.filter(Q(state=Payment.State.PAID) | looked_at).exists()
            if not known and made.state != "succeeded":
                return ""  # its page is listed
            what = f"paiement {made.id}{about}, {amount}"
        case _:
            known = Refund.objects.filter(provider_id=made.id).exists()
            waits = Refund.objects.filter(key=made.refund or None, provider_id=None).exists()
            what = f"remboursement {made.id}, {amount}" + (
                ", demandé ici et pas encore inscrit" if waits else ""
            )
    return "" if known else f"Stripe, {at} : {what}, inconnu de cette base"


def _settled_meanwhile(payment: Payment) -> str:
    snapshot = stripe_gateway.fetch_session(payment.session_id or "")
    if not snapshot.is_paid:
        return ""
    number, amount = payment.deposit.quote.number, french.money(payment.amount)
    return f"Stripe : la page du devis {number} a été payée ({amount}), pas encore inscrit ici"


# Purges


def purge_again() -> list[str]:
    """What a retention rule removed since the dump is back, and goes again.

    What was erased because a person asked for it stands nowhere but in the operator's own record: it is called to mind.
    """
    told = [
        "effacements demandés par une personne depuis la sauvegarde : à refaire à la main, s'il y en a eu"
    ]
    if "purge" not in get_commands():
        return told
    try:
        call_command("purge", "--do", verbosity=0)
    except CommandError as failure:
        return [*told, f"la purge n'a pas pu être refaite ({failure}) : manage.py purge --do"]
    return told
