"""The verbs of the workflow as the desk offers them: when, in which words, and what the customer will see of it."""

from __future__ import annotations

from quotes import registry, workflow
from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion
from quotes.offers import Move, Offered


def _may(state: Quote.State) -> Offered:
    def offered(quote: Quote, version: QuoteVersion | None) -> bool:
        return state in Quote.MOVES.get(Quote.State(quote.state), frozenset())

    return offered


def _sendable(quote: Quote, version: QuoteVersion | None) -> bool:
    return quote.is_editable


def _has_page(quote: Quote, version: QuoteVersion | None) -> bool:
    return version is not None and not quote.is_blocked and quote.state in (*Quote.SIGNABLE, *Quote.CONCLUDED)


def _can_be_reminded(quote: Quote, version: QuoteVersion | None) -> bool:
    signable = quote.state in Quote.SIGNABLE and not quote.is_blocked
    return signable and version is not None and not version.is_past_validity


def _can_be_blocked(quote: Quote, version: QuoteVersion | None) -> bool:
    return version is not None and quote.blocked_at is None and quote.state not in Quote.CONCLUDED


def _send(quote: Quote, actor: Actor, words: str) -> None:
    workflow.send(quote.pk, actor=actor, words=words)


def _resend_link(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.resend_link(quote.pk, actor=actor)


def _remind(quote: Quote, actor: Actor, words: str) -> None:
    workflow.remind(quote.pk, actor=actor, words=words)


def _revise(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.revise(quote.pk, actor=actor)


def _duplicate(quote: Quote, actor: Actor, reason: str) -> Quote:
    return workflow.duplicate(quote.pk, actor=actor)


def _block(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.block(quote.pk, reason=reason, actor=actor)


def _unblock(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.unblock(quote.pk, actor=actor)


def _mark_refused(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.mark_refused(quote.pk, reason=reason, actor=actor)


def _mark_done(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.mark_done(quote.pk, actor=actor)


def _cancel(quote: Quote, actor: Actor, reason: str) -> None:
    workflow.cancel(quote.pk, actor=actor)


NOTHING = "Le client n'en est pas averti."

# In the order of usefulness: the first that is offered is the next step.
MOVES = (
    Move(
        path="debloquer",
        label="Débloquer l'accès",
        effects=("Le client retrouve le devis avec un lien encore valable ; aucun mail ne part.",),
        done="L'accès de {customer} est rétabli.",
        offered=lambda quote, version: quote.is_blocked,
        run=_unblock,
    ),
    Move(
        path="envoyer",
        label="Envoyer",
        effects=(
            "{email} reçoit un mail avec un lien valable 24 h, qui ouvre le devis.",
            "Le devis est alors figé : pour le changer, préparez une nouvelle version.",
        ),
        done="Le devis {number} part à {email}. Son PDF se prépare, le mail suit.",
        offered=_sendable,
        run=_send,
        mails=True,
    ),
    Move(
        path="relancer",
        label="Relancer",
        effects=("{email} reçoit un rappel avec un nouveau lien valable 24 h.",),
        done="La relance part à {email}.",
        offered=_can_be_reminded,
        run=_remind,
        mails=True,
    ),
    Move(
        path="nouvelle-version",
        label="Nouvelle version",
        effects=(
            "Vous pouvez modifier le devis. Rien ne change pour le client tant que vous n'avez pas envoyé.",
            "La version en vigueur reste lisible et peut encore être signée.",
        ),
        done="Modifiez le devis, puis envoyez la nouvelle version.",
        offered=lambda quote, version: quote.state in Quote.REVISABLE and not quote.revising,
        run=_revise,
    ),
    Move(
        path="renvoyer-un-lien",
        label="Renvoyer un lien",
        effects=("{email} reçoit un nouveau lien valable 24 h. Les liens encore valables le restent.",),
        done="Un nouveau lien part à {email}.",
        offered=_has_page,
        run=_resend_link,
    ),
    Move(
        path="dupliquer",
        label="Dupliquer",
        effects=(
            "Un nouveau devis En cours reprend les textes et les lignes, avec un autre numéro et les dates du jour.",
            NOTHING,
        ),
        done="Voici la copie de {number}.",
        offered=lambda quote, version: True,
        run=_duplicate,
    ),
    Move(
        path="bloquer",
        label="Bloquer l'accès",
        effects=(
            "Le client lit que l'accès est suspendu, avec votre téléphone et votre mail. Il ne voit plus le devis.",
            "Il ne peut ni signer, ni refuser, ni demander un lien. Aucun mail ne part.",
        ),
        done="L'accès de {customer} est bloqué.",
        offered=_can_be_blocked,
        run=_block,
        reason="Raison (le client ne la voit pas)",
        grave=True,
    ),
    Move(
        path="terminer",
        label="Marquer terminé",
        effects=("La page du client ne change pas : il garde ses documents.", NOTHING),
        done="Le devis {number} est terminé.",
        offered=_may(Quote.State.DONE),
        run=_mark_done,
    ),
    Move(
        path="marquer-refuse",
        label="Marquer refusé",
        effects=("La page du client dit que le devis est refusé, il ne peut plus le signer.", NOTHING),
        done="Le devis {number} est marqué refusé.",
        offered=_may(Quote.State.REFUSED),
        run=_mark_refused,
        reason="Ce que le client vous a dit (il ne le voit pas)",
        grave=True,
    ),
    Move(
        path="annuler",
        label="Annuler",
        effects=(
            "S'il a reçu un lien, le client lit que le devis est annulé et qui appeler. Aucun mail ne part.",
            "Un devis annulé ne revient pas : il faut le dupliquer.",
        ),
        done="Le devis {number} est annulé.",
        offered=_may(Quote.State.CANCELLED),
        run=_cancel,
        grave=True,
    ),
)


def of_the_list() -> list[Move]:
    """With what the applications above add: on a quote's page they speak for themselves."""
    return [*MOVES, *registry.moves()]


def is_offered(path: str, quote: Quote) -> bool:
    return any(move.path == path for move in offered(quote, quote.current_version))


def obstacle(move: Move, quote: Quote) -> str:
    """Why this move is not offered, in a sentence."""
    if move.why_not:
        return move.why_not
    beside = {
        "accès bloqué": quote.is_blocked,
        "validité passée": quote.has_lapsed,
        "nouvelle version en préparation": quote.is_editable and quote.state != Quote.State.DRAFT,
    }
    state = ", ".join([quote.get_state_display(), *(words for words, holds in beside.items() if holds)])
    return f"« {move.label} » n'est pas possible : ce devis est « {state} »."


def offered(quote: Quote, version: QuoteVersion | None) -> list[Move]:
    return [move for move in MOVES if move.offered(quote, version)]
