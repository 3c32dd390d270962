"""What may be done to a quote as the desk offers it: when, in which words, and what the customer will see of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logisav.desk.quotes.contract_forms import (
    ContractForm,
    DeliveredForm,
    DoneForm,
    NatureForm,
    OtherwiseForm,
)
from quotes import rules, workflow
from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion
from quotes.rules import Circumstances, Verb
from signing import workflow as signing

Read = Callable[[Quote, QuoteVersion | None], Circumstances]
Run = Callable[
    [Quote, Actor, Any], object
]  # the last is what the form asked for: words, a reason, or its fields


@dataclass(frozen=True)
class Action:
    """`asks`, `effects` and `done` may name {email}, {number}, {customer}; each is a whole sentence.

    `reason` labels a field that asks why; an action that `mails` shows its mail, whose words may be changed;
    `form` asks for facts of a contract;
    `read` sees the quote's circumstances, with what an application above knows of them.
    """

    path: str
    label: str
    asks: str
    effects: tuple[str, ...]
    done: str
    verb: Verb
    run: Run
    reason: str = ""
    grave: bool = False
    mails: bool = False
    read: Read = Quote.circumstances
    form: type[ContractForm] | None = None

    def obstacle(self, quote: Quote, version: QuoteVersion | None) -> str:
        """Why this action is not offered, in a sentence; empty: it is."""
        why = rules.why_not(self.verb, self.read(quote, version))
        return "" if why is None else self.refusal(quote.words_for(why))

    @property
    def is_step(self) -> bool:
        """Something that brings the quote forward."""
        return not self.grave and self.path not in NO_STEP

    def refusal(self, words: str) -> str:
        return f"« {self.label} » n'est pas possible : {words}"


NOTHING = "Le client n'en est pas averti."

# In the order of usefulness: the first that is offered is the next step, if it is one.
NO_STEP = ("renvoyer-un-lien", "dupliquer")
ACTIONS = (
    Action(
        path="dire-la-nature",
        label="Fourniture ou main-d'œuvre ?",
        asks="Le devis {number} : fourniture ou main-d'œuvre ?",
        effects=(
            "Main-d'œuvre : le client peut renoncer pendant 14 jours après sa signature.",
            "Fourniture : jusqu'à 14 jours après la livraison. Son devis annonçait un autre départ : 12 mois de plus.",
            NOTHING,
        ),
        done="La nature du contrat {number} est notée.",
        verb=Verb.SAY_NATURE,
        run=lambda quote, actor, said: workflow.say_nature(quote.pk, actor=actor, **said),
        form=NatureForm,
    ),
    Action(
        path="enregistrer-la-retractation",
        label="Enregistrer la rétractation",
        asks="Enregistrer la rétractation du contrat {number} ?",
        effects=(
            "Le contrat {number} prend fin à la date de la déclaration ; il n'y a pas de retour.",
            "{email} reçoit un mail avec le dernier jour du remboursement.",
        ),
        done="La rétractation de {customer} est enregistrée.",
        verb=Verb.RECORD_WITHDRAWAL,
        run=lambda quote, actor, _: workflow.record_withdrawal(quote.pk, actor=actor),
    ),
    Action(
        path="debloquer",
        label="Débloquer l'accès",
        asks="Débloquer l'accès du client au devis {number} ?",
        effects=("Le client retrouve le devis avec un lien encore valable ; aucun mail ne part.",),
        done="L'accès de {customer} est rétabli.",
        verb=Verb.UNBLOCK,
        run=lambda quote, actor, _: workflow.unblock(quote.pk, actor=actor),
    ),
    Action(
        path="envoyer",
        label="Envoyer",
        asks="Envoyer le devis {number} ?",
        effects=(
            "{email} reçoit un mail avec un lien valable 24 h, qui ouvre le devis.",
            "Le devis ne change alors plus : pour le modifier, préparez une nouvelle version.",
        ),
        done="Le devis {number} part à {email}. Son PDF se prépare, le mail suit.",
        verb=Verb.SEND,
        run=lambda quote, actor, words: workflow.send(quote.pk, actor=actor, words=words),
        mails=True,
    ),
    Action(
        path="relancer",
        label="Relancer",
        asks="Relancer le client au sujet du devis {number} ?",
        effects=("{email} reçoit un rappel avec un nouveau lien valable 24 h.",),
        done="La relance part à {email}.",
        verb=Verb.REMIND,
        run=lambda quote, actor, words: workflow.remind(quote.pk, actor=actor, words=words),
        mails=True,
    ),
    Action(
        path="nouvelle-version",
        label="Nouvelle version",
        asks="Préparer une nouvelle version du devis {number} ?",
        effects=(
            "Vous pouvez modifier le devis. Rien ne change pour le client tant que vous n'avez pas envoyé.",
            "La version en vigueur le reste jusque-là.",
        ),
        done="Modifiez le devis, puis envoyez la nouvelle version.",
        verb=Verb.REVISE,
        run=lambda quote, actor, _: workflow.revise(quote.pk, actor=actor),
    ),
    Action(
        path="materiel-livre",
        label="Matériel livré",
        asks="Le matériel du devis {number} est livré ?",
        effects=(
            "Le client peut renoncer pendant 14 jours après le dernier colis ; poser avant est à vos risques.",
            "{email} reçoit un mail avec le dernier jour.",
        ),
        done="La livraison est notée, {customer} en est averti.",
        verb=Verb.MARK_DELIVERED,
        run=lambda quote, actor, said: workflow.mark_delivered(quote.pk, actor=actor, **said),
        form=DeliveredForm,
    ),
    Action(
        path="terminer",
        label="Marquer terminé",
        asks="Marquer le devis {number} comme terminé ?",
        effects=(
            "Le client garde ses documents, son acompte à régler et son droit de rétractation{until}.",
            "Un acompte impayé se règle encore sur sa page, ou avec le solde. Plus aucun rappel ne part.",
            NOTHING,
        ),
        done="Le devis {number} est terminé.",
        verb=Verb.MARK_DONE,
        run=lambda quote, actor, said: workflow.mark_done(quote.pk, actor=actor, **(said or {})),
        form=DoneForm,
    ),
    Action(
        path="renvoyer-un-lien",
        label="Renvoyer un lien",
        asks="Renvoyer un lien vers le devis {number} ?",
        effects=("{email} reçoit un nouveau lien valable 24 h. Les liens encore valables le restent.",),
        done="Un nouveau lien part à {email}.",
        verb=Verb.RESEND_LINK,
        run=lambda quote, actor, _: workflow.resend_link(quote.pk, actor=actor),
    ),
    Action(
        path="dupliquer",
        label="Dupliquer",
        asks="Dupliquer le devis {number} ?",
        effects=(
            "Un nouveau devis En cours reprend les textes et les lignes, avec un autre numéro et les dates du jour.",
            NOTHING,
        ),
        done="Voici la copie de {number}.",
        verb=Verb.DUPLICATE,
        run=lambda quote, actor, _: workflow.duplicate(quote.pk, actor=actor),
    ),
    Action(
        path="retractation-recue-autrement",
        label="Rétractation reçue autrement",
        asks="Le client s'est rétracté autrement du devis {number} ?",
        effects=(
            "Le contrat {number} prend fin au jour de l'envoi ; il n'y a pas de retour.",
            "{email} reçoit un mail avec le dernier jour du remboursement.",
        ),
        done="La rétractation de {customer} est enregistrée.",
        verb=Verb.RECORD_OTHERWISE,
        run=lambda quote, actor, said: workflow.record_otherwise(quote.pk, actor=actor, **said),
        form=OtherwiseForm,
        grave=True,
    ),
    Action(
        path="bloquer",
        label="Bloquer l'accès",
        asks="Bloquer l'accès du client au devis {number} ?",
        effects=(
            "Le client lit que l'accès est suspendu, avec votre téléphone et votre mail. Il ne voit plus le devis.",
            "Il ne peut ni signer, ni refuser, ni demander un lien. Aucun mail ne part.",
        ),
        done="L'accès de {customer} est bloqué.",
        verb=Verb.BLOCK,
        run=lambda quote, actor, reason: workflow.block(quote.pk, reason=reason, actor=actor),
        reason="Raison (le client ne la voit pas)",
        grave=True,
    ),
    Action(
        path="marquer-refuse",
        label="Marquer refusé",
        asks="Marquer le devis {number} comme refusé ?",
        effects=("La page du client dit que le devis est refusé, il ne peut plus le signer.", NOTHING),
        done="Le devis {number} est marqué refusé.",
        verb=Verb.MARK_REFUSED,
        run=lambda quote, actor, reason: workflow.mark_refused(quote.pk, reason=reason, actor=actor),
        reason="Ce que le client vous a dit (il ne le voit pas)",
        grave=True,
    ),
    Action(
        path="annuler",
        label="Annuler le devis",
        asks="Annuler le devis {number} ?",
        effects=(
            "S'il a reçu un lien, le client lit que le devis est annulé et qui appeler. Aucun mail ne part.",
            "Un devis annulé ne revient pas : il faut le dupliquer.",
        ),
        done="Le devis {number} est annulé.",
        verb=Verb.CANCEL,
        run=lambda quote, actor, _: workflow.cancel(quote.pk, actor=actor),
        grave=True,
    ),
)

# On a quote's page the pause of signing speaks for itself.
ALLOW_MORE_TRIES = Action(
    path="autoriser-de-nouveaux-essais",
    label="Autoriser de nouveaux essais",
    asks="Autoriser de nouveaux essais pour le devis {number} ?",
    effects=(
        "{email} peut de nouveau demander un code, au plus 6 en 24 h, et essayer 5 fois chacun.",
        "Appelez d'abord, pour être sûr que c'est bien votre client qui essaie.",
    ),
    done="{customer} peut de nouveau demander un code.",
    verb=Verb.ALLOW_MORE_TRIES,
    run=lambda quote, actor, _: signing.allow_more_tries(quote.pk, actor=actor),
    read=signing.circumstances,
)


def of_the_list() -> list[Action]:
    """What asks for facts of one contract is done on its own page."""
    return [*(action for action in ACTIONS if action.form is None), ALLOW_MORE_TRIES]


def why_no_answer(quote: Quote, version: QuoteVersion | None) -> str:
    """Why the questions of this quote cannot be answered now; empty: they can."""
    why = rules.why_not(Verb.ANSWER, quote.circumstances(version))
    return "" if why is None else quote.words_for(why)


def why_no_sending(quote: Quote, version: QuoteVersion | None) -> str:
    why = rules.why_not(Verb.SEND, quote.circumstances(version))
    return "" if why is None else quote.words_for(why)


def offered(quote: Quote, version: QuoteVersion | None) -> list[Action]:
    return [action for action in ACTIONS if not action.obstacle(quote, version)]
