"""The journal in words that a person understands: one sentence a fact, who did it, when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

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
}
MESSAGES = {
    "quotes/link": "le lien du devis",
    "quotes/new_version": "la nouvelle version",
    "quotes/new_link": "un nouveau lien",
    "quotes/reminder": "la relance",
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
    "quotes/withdrawn": "l'accusé de réception de la rétractation",
    "quotes/withdrawn_owner": "la rétractation du client",
    "signing/contradiction_owner": "la signature arrêtée",
    "signing/paused_owner": "la pause de la signature",
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
}
GOOD = {"accepted", "sealed", "sent", "done"}
QUIET = {"mail_sent", "code_tried", "version_frozen"}


@dataclass(frozen=True)
class Entry:
    """`who` is empty when the system did it; `quote` is what somebody wrote, word for word."""

    at: dt.datetime
    words: str
    who: str = ""
    quote: str = ""
    tone: str = ""


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
    return facts | {"mail": MESSAGES.get(message, message)}


# A fact that lacks what its sentence names is told by its headline.
DETAILS = {
    "version_frozen": "Version {version} figée, son PDF se prépare.",
    "sent": "Version {version} envoyée à {to}.",
    "sending_failed": "La version {version} n'est pas partie.",
    "link_requested": "Le client a demandé un nouveau lien, envoyé à {to}.",
    "link_sent": "Nouveau lien envoyé à {to}.",
    "reminded": "Relance envoyée à {to}.",
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
}
