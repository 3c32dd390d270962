"""From the code to the sealed PDF: each kind of fact with its words, its mails, and who hears of it."""

from __future__ import annotations

from notifications.events import Notice
from quotes import facts
from quotes.events import STUCK, mail
from quotes.facts import Fact, Tone

ACCEPTED = Notice("accepted", "Devis accepté et signé", is_important=True)
PAUSED = Notice("paused", "Signature en pause après trop d'essais", is_important=True)
CONTRADICTION = Notice("contradiction", "Signature arrêtée, le client contredit le devis", is_important=True)
STAMP_MISSING = Notice("stamp_missing", "Signature qui attend un horodatage", is_important=True)

facts.declare(
    Fact(
        "code_requested",
        "Code de signature demandé",
        "Code de signature envoyé à {email} pour {first_name} {last_name}.",
        certificate="Accords cochés, code demandé",
        mails=(
            mail(
                "signing/code",
                "le code de signature",
                # The three figures with which a mail server's answer begins.
                certificate="Code à 6 chiffres remis au serveur de mail de {to} (réponse {smtp_reply:.3})",
            ),
        ),
    ),
    Fact("code_tried", "Code essayé", "Code essayé ({tries} sur 5).", tone=Tone.QUIET, moves_list=False),
    Fact(
        "contradiction",
        "Signature arrêtée : la déclaration du client contredit le devis",
        tone=Tone.BAD,
        mails=(mail("signing/contradiction_owner", "la signature arrêtée", tells=CONTRADICTION),),
    ),
    Fact(
        "signing_paused",
        "Signature en pause",
        "La signature est en pause : trop d'essais de code.",
        tone=Tone.BAD,
        mails=(mail("signing/paused_owner", "la pause de la signature", tells=PAUSED),),
    ),
    Fact("tries_allowed", "Nouveaux essais autorisés"),
    Fact(
        "accepted",
        "Devis accepté et signé",
        "{first_name} {last_name} accepte et signe la version {version}.",
        tone=Tone.GOOD,
        certificate="Code saisi, essai n° {tries}, dans le même navigateur : devis accepté",
        mails=(mail("signing/accepted_owner", "la signature du client", tells=ACCEPTED),),
    ),
    Fact(
        "accepted_on_paper",
        "Devis accepté sur papier",
        "{signatory} a signé la version {version} sur papier le {signed_on:day}, enregistré par l'entreprise.",
        tone=Tone.GOOD,
        mails=(mail("signing/accepted_on_paper", "la copie du papier signé"),),
    ),
    Fact(
        "sealed",
        "PDF signé et scellé",
        "Le PDF signé est scellé (référence {reference}).",
        tone=Tone.GOOD,
        mails=(mail("signing/accepted", "le devis signé"),),
    ),
    Fact(
        "sealing_late",
        "PDF signé en retard",
        tone=Tone.BAD,
        mails=(mail("signing/sealing_late", "l'annonce du retard"),),
    ),
    Fact(
        "sealing_failed",
        "Le PDF signé n'a pas encore pu être scellé, le responsable est prévenu",
        tone=Tone.BAD,
        mails=(STUCK,),
    ),
    Fact("stamp_missing", "Scellement en attente d'un horodatage", tone=Tone.BAD),
    Fact(
        "stamp_choice_asked",
        "Sans horodatage depuis 24 h : choix demandé",
        tone=Tone.BAD,
        mails=(mail("signing/stamp_missing_owner", "le choix sur l'horodatage", tells=STAMP_MISSING),),
    ),
    Fact("stamp_waived", "Scellement sans horodatage décidé", tone=Tone.BAD),
    Fact("proof_exported", "Dossier de preuve téléchargé"),
)
