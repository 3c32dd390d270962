"""What must hold after every step, read from the database; and what must hold once everybody has come to an end."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from decimal import Decimal
from typing import Any

from django.db.models import Count

from logisav.tests.lifecycle.edges import World
from logisav.tests.lifecycle.model import Model
from logisav.tests.words import lacking
from notifications.models import Notification, OutgoingEmail
from payments import statuses
from payments.models import Deposit, Dispute, Payment, Refund, StripeEvent
from quotes import journal, list_columns
from quotes.models import AccessLink, JournalHead, Quote, QuoteVersion
from signing.models import SealedDocument, Signature, SigningRequest

# Each fact that must tell somebody: the mails that it queues, one of each.
MAILS = {
    "link_requested": ("quotes/new_link",),
    "link_sent": ("quotes/new_link",),
    "reminded": ("quotes/reminder",),
    "reminded_automatically": ("quotes/reminder",),
    "expiry_told": ("quotes/expiring_owner",),
    "asked": ("quotes/question_owner", "quotes/question_received"),
    "answered": ("quotes/answer",),
    "refused": ("quotes/refused_owner", "quotes/refused"),
    "withdrawal_declared": ("quotes/declared", "quotes/declared_owner"),
    "withdrawn": ("quotes/withdrawn_owner", "quotes/withdrawn"),
    "email_changed": ("quotes/address_changed_owner",),  # by a colleague
    "sending_failed": ("quotes/sending_failed_owner",),
    "choice_failed": ("quotes/choice_failed_owner",),
    "code_requested": ("signing/code",),
    "contradiction": ("signing/contradiction_owner",),
    "signing_paused": ("signing/paused_owner",),
    "accepted": ("signing/accepted_owner",),
    "sealed": ("signing/accepted",),
    "sealing_late": ("signing/sealing_late",),
    "sealing_failed": ("quotes/stuck_owner",),
    "step_failed": ("quotes/stuck_owner",),
    "deposit_paid": ("payments/receipt", "payments/paid_owner"),
    "deposit_opened": ("payments/open_now",),
    "deposit_reminded": ("payments/reminder",),
    "deposit_set_aside": ("payments/set_aside_owner",),
    "payment_pending": ("payments/pending",),
    "payment_failed": ("payments/failed",),
    "transfer_announced": ("payments/transfer_announced_owner",),
    "transfer_confirmed": ("payments/transfer_received",),
    "refunded": ("payments/refunded",),
    "refund_failed": ("payments/refund_failed_owner",),
    "disputed": ("payments/disputed_owner",),
}
# A quote's first sending and the later ones; a failure of the bank's and of Stripe's: one fact, one of two mails.
EITHER = {"quotes/new_version": "quotes/link", "payments/card_refused_owner": "payments/failed"}
BESIDE = "payments/overpaid_owner"  # follows from amounts, not from a kind of fact
RANKS: dict[type[Any], dict[str, int]] = {
    Payment: {str(state): rank for state, rank in Payment.RANK.items()},
    Refund: {"requested": 0, "pending": 1, "succeeded": 2, "failed": 3},
    Dispute: {"open": 0, "won": 1, "lost": 1},
    SigningRequest: {"open": 0, "used": 1, "replaced": 1},
    StripeEvent: {"received": 0, "applied": 1, "ignored": 1, "set_aside": 1},
}
STATE_OF: dict[type[Any], str] = {StripeEvent: "status"}


class Laws:
    """Reads what is new in the journal since the last look, and everything that may not contradict it."""

    def __init__(self, quote: Quote, model: Model, world: World) -> None:
        self.quote_id, self.number = quote.pk, quote.number
        self.model, self.world = model, world
        self.seq, self.hash = 0, "0" * 64
        self.ranks: dict[tuple[type[Any], int], int] = {}

    def check(self) -> None:
        self._hear_the_journal()
        self._states_agree()
        self._each_fact_is_told_once()
        self._nothing_goes_back()
        if self.model.was_accepted:
            self._signed_once()
            self._no_money_that_stripe_does_not_know()

    # I1, I5: the chain, and the graph of states replayed from it

    def _hear_the_journal(self) -> None:
        for event in Quote(pk=self.quote_id).events.filter(seq__gt=self.seq).order_by("seq"):
            self.seq += 1
            self.hash = hashlib.sha256(bytes.fromhex(self.hash) + event.record.encode()).hexdigest()
            assert (event.seq, event.hash) == (self.seq, self.hash), "the chain is broken"
            said = json.loads(event.record)
            assert (said["seq"], said["event"], said["quote"]) == (event.seq, event.kind, self.number)
            assert not (names := lacking(event.kind, said["facts"])), f"{event.kind} does not say {names}"
            self.model.hear(event.kind, said["facts"])
        head = JournalHead.objects.get(quote_id=self.quote_id)
        assert (head.seq, head.hash) == (self.seq, self.hash), "the journal's end is not its last fact"

    def _states_agree(self) -> None:
        quote, model = Quote.objects.get(pk=self.quote_id), self.model
        shown = (quote.state, quote.blocked_at is not None, quote.revising, quote.accepted_at is not None)
        journalled = (model.state, model.blocked, model.revising, model.was_accepted is not None)
        assert shown == journalled, f"the row says {shown}, the journal {journalled}"
        current = QuoteVersion.objects.filter(quote_id=self.quote_id, is_current=True)
        in_force = [(version.number, version.version_hash) for version in current.defer("content")]
        assert in_force == ([(model.version, model.version_hash)] if model.version else [])

    # Whoever must be told (I2)

    def _each_fact_is_told_once(self) -> None:
        expected = Counter[str]()
        for kind, count in self.model.kinds.items():
            for message in MAILS.get(kind, ()):
                expected[message] += count
        expected["quotes/link"] += self.model.kinds["sent"]
        rows = OutgoingEmail.objects.filter(about=self.number).order_by().values_list("message")
        queued = Counter(dict(rows.annotate(count=Count("pk"))))
        queued.pop(BESIDE, None)
        behind_the_bell = sum(count for message, count in queued.items() if message.endswith("_owner"))
        for message, other in EITHER.items():
            queued[other] += queued.pop(message, 0)
        assert +queued == +expected, f"queued {+queued}, expected {+expected}"
        notices = Notification.objects.filter(about=self.number).exclude(text__contains="reçu en trop")
        unsent = self.model.kinds["mail_failed"] + self.model.kinds["mail_attention"]
        assert notices.count() == behind_the_bell + unsent

    # Dead stays dead

    def _nothing_goes_back(self) -> None:
        models = RANKS if self.model.was_accepted else {SigningRequest: RANKS[SigningRequest]}
        for model, ranks in models.items():
            for pk, state in model.objects.values_list("pk", STATE_OF.get(model, "state")):
                before = self.ranks.get((model, pk), 0)
                assert ranks[state] >= before, f"{model.__name__} {pk} went back to {state}"
                self.ranks[model, pk] = ranks[state]

    # I1: once, and as it was read

    def _signed_once(self) -> None:
        signature = Signature.objects.get()
        assert signature.version_hash == self.model.version_hash
        event = Quote(pk=self.quote_id).events.get(kind="accepted")
        assert (signature.journal_seq, signature.journal_hash) == (event.seq, event.hash)
        assert signature.request.state == "used"

    # I4: never more than came, never more back than Stripe says

    def _no_money_that_stripe_does_not_know(self) -> None:
        deposit = Deposit.objects.filter(quote_id=self.quote_id).first()
        if deposit is None:
            assert not self.world.standin.ledger()["payments"]
            return
        by_card, back = self._stripes_ledger()
        paid, returned = self._ours(deposit)
        assert paid <= by_card, f"booked {paid}, came {by_card}"
        assert returned <= back, f"booked as sent back {returned}, went back {back}"
        assert deposit.paid - paid == self.model.transferred

    def _stripes_ledger(self) -> tuple[Decimal, Decimal]:
        rows = self.world.standin.ledger()["payments"]
        cents = [sum(row[name] for row in rows) for name in ("received", "refunded")]
        return Decimal(cents[0]) / 100, Decimal(cents[1]) / 100

    def _ours(self, deposit: Deposit) -> tuple[Decimal, Decimal]:
        cards = [payment for payment in deposit.payments.all() if payment.method == "card"]
        paid = sum((payment.amount for payment in cards if payment.is_paid), Decimal(0))
        return paid, sum((payment.refunded for payment in cards), Decimal(0))

    # At the end

    def check_the_end(self) -> None:
        """Everybody has tried again: nothing sticks, nothing is missing, both ledgers agree."""
        self.check()
        quote = Quote.objects.get(pk=self.quote_id)
        assert journal.first_bad_row(quote) is None
        assert not list(list_columns.differing())
        assert not list(statuses.differing())
        assert self.model.state != "sending"
        self._outbox_is_empty()
        self._links_live_a_day()
        assert Signature.objects.count() == (1 if self.model.was_accepted else 0)
        if self.model.was_accepted:
            self._everybody_has_the_contract()
        self._ledgers_are_equal()

    def _outbox_is_empty(self) -> None:
        settled = ("sent", "outdated", "attention") if self.world.post.was_down else ("sent", "outdated")
        stuck = OutgoingEmail.objects.exclude(state__in=settled)
        assert not stuck.exists(), f"never left: {list(stuck.values_list('message', 'state', 'error'))}"
        assert not OutgoingEmail.objects.filter(told=False).exists()
        assert not OutgoingEmail.objects.exclude(sealed_secrets=None).exists()
        sent = set(OutgoingEmail.objects.filter(state="sent").values_list("message_id", flat=True))
        assert sent == set(self.world.post.taken), "sent is what the server took"
        assert not StripeEvent.objects.filter(status="received").exists()
        assert not Refund.objects.filter(state="requested").exists()
        assert not Payment.objects.filter(state__in=("started", "open")).exists()

    def _links_live_a_day(self) -> None:
        for link in AccessLink.objects.all():
            assert (link.expires_at - link.created_at).total_seconds() == 86_400
        assert set(AccessLink.objects.values_list("pk", flat=True)) == set(self.model.links)

    def _everybody_has_the_contract(self) -> None:
        """I3: one sealed PDF, a mail to the customer with it, one to the owner, a line behind the bell."""
        assert SealedDocument.objects.get().revision == 1
        for message in ("signing/accepted", "signing/accepted_owner"):
            state = OutgoingEmail.objects.get(message=message).state
            assert state == "sent" or (state == "attention" and self.world.post.was_down)
        assert Notification.objects.filter(kind="accepted").count() == 1

    def _ledgers_are_equal(self) -> None:
        deposit = Deposit.objects.filter(quote_id=self.quote_id).first()
        ours = self._ours(deposit) if deposit else (Decimal(0), Decimal(0))
        assert ours == self._stripes_ledger(), f"ours {ours}, Stripe's {self._stripes_ledger()}"
