"""`expand`: an identifier is replaced by what it names, up to four levels down."""

from __future__ import annotations

from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.resources import HIDDEN, shown
from demo.stripe_standin.store import Resource, Store

DEEPEST = 4
BY_ID = {
    ("checkout.session", "payment_intent"): "payment_intent",
    ("payment_intent", "latest_charge"): "charge",
    ("payment_intent", "payment_method"): "payment_method",
    ("charge", "payment_intent"): "payment_intent",
    ("refund", "charge"): "charge",
    ("refund", "payment_intent"): "payment_intent",
    ("dispute", "charge"): "charge",
    ("dispute", "payment_intent"): "payment_intent",
}
EMPTY = {
    "checkout.session": {"customer", "invoice", "payment_link", "setup_intent", "subscription"},
    "payment_intent": {"application", "customer", "on_behalf_of", "review"},
    "charge": {"application", "application_fee", "balance_transaction", "customer", "review"},
    "refund": {"balance_transaction", "source_transfer_reversal", "transfer_reversal"},
}
"""Can be expanded at Stripe; here there is never anything."""
ONLY_EXPANDED = {("checkout.session", "line_items"), ("charge", "refunds")}
"""Not shown at all unless asked for."""


class Expansion:
    def __init__(self, store: Store) -> None:
        self.store = store

    def check(self, kind: str, paths: list[str]) -> None:
        """Before anything is made for the answer."""
        for path in paths:
            self._check_one(kind, path, path)

    def _check_one(self, kind: str, path: str, whole: str) -> None:
        name, _, rest = path.partition(".")
        if whole.count(".") >= DEEPEST:
            raise ApiError(f"You cannot expand more than {DEEPEST} levels of a property", param="expand")
        if (kind, name) in ONLY_EXPANDED or name in EMPTY.get(kind, ()):
            return
        if (kind, name) not in BY_ID:
            raise ApiError(f"This property cannot be expanded ({whole}).", param="expand")
        if rest:
            self._check_one(BY_ID[kind, name], rest, whole)

    def expanded(self, resource: Resource, paths: list[str]) -> Resource:
        self.check(resource["object"], paths)
        for path in paths:
            self._expand(resource, path)
        return resource

    def _expand(self, resource: Resource, path: str) -> None:
        name, _, rest = path.partition(".")
        where = resource["object"], name
        if where == ("checkout.session", "line_items"):
            resource[name] = self.line_items(resource["id"])
        elif where == ("charge", "refunds"):
            resource[name] = self._refunds(resource["id"])
        elif isinstance(resource[name], str):
            found = self.store.seen(BY_ID[where], resource[name])
            resource[name] = shown(found) if found is not None else resource[name]
        if rest and isinstance(resource[name], dict) and where in BY_ID:
            self._expand(resource[name], rest)

    def line_items(self, session: str) -> Resource:
        found = self.store.now("checkout.session", session)
        lines = found[HIDDEN]["line_items"] if found else []
        return _list(lines, f"/v1/checkout/sessions/{session}/line_items")

    def _refunds(self, charge: str) -> Resource:
        family = self.store.family_of(charge)
        found = [
            shown(one) for one in self.store.all_seen("refund", family=family) if one["charge"] == charge
        ]
        return _list(found, f"/v1/charges/{charge}/refunds")


def _list(data: list[Resource], url: str) -> Resource:
    return {"object": "list", "data": data[:10], "has_more": len(data) > 10, "url": url}
