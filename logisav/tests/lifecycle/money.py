"""The deposit: paid by card at the stand-in, by transfer, sent back, disputed; what Stripe tells, in any order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.faults import FaultKind, PlannedFault
from logisav.tests.lifecycle.course import AWAY, Course
from logisav.tests.lifecycle.model import today
from logisav.tests.lifecycle.people import ANY, CUSTOMER, OWNER, of, yes_if
from payments import workflow
from payments.models import Deposit, Payment, Refund, StripeEvent
from payments.tests.stripe_side import GOOD, REFUSED, WAITING, deliver
from payments.workflow import Announced, Paying


class Money(Course):
    """Some of it before there is anything to pay, and after there is nothing any more."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @precondition(lambda self: self.model.was_accepted)
    @rule()
    def presses(self) -> None:
        self.act("press", self._press, self._pressing)

    @precondition(lambda self: self.model.version and not self.model.was_accepted)
    @rule()
    def presses_too_soon(self) -> None:
        self.act("press too soon", self._press, lambda: {Paying.NOT_OPEN})

    def _press(self) -> Paying:
        outcome, address = workflow.pay_by_card(self.quote_id, actor=CUSTOMER)
        if outcome is Paying.REDIRECT:
            self._check_page(address.rpartition("/")[2])
        return outcome

    def _check_page(self, session: str) -> None:
        """Open, for what is still asked, and the only one that the customer may pay on."""
        shown, bank = self.world.standin.bank.session(session), self.world.standin.bank
        deposit = Deposit.objects.get(quote=self.quote_id)
        assert (shown["status"], Decimal(shown["amount_total"]) / 100) == ("open", deposit.remaining)
        self.pages = [*(page for page in self.pages if page != session), session]
        assert [page for page in self.pages if bank.session(page)["status"] == "open"] == [session]

    def _pressing(self) -> set[Any]:
        if not self.model.stands:
            return {Paying.NOT_OPEN}
        if self.model.too_early:
            return {Paying.TOO_EARLY}
        away = {AWAY} if self.world.standin.faults.planned else set()
        return {Paying.REDIRECT, Paying.PENDING, Paying.PAID, *away}

    # At Stripe

    @precondition(lambda self: self.pages)
    @rule(number=st.sampled_from([GOOD, GOOD, REFUSED, WAITING]))
    def pays(self, number: str) -> None:
        """Also on a page that has closed meanwhile, which takes nothing."""
        self.tally["card typed"] += 1
        quietly(lambda: self.world.standin.pay_with(self.pages[-1], number=number))

    @precondition(lambda self: self._intents("processing"))
    @rule(succeeded=st.booleans())
    def bank_makes_up_its_mind(self, succeeded: bool) -> None:
        self.world.standin.bank.settle(self._intents("processing")[0], succeeded=succeeded)

    @precondition(lambda self: self._intents("succeeded"))
    @rule(what=st.sampled_from(["part", "all", "dispute", "won", "lost"]))
    def stripe_side(self, what: str) -> None:
        """Refunds from Stripe's own dashboard; the card holder's bank."""
        after, intent = self.world.standin.afterwards, self._intents("succeeded")[-1]
        disputes = [one["id"] for one in self.world.standin.store.all_now("dispute")]
        verbs: dict[str, Callable[[], object]] = {
            "part": lambda: after.refund(intent=intent, amount=10_000),
            "all": lambda: after.refund(intent=intent),
            "dispute": lambda: after.dispute(intent),
            "won": lambda: disputes and after.close_dispute(disputes[-1], won=True),
            "lost": lambda: disputes and after.close_dispute(disputes[-1], won=False),
        }
        quietly(verbs[what])

    def _intents(self, status: str) -> list[str]:
        found = self.world.standin.store.all_now("payment_intent")
        return [intent["id"] for intent in found if intent["status"] == status]

    @precondition(lambda self: self.world.standin.events())
    @rule(which=st.integers(0, 30))
    def stripe_tells(self, which: int) -> None:
        """Any message, new or told before, in any order."""
        event = of(self.world.standin.events(), which)["id"]
        statuses = {200, 500} if self.world.standin.faults.planned else {200}
        self.act("webhook", lambda: deliver(self.world.standin, event), lambda: statuses)

    @precondition(lambda self: self.world.standin.events())
    @rule(which=st.integers(0, 30))
    def somebody_forges_a_message(self, which: int) -> None:
        event, known = of(self.world.standin.events(), which)["id"], StripeEvent.objects.count()
        self.act("forged", lambda: deliver(self.world.standin, event, secret="whsec_no"), lambda: {400})
        assert StripeEvent.objects.count() == known

    @precondition(lambda self: self.model.was_accepted)
    @rule(
        kind=st.sampled_from([FaultKind.UNREACHABLE, FaultKind.LOST, FaultKind.ERROR]),
        path=st.sampled_from(["/v1/", "/v1/refunds"]),
    )
    def stripe_falters(self, kind: FaultKind, path: str) -> None:
        self.world.standin.faults.plan(PlannedFault(kind, path))

    # By transfer, and back

    @precondition(lambda self: self.model.version)
    @rule()
    def says_that_it_was_transferred(self) -> None:
        def expected() -> set[Any]:
            if not self.model.stands or self.model.too_early:
                return {Announced.NOT_OPEN}
            return set(Announced)

        self.act("announce", lambda: workflow.announce_transfer(self.quote_id, actor=CUSTOMER), expected)

    @precondition(lambda self: self.model.version)
    @rule(amount=st.sampled_from(["681.81", "2681.81", "9000"]))
    def owner_books_a_transfer(self, amount: str) -> None:
        key = f"form-{self.tally['book a transfer']}"
        self.act(
            "book a transfer",
            lambda: workflow.confirm_transfer(
                self.quote_id, amount=Decimal(amount), received_on=today(), actor=OWNER, key=key
            ),
            lambda: yes_if(self.model.was_accepted is not None),
        )

    @precondition(lambda self: Payment.objects.filter(state="paid").exists())
    @rule(which=ANY, share=st.sampled_from(["1", "0.25", "2"]))
    def owner_sends_back(self, which: int, share: str) -> None:
        payment = of(list(Payment.objects.filter(state="paid").order_by("pk")), which)
        amount, key = (
            (payment.amount * Decimal(share)).quantize(Decimal("0.01")),
            f"back-{self.tally['send back']}",
        )

        def expected() -> set[Any]:
            asked = Refund.objects.filter(key=key).exists()
            return yes_if(asked or amount <= Payment.objects.get(pk=payment.pk).refundable)

        self.act(
            "send back",
            lambda: workflow.request_refund(payment.pk, amount=amount, reason="Geste", actor=OWNER, key=key),
            expected,
        )

    @precondition(lambda self: self.model.was_accepted)
    @rule()
    def payments_are_swept(self) -> None:
        self.act("sweep payments", workflow.sweep)


def quietly(at_stripe: Callable[[], object]) -> None:
    """What Stripe refuses has not happened."""
    try:
        at_stripe()
    except ApiError:
        pass
