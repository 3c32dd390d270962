"""/_standin/…: what happens at Stripe's dashboard or at a bank, for tests and for whoever shows the demo."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from demo.stripe_standin import forms
from demo.stripe_standin.bank import PaymentStep
from demo.stripe_standin.courier import Endpoint
from demo.stripe_standin.errors import ApiError, no_such, unknown_address
from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.overview import overview
from demo.stripe_standin.resources import shown
from demo.stripe_standin.standin import StandIn
from demo.stripe_standin.web import Request, Response, see_other

Body = dict[str, Any]
Command = Callable[[str, Body], Any]
HOME = "/_standin/"


class Control:
    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.bank, self.afterwards = standin.bank, standin.afterwards
        self.reads: list[tuple[re.Pattern[str], Command]] = [
            (re.compile(r"/_standin/health"), lambda _, given: {"ok": True}),
            (re.compile(r"/_standin/ledger"), lambda _, given: standin.ledger()),
            (re.compile(r"/_standin/events"), lambda _, given: self._events()),
            (re.compile(r"/_standin/webhooks"), lambda _, given: self._webhooks()),
        ]
        self.acts: list[tuple[re.Pattern[str], Command]] = [
            (re.compile(r"/_standin/sessions/([^/]+)/pay"), self._pay),
            (
                re.compile(r"/_standin/sessions/([^/]+)/expire"),
                lambda one, given: shown(self.bank.expire(one)),
            ),
            (re.compile(r"/_standin/payments/([^/]+)/settle"), self._settle),
            (re.compile(r"/_standin/payments/([^/]+)/refund"), self._refund),
            (re.compile(r"/_standin/payments/([^/]+)/dispute"), self._dispute),
            (re.compile(r"/_standin/refunds/([^/]+)/settle"), self._settle_refund),
            (re.compile(r"/_standin/disputes/([^/]+)/close"), self._close_dispute),
            (re.compile(r"/_standin/events/([^/]+)/deliver"), self._deliver),
            (re.compile(r"/_standin/webhooks/(pause|resume)"), self._pause_or_resume),
            (re.compile(r"/_standin/webhooks"), self._send_to),
            (re.compile(r"/_standin/as_of"), self._as_of),
            (re.compile(r"/_standin/clock"), self._clock),
            (re.compile(r"/_standin/faults"), self._fault),
            (re.compile(r"/_standin/faults/clear"), lambda _, given: standin.faults.clear()),
            (re.compile(r"/_standin/reset"), lambda _, given: standin.store.empty()),
        ]

    def answer(self, request: Request) -> Response:
        """JSON for programs; who came from the page goes back to it."""
        by_hand = "text/html" in request.headers.get("accept", "")
        if request.method == "GET" and request.path == HOME:
            return overview(self.standin)
        try:
            found = self._find(request)
        except ApiError as refused:
            return _json(refused.body, status=refused.status)
        if by_hand and request.method == "POST":
            return see_other(HOME)
        return _json({"ok": True} if found is None else found)

    def _find(self, request: Request) -> Any:
        for pattern, action in self.acts if request.method == "POST" else self.reads:
            match = pattern.fullmatch(request.path)
            if match:
                return action(match[1] if pattern.groups else "", _given(request))
        raise unknown_address(request.method, request.path)

    # Money

    def _pay(self, session: str, given: Body) -> Body:
        """`confirmed` answers the bank's question at once."""
        wanted = {name: str(given[name]) for name in ("number", "name", "email") if name in given}
        tried = self.standin.pay_with(session, **wanted)
        if tried.step is PaymentStep.QUESTION and "confirmed" in given:
            tried = self.standin.answer_question(
                session, confirmed=given["confirmed"] in {True, "true", "yes", "1"}
            )
        return {"step": tried.step.value, "sentence": tried.sentence}

    def _settle(self, intent: str, given: Body) -> Body:
        return shown(self.bank.settle(intent, succeeded=_outcome(given, "succeeded", "failed")))

    def _refund(self, intent: str, given: Body) -> Body:
        return shown(
            self.afterwards.refund(intent=intent, amount=_cents(given), reason=given.get("reason") or None)
        )

    def _dispute(self, intent: str, given: Body) -> Body:
        reason = given.get("reason") or "fraudulent"
        return shown(self.afterwards.dispute(intent, amount=_cents(given), reason=reason))

    def _settle_refund(self, refund: str, given: Body) -> Body:
        return shown(self.afterwards.settle_refund(refund, succeeded=_outcome(given, "succeeded", "failed")))

    def _close_dispute(self, dispute: str, given: Body) -> Body:
        return shown(self.afterwards.close_dispute(dispute, won=_outcome(given, "won", "lost")))

    # Webhooks

    def _events(self) -> list[Body]:
        deliveries = self.standin.store.contents.deliveries
        return [
            {
                "id": event["id"],
                "type": event["type"],
                "created": event["created"],
                "object": event["data"]["object"]["id"],
                "session": self.standin.store.family_of(event["id"]),
                "delivered": deliveries[event["id"]].done,
                "attempts": deliveries[event["id"]].attempts,
            }
            for event in self.standin.events()
        ]

    def _webhooks(self) -> Body:
        courier = self.standin.courier
        return {"url": courier.endpoint.url, "paused": courier.paused}

    def _deliver(self, event: str, given: Body) -> Body:
        if self.standin.store.now("event", event) is None:
            raise no_such("event", event)
        return {"taken": self.standin.courier.deliver(event)}

    def _pause_or_resume(self, verb: str, given: Body) -> None:
        if verb == "pause":
            self.standin.courier.pause()
        else:
            self.standin.courier.resume()

    def _send_to(self, _: str, given: Body) -> None:
        secrets = given.get("secrets", self.standin.courier.endpoint.secrets)
        self.standin.courier.send_to(Endpoint(str(given.get("url", "")), tuple(map(str, secrets))))

    # Tests

    def _as_of(self, _: str, given: Body) -> None:
        event = str(given.get("event") or "")
        if event and self.standin.store.now("event", event) is None:
            raise no_such("event", event)
        self.standin.store.view_as_of(event, [str(session) for session in given.get("sessions", [])])

    def _clock(self, _: str, given: Body) -> Body:
        with self.standin.store.changing():
            self.standin.store.clock.ahead = int(given.get("ahead", 0))
        self.bank.expire_due()
        return {"now": self.bank.now()}

    def _fault(self, _: str, given: Body) -> None:
        try:
            kind = FaultKind(given.get("kind"))
        except ValueError as unknown:
            raise ApiError(f"Unknown fault: {given.get('kind')}", param="kind") from unknown
        self.standin.faults.plan(
            PlannedFault(
                kind,
                path=str(given.get("path", "/v1/")),
                method=str(given.get("method", "")).upper(),
                times=int(given.get("times", 1)),
                seconds=float(given.get("seconds", 1)),
            )
        )


def _given(request: Request) -> Body:
    text = request.body.decode("utf-8", "replace")
    if "json" not in request.headers.get("content-type", ""):
        return forms.decode(text)
    try:
        given = json.loads(text or "{}")
    except ValueError as error:
        raise ApiError("Not JSON.") from error
    if not isinstance(given, dict):
        raise ApiError("An object is wanted.")
    return given


def _outcome(given: Body, good: str, bad: str) -> bool:
    if given.get("outcome") not in {good, bad}:
        raise ApiError(f"`outcome` is {good} or {bad}.", param="outcome")
    return bool(given["outcome"] == good)


def _cents(given: Body) -> int | None:
    """Empty for all that is left."""
    amount = str(given.get("amount") or "")
    if amount and (not amount.isdecimal() or int(amount) == 0):
        raise ApiError("`amount` is in cents.", param="amount")
    return int(amount) if amount else None


def _json(body: Any, *, status: int = HTTPStatus.OK) -> Response:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return Response(status, text.encode(), {"Content-Type": "application/json; charset=utf-8"})
