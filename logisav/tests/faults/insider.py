"""A process of the installation that nobody kills: it makes quotes, and says of them what the rows and files say.

One JSON object a line in, one out. What is wrong is a sentence; nothing wrong is an empty list.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.core.files.storage import default_storage  # noqa: E402 - models come after the settings
from django.db import connections  # noqa: E402

from lib import files  # noqa: E402
from notifications.models import Notification, OutgoingEmail  # noqa: E402
from payments import statuses  # noqa: E402
from payments.models import Deposit, Payment, StripeEvent  # noqa: E402
from payments.tests.factories import make_paying_company  # noqa: E402
from quotes import journal, list_columns, workflow  # noqa: E402
from quotes.models import Quote, QuoteVersion  # noqa: E402
from quotes.tests.factories import SYSTEM, make_customer, make_manager, make_quote  # noqa: E402
from signing.models import SealedDocument, Signature  # noqa: E402

ENDED = (OutgoingEmail.State.SENT, OutgoingEmail.State.OUTDATED)
ONCE = ("signing/accepted", "signing/accepted_owner")


def make(given: dict[str, Any]) -> list[dict[str, str]]:
    """So many drafts, sent: their PDF and their mail are the workers' work."""
    make_paying_company()
    owner = make_manager(username=f"owner-{given['batch']}", email=f"owner-{given['batch']}@patron.example")
    made = []
    for rank in range(given["count"]):
        customer = make_customer(email=f"client-{given['batch']}-{rank}@exemple.fr")
        quote = make_quote(customer=customer, owner=owner, deposit_kind="percent", deposit_value=Decimal(30))
        workflow.send(quote.pk, actor=SYSTEM)
        made.append({"number": quote.number, "public_id": quote.public_id})
    return made


def waiting(given: dict[str, Any]) -> list[str]:
    """I6: what of these quotes is still to be done."""
    numbers = given["numbers"]
    quotes = Quote.objects.filter(number__in=numbers)
    mails = OutgoingEmail.objects.filter(about__in=numbers).waiting()
    versions = QuoteVersion.objects.filter(quote__in=quotes, done_at=None, failed_at=None)
    signatures = Signature.objects.filter(quote__in=quotes, done_at=None)
    events = StripeEvent.objects.filter(status=StripeEvent.Status.RECEIVED)
    unheard = OutgoingEmail.objects.filter(about__in=numbers, told=False)
    return [
        *(f"mail {row.message} {row.about} {row.state} {row.attempts} {row.error}" for row in mails),
        *(f"version {row} {row.attempts} {row.error}" for row in versions),
        *(f"seal {row} {row.attempts} {row.error}" for row in signatures),
        *(f"event {row.type} {row.attempts} {row.error}" for row in events),
        *(f"unheard {row.message} {row.about}" for row in unheard),
    ]


def rows(given: dict[str, Any]) -> list[dict[str, Any]]:
    """When each row came to be and when it was done, in seconds since 1970."""
    quotes = Quote.objects.filter(number__in=given["numbers"])
    found: list[tuple[str, str, Any, dt.datetime, dt.datetime | None]] = [
        *(
            (f"mail {row.message}", row.about, row, row.created_at, row.sent_at)
            for row in OutgoingEmail.objects.filter(about__in=given["numbers"])
        ),
        *(
            ("version", row.quote.number, row, row.frozen_at, row.done_at)
            for row in QuoteVersion.objects.filter(quote__in=quotes).select_related("quote")
        ),
        *(
            ("seal", row.quote.number, row, row.signed_at, row.done_at)
            for row in Signature.objects.filter(quote__in=quotes).select_related("quote")
        ),
    ]
    return [
        {
            "kind": kind,
            "about": about,
            "row": f"{row._meta.label_lower}-{row.pk}",
            "made": made.timestamp(),
            "done": done.timestamp(),
            "attempts": row.attempts,
        }
        for kind, about, row, made, done in found
        if done is not None
    ]


def judge(given: dict[str, Any]) -> list[str]:
    """`told` are the numbers whose customers read « Devis accepté »; `ledger` is what Stripe says, in cents."""
    wrong = []
    for quote in Quote.objects.filter(number__in=given["numbers"]).order_by("number"):
        wrong += [
            f"{quote.number}: {words}" for words in _of_quote(quote, told=quote.number in given["told"])
        ]
    wrong += _of_money(given["ledger"])
    wrong += [f"I5 list of {pk}: {names}" for pk, names in list_columns.differing()]
    wrong += [f"I5 deposit {deposit}" for deposit in statuses.differing()]
    return wrong


def _of_quote(quote: Quote, *, told: bool) -> Iterator[str]:
    signatures = list(Signature.objects.filter(quote=quote))
    kinds = Counter(quote.events.values_list("kind", flat=True))
    if quote.state not in Quote.State.values:
        yield f"I5 {quote.state}"
    if (quote.state == Quote.State.ACCEPTED) != (len(signatures) == 1 and kinds["accepted"] == 1):
        yield f"I1 {quote.state}, {len(signatures)} signatures, {kinds['accepted']} facts"
    if (bad := journal.first_bad_row(quote)) is not None:
        yield f"I1 the chain breaks at {bad}"
    if told and not signatures:
        yield "I2 the customer read that it is accepted"
    versions = list(quote.versions.all())
    if len(versions) != 1 or not versions[0].is_current:
        yield f"{len(versions)} versions"
    for version in versions:
        yield from _of_file(str(version.pdf), version.pdf_sha256)
    for signature in signatures:
        yield from _of_signature(signature)


def _of_signature(signature: Signature) -> Iterator[str]:
    documents = list(SealedDocument.objects.filter(signature=signature))
    if [document.revision for document in documents] != [1]:
        yield f"I3 revisions {[document.revision for document in documents]}"
    read = files.read_or_none(str(signature.version.pdf), signature.version.pdf_sha256)
    for document in documents:
        yield from _of_file(str(document.file), document.sha256)
        whole = files.read_or_none(str(document.file), document.sha256)
        if whole and read and not whole.startswith(read):
            yield "I3 the sealed file does not begin with what was read"
    mails = OutgoingEmail.objects.filter(about=signature.quote.number)
    for message in ONCE:
        states = list(mails.filter(message=message).values_list("state", flat=True))
        if states != [OutgoingEmail.State.SENT]:
            yield f"I3 {message}: {states}"
    yield from (f"I6 {mail.message}: {mail.state}" for mail in mails if mail.state not in ENDED)
    told = Notification.objects.filter(
        user=signature.quote.owner, about=signature.quote.number, text__contains="a signé"
    )
    if told.count() != 1:
        yield f"I3 {told.count()} notifications"


def _of_file(name: str, sha256: str) -> Iterator[str]:
    if not name or not default_storage.exists(name):
        yield f"file {name or 'of the version'} is missing"
    elif not files.is_whole(name, sha256):
        yield f"file {name} is not its hash"


def _of_money(ledger: dict[str, int]) -> Iterator[str]:
    """I4, over all deposits there are."""
    for deposit in Deposit.objects.all():
        says = Decimal(ledger.get(deposit.reference, 0)) / 100
        if deposit.received != says:
            yield f"I4 {deposit.reference}: {deposit.received} here, {says} at Stripe"
    paid = Payment.objects.filter(state=Payment.State.PAID).values_list("session_id", flat=True)
    if len(paid) != len(set(paid)):
        yield "I4 one page was counted twice"


COMMANDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "make": make,
    "waiting": waiting,
    "rows": rows,
    "judge": judge,
}


def main() -> None:
    for line in sys.stdin:
        given = json.loads(line)
        try:
            answer = {"answer": COMMANDS[given["command"]](given)}
        except Exception as error:  # noqa: BLE001 - the database may be away: who asks decides whether to ask again
            answer = {"error": f"{type(error).__name__}: {error}"}
        finally:
            connections.close_all()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
