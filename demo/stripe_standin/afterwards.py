"""What happens to money that was received: refunds and disputes, and the ledger over all of it."""

from __future__ import annotations

from demo.stripe_standin import cards, errors, resources
from demo.stripe_standin.bank import Bank
from demo.stripe_standin.cards import Repayment
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.resources import HIDDEN
from demo.stripe_standin.store import Resource

TO_ANSWER = 7 * 24 * 3600


def euros(cents: int) -> str:
    return f"€{cents / 100:,.2f}"


class Afterwards:
    def __init__(self, bank: Bank) -> None:
        self.bank, self.store = bank, bank.store

    # Refunds

    def refund(
        self,
        *,
        intent: str = "",
        charge: str = "",
        amount: int | None = None,
        reason: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Resource:
        with self.store.changing():
            paid = self._paid(intent=intent, charge=charge)
            left = paid["amount"] - paid["amount_refunded"]
            wanted = left if amount is None else amount
            self._refuse_refund(paid, wanted=wanted, left=left)
            repayment = cards.BY_NUMBER[paid[HIDDEN]["card"]].repayment
            refund = resources.refund(
                self.store.new_id("re"),
                created=self.bank.now(),
                of=paid,
                amount=wanted,
                status="pending" if repayment is Repayment.LATER else "succeeded",
                reason=reason,
                metadata=metadata or {},
                hidden={"open": repayment is not Repayment.AT_ONCE},
            )
            self._give_back(paid, wanted)
            family = self.store.family_of(paid["id"])
            for resource in (refund, paid):
                self.store.save(resource, family=family)
            self.bank.tell("refund.created", refund, family=family)
            self.bank.tell("charge.refunded", paid, family=family)
        return refund

    def _paid(self, *, intent: str, charge: str) -> Resource:
        if intent:
            charge = self.bank.intent(intent)["latest_charge"] or ""
        found = self.store.now("charge", charge)
        if found is None and not intent:
            raise errors.no_such("charge", charge, param="charge")
        if found is None or found["status"] != "succeeded":
            message = f"This PaymentIntent ({intent or 'of this charge'}) does not have a successful charge to refund."
            raise ApiError(message, kept=True)
        return found

    def _refuse_refund(self, paid: Resource, *, wanted: int, left: int) -> None:
        if self._open_dispute(paid):
            message = f"Charge {paid['id']} has been charged back; cannot issue a refund."
            raise ApiError(message, code="charge_disputed", kept=True)
        if left == 0:
            message = f"Charge {paid['id']} has already been refunded."
            raise ApiError(message, code="charge_already_refunded", kept=True)
        if wanted > left:
            message = (
                f"Refund amount ({euros(wanted)}) is greater than unrefunded amount on charge ({euros(left)})"
                if paid["amount_refunded"]
                else f"Refund amount ({euros(wanted)}) is greater than charge amount ({euros(left)})"
            )
            raise ApiError(message, param="amount", kept=True)

    def _give_back(self, paid: Resource, amount: int) -> None:
        paid["amount_refunded"] += amount
        paid["refunded"] = paid["amount_refunded"] == paid["amount"]

    def settle_refund(self, identity: str, *, succeeded: bool) -> Resource:
        """The end of a refund that is slow, or that the card's bank sends back."""
        with self.store.changing():
            refund = self.store.now("refund", identity)
            if refund is None:
                raise errors.no_such("refund", identity)
            if not refund[HIDDEN]["open"]:
                raise ApiError("This refund has come to its end.")
            refund[HIDDEN]["open"] = False
            refund |= {"status": "succeeded" if succeeded else "failed", "pending_reason": None}
            family = self.store.family_of(identity)
            if not succeeded:
                refund["failure_reason"] = "expired_or_canceled_card"
                paid = self.store.now("charge", refund["charge"])
                assert paid is not None  # noqa: S101 - a refund is of one
                self._give_back(paid, -refund["amount"])
                self.store.save(paid, family=family)
            self.store.save(refund, family=family)
            self.bank.tell("refund.updated", refund, family=family)
            self.bank.tell("charge.refund.updated", refund, family=family)
            if not succeeded:
                self.bank.tell("refund.failed", refund, family=family)
        return refund

    # Disputes

    def dispute(self, intent: str, *, amount: int | None = None, reason: str = "fraudulent") -> Resource:
        with self.store.changing():
            paid = self._paid(intent=intent, charge="")
            if self._open_dispute(paid):
                raise ApiError("This payment is already disputed.")
            dispute = resources.dispute(
                self.store.new_id("dp"),
                created=self.bank.now(),
                of=paid,
                amount=amount or paid["amount"] - paid["amount_refunded"],
                reason=reason,
                due_by=self.bank.now() + TO_ANSWER,
            )
            paid["disputed"] = True
            family = self.store.family_of(paid["id"])
            for resource in (dispute, paid):
                self.store.save(resource, family=family)
            self.bank.tell("charge.dispute.created", dispute, family=family)
            self.bank.tell("charge.dispute.funds_withdrawn", dispute, family=family)
        return dispute

    def close_dispute(self, identity: str, *, won: bool) -> Resource:
        with self.store.changing():
            dispute = self.store.now("dispute", identity)
            if dispute is None:
                raise errors.no_such("dispute", identity)
            if dispute["status"] in {"won", "lost"}:
                raise ApiError("This dispute is closed.")
            dispute["status"] = "won" if won else "lost"
            family = self.store.family_of(identity)
            self.store.save(dispute, family=family)
            if won:
                self.bank.tell("charge.dispute.funds_reinstated", dispute, family=family)
            self.bank.tell("charge.dispute.closed", dispute, family=family)
        return dispute

    def _open_dispute(self, paid: Resource) -> bool:
        return any(
            dispute["charge"] == paid["id"] and dispute["status"] != "won"
            for dispute in self.store.all_now("dispute", family=self.store.family_of(paid["id"]))
        )

    # The ledger

    def ledger(self) -> Resource:
        """What was received and given back for each payment, to the cent, whatever the API is told to show."""
        with self.store.lock:
            rows = [self._row(intent) for intent in self.store.all_now("payment_intent")]
        names = ("received", "refunded", "disputed")
        return {"payments": rows, "total": {name: sum(row[name] for row in rows) for name in names}}

    def _row(self, intent: Resource) -> Resource:
        session = self.bank.session(self.store.family_of(intent["id"]))
        refunds = self.store.all_now("refund", family=session["id"])
        disputes = self.store.all_now("dispute", family=session["id"])
        return {
            "payment_intent": intent["id"],
            "session": session["id"],
            "client_reference_id": session["client_reference_id"],
            "metadata": session["metadata"],
            "currency": intent["currency"],
            "status": intent["status"],
            "amount": intent["amount"],
            "received": intent["amount_received"],
            "refunded": sum(one["amount"] for one in refunds if one["status"] in {"succeeded", "pending"}),
            "disputed": sum(one["amount"] for one in disputes if one["status"] != "won"),
            "refunds": [{name: one[name] for name in ("id", "amount", "status")} for one in refunds],
            "disputes": [{name: one[name] for name in ("id", "amount", "status")} for one in disputes],
        }
