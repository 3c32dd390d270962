"""The journal in words that a person understands: one sentence a fact, who did it, when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quotes import french
from quotes.models import QuoteEvent

HEADLINES = {
    "created": "Devis créé",
    "version_frozen": "Version figée",
    "sent": "Devis envoyé",
    "sending_failed": "Envoi en échec",
    "revision_started": "Nouvelle version en préparation",
    "link_opened": "Lien ouvert (peut-être par un robot)",
    "link_requested": "Lien demandé par le client",
    "link_sent": "Lien renvoyé",
    "reminded": "Relance envoyée",
    "reminded_automatically": "Relance automatique envoyée",
    "expiry_told": "Fin de validité proche, le responsable est prévenu",
    "asked": "Question posée",
    "answered": "Réponse envoyée",
    "refused": "Devis refusé par le client",
    "marked_refused": "Devis marqué refusé",
    "cancelled": "Devis annulé",
    "done": "Devis terminé",
    "withdrawn": "Rétractation",
    "blocked": "Accès bloqué",
    "unblocked": "Accès débloqué",
    "email_changed": "Adresse mail du client changée",
    "mail_sent": "Mail parti",
    "mail_failed": "Mail en échec",
    "mail_outdated": "Mail périmé avant son envoi",
    "mail_attention": "Mail à traiter",
    "code_requested": "Code de signature demandé",
    "code_tried": "Code essayé",
    "contradiction": "Signature arrêtée : la déclaration du client contredit le devis",
    "signing_paused": "Signature en pause",
    "tries_allowed": "Nouveaux essais autorisés",
    "accepted": "Devis accepté et signé",
    "sealed": "PDF signé et scellé",
    "sealing_late": "PDF signé en retard",
    "stamp_missing": "Scellement en attente d'un horodatage",
    "stamp_choice_asked": "Sans horodatage depuis 24 h : choix demandé",
    "stamp_waived": "Scellement sans horodatage décidé",
    "proof_exported": "Dossier de preuve téléchargé",
    "deposit_requested": "Acompte demandé",
    "deposit_opened": "L'acompte peut être réglé",
    "deposit_reminded": "Rappel de l'acompte",
    "payment_prepared": "Paiement par carte demandé",
    "payment_started": "Page de paiement ouverte",
    "payment_pending": "Paiement en attente de la banque",
    "payment_expired": "Paiement abandonné",
    "payment_failed": "Paiement en échec",
    "deposit_paid": "Acompte payé par carte",
    "transfer_announced": "Virement annoncé par le client",
    "transfer_confirmed": "Virement reçu",
    "refund_requested": "Remboursement demandé",
    "refunded": "Acompte remboursé",
    "refund_failed": "Remboursement en échec",
    "disputed": "Paiement contesté auprès de la banque",
    "deposit_set_aside": "Paiement mis de côté, à vérifier",
}
MESSAGES = {
    "quotes/link": "le lien du devis",
    "quotes/new_version": "la nouvelle version",
    "quotes/new_link": "un nouveau lien",
    "quotes/reminder": "la relance",
    "quotes/expiring_owner": "la fin de validité proche",
    "quotes/answer": "la réponse à la question",
    "quotes/question_owner": "la question du client",
    "quotes/question_received": "l'accusé de réception de la question",
    "quotes/refused": "l'accusé de réception du refus",
    "quotes/refused_owner": "le refus du client",
    "quotes/sending_failed_owner": "l'échec de l'envoi",
    "signing/code": "le code de signature",
    "signing/accepted": "le devis signé",
    "signing/accepted_owner": "la signature du client",
    "signing/sealing_late": "l'annonce du retard",
    "signing/stamp_missing_owner": "le choix sur l'horodatage",
    "quotes/withdrawn": "l'accusé de réception de la rétractation",
    "quotes/withdrawn_owner": "la rétractation du client",
    "signing/contradiction_owner": "la signature arrêtée",
    "signing/paused_owner": "la pause de la signature",
    "payments/receipt": "le reçu de l'acompte",
    "payments/paid_owner": "l'arrivée de l'acompte",
    "payments/pending": "le paiement en cours",
    "payments/failed": "l'échec du paiement",
    "payments/reminder": "le rappel de l'acompte",
    "payments/open_now": "l'acompte qui peut être réglé",
    "payments/transfer_announced_owner": "le virement annoncé",
    "payments/transfer_received": "le reçu du virement",
    "payments/overpaid_owner": "l'acompte reçu en trop",
    "payments/refunded": "le remboursement",
    "payments/refund_failed_owner": "l'échec du remboursement",
    "payments/set_aside_owner": "le paiement à vérifier",
    "payments/card_refused_owner": "le refus de Stripe",
    "payments/disputed_owner": "la contestation du paiement",
}
BAD = {
    "sending_failed",
    "mail_failed",
    "mail_attention",
    "mail_outdated",
    "refused",
    "signing_paused",
    "contradiction",
    "withdrawn",
    "sealing_late",
    "stamp_missing",
    "stamp_choice_asked",
    "stamp_waived",
    "payment_failed",
    "refund_failed",
    "disputed",
    "deposit_set_aside",
}
GOOD = {"accepted", "sealed", "sent", "done", "deposit_paid", "transfer_confirmed"}
QUIET = {
    "mail_sent",
    "code_tried",
    "version_frozen",
    "payment_prepared",
    "payment_started",
    "payment_expired",
}


@dataclass(frozen=True)
class Entry:
    """`who` is empty when the system did it; `quote` is what somebody wrote; `mail` names the mail it tells of."""

    at: dt.datetime
    words: str
    who: str = ""
    quote: str = ""
    tone: str = ""
    mail: str = ""


def headline(kind: str) -> str:
    """A fact in a few words; what this list does not know yet is shown by its own name."""
    return HEADLINES.get(kind, kind.replace("_", " ").capitalize())


def entry(event: QuoteEvent, *, names: dict[str, str] | None = None) -> Entry:
    """`names` turns user names of staff into people's names."""
    facts = event.facts
    return Entry(
        at=event.at,
        words=_sentence(event.kind, facts),
        who=_who(event.actor, names or {}),
        quote=str(facts.get("text") or facts.get("reason") or ""),
        tone=_tone(event.kind),
        mail=str(facts.get("message_id", "")),
    )


def _who(actor: dict[str, str], names: dict[str, str]) -> str:
    if actor["kind"] == "customer":
        return "Client"
    name = actor.get("name", "")
    return names.get(name, name)


def _tone(kind: str) -> str:
    for tone, kinds in (("bad", BAD), ("ok", GOOD), ("quiet", QUIET)):
        if kind in kinds:
            return tone
    return ""


def _sentence(kind: str, facts: dict[str, Any]) -> str:
    detail = DETAILS.get(kind)
    if detail is None:
        return f"{headline(kind)}."
    try:
        return detail.format(**_readable(facts))
    except KeyError:
        return f"{headline(kind)}."


def _readable(facts: dict[str, Any]) -> dict[str, Any]:
    message = str(facts.get("message", ""))
    readable = facts | {"mail": MESSAGES.get(message, message)}
    if "amount" in facts:
        readable["amount"] = french.money(Decimal(facts["amount"]))
    for date in {"received_on", "valid_until"} & facts.keys():
        readable[date] = french.day(dt.date.fromisoformat(facts[date]))
    return readable


# A fact that lacks what its sentence names is told by its headline.
DETAILS = {
    "version_frozen": "Version {version} figée, son PDF se prépare.",
    "sent": "Version {version} envoyée à {to}.",
    "sending_failed": "La version {version} n'est pas partie.",
    "link_requested": "Le client a demandé un nouveau lien, envoyé à {to}.",
    "link_sent": "Nouveau lien envoyé à {to}.",
    "reminded": "Relance envoyée à {to}.",
    "reminded_automatically": "Relance automatique envoyée à {to}.",
    "expiry_told": "Valable jusqu'au {valid_until} : le responsable est prévenu.",
    "asked": "Le client pose une question.",
    "answered": "Réponse envoyée à {to}.",
    "email_changed": "Nouvelle adresse du client : {to}. Les liens envoyés avant ne s'ouvrent plus.",
    "mail_sent": "Mail parti à {to} : {mail}.",
    "mail_failed": "Le mail à {to} n'est pas parti : {mail}.",
    "mail_outdated": "Le mail à {to} n'est pas parti à temps : {mail}.",
    "mail_attention": "Le mail à {to} n'a pas pu partir en 24 h : {mail}.",
    "code_requested": "Code de signature envoyé à {email} pour {first_name} {last_name}.",
    "code_tried": "Code essayé ({tries} sur 5).",
    "accepted": "{first_name} {last_name} accepte et signe la version {version}.",
    "sealed": "Le PDF signé est scellé (référence {reference}).",
    "signing_paused": "La signature est en pause : trop d'essais de code.",
    "deposit_requested": "Acompte de {amount} demandé, référence {reference}.",
    "deposit_opened": "L'acompte peut être réglé depuis ce jour, le client en est averti.",
    "payment_pending": "Paiement de {amount} par carte, en attente de la banque.",
    "payment_failed": "Le paiement par carte n'a pas abouti.",
    "deposit_paid": "{amount} payés par carte ({card_holder}, se termine par {last4}).",
    "transfer_announced": "Le client annonce un virement de {amount}.",
    "transfer_confirmed": "Virement de {amount} reçu le {received_on}.",
    "refund_requested": "Remboursement de {amount} demandé.",
    "refunded": "{amount} remboursés au client.",
    "refund_failed": "Le remboursement de {amount} a échoué.",
    "disputed": "Le titulaire de la carte conteste {amount} auprès de sa banque.",
    "deposit_set_aside": "Un paiement est mis de côté, à vérifier : {difference}.",
}
