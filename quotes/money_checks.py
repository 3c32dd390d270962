"""« Avant d'envoyer », of money: VAT, the discount on the total, aids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotes.findings import Finding, MendedAt
from quotes.law import vat
from quotes.law.vat import Fault
from quotes.models import Aid

Check = tuple[Finding, Callable[[Any], bool]]  # of a quotes.readiness.Draft, which knows these checks
CGI = "Code général des impôts"
ANAH = "Anah, mentions attendues sur les devis (france-renov.gouv.fr)"

VAT_FINDINGS: dict[Fault, Finding] = {
    Fault.CHARGED_IN_FRANCHISE: Finding(
        "Votre entreprise est en franchise de TVA, et une ligne en compte\u00a0: mettez toutes les lignes à 0\u00a0%, "
        "ou changez le régime de l'entreprise.",
        MendedAt.QUOTE,
        "lines",
        f"{CGI}, art. 283, 3",
        blocking=True,
    ),
    Fault.NO_NUMBER: Finding(
        "Le devis compte de la TVA\u00a0: donnez le numéro de TVA de l'entreprise, ou dites qu'elle est en franchise.",
        MendedAt.COMPANY,
        "vat_number",
        f"{CGI}, art. 286 ter",
        blocking=True,
    ),
    Fault.NOT_OF_THE_TERRITORY: Finding(
        "Une ligne porte un taux de TVA qui n'existe pas là où travaille l'entreprise\u00a0: "
        "choisissez-en un de la liste.",
        MendedAt.QUOTE,
        "lines",
        f"{CGI}, art. 278 et suivants, 294 à 297",
        blocking=True,
    ),
    Fault.NO_WORKSITE: Finding(
        "Indiquez l'adresse du chantier\u00a0: le taux réduit de TVA tient au logement où l'on travaille.",
        MendedAt.QUOTE,
        "worksite",
        f"{CGI}, art. 278-0 bis A et 279-0 bis",
        blocking=True,
    ),
    Fault.NO_REASON: Finding(
        "Une ligne est à 0\u00a0% de TVA\u00a0: dites pourquoi (autoliquidation, hors champ, exonération, "
        "Guyane ou Mayotte).",
        MendedAt.QUOTE,
        "vat_reason",
        f"{CGI}, art. 242 nonies A de l'annexe II",
        blocking=True,
    ),
    Fault.REASON_WITHOUT_ZERO: Finding(
        "Le devis dit pourquoi sa TVA est à 0\u00a0%, et aucune ligne ne l'est\u00a0: retirez la raison.",
        MendedAt.QUOTE,
        "vat_reason",
    ),
    Fault.REVERSE_CHARGE_TO_A_STRANGER: Finding(
        "L'autoliquidation ne vaut qu'entre professionnels\u00a0: le client doit en être un, avec son SIREN.",
        MendedAt.CUSTOMER,
        "siren",
        f"{CGI}, art. 283, 2 nonies",
        blocking=True,
    ),
    Fault.NO_MAIN_SITE: Finding(
        "Autoliquidation\u00a0: nommez le chantier principal et le donneur d'ordre, dans «\u00a0Précision\u00a0».",
        MendedAt.QUOTE,
        "vat_detail",
        f"{CGI}, art. 283, 2 nonies\u00a0; CAA Lyon, 5 janvier 2023",
        blocking=True,
    ),
    Fault.NO_ARTICLE: Finding(
        "Exonération de TVA\u00a0: citez l'article qui l'accorde, dans «\u00a0Précision\u00a0».",
        MendedAt.QUOTE,
        "vat_detail",
        f"{CGI}, art. 242 nonies A de l'annexe II",
        blocking=True,
    ),
}


def _vat_check(fault: Fault, finding: Finding) -> Check:
    return finding, lambda draft: fault in vat.faults(draft.vat_facts)


def _has_cheap_boiler(draft: Any) -> bool:
    """At a rate of old dwellings; in Corsica all works on buildings are at 10 %."""
    return any(
        vat.is_fossil_boiler(f"{line.label} {line.description}")
        for line in draft.priced
        if vat.certificates([line.vat_rate], draft.company.territory)
    )


def _has_state_aid(draft: Any) -> bool:
    return any(aid.kind == Aid.Kind.MPR for aid in draft.aids)


MONEY_CHECKS: tuple[Check, ...] = (
    *(_vat_check(fault, finding) for fault, finding in VAT_FINDINGS.items()),
    (
        Finding(
            "Une chaudière au gaz, au fioul ou au propane est au taux normal de TVA depuis le 1er mars 2025\u00a0: "
            "vérifiez le taux de cette ligne.",
            MendedAt.QUOTE,
            "lines",
            f"{CGI}, art. 278-0 bis A et 279-0 bis, loi de finances pour 2025",
        ),
        _has_cheap_boiler,
    ),
    (
        Finding(
            "La remise dépasse le total HT\u00a0: écrivez un montant plus petit, ou un pourcentage.",
            MendedAt.QUOTE,
            "discount_value",
            blocking=True,
        ),
        lambda draft: draft.discount_is_too_much,
    ),
    (
        Finding(
            "Les aides déduites dépassent le total TTC\u00a0: écrivez ce que le client reçoit pour ces travaux.",
            MendedAt.QUOTE,
            "aids",
            blocking=True,
        ),
        lambda draft: draft.aids_are_too_much,
    ),
    (
        Finding(
            "Joignez le cadre de contribution de la prime CEE\u00a0: il est remis au client avant sa signature.",
            MendedAt.CONTRIBUTION,
            "contribution",
            "Arrêté du 4 septembre 2014, annexe 5\u00a0; art. R221-22 et suivants du code de l'énergie",
            blocking=True,
        ),
        lambda draft: not draft.quote.contribution and any(aid.kind == Aid.Kind.CEE for aid in draft.aids),
    ),
    (
        Finding(
            "Notez la date de votre visite du logement\u00a0: l'Anah la lit sur le devis d'une MaPrimeRénov'.",
            MendedAt.QUOTE,
            "visited_on",
            ANAH,
        ),
        lambda draft: _has_state_aid(draft) and draft.quote.visited_on is None,
    ),
    (
        Finding(
            "Écrivez sous chaque appareil sa marque, son modèle et sa performance, et sous chaque isolation sa "
            "surface\u00a0: l'Anah les lit sur le devis d'une MaPrimeRénov'.",
            MendedAt.QUOTE,
            "lines",
            ANAH,
        ),
        lambda draft: _has_state_aid(draft) and not any(line.description.strip() for line in draft.priced),
    ),
    (
        Finding(
            "Une aide ne compte plus\u00a0: les lignes auxquelles elle est liée ne sont plus vendues.",
            MendedAt.QUOTE,
            "aids",
        ),
        lambda draft: len(draft.aids) < len(draft.all_aids),
    ),
)
