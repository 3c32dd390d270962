"""The page of the stand-in itself: every payment, and what can happen to it next."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from demo.stripe_standin import courier
from demo.stripe_standin.html import HARD, Html, fill, many, money, whole_page
from demo.stripe_standin.resources import HIDDEN
from demo.stripe_standin.standin import StandIn
from demo.stripe_standin.store import Resource
from demo.stripe_standin.web import Response

PARIS = ZoneInfo("Europe/Paris")
SHOWN_EVENTS = 30
STATES = {
    ("open", "unpaid"): "page ouverte",
    ("expired", "unpaid"): "page expirée",
    ("complete", "unpaid"): "en attente ou échoué",
    ("complete", "paid"): "payé",
}

ENDS = {
    "pending": "en cours",
    "succeeded": "fait",
    "failed": "échoué",
    "needs_response": "ouverte",
    "won": "gagnée",
    "lost": "perdue",
}


def overview(standin: StandIn) -> Response:
    standin.bank.expire_due()
    sessions = list(reversed(standin.store.all_now("checkout.session")))
    total = standin.ledger()["total"]
    post = standin.courier
    values = {
        "payments": Html("".join(_payment(standin, session) for session in sessions))
        or Html("<p>Aucun paiement pour l'instant.</p>"),
        "received": money(total["received"], "eur"),
        "refunded": money(total["refunded"], "eur"),
        "disputed": money(total["disputed"], "eur"),
        "webhooks": post.endpoint.url or "aucune adresse",
        "state": "en pause" if post.paused else "envoyés au fur et à mesure",
        "switch": f"/_standin/webhooks/{'resume' if post.paused else 'pause'}",
        "verb_shown": "Reprendre l'envoi" if post.paused else "Suspendre l'envoi",
        "events": _events(standin),
    }
    return whole_page("overview.html", values, title="Stripe de démonstration")


def _payment(standin: StandIn, session: Resource) -> Html:
    intent = standin.store.now("payment_intent", session["payment_intent"] or "")
    state = STATES[session["status"], session["payment_status"]]
    if intent is not None and session["status"] == "complete" and intent["status"] != "succeeded":
        state = "en attente de la banque" if intent["status"] == "processing" else "échoué"
    return fill(
        "payment.html",
        {
            "title": session[HIDDEN]["line_items"][0]["description"],
            "amount": money(session["amount_total"], session["currency"]),
            "state": state,
            "at": _moment(session["created"]),
            "id": session["id"],
            "facts": _facts(standin, session),
            "actions": many("action.html", _actions(standin, session, intent)),
        },
    )


def _facts(standin: StandIn, session: Resource) -> Html:
    refunds = standin.store.all_now("refund", family=session["id"])
    disputes = standin.store.all_now("dispute", family=session["id"])
    facts = [
        f"Remboursement de {money(one['amount'], one['currency'])}{HARD}: {ENDS[one['status']]}"
        for one in refunds
    ]
    facts += [
        f"Contestation de {money(one['amount'], one['currency'])}{HARD}: {ENDS[one['status']]}"
        for one in disputes
    ]
    return many("line.html", [{"name": fact} for fact in facts])


def _actions(standin: StandIn, session: Resource, intent: Resource | None) -> list[dict[str, str]]:
    """What is possible now; `fields` go with it."""
    actions = []
    if session["status"] == "open":
        actions.append(_action(f"sessions/{session['id']}/expire", "Faire expirer la page"))
    if intent is not None and intent["status"] == "processing":
        actions.append(_action(f"payments/{intent['id']}/settle", "La banque confirme", outcome="succeeded"))
        actions.append(_action(f"payments/{intent['id']}/settle", "La banque refuse", outcome="failed"))
    if intent is not None and intent["status"] == "succeeded":
        actions += _actions_on_paid(standin, session, intent)
    for refund in standin.store.all_now("refund", family=session["id"]):
        if refund[HIDDEN]["open"]:
            where = f"refunds/{refund['id']}/settle"
            actions.append(_action(where, "Remboursement abouti", outcome="succeeded"))
            actions.append(_action(where, "Remboursement échoué", outcome="failed"))
    return actions


def _actions_on_paid(standin: StandIn, session: Resource, intent: Resource) -> list[dict[str, str]]:
    disputes = standin.store.all_now("dispute", family=session["id"])
    unsettled = [one for one in disputes if one["status"] not in {"won", "lost"}]
    if unsettled:
        where = f"disputes/{unsettled[0]['id']}/close"
        return [
            _action(where, "Contestation gagnée", outcome="won"),
            _action(where, "Contestation perdue", outcome="lost"),
        ]
    if any(one["status"] == "lost" for one in disputes):
        return []
    charge = standin.store.now("charge", intent["latest_charge"])
    if charge is None or charge["refunded"]:
        return []
    half = str((charge["amount"] - charge["amount_refunded"] + 1) // 2)
    where = f"payments/{intent['id']}"
    return [
        _action(f"{where}/refund", "Rembourser tout"),
        _action(f"{where}/refund", "Rembourser la moitié", amount=half),
        _action(f"{where}/dispute", "Contester"),
    ]


def _action(where: str, shown: str, *, outcome: str = "", amount: str = "") -> dict[str, str]:
    return {"url": f"/_standin/{where}", "shown": shown, "outcome": outcome, "amount": amount}


def _events(standin: StandIn) -> Html:
    newest = list(reversed(standin.events(*courier.TYPES)))[:SHOWN_EVENTS]
    deliveries = standin.store.contents.deliveries
    rows = [
        {
            "type": event["type"],
            "at": _moment(event["created"]),
            "state": _delivery(deliveries[event["id"]].done, deliveries[event["id"]].attempts),
            "url": f"/_standin/events/{event['id']}/deliver",
        }
        for event in newest
    ]
    return many("event.html", rows)


def _delivery(done: bool, attempts: list[Resource]) -> str:  # noqa: FBT001 - what a delivery is made of
    if not attempts:
        return "non envoyé"
    return f"{'reçu' if done else 'pas encore reçu'}, {len(attempts)} envoi{'s' if len(attempts) > 1 else ''}"


def _moment(at: int) -> str:
    return f"{dt.datetime.fromtimestamp(at, PARIS):%d/%m/%Y %H:%M:%S}"
