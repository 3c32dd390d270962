"""What happens to money: sessions are opened, paid, settled and expired; the rest of its life is in `afterwards`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from demo.stripe_standin import cards, errors, resources
from demo.stripe_standin.cards import Card, Leads
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.resources import HIDDEN
from demo.stripe_standin.store import Resource, Store

NOT_AUTHENTICATED = Card(
    "",
    "",
    Leads.REFUSED,
    code="payment_intent_authentication_failure",
    message="The provided payment method has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again.",
    sentence="La confirmation auprès de votre banque a échoué. Réessayez, ou prenez une autre carte.",
)
DEBIT_FAILED = Card(
    "",
    "",
    Leads.REFUSED,
    code="card_declined",
    decline_code="insufficient_funds",
    message="Your card has insufficient funds.",
)


class PaymentStep(Enum):
    """Where a try to pay led."""

    PAID = "paid"
    WAITING = "waiting"
    QUESTION = "question"
    REFUSED = "refused"
    CLOSED = "closed"
    """It was too late: paid before, or expired."""


@dataclass(frozen=True)
class Tried:
    step: PaymentStep
    sentence: str = ""


@dataclass(frozen=True)
class Payer:
    """What the card page asks for, apart from what stays with the card's bank."""

    name: str
    email: str
    expiry: tuple[int, int]


class Bank:
    def __init__(self, store: Store, *, base_url: str) -> None:
        self.store, self.base_url = store, base_url
        self.request: Resource = {"id": None, "idempotency_key": None}
        self.due = {
            session["id"]: session["expires_at"]
            for session in store.all_now("checkout.session")
            if session["status"] == "open"
        }

    @contextmanager
    def asked_by(self, request: str, key: str) -> Iterator[None]:
        """Events tell which request caused them. Within the store's lock."""
        self.request = {"id": request, "idempotency_key": key or None}
        try:
            yield
        finally:
            self.request = {"id": None, "idempotency_key": None}

    def now(self) -> int:
        return self.store.clock.now()

    def tell(self, type: str, of: Resource, *, family: str) -> None:  # noqa: A002 - Stripe's name
        identity = self.store.new_id("evt")
        event = resources.event(identity, created=self.now(), type=type, of=of, request=self.request)
        self.store.announce(event, family=family)

    # Checkout Sessions

    def open_session(
        self,
        *,
        amount: int,
        currency: str,
        items: list[Resource],
        given: Resource,
        payment_intent_data: Resource,
    ) -> Resource:
        with self.store.changing():
            identity = self.store.new_id("cs_test")
            lines = [
                resources.line_item(self.store.new_id("li"), currency=currency, **item) for item in items
            ]
            session = resources.session(
                identity,
                created=self.now(),
                url=f"{self.base_url}/c/pay/{identity}",
                amount=amount,
                currency=currency,
                given=given,
                hidden={"line_items": lines, "payment_intent_data": payment_intent_data, "attempt": None},
            )
            self.store.save(session, family=identity)
            self.due[identity] = session["expires_at"]
        return session

    def session(self, identity: str) -> Resource:
        self.expire_due()
        found = self.store.now("checkout.session", identity)
        if found is None:
            raise errors.no_such("checkout.session", identity, param="session")
        return found

    def expire(self, identity: str) -> Resource:
        with self.store.changing():
            session = self.session(identity)
            if session["status"] != "open":
                raise ApiError(
                    'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
                    f"status of `{session['status']}`.",
                    kept=True,
                )
            return self._expire(session)

    def expire_due(self) -> None:
        """Those whose time has come."""
        with self.store.lock:
            past = [identity for identity, end in self.due.items() if end <= self.now()]
            if past:
                with self.store.changing():
                    for identity in past:
                        del self.due[identity]
                        session = self.store.now("checkout.session", identity)
                        if session is not None and session["status"] == "open":
                            self._expire(session)

    def _expire(self, session: Resource) -> Resource:
        session |= {"status": "expired", "url": None}
        session["customer_details"] = session["customer_details"] or resources.customer_details(
            email=session["customer_email"], name=None
        )
        intent = self._intent(session)
        if intent is not None:
            intent |= {"status": "canceled", "canceled_at": self.now(), "cancellation_reason": "expired"}
            self.store.save(intent, family=session["id"])
            self.tell("payment_intent.canceled", intent, family=session["id"])
        self.store.save(session, family=session["id"])
        self.tell("checkout.session.expired", session, family=session["id"])
        return session

    # Paying

    def pay(self, identity: str, *, card: Card, payer: Payer) -> Tried:
        with self.store.changing():
            session = self.session(identity)
            if session["status"] != "open":
                return Tried(PaymentStep.CLOSED)
            session[HIDDEN]["attempt"] = {"card": card.number} | vars(payer)
            if card.leads is Leads.REFUSED:
                return self._refuse(session, card=card, payer=payer)
            if card.leads is Leads.QUESTION:
                return self._ask(session, card=card, payer=payer)
            return self._complete(session, card=card, payer=payer)

    def answer_question(self, identity: str, *, confirmed: bool) -> Tried:
        """What the holder told the bank."""
        with self.store.changing():
            session = self.session(identity)
            attempt = session[HIDDEN]["attempt"]
            if session["status"] != "open" or attempt is None:
                return Tried(PaymentStep.CLOSED)
            card = cards.BY_NUMBER[attempt["card"]]
            payer = Payer(attempt["name"], attempt["email"], tuple(attempt["expiry"]))
            if confirmed:
                return self._complete(session, card=card, payer=payer)
            return self._fail_question(session)

    def has_question(self, session: Resource) -> bool:
        intent = self._intent(session)
        return session["status"] == "open" and intent is not None and intent["status"] == "requires_action"

    def _complete(self, session: Resource, *, card: Card, payer: Payer) -> Tried:
        waiting = card.leads is Leads.WAITING
        family = session["id"]
        intent = self._tried_with(session, card=card, payer=payer)
        charge = self._charge(intent, card=card, status="pending" if waiting else "succeeded")
        intent |= {"latest_charge": charge["id"], "last_payment_error": None, "next_action": None}
        intent |= {"status": "processing"} if waiting else _received(intent)
        session |= {
            "status": "complete",
            "payment_status": "unpaid" if waiting else "paid",
            "payment_intent": intent["id"],
            "customer_details": resources.customer_details(email=payer.email, name=payer.name),
            "url": None,
        }
        session[HIDDEN]["attempt"] = None
        for resource in (charge, intent, session):
            self.store.save(resource, family=family)
        if waiting:
            self.tell("charge.pending", charge, family=family)
            self.tell("payment_intent.processing", intent, family=family)
        else:
            self.tell("charge.succeeded", charge, family=family)
            self.tell("payment_intent.succeeded", intent, family=family)
        self.tell("checkout.session.completed", session, family=family)
        return Tried(PaymentStep.WAITING if waiting else PaymentStep.PAID)

    def _refuse(self, session: Resource, *, card: Card, payer: Payer) -> Tried:
        family = session["id"]
        intent = self._tried_with(session, card=card, payer=payer)
        charge = self._charge(intent, card=card, status="failed")
        intent |= {"latest_charge": charge["id"]} | self._failure(intent, card=card, charge=charge["id"])
        session["payment_intent"] = intent["id"]
        for resource in (charge, intent, session):
            self.store.save(resource, family=family)
        self.tell("charge.failed", charge, family=family)
        self.tell("payment_intent.payment_failed", intent, family=family)
        return Tried(PaymentStep.REFUSED, card.sentence)

    def _ask(self, session: Resource, *, card: Card, payer: Payer) -> Tried:
        intent = self._tried_with(session, card=card, payer=payer)
        where = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": None, "url": f"{session['url']}/banque"},
        }
        intent |= {"status": "requires_action", "next_action": where}
        session["payment_intent"] = intent["id"]
        for resource in (intent, session):
            self.store.save(resource, family=session["id"])
        self.tell("payment_intent.requires_action", intent, family=session["id"])
        return Tried(PaymentStep.QUESTION)

    def _fail_question(self, session: Resource) -> Tried:
        intent = self._intent(session)
        assert intent is not None  # noqa: S101 - a question is always about one
        intent |= {"next_action": None} | self._failure(intent, card=NOT_AUTHENTICATED, charge=None)
        session[HIDDEN]["attempt"] = None
        for resource in (intent, session):
            self.store.save(resource, family=session["id"])
        self.tell("payment_intent.payment_failed", intent, family=session["id"])
        return Tried(PaymentStep.REFUSED, NOT_AUTHENTICATED.sentence)

    def settle(self, intent_id: str, *, succeeded: bool) -> Resource:
        """The end of a payment that was waiting."""
        with self.store.changing():
            intent = self.intent(intent_id)
            if intent["status"] != "processing":
                raise ApiError(f"This PaymentIntent's status is {intent['status']}: nothing is waiting.")
            session = self.session(self.store.family_of(intent["id"]))
            charge = self.store.now("charge", intent["latest_charge"])
            assert charge is not None  # noqa: S101 - what is being processed has one
            if succeeded:
                charge |= {
                    "status": "succeeded",
                    "paid": True,
                    "captured": True,
                    "amount_captured": charge["amount"],
                }
                intent |= _received(intent)
                session["payment_status"] = "paid"
            else:
                charge |= {"status": "failed", "failure_code": DEBIT_FAILED.code}
                charge |= {"failure_message": DEBIT_FAILED.message}
                charge["outcome"] = resources.outcome(DEBIT_FAILED, status="failed")
                intent |= self._failure(intent, card=DEBIT_FAILED, charge=charge["id"])
            for resource in (charge, intent, session):
                self.store.save(resource, family=session["id"])
            end = "succeeded" if succeeded else "failed"
            self.tell(f"charge.{end}", charge, family=session["id"])
            self.tell(
                f"payment_intent.{'succeeded' if succeeded else 'payment_failed'}",
                intent,
                family=session["id"],
            )
            self.tell(f"checkout.session.async_payment_{end}", session, family=session["id"])
        return intent

    # Parts

    def intent(self, identity: str) -> Resource:
        found = self.store.now("payment_intent", identity)
        if found is None:
            raise errors.no_such("payment_intent", identity, param="intent")
        return found

    def _intent(self, session: Resource) -> Resource | None:
        identity = session["payment_intent"]
        return self.store.now("payment_intent", identity) if identity else None

    def _tried_with(self, session: Resource, *, card: Card, payer: Payer) -> Resource:
        """The session's intent, made at the first try, with the card of this one."""
        intent, family = self._intent(session), session["id"]
        if intent is None:
            intent = resources.payment_intent(self.store.new_id("pi"), created=self.now(), of=session)
            self.store.save(intent, family=family)
            self.tell("payment_intent.created", intent, family=family)
        method = resources.payment_method(
            self.store.new_id("pm"),
            created=self.now(),
            card=card,
            expiry=payer.expiry,
            name=payer.name,
            email=payer.email,
        )
        self.store.save(method, family=family)
        intent["payment_method"] = method["id"]
        return intent

    def _charge(self, intent: Resource, *, card: Card, status: str) -> Resource:
        method = self.store.now("payment_method", intent["payment_method"])
        assert method is not None  # noqa: S101 - saved just before
        charge = resources.charge(
            self.store.new_id("ch"),
            created=self.now(),
            intent=intent,
            method=method,
            card=card,
            status=status,
        )
        charge[HIDDEN] = {"card": card.number}
        return charge

    def _failure(self, intent: Resource, *, card: Card, charge: str | None) -> dict[str, Any]:
        method = self.store.now("payment_method", intent["payment_method"])
        error = {
            "charge": charge,
            "code": card.code,
            "decline_code": card.decline_code or None,
            "message": card.message,
            "payment_method": method,
            "type": "card_error",
        }
        return {"status": "requires_payment_method", "last_payment_error": error, "payment_method": None}


def _received(intent: Resource) -> dict[str, Any]:
    return {"status": "succeeded", "amount_received": intent["amount"]}
