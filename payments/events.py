"""What happens to a deposit: each kind of fact with its words, its mails, and who hears of it."""

from __future__ import annotations

from notifications import events
from notifications.events import Mail, Notice
from payments import statuses
from quotes import facts
from quotes.events import mail
from quotes.facts import FAILURE, Fact, Tone

DEPOSIT = Notice("deposit", "Acompte payé, annoncé ou reçu en trop", is_important=True)
OVERPAID = mail("payments/overpaid_owner", "l'acompte reçu en trop", tells=DEPOSIT)

facts.declare(
    Fact(
        "deposit_requested",
        "Acompte demandé",
        "Acompte de {amount:money} demandé, référence {reference}.",
    ),
    Fact(
        "deposit_opened",
        "L'acompte peut être réglé",
        "L'acompte peut être réglé depuis ce jour, le client en est averti.",
        mails=(mail("payments/open_now", "l'acompte qui peut être réglé"),),
    ),
    Fact(
        "deposit_reminded",
        "Rappel de l'acompte",
        mails=(mail("payments/reminder", "le rappel de l'acompte"),),
    ),
    Fact("payment_prepared", "Paiement par carte demandé", tone=Tone.QUIET),
    Fact("payment_started", "Page de paiement ouverte", tone=Tone.QUIET),
    Fact(
        "payment_pending",
        "Paiement en attente de la banque",
        "Paiement de {amount:money} par carte, en attente de la banque.",
        mails=(mail("payments/pending", "le paiement en cours"),),
    ),
    Fact("payment_expired", "Paiement abandonné", tone=Tone.QUIET),
    Fact(
        "payment_failed",
        "Paiement en échec",
        "Le paiement par carte n'a pas abouti.",
        tone=Tone.BAD,
        mails=(
            mail("payments/failed", "l'échec du paiement"),
            mail("payments/card_refused_owner", "le refus de Stripe", tells=FAILURE),
        ),
    ),
    Fact(
        "deposit_paid",
        "Acompte payé par carte",
        "{amount:money} payés par carte ({card_holder}, se termine par {last4}).",
        tone=Tone.GOOD,
        is_payment=True,
        mails=(
            mail("payments/receipt", "le reçu de l'acompte"),
            mail("payments/paid_owner", "l'arrivée de l'acompte", tells=DEPOSIT),
            OVERPAID,
        ),
    ),
    Fact(
        "transfer_announced",
        "Virement annoncé par le client",
        "Le client annonce un virement de {amount:money}.",
        mails=(mail("payments/transfer_announced_owner", "le virement annoncé", tells=DEPOSIT),),
    ),
    Fact(
        "transfer_confirmed",
        "Virement reçu",
        "Virement de {amount:money} reçu le {received_on:day}.",
        tone=Tone.GOOD,
        is_payment=True,
        mails=(mail("payments/transfer_received", "le reçu du virement"), OVERPAID),
    ),
    Fact(
        "cheque_confirmed",
        "Chèque reçu",
        "Chèque de {amount:money} reçu le {received_on:day}.",
        tone=Tone.GOOD,
        is_payment=True,
        mails=(mail("payments/cheque_received", "le reçu du chèque"), OVERPAID),
    ),
    Fact("refund_requested", "Remboursement demandé", "Remboursement de {amount:money} demandé."),
    Fact(
        "refunded",
        "Acompte remboursé",
        "{amount:money} remboursés au client.",
        mails=(mail("payments/refunded", "le remboursement"),),
    ),
    Fact(
        "refund_failed",
        "Remboursement en échec",
        "Le remboursement de {amount:money} a échoué.",
        tone=Tone.BAD,
        mails=(mail("payments/refund_failed_owner", "l'échec du remboursement", tells=FAILURE),),
    ),
    Fact(
        "disputed",
        "Paiement contesté auprès de la banque",
        "Le titulaire de la carte conteste {amount:money} auprès de sa banque.",
        tone=Tone.BAD,
        mails=(mail("payments/disputed_owner", "la contestation du paiement", tells=FAILURE),),
    ),
    Fact(
        "deposit_set_aside",
        "Paiement mis de côté, à vérifier",
        "Un paiement est mis de côté, à vérifier : {difference}.",
        tone=Tone.BAD,
        mails=(mail("payments/set_aside_owner", "le paiement à vérifier", tells=FAILURE),),
    ),
)
# What Stripe says of no quote of ours: no journal hears what became of it.
events.declare(Mail("payments/unknown_owner", "le paiement inconnu de Logisav", notice=FAILURE))
# Where a deposit stands follows from every fact of its quote.
facts.follow(statuses.follow)
