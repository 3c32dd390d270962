"""/v1/…: the addresses of Stripe's API that a deposit needs, with idempotency keys, lists and expansion."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from demo.stripe_standin import errors, forms, resources
from demo.stripe_standin.afterwards import Afterwards
from demo.stripe_standin.bank import Bank
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.expansion import Expansion
from demo.stripe_standin.forms import Given
from demo.stripe_standin.lists import page
from demo.stripe_standin.opening import open_session
from demo.stripe_standin.store import Answered, Resource
from demo.stripe_standin.web import Request, Response

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
KINDS = {
    "payment_intents": ("payment_intent", "intent"),
    "charges": ("charge", "charge"),
    "refunds": ("refund", "id"),
    "disputes": ("dispute", "dispute"),
    "events": ("event", "id"),
    "payment_methods": ("payment_method", "payment_method"),
}
FILTERS = {
    "payment_intent": (),
    "charge": ("payment_intent",),
    "refund": ("charge", "payment_intent"),
    "dispute": ("charge", "payment_intent"),
}


@dataclass
class Call:
    """One request, understood."""

    method: str
    path: str
    given: Given
    id: str
    key: str = ""


Endpoint = Callable[[Call, str], Resource]


@dataclass
class Api:
    bank: Bank
    afterwards: Afterwards
    key: str
    busy: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store = self.bank.store
        self.expansion = Expansion(self.store)
        self.routes: list[tuple[str, re.Pattern[str], Endpoint]] = [
            ("POST", re.compile(r"/v1/checkout/sessions"), self._open_session),
            ("GET", re.compile(r"/v1/checkout/sessions"), self._sessions),
            ("GET", re.compile(r"/v1/checkout/sessions/([^/]+)"), self._session),
            ("POST", re.compile(r"/v1/checkout/sessions/([^/]+)/expire"), self._expire_session),
            ("GET", re.compile(r"/v1/checkout/sessions/([^/]+)/line_items"), self._line_items),
            ("POST", re.compile(r"/v1/refunds"), self._refund),
            ("GET", re.compile(r"/v1/balance"), self._balance),
            ("GET", re.compile(r"/v1/([a-z_]+)"), self._list),
            ("GET", re.compile(r"/v1/([a-z_]+/[^/]+)"), self._retrieve),
        ]

    # One request

    def answer(self, request: Request) -> Response:
        call_id = self.store.new_id("req")
        headers = {"Request-Id": call_id}
        try:
            headers["Stripe-Version"] = self._version(request)
            self._authenticate(request)
            encoded = request.body.decode("utf-8", "replace") if request.method == "POST" else request.query
            call = Call(request.method, request.path, Given(forms.decode(encoded)), call_id)
            if request.method == "POST":
                return self._answer_once(call, request.headers.get("idempotency-key", ""), headers)
            return _json(self._run(call), headers=headers)
        except ApiError as refused:
            return _json(refused.body, status=refused.status, headers=headers)

    def _version(self, request: Request) -> str:
        version = request.headers.get("stripe-version", resources.API_VERSION)
        if not VERSION.fullmatch(version):
            raise ApiError(f"Invalid Stripe API version: {version}")
        return version

    def _authenticate(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                credentials = base64.b64decode(credentials).decode().partition(":")[0]
            except ValueError:
                credentials = ""
        if not credentials:
            raise errors.no_key()
        if credentials != self.key:
            raise errors.wrong_key(credentials)

    def _answer_once(self, call: Call, key: str, headers: dict[str, str]) -> Response:
        """The first answer is the answer, unless nothing had begun."""
        if not key:
            return _json(self._run(call), headers=headers)
        call.key = key
        headers["Idempotency-Key"] = key
        with self.store.changing():
            known = self.store.answered(key)
            if known is not None:
                return self._again(call, known, headers)
            if key in self.busy:
                raise errors.key_in_use(key)
            status, body, kept = self._first_answer(call)
            if kept:
                answer = Answered(call.path, call.given.values, call.id, status, body, self.bank.now())
                self.store.keep_answer(key, answer)
        return Response(status, body.encode(), {"Content-Type": "application/json"} | headers)

    def _first_answer(self, call: Call) -> tuple[int, str, bool]:
        try:
            return HTTPStatus.OK, _dumps(self._run(call)), True
        except ApiError as refused:
            return refused.status, _dumps(refused.body), refused.kept

    def _again(self, call: Call, known: Answered, headers: dict[str, str]) -> Response:
        if known.path != call.path:
            raise errors.other_endpoint(call.key, call.path, known.path)
        if known.params != call.given.values:
            raise errors.other_parameters(call.key)
        replay = {"Idempotent-Replayed": "true", "Original-Request": known.request}
        return Response(
            known.status, known.body.encode(), {"Content-Type": "application/json"} | headers | replay
        )

    def _run(self, call: Call) -> Resource:
        for method, pattern, action in self.routes:
            match = pattern.fullmatch(call.path)
            if match and method == call.method:
                with self.store.lock, self.bank.asked_by(call.id, call.key):
                    self.bank.expire_due()
                    return action(call, match[1] if pattern.groups else "")
        raise errors.unknown_address(call.method, call.path)

    # Checkout Sessions

    def _open_session(self, call: Call, _: str) -> Resource:
        expand = call.given.texts("expand")
        self.expansion.check("checkout.session", expand)
        return self._shown(open_session(self.bank, call.given), expand)

    def _sessions(self, call: Call, _: str) -> Resource:
        given = call.given
        wanted = {"payment_intent": given.text("payment_intent"), "status": given.text("status")}
        email = given.inner("customer_details").text("email")

        def fits(session: Resource) -> bool:
            details = session["customer_details"] or {}
            return _matches(session, wanted) and (email is None or details.get("email") == email)

        return self._listed(call, "checkout.session", fits=fits, near=wanted["payment_intent"])

    def _session(self, call: Call, identity: str) -> Resource:
        session = self._found("checkout.session", identity, param="session")
        return self._shown(session, self._only_expand(call))

    def _expire_session(self, call: Call, identity: str) -> Resource:
        expand = self._only_expand(call)
        return self._shown(self.bank.expire(identity), expand)

    def _line_items(self, call: Call, identity: str) -> Resource:
        self._found("checkout.session", identity, param="session")
        return self.expansion.line_items(identity)

    # Everything else

    def _refund(self, call: Call, _: str) -> Resource:
        given = call.given
        expand = given.texts("expand")
        intent, charge, amount = given.text("payment_intent"), given.text("charge"), given.integer("amount")
        reason, metadata = given.choice("reason", REFUND_REASONS), given.metadata()
        given.nothing_else()
        if not intent and not charge:
            raise ApiError(
                "One of the following params should be provided for this request: payment_intent or charge."
            )
        if amount is not None and amount <= 0:
            raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
        refund = self.afterwards.refund(
            intent=intent or "", charge=charge or "", amount=amount, reason=reason, metadata=metadata
        )
        return self._shown(refund, expand)

    def _balance(self, call: Call, _: str) -> Resource:
        """Whose key it is; the stand-in counts no money between payments and bank."""
        call.given.nothing_else()
        nothing = [{"amount": 0, "currency": "eur", "source_types": {"card": 0}}]
        return {"object": "balance", "available": nothing, "livemode": False, "pending": nothing}

    def _list(self, call: Call, name: str) -> Resource:
        kind = KINDS.get(name, ("", ""))[0]
        if kind == "event":
            return self._events(call)
        if kind not in FILTERS:
            raise errors.unknown_address(call.method, call.path)
        wanted = {name: call.given.text(name) for name in FILTERS[kind]}
        near = next(filter(None, wanted.values()), None)
        return self._listed(call, kind, fits=lambda found: _matches(found, wanted), near=near)

    def _events(self, call: Call) -> Resource:
        given = call.given
        types = {*given.texts("types"), *filter(None, [given.text("type")])}
        success = given.choice("delivery_success", ("true", "false"))

        def fits(event: Resource) -> bool:
            done = self.store.contents.deliveries[event["id"]].done
            return (not types or event["type"] in types) and (success is None or done == (success == "true"))

        return self._listed(call, "event", fits=fits, near=None)

    def _retrieve(self, call: Call, where: str) -> Resource:
        name, identity = where.split("/")
        if name not in KINDS:
            raise errors.unknown_address(call.method, call.path)
        kind, param = KINDS[name]
        return self._shown(self._found(kind, identity, param=param), self._only_expand(call))

    # Parts

    def _found(self, kind: str, identity: str, *, param: str) -> Resource:
        found = self.store.seen(kind, identity)
        if found is None:
            raise errors.no_such(kind, identity, param=param)
        return found

    def _only_expand(self, call: Call) -> list[str]:
        expand = call.given.texts("expand")
        call.given.nothing_else()
        return expand

    def _shown(self, resource: Resource, expand: list[str]) -> Resource:
        return self.expansion.expanded(resources.shown(resource), expand)

    def _listed(
        self, call: Call, kind: str, *, fits: Callable[[Resource], bool], near: str | None
    ) -> Resource:
        """`near`: something of the family that is asked about, so that the others need not be read."""
        expand = call.given.texts("expand")
        family = self.store.family_of(near) if near else ""
        found = [one for one in self.store.all_seen(kind, family=family) if fits(one)]
        data, has_more = page(found, call.given)
        call.given.nothing_else()
        inner = [path.removeprefix("data.") for path in expand]
        listed = [self._shown(one, inner) for one in data]
        return {"object": "list", "data": listed, "has_more": has_more, "url": call.path}


def _matches(resource: Resource, wanted: dict[str, str | None]) -> bool:
    return all(value is None or resource.get(name) == value for name, value in wanted.items())


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)


def _json(body: Any, *, status: int = HTTPStatus.OK, headers: dict[str, str]) -> Response:
    return Response(status, _dumps(body).encode(), {"Content-Type": "application/json"} | headers)
