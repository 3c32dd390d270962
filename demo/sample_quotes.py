"""The sample quotes: for whom, what for, what happened to them, and which case each shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from demo import catalogue, jobs
from demo.past import Past
from demo.samples import Sample
from quotes.models import Aid, Customer, Quote

State = Quote.State
DAY = 24.0

# Who asks for quotes: addresses that lead to no one, telephone numbers kept for fiction.


def _person(civility: str, first: str, last: str, phone: str, address: str) -> dict[str, Any]:
    mail = f"{first}.{last}".lower().replace(" ", "-").replace("é", "e").replace("è", "e").replace("ï", "i")
    return {
        "kind": Customer.Kind.INDIVIDUAL,
        "civility": civility,
        "first_name": first,
        "last_name": last,
        "email": f"{mail}@exemple.fr",
        "phone": phone,
        "address": address,
    }


BAKERY = {
    "kind": Customer.Kind.BUSINESS,
    "civility": "Mme",
    "first_name": "Nadia",
    "last_name": "Ferrand",
    "company_name": "Boulangerie Ferrand",
    "siren": "845123769",
    "email": "nadia.ferrand@boulangerie-ferrand.exemple.fr",
    "phone": "06 39 98 14 20",
    "address": "4 place de la Paix\n69001 Lyon",
}
ESTATE = {
    "kind": Customer.Kind.BUSINESS,
    "civility": "M.",
    "first_name": "Paul",
    "last_name": "Mercier",
    "company_name": "Régie des Terreaux",
    "siren": "793401282",
    "email": "paul.mercier@regie-terreaux.exemple.fr",
    "phone": "06 39 98 52 07",
    "address": "27 rue de la République\n69002 Lyon",
}

LETTER = (
    "À la suite de notre visite, voici notre proposition pour chauffer votre maison avec une pompe "
    "à chaleur. Les radiateurs en place sont conservés."
)
STATE_AID = {"kind": Aid.Kind.MPR, "payer": "Agence nationale de l'habitat", "amount": Decimal(4000)}
CONDITIONS = "Solde à la mise en service, par virement ou par carte."


# What happened to them


def _nothing(past: Past) -> None:
    """A draft has no past."""


def _open(past: Past) -> None:
    past.send(1.0)


def _at_once(past: Past) -> None:
    past.send(0.2)


def _with_a_question(past: Past) -> None:
    past.send(5.0)
    past.open(4.5)
    past.ask(
        2.0,
        "Bonjour, les travaux peuvent-ils commencer avant le 15 du mois prochain ? Et faut-il couper le chauffage "
        "pendant les deux jours ?",
        phone="06 39 98 71 36",
    )


def _answered_and_reminded(past: Past) -> None:
    past.send(6 * DAY)
    past.open(5.8 * DAY)
    past.ask(5.7 * DAY, "Le désembouage est-il vraiment nécessaire ? La maison date de 2009.")
    past.answer(
        5.1 * DAY,
        "Bonjour, sur une installation de cet âge nous le conseillons sans l'imposer : il reste en option sur "
        "le devis. Nous pouvons analyser l'eau du circuit lors de la visite technique, sans frais.",
    )
    past.remind(3.0)


def _link_expired(past: Past) -> None:
    past.send(3 * DAY)
    past.open(2.9 * DAY)


def _blocked(past: Past) -> None:
    past.send(20.0)
    past.block(10.0, "Chantier à revoir sur place avant tout accord.")


def _revoked(past: Past) -> None:
    past.send(19.0)
    past.change_email(17.0, "marc.olivier@exemple.fr")


def _refused(past: Past) -> None:
    past.send(18.0)
    past.open(17.0)
    past.refuse(9.0, "Nous avons choisi de garder la chaudière encore un hiver.")


def _cancelled(past: Past) -> None:
    past.send(16.0)
    past.cancel(8.0)


def _past_validity(past: Past) -> None:
    past.send(12 * DAY)
    past.open(11.5 * DAY)
    past.resend(2.5)


def _new_version(past: Past) -> None:
    past.send(4 * DAY)
    past.open(3.8 * DAY)
    past.ask(
        3.5 * DAY,
        "Pouvez-vous ajouter un robinet thermostatique par radiateur, et deux radiateurs à l'étage ?",
    )
    past.revise(4.5)
    catalogue.fill(past.quote, jobs.MORE_RADIATORS)
    past.send(4.0)
    past.answer(
        3.9, "Bonjour, c'est fait : la nouvelle version du devis compte huit radiateurs et huit robinets."
    )


def _being_revised(past: Past) -> None:
    past.send(15.0)
    past.open(14.0)
    past.revise(6.0)


def _signed(past: Past) -> None:
    past.send(22.0)
    past.open(20.0)
    past.sign(19.0)


def _signed_by_a_business(past: Past) -> None:
    past.send(21.0)
    past.open(20.5)
    past.sign(13.0, capacity="Gérant")
    past.announce_transfer(5.0)


def _withdrawn(past: Past) -> None:
    past.send(9 * DAY)
    past.sign(8.8 * DAY)
    past.receive_transfer(6 * DAY)
    past.withdraw(1.5 * DAY)
    past.resend(7.0)


def _done(past: Past) -> None:
    past.send(41 * DAY)
    past.open(40.5 * DAY)
    past.sign(40.2 * DAY)
    past.receive_transfer(37 * DAY)
    past.done(2 * DAY)
    past.resend(7.5)


SAMPLES = (
    Sample(
        shows="devis terminé, acompte reçu par virement",
        customer=_person("M.", "Henri", "Lambert", "06 39 98 03 18", "9 montée du Gourguillon\n69005 Lyon"),
        title="Remplacement d'une chaudière gaz",
        parts=jobs.GAS,
        state=State.DONE,
        begun=42 * DAY,
        past=_done,
        fields={"start": "2 semaines après la signature", "duration": "1 jour"},
        by_colleague=True,
    ),
    Sample(
        shows="durée de validité passée, le lien s'ouvre encore",
        customer=_person("Mme", "Odile", "Perrin", "06 39 98 40 51", "31 rue Smith\n69002 Lyon"),
        title="Plancher chauffant du rez-de-chaussée",
        parts=jobs.FLOOR,
        state=State.SENT,
        begun=12.2 * DAY,
        past=_past_validity,
        valid_for=7,
    ),
    Sample(
        shows="devis accepté puis rétracté, acompte à rembourser",
        customer=_person(
            "Mme", "Inès", "Robin", "06 39 98 66 90", "5 chemin de Vassieux\n69300 Caluire-et-Cuire"
        ),
        title="Climatisation réversible de trois pièces",
        parts=jobs.COOLING,
        state=State.WITHDRAWN,
        begun=9.5 * DAY,
        past=_withdrawn,
        fields={"start": "3 semaines après la signature", "duration": "2 jours"},
    ),
    Sample(
        shows="devis relancé, question répondue",
        customer=_person("M.", "Étienne", "Girard", "06 39 98 27 44", "14 rue des Noyers\n69130 Écully"),
        title="Remplacement de la chaudière fioul par une pompe à chaleur",
        parts=jobs.OIL_TO_HEAT_PUMP,
        state=State.REMINDED,
        begun=6.4 * DAY,
        past=_answered_and_reminded,
        aids=(STATE_AID,),
        fields={"conditions": CONDITIONS, "start": "5 semaines après la signature", "duration": "3 jours"},
    ),
    Sample(
        shows="nouvelle version envoyée",
        customer=_person("Mme", "Sarah", "Cohen", "06 39 98 88 12", "3 rue Paul-Bert\n69003 Lyon"),
        title="Remplacement des radiateurs",
        parts=jobs.RADIATORS,
        state=State.SENT,
        begun=4.3 * DAY,
        past=_new_version,
        fields={"start": "4 semaines après la signature", "duration": "3 jours"},
    ),
    Sample(
        shows="lien de plus de 24 heures",
        customer=_person("M.", "Thomas", "Roux", "06 39 98 19 73", "88 avenue Lacassagne\n69003 Lyon"),
        title="Chauffe-eau thermodynamique",
        parts=jobs.HOT_WATER,
        state=State.SENT,
        begun=3.2 * DAY,
        past=_link_expired,
        fields={"deposit_kind": Quote.DepositKind.NONE, "deposit_value": Decimal(0), "duration": "1 jour"},
    ),
    Sample(
        shows="devis accepté et signé par un particulier",
        customer=_person(
            "M.", "Luc", "Fontaine", "06 39 98 31 05", "2 allée des Tilleuls\n69110 Sainte-Foy-lès-Lyon"
        ),
        title="Climatisation réversible du séjour et de deux chambres",
        parts=jobs.COOLING,
        state=State.ACCEPTED,
        begun=23.0,
        past=_signed,
        fields={"conditions": CONDITIONS, "start": "3 semaines après la signature", "duration": "2 jours"},
    ),
    Sample(
        shows="devis accepté et signé par un professionnel, virement annoncé",
        customer=ESTATE,
        title="Entretien annuel de trois chaufferies",
        parts=jobs.YEARLY,
        state=State.ACCEPTED,
        begun=22.5,
        past=_signed_by_a_business,
        fields={"nature": Quote.Nature.SERVICES, "start": "1 mois après la signature", "no_waste": True},
        by_colleague=True,
    ),
    Sample(
        shows="accès bloqué",
        customer=_person(
            "M.", "Bruno", "Chevalier", "06 39 98 75 60", "17 route de Vourles\n69230 Saint-Genis-Laval"
        ),
        title="Remplacement de la chaudière gaz par une pompe à chaleur",
        parts=jobs.HEAT_PUMP,
        state=State.SENT,
        begun=20.5,
        past=_blocked,
    ),
    Sample(
        shows="lien révoqué, l'adresse du client a changé",
        customer=_person("M.", "Marc", "Ollivier", "06 39 98 93 27", "6 rue Juliette-Récamier\n69006 Lyon"),
        title="Recherche de fuite sur le circuit de chauffage",
        parts=jobs.REPAIR,
        state=State.SENT,
        begun=19.5,
        past=_revoked,
        fields={
            "nature": Quote.Nature.SERVICES,
            "no_waste": True,
            "deposit_kind": Quote.DepositKind.NONE,
            "deposit_value": Decimal(0),
        },
    ),
    Sample(
        shows="devis refusé par le client",
        customer=_person("Mme", "Hélène", "Masson", "06 39 98 50 38", "40 rue du Bœuf\n69005 Lyon"),
        title="Passage du gaz à la pompe à chaleur",
        parts=jobs.HEAT_PUMP,
        state=State.REFUSED,
        begun=18.5,
        past=_refused,
    ),
    Sample(
        shows="devis annulé",
        customer=_person("M.", "Ahmed", "Saïdi", "06 39 98 12 84", "11 cours Gambetta\n69007 Lyon"),
        title="Remplacement de six radiateurs",
        parts=jobs.RADIATORS,
        state=State.CANCELLED,
        begun=16.5,
        past=_cancelled,
        by_colleague=True,
    ),
    Sample(
        shows="nouvelle version en préparation, la version 1 reste en vigueur",
        customer=_person("Mme", "Julie", "Barbier", "06 39 98 46 15", "25 rue Chevreul\n69007 Lyon"),
        title="Chaudière gaz à condensation",
        parts=jobs.GAS,
        state=State.SENT,
        begun=15.5,
        past=_being_revised,
    ),
    Sample(
        shows="question en attente de réponse",
        customer=_person("M.", "Antoine", "Vidal", "06 39 98 71 36", "52 rue Henri-Gorjus\n69004 Lyon"),
        title="Pompe à chaleur pour une maison de 120 m²",
        parts=jobs.OIL_TO_HEAT_PUMP,
        state=State.SENT,
        begun=5.5,
        past=_with_a_question,
        fields={"conditions": CONDITIONS, "start": "4 semaines après la signature", "duration": "2 jours"},
    ),
    Sample(
        shows="devis à un professionnel, acompte d'un montant fixe",
        customer=BAKERY,
        title="Ventilation double flux du fournil",
        parts=jobs.VENTILATION,
        state=State.SENT,
        begun=1.5,
        past=_open,
        fields={
            "contract": Quote.Contract.ON_PREMISES,
            "deposit_kind": Quote.DepositKind.AMOUNT,
            "deposit_value": Decimal(3000),
            "start": "6 semaines après la signature",
            "duration": "1 semaine",
        },
        by_colleague=True,
    ),
    Sample(
        shows="devis envoyé, à lire et à signer",
        customer=_person(
            "Mme", "Claire", "Morel", "06 39 98 08 42", "12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or"
        ),
        title="Remplacement de la chaudière gaz par une pompe à chaleur air-eau",
        parts=jobs.HEAT_PUMP,
        state=State.SENT,
        begun=1.4,
        past=_open,
        has_pictures=True,
        fields={
            "intro": LETTER,
            "conditions": CONDITIONS,
            "start": "3 semaines après la signature",
            "duration": "2 jours",
        },
    ),
    Sample(
        shows="envoi en cours, le PDF attend d'être fait",
        customer=_person("Mme", "Lucie", "Blanc", "06 39 98 35 70", "19 quai Arloing\n69009 Lyon"),
        title="Chauffe-eau thermodynamique du sous-sol",
        parts=jobs.HOT_WATER,
        state=State.SENDING,
        begun=0.2,
        past=Past.stall,
    ),
    Sample(
        shows="devis en cours, prêt à envoyer",
        customer=_person(
            "Mme", "Camille", "Durand", "06 39 98 60 29", "7 impasse des Glycines\n69160 Tassin-la-Demi-Lune"
        ),
        title="Pompe à chaleur air-eau et ballon tampon",
        parts=jobs.HEAT_PUMP,
        state=State.DRAFT,
        begun=0.1,
        past=_nothing,
        fields={"conditions": CONDITIONS, "start": "3 semaines après la signature", "duration": "2 jours"},
    ),
    Sample(
        shows="dépannage urgent demandé par le client, à signer chez lui",
        customer=_person("Mme", "Yvonne", "Brun", "06 39 98 24 57", "8 rue de Cuire\n69004 Lyon"),
        title="Recherche et réparation d'une fuite d'eau",
        parts=jobs.REPAIR,
        state=State.SENT,
        begun=0.3,
        past=_at_once,
        fields={
            "nature": Quote.Nature.SERVICES,
            "contract": Quote.Contract.OFF_PREMISES,
            "withdrawal_exception": "urgent_repair",
            "withdrawal_reason": "Fuite d'eau",
            "delivery": "",
            "start": "1 jour après la signature",
            "duration": "2 heures",
            "no_waste": True,
            "deposit_kind": Quote.DepositKind.NONE,
            "deposit_value": Decimal(0),
        },
    ),
    Sample(
        shows="options à choisir en ligne, seules et au choix",
        customer=_person(
            "Mme", "Colette", "Arnaud", "06 39 98 29 60", "7 rue des Marronniers\n69110 Sainte-Foy"
        ),
        title="Chauffe-eau thermodynamique, au choix",
        parts=jobs.HOT_WATER_TO_CHOOSE,
        state=State.SENT,
        begun=0.4,
        past=_at_once,
        fields={"start": "3 semaines après la signature", "duration": "1 jour"},
    ),
)
