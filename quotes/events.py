"""What happens to a quote until it is signed: each kind of fact with its words, its mails, and who hears of it.

To add one, add a block; docs/architecture.md, "Events", says who reads it.
"""

from __future__ import annotations

from notifications.events import Mail, Notice, declare
from quotes import emails, facts
from quotes.facts import FAILURE, Fact, QuoteMail, Tone

QUESTION = Notice("question", "Question d'un client", is_important=True)
REFUSED = Notice("refused", "Devis refusé", is_important=True)
EXPIRING = Notice("expiring", "Devis qui expire bientôt")
ADDRESS = Notice("address_changed", "Adresse mail d'un client changée par un collègue", is_important=True)
WITHDRAWN = Notice("withdrawn", "Rétractation d'un client", is_important=True)


def mail(message: str, name: str, *, tells: Notice | None = None, certificate: str = "") -> QuoteMail:
    """A mail about a quote, whose journal says what became of it: to the customer, or to staff by what it `tells`."""
    return QuoteMail(
        message,
        name,
        notice=tells,
        settled=emails.delivered,
        stuck=emails.mail_stuck,
        held=emails.why_held,
        certificate=certificate,
    )


NEW_LINK = mail("quotes/new_link", "un nouveau lien")
REMINDER = mail("quotes/reminder", "la relance")
DECLARED = mail("quotes/declared", "l'accusé de réception de la rétractation")
STUCK = mail("quotes/stuck_owner", "l'étape qui n'aboutit pas", tells=FAILURE)

declare(Mail("quotes/address_changed", "l'avis à l'ancienne adresse"))
facts.declare(
    Fact("created", "Devis créé"),
    Fact(
        "version_frozen",
        "Version arrêtée",
        "La version {version} est arrêtée, son PDF se prépare.",
        tone=Tone.QUIET,
    ),
    Fact(
        "sent",
        "Devis envoyé",
        "Version {version} envoyée à {to}.",
        tone=Tone.GOOD,
        certificate="Devis envoyé par mail à {to}",
        mails=(
            mail("quotes/link", "le lien du devis"),
            mail("quotes/new_version", "la nouvelle version"),
        ),
    ),
    Fact(
        "version_kept_back",
        "Version en vigueur, sans mail au client",
        "La version {version} est en vigueur, aucun mail n'est parti.",
        tone=Tone.BAD,
    ),
    Fact(
        "sending_failed",
        "Envoi en échec",
        "La version {version} n'est pas partie.",
        tone=Tone.BAD,
        mails=(mail("quotes/sending_failed_owner", "l'échec de l'envoi", tells=FAILURE),),
    ),
    Fact(
        "file_damaged",
        "Fichier abîmé",
        "Le PDF de la version {version} manque ou a changé sur le serveur, il est en réparation.",
        tone=Tone.BAD,
    ),
    Fact(
        "file_mended",
        "Fichier réparé",
        "Le PDF de la version {version} est de nouveau là, le même à l'octet près.",
    ),
    Fact(
        "version_lost",
        "Version retirée, son PDF est perdu",
        "La version {version} n'est plus en vigueur : son PDF est perdu. Le devis est de nouveau en cours.",
        tone=Tone.BAD,
        mails=(mail("quotes/version_lost_owner", "la version retirée", tells=FAILURE),),
    ),
    Fact(
        "options_chosen",
        "Options choisies par le client",
        "Le client a choisi\u00a0: {words}. La version {version} se prépare.",
        tone=Tone.GOOD,
        certificate="Options choisies par le client, version {version}\u00a0: {words}",
    ),
    Fact("choice_in_force", "Choix du client en vigueur", "La version {version} porte le choix du client."),
    Fact(
        "choice_overtaken",
        "Choix du client dépassé",
        "La version {version} n'est pas entrée en vigueur\u00a0: le devis avait changé entre-temps.",
    ),
    Fact(
        "choice_failed",
        "Choix du client en échec",
        "La version {version} n'a pas pu être préparée. Celle d'avant reste en vigueur.",
        tone=Tone.BAD,
        mails=(mail("quotes/choice_failed_owner", "l'échec du choix du client", tells=FAILURE),),
    ),
    Fact("revision_started", "Nouvelle version en préparation"),
    Fact(
        "link_opened",
        "Lien ouvert (peut-être par un robot)",
        certificate="Lien d'accès ouvert (peut-être par un robot)",
    ),
    Fact(
        "link_requested",
        "Lien demandé par le client",
        "Le client a demandé un nouveau lien, envoyé à {to}.",
        certificate="Nouveau lien demandé, envoyé à {to}",
        mails=(NEW_LINK,),
    ),
    Fact("link_sent", "Lien renvoyé", "Nouveau lien envoyé à {to}.", mails=(NEW_LINK,)),
    Fact("reminded", "Relance envoyée", "Relance envoyée à {to}.", mails=(REMINDER,)),
    Fact(
        "reminded_automatically",
        "Relance automatique envoyée",
        "Relance automatique envoyée à {to}.",
        mails=(REMINDER,),
    ),
    Fact(
        "expiry_told",
        "Fin de validité proche, le responsable est prévenu",
        "Valable jusqu'au {valid_until:day} : le responsable est prévenu.",
        mails=(mail("quotes/expiring_owner", "la fin de validité proche", tells=EXPIRING),),
    ),
    Fact(
        "asked",
        "Question posée",
        "Le client pose une question.",
        certificate="Question posée",
        mails=(
            mail("quotes/question_owner", "la question du client", tells=QUESTION),
            mail("quotes/question_received", "l'accusé de réception de la question"),
        ),
    ),
    Fact(
        "answered",
        "Réponse envoyée",
        "Réponse envoyée à {to}.",
        certificate="Réponse envoyée à {to}",
        mails=(mail("quotes/answer", "la réponse à la question"),),
    ),
    Fact(
        "refused",
        "Devis refusé par le client",
        tone=Tone.BAD,
        mails=(
            mail("quotes/refused_owner", "le refus du client", tells=REFUSED),
            mail("quotes/refused", "l'accusé de réception du refus"),
        ),
    ),
    Fact("marked_refused", "Devis marqué refusé"),
    Fact("cancelled", "Devis annulé"),
    Fact("done", "Devis terminé", tone=Tone.GOOD),
    Fact(
        "withdrawal_declared",
        "Rétractation déclarée, à confirmer",
        "Rétractation déclarée au nom de {name}. {to} en a l'accusé de réception et peut répondre.",
        tone=Tone.BAD,
        mails=(
            DECLARED,
            mail("quotes/declared_copy", "la copie de l'accusé de réception"),
            mail("quotes/declared_owner", "la rétractation déclarée", tells=WITHDRAWN),
            mail("quotes/declared_again_owner", "la rétractation à rapprocher", tells=WITHDRAWN),
        ),
    ),
    Fact(
        "withdrawal_asked_again",
        "Rétractation déclarée, nouveau mail",
        "L'accusé de réception est parti de nouveau, à {to}.",
        mails=(DECLARED,),
    ),
    Fact(
        "withdrawal_code_requested",
        "Code demandé pour confirmer la rétractation",
        "Code envoyé à {to} pour confirmer la rétractation.",
        tone=Tone.QUIET,
        moves_list=False,
        mails=(mail("quotes/withdrawal_code", "le code de confirmation de la rétractation"),),
    ),
    Fact(
        "withdrawal_received",
        "Rétractation reçue autrement",
        "Rétractation reçue {how}, envoyée le {sent_on:day} au nom de {name}.",
        tone=Tone.BAD,
    ),
    Fact("withdrawal_confirmed", "Rétractation confirmée", "Rétractation confirmée {how}.", tone=Tone.BAD),
    Fact(
        "withdrawal_disowned",
        "Rétractation démentie, le contrat tient",
        "« Ce n'était pas moi », depuis l'adresse du contrat : la déclaration est sans objet.",
        mails=(
            mail("quotes/disowned", "la confirmation que le contrat tient"),
            mail("quotes/disowned_owner", "la rétractation démentie", tells=WITHDRAWN),
        ),
    ),
    Fact(
        "withdrawn",
        "Rétractation",
        tone=Tone.BAD,
        mails=(
            mail("quotes/withdrawn", "la fin du contrat après rétractation"),
            mail("quotes/withdrawn_owner", "la rétractation du client", tells=WITHDRAWN),
        ),
    ),
    Fact(
        "goods_delivered",
        "Matériel livré",
        "Matériel livré le {delivered_on:day}\u00a0: le client peut renoncer jusqu'au {last_day:day}.",
        mails=(mail("quotes/delivered", "la fin du délai de rétractation"),),
    ),
    Fact("nature_said", "Nature du contrat", "Nature du contrat\u00a0: {nature}."),
    Fact("blocked", "Accès bloqué"),
    Fact("unblocked", "Accès débloqué"),
    Fact(
        "email_changed",
        "Adresse mail du client changée",
        "Nouvelle adresse du client : {to}. Les liens envoyés avant ne s'ouvrent plus.",
        mails=(mail("quotes/address_changed_owner", "la nouvelle adresse du client", tells=ADDRESS),),
    ),
    Fact(
        "step_failed",
        "Une étape n'aboutit pas, le responsable est prévenu",
        "{what} Le responsable est prévenu.",
        tone=Tone.BAD,
        mails=(STUCK,),
    ),
    Fact("sending_resumed", "Envoi repris", "L'envoi de la version {version} est repris."),
    Fact("retried", "Reprise demandée", "{what} : reprise demandée.", tone=Tone.QUIET, moves_list=False),
    # What became of a mail: the kind bears its last state. What has just left moves no list.
    Fact("mail_sent", "Mail parti", "Mail parti à {to} : {message:mail}.", tone=Tone.QUIET, moves_list=False),
    Fact(
        "mail_failed",
        "Mail en échec",
        "Le mail à {to} n'est pas parti : {message:mail}.",
        tone=Tone.BAD,
        notice=FAILURE,
    ),
    Fact(
        "mail_outdated",
        "Mail périmé avant son envoi",
        "Le mail à {to} n'est pas parti à temps : {message:mail}.",
        tone=Tone.BAD,
    ),
    Fact(
        "mail_attention",
        "Mail à traiter",
        "Le mail à {to} n'a pas pu partir en 24 h : {message:mail}.",
        tone=Tone.BAD,
        notice=FAILURE,
    ),
)
