"""The stand-in as one thing: what the server asks for answers, and what a test holds in its hand."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from demo.stripe_standin import cards
from demo.stripe_standin.afterwards import Afterwards
from demo.stripe_standin.api import Api
from demo.stripe_standin.bank import Bank, Payer, PaymentStep, Tried
from demo.stripe_standin.cards import Card
from demo.stripe_standin.courier import BACK_OFF, Courier, Endpoint, payload_of, signature
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.faults import FaultKind, Faults, HangUp, PlannedFault
from demo.stripe_standin.store import Resource, Store
from demo.stripe_standin.web import Request, Response

TEST_KEY = "sk_test_logisav0123456789"
LIVE = ("sk_live_", "rk_live_")
SOME_EXPIRY = (12, 2034)


class StandIn:
    def __init__(
        self,
        *,
        base_url: str,
        key: str = TEST_KEY,
        endpoint: Endpoint | None = None,
        file: Path | None = None,
        counted_ids: bool = False,
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        if key.startswith(LIVE):
            raise ValueError("The stand-in takes no live key.")
        self.base_url, self.key = base_url, key
        self.store = Store(file=file, base_url=base_url, counted_ids=counted_ids)
        self.bank = Bank(self.store, base_url=base_url)
        self.afterwards = Afterwards(self.bank)
        self.api = Api(self.bank, self.afterwards, key)
        self.courier = Courier(self.store, endpoint or Endpoint(), back_off=back_off)
        self.faults = Faults()

    # Requests

    def answer_api(self, request: Request) -> Response:
        fault = self.faults.take(request)
        if fault is None:
            return self.api.answer(request)
        if fault.kind is FaultKind.UNREACHABLE:
            raise HangUp
        if fault.kind is FaultKind.ERROR:
            return _broken()
        if fault.kind is FaultKind.SLOW:
            self._dawdle(request, fault)
        answer = self.api.answer(request)
        if fault.kind is FaultKind.LOST:
            raise HangUp
        return answer

    def _dawdle(self, request: Request, fault: PlannedFault) -> None:
        """Meanwhile its idempotency key is taken."""
        key = request.headers.get("idempotency-key", "")
        self.api.busy.add(key)
        try:
            time.sleep(fault.seconds)
        finally:
            self.api.busy.discard(key)

    # What the person at the card page does

    def pay(self, session: str, *, card: Card, payer: Payer) -> Tried:
        tried = self.bank.pay(session, card=card, payer=payer)
        if tried.step is PaymentStep.PAID and card.disputed:
            self.afterwards.dispute(self.bank.session(session)["payment_intent"])
        return tried

    def answer_question(self, session: str, *, confirmed: bool) -> Tried:
        return self.bank.answer_question(session, confirmed=confirmed)

    def pay_with(
        self, session: str, *, number: str = "4242424242424242", name: str = "Camille Martin", email: str = ""
    ) -> Tried:
        """The same without the page, for tests: a number of `cards`, by default the one that is accepted."""
        mail = self.bank.session(session)["customer_email"] or email or "camille.martin@example.com"
        card = cards.BY_NUMBER.get(number.replace(" ", ""), cards.NO_TEST_CARD)
        return self.pay(session, card=card, payer=Payer(name, mail, SOME_EXPIRY))

    # What a test asks

    def events(self, *types: str) -> list[Resource]:
        """Oldest first."""
        return [event for event in self.store.all_now("event") if not types or event["type"] in types]

    def signed(self, event: str, *, secret: str = "", at: int | None = None) -> tuple[bytes, str]:
        """The body and the `Stripe-Signature` of a webhook, to be posted by whoever asks."""
        found = self.store.now("event", event)
        if found is None:
            raise KeyError(event)
        body = payload_of(found)
        secrets = [secret] if secret else self.courier.endpoint.secrets
        return body, signature(body, secrets=secrets, at=int(time.time()) if at is None else at)

    def answer_as_of(self, event: str, *, sessions: Sequence[str] = ()) -> None:
        """The API answers as it did at this event, until told otherwise; for everything or for some sessions."""
        self.store.view_as_of(event, list(sessions))

    def answer_as_of_the_end(self, *, sessions: Sequence[str] = ()) -> None:
        self.store.view_as_of("", list(sessions))

    def ledger(self) -> dict[str, Any]:
        return self.afterwards.ledger()


def refusal(refused: ApiError) -> Response:
    return Response(refused.status, json.dumps(refused.body).encode(), {"Content-Type": "application/json"})


def _broken() -> Response:
    body = {"error": {"message": "Something went wrong on Stripe's end.", "type": "api_error"}}
    return Response(
        HTTPStatus.INTERNAL_SERVER_ERROR, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
