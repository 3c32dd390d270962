"""« Ce qui a changé » between two versions of a quote: everything frozen is compared, in order.

Frozen texts in, French sentences out. What must never be said of a change of substance is that only the look changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lib import french
from lib.french import NBSP
from quotes.content import (
    CONTRACT_WORDS,
    Consent,
    Content,
    DepositFacts,
    DiscountFacts,
    LawFacts,
    Terms,
    WithdrawalFacts,
)
from quotes.grounds import AidFacts
from quotes.versions.comparison_enclosures import enclosure_changes
from quotes.versions.comparison_lines import line_changes, said_by
from quotes.versions.comparison_texts import cited, field_changes, short, text_changes

NEW_LOOK = "La présentation du devis a été revue."
NOTHING = "Rien n'a changé dans ce devis."
# Of a field that nothing below names: a test forbids that there is one.
UNNAMED = f"Le devis a changé{NBSP}: relisez-le en entier."


def changes(old: Content, new: Content) -> list[str]:
    """What differs, in sentences for the customer, what counts most first; never empty."""
    found = [
        *_amounts(old, new),
        *line_changes(old.lines, new.lines),
        *enclosure_changes(old, new),
        *field_changes(old, new, TEXTS),
        *_agreement(old, new),
        *_parties(old, new),
    ]
    if found:
        return found
    if _substance(old) != _substance(new):
        return [UNNAMED]
    return [NOTHING if old.company == new.company else NEW_LOOK]


def _substance(content: Content) -> Content:
    """Without the look of the company's papers, and without what differs between any two versions."""
    return replace(
        content,
        version=0,
        email="",
        company=replace(content.company, logo=None, colour="", tagline="", hours=""),
        lines=tuple(map(said_by, content.lines)),
        consents=_consents(content),
        grounds=None,  # what follows from them is compared itself
    )


# Amounts


def _amounts(old: Content, new: Content) -> Iterator[str]:
    before, after = old.totals, new.totals
    if old.total != new.total:
        yield f"Total TTC{NBSP}: {french.money(new.total)} au lieu de {french.money(old.total)}."
    elif before.excl_tax != after.excl_tax:
        yield f"Total HT{NBSP}: {french.money(after.excl_tax)} au lieu de {french.money(before.excl_tax)}."
    elif before.vat != after.vat:
        yield f"TVA{NBSP}: {_vat(new)}, au lieu de {_vat(old)}."
    yield from _discount(old, new)
    yield from _zero_rate(old, new)
    yield from _aids(old, new)
    yield from _deposit(old, new)
    if old.valid_until != new.valid_until:
        yield (
            f"Valable jusqu'au {french.day(new.valid_until)} inclus, "
            f"au lieu du {french.day(old.valid_until)}."
        )


def _vat(content: Content) -> str:
    return french.listed(
        [
            f"{french.money(share.amount)} ({french.percent(share.rate)} de {french.money(share.base)})"
            for share in content.totals.vat
        ]
    )


def _discount(old: Content, new: Content) -> Iterator[str]:
    before, after = old.discount, new.discount
    if after is None and before is not None:
        yield f"Il n'y a plus de remise sur le total ({_discount_words(before, old)})."
    elif before is None and after is not None:
        yield f"Une remise sur le total est maintenant faite{NBSP}: {_discount_words(after, new)}."
    elif (
        before is not None
        and after is not None
        and (before, old.totals.discount)
        != (
            after,
            new.totals.discount,
        )
    ):
        yield (
            f"Remise sur le total{NBSP}: {_discount_words(after, new)} "
            f"au lieu de {_discount_words(before, old)}."
        )


def _discount_words(discount: DiscountFacts, content: Content) -> str:
    amount = f"{french.money(content.totals.discount)} HT"
    return f"{french.percent(discount.value)}, soit {amount}" if discount.kind == "percent" else amount


def _zero_rate(old: Content, new: Content) -> Iterator[str]:
    before, after = (
        f"{one.zero_rate.line}. {one.zero_rate.words}".strip(" .") if one.zero_rate else ""
        for one in (old, new)
    )
    yield from text_changes("Pourquoi la TVA est à zéro", before, after)


def _aids(old: Content, new: Content) -> Iterator[str]:
    """By kind and payer; of several alike, in their order."""
    before, after = list(old.aids), list(new.aids)
    for aid in after:
        there = next((one for one in before if (one.kind, one.payer) == (aid.kind, aid.payer)), None)
        if there is None:
            yield f"Aide ajoutée{NBSP}: {_aid_words(aid)}."
            continue
        before.remove(there)
        if there != aid:
            yield f"Aide{NBSP}: {_aid_words(aid)} au lieu de {_aid_words(there)}."
    for aid in before:
        yield f"Aide retirée{NBSP}: {_aid_words(aid)}."
    if sorted(map(_aid_words, old.aids)) == sorted(map(_aid_words, new.aids)) and old.aids != new.aids:
        yield "L'ordre des aides a changé."
    if old.payable != new.payable and (old.deducted or new.deducted):
        yield f"Reste à payer{NBSP}: {french.money(new.payable)} au lieu de {french.money(old.payable)}."
    if old.contribution != new.contribution:
        yield _contribution(old, new)


def _aid_words(aid: AidFacts) -> str:
    return f"{aid.words}, {french.money(aid.amount)}{', déduite' if aid.deducted else ', non déduite'}"


def _contribution(old: Content, new: Content) -> str:
    if new.contribution is None:
        return "Le devis n'a plus de cadre de contribution."
    if old.contribution is None:
        return f"Un cadre de contribution s'ajoute au devis, daté du {french.day(new.contribution.dated)}."
    return f"Le cadre de contribution a changé{NBSP}: il est daté du {french.day(new.contribution.dated)}."


def _deposit(old: Content, new: Content) -> Iterator[str]:
    before, after = old.deposit, new.deposit
    if before == after:
        return
    if after is None:
        yield "Il n'y a plus d'acompte à payer."
    elif before is None:
        yield f"Un acompte est maintenant demandé{NBSP}: {_deposit_words(after, new)}."
    elif _rule(before, old) != _rule(after, new):
        yield f"Acompte{NBSP}: {_deposit_words(after, new)} au lieu de {_deposit_words(before, old)}."
    elif before.amount != after.amount:
        yield f"Acompte{NBSP}: {french.money(after.amount)} au lieu de {french.money(before.amount)}."
    elif old.payable == new.payable:
        yield f"Solde{NBSP}: {french.money(after.balance)} au lieu de {french.money(before.balance)}."


def _deposit_words(deposit: DepositFacts, content: Content) -> str:
    return f"{french.money(deposit.amount)} ({_rule(deposit, content)})"


def _rule(deposit: DepositFacts, content: Content) -> str:
    whole = "du reste à payer" if content.deducted else "du total"
    return f"{french.percent(deposit.value)} {whole}" if deposit.kind == "percent" else "montant fixe"


TEXTS = {
    "title": "Objet du devis",
    "intro": "Texte avant les prix",
    "outro": "Texte après les prix",
    "worksite": "Adresse du chantier",
    "delivery": "Livraison du matériel",
    "start": "Début prévu",
    "duration": "Durée prévue",
    "formalities": "Démarches",
    "request": "Votre demande",
    "conditions": "Conditions particulières",
}


# What is agreed beside the lines


def _agreement(old: Content, new: Content) -> Iterator[str]:
    if old.contract != new.contract:
        before, after = (CONTRACT_WORDS[content.contract].lower() for content in (old, new))
        yield f"Contrat{NBSP}: {after} au lieu de {before}."
    if old.payment_methods != new.payment_methods:
        before, after = (_methods(content.payment_methods) for content in (old, new))
        yield f"Moyens de paiement de l'acompte{NBSP}: {after} au lieu de {before}."
    yield from _terms(old.terms, new.terms)
    if old.rge_proof != new.rge_proof:
        yield (
            "L'attestation RGE jointe au devis a changé."
            if new.rge_proof
            else "L'attestation RGE n'est plus jointe."
        )
    yield from _withdrawal(old.withdrawal, new.withdrawal)
    yield from _law(old.law or LawFacts(""), new.law or LawFacts(""))
    yield from _notices(old, new)
    yield from _boxes(_consents(old), _consents(new))


METHODS = {"card": "carte bancaire", "transfer": "virement", "cheque": "chèque"}


def _methods(methods: tuple[str, ...] | None) -> str:
    return french.listed([METHODS.get(method, method) for method in methods or ()]) or "rien de précisé"


def _terms(old: Terms | None, new: Terms | None) -> Iterator[str]:
    if old is None and new is not None:
        yield "Des conditions générales s'ajoutent au devis."
    elif new is None and old is not None:
        yield "Le devis n'a plus de conditions générales."
    elif old is not None and new is not None and old != new:
        if old.kind == new.kind == "text" and old.text != new.text:
            yield from text_changes("Conditions générales", old.text, new.text)
        else:
            yield "Les conditions générales ont changé."


def _withdrawal(old: WithdrawalFacts | None, new: WithdrawalFacts | None) -> Iterator[str]:
    before, after = old or WithdrawalFacts(0), new or WithdrawalFacts(0)
    if before.days and not after.days:
        yield "Ce devis ne prévoit plus de droit de rétractation."
    elif before.days != after.days:
        yield f"Vous avez maintenant {after.days}{NBSP}jours pour vous rétracter."
    elif before.start != after.start:
        yield f"Le délai de rétractation court {STARTS.get(after.start, 'autrement')}."
    yield from text_changes("Exception au droit de rétractation", before.exception, after.exception)
    yield from text_changes("Raison de cette exception", before.reason, after.reason)


STARTS = {
    "delivery": "maintenant depuis la livraison du matériel",
    "conclusion": "maintenant depuis la signature",
}


def _law(old: LawFacts, new: LawFacts) -> Iterator[str]:
    if old.nature != new.nature:
        yield f"Nature du contrat{NBSP}: {NATURES.get(new.nature, 'non précisée')}."
    if old.exempt != new.exempt:
        yield f"Exception au droit de rétractation{NBSP}: {EXEMPTIONS.get(new.exempt, 'une autre')}."
    if old.is_small != new.is_small:
        protected = "est protégé" if new.is_small else "n'est pas protégé"
        yield f"Le client professionnel {protected} comme un particulier."
    if old.visited_on != new.visited_on:
        when = f"le {french.day(new.visited_on)}" if new.visited_on else "pas de date"
        yield f"Visite chez le client{NBSP}: {when}."


NATURES = {"goods": "fourniture et pose, ou vente", "services": "main-d'œuvre, sans fourniture notable"}
EXEMPTIONS = {
    "": "aucune",
    "urgent_repair": "dépannage urgent",
    "made_to_measure": "objet fabriqué sur mesure",
}


def _notices(old: Content, new: Content) -> Iterator[str]:
    before = {notice.id: notice for notice in old.notices}
    after = {notice.id: notice for notice in new.notices}
    for id_, notice in after.items():
        if id_ not in before:
            yield f"Information légale ajoutée{NBSP}: {notice.title}."
    for id_, notice in before.items():
        if id_ not in after:
            yield f"Information légale retirée{NBSP}: {notice.title}."
        else:
            yield from text_changes("Titre d'une information légale", notice.title, after[id_].title)
            yield from text_changes(after[id_].title, notice.text, after[id_].text)
    common = before.keys() & after.keys()
    if [id_ for id_ in before if id_ in common] != [id_ for id_ in after if id_ in common]:
        yield "L'ordre des informations légales a changé."


def _consents(content: Content) -> tuple[Consent, ...]:
    """Their words name the version itself: that is no change."""
    own = f", version{NBSP}{content.version},"
    return tuple(replace(consent, words=consent.words.replace(own, ",")) for consent in content.consents)


def _boxes(old: tuple[Consent, ...], new: tuple[Consent, ...]) -> Iterator[str]:
    before, after = {box.id: box for box in old}, {box.id: box for box in new}
    for id_, box in after.items():
        if id_ not in before:
            yield f"Case à cocher ajoutée{NBSP}: {cited(box.words)}."
    for id_, box in before.items():
        if id_ not in after:
            yield f"Case à cocher retirée{NBSP}: {cited(box.words)}."
            continue
        now = after[id_]
        yield from text_changes("Case à cocher", box.words, now.words)
        if box.required != now.required:
            must = "doit maintenant être cochée pour signer" if now.required else "peut rester vide"
            yield f"La case {french.quoted(short(now.words))} {must}."
        if box.when != now.when:
            yield f"La case {french.quoted(short(now.words))} se coche à un autre moment."
        yield from text_changes("Pour qui ne peut pas cocher une case", box.otherwise, now.otherwise)
    common = before.keys() & after.keys()
    if [id_ for id_ in before if id_ in common] != [id_ for id_ in after if id_ in common]:
        yield "L'ordre des cases à cocher a changé."


# Who deals with whom

CUSTOMER = {"name": "Client", "siren": "SIREN du client", "address": "Adresse de facturation"}
COMPANY = {
    "name": "Nom de l'entreprise",
    "legal_name": "Dénomination sociale de l'entreprise",
    "legal_form": "Forme juridique de l'entreprise",
    "capital": "Capital de l'entreprise",
    "siret": "SIRET de l'entreprise",
    "vat_number": "Numéro de TVA de l'entreprise",
    "vat_notice": "TVA de l'entreprise",
    "registration": "Immatriculation de l'entreprise",
    "address": "Adresse de l'entreprise",
    "phone": "Téléphone de l'entreprise",
    "email": "Adresse mail de l'entreprise",
    "website": "Site de l'entreprise",
    "insurer": "Assurance de l'entreprise",
    "mediator": "Médiateur de la consommation",
    "travel_costs": "Frais de déplacement",
    "quote_cost": "Devis gratuit ou payant",
}


def _parties(old: Content, new: Content) -> Iterator[str]:
    yield from text_changes("Numéro du devis", old.number, new.number)
    if old.issued_on != new.issued_on:
        yield f"Date du devis{NBSP}: {french.day(new.issued_on)} au lieu du {french.day(old.issued_on)}."
    if old.customer.kind != new.customer.kind:
        kind = "professionnel" if new.customer.is_business else "particulier"
        yield f"Le devis est maintenant établi pour un {kind}."
    yield from field_changes(old.customer, new.customer, CUSTOMER)
    if old.customer.name == new.customer.name:  # the name of a person says both
        yield from text_changes("Personne à contacter", old.customer.contact, new.customer.contact)
        if old.customer.contact == new.customer.contact:
            yield from text_changes("Formule de salutation", old.customer.greeting, new.customer.greeting)
    if old.email and old.email != new.email:  # the address itself is not for whoever reads at the other one
        yield "Le devis est maintenant envoyé à une autre adresse mail."
    yield from text_changes("Votre interlocuteur", old.owner.name, new.owner.name)
    yield from text_changes("Adresse mail de votre interlocuteur", old.owner.email, new.owner.email)
    if (old.owner.phone, new.owner.phone) != (old.company.phone, new.company.phone):
        yield from text_changes("Téléphone de votre interlocuteur", old.owner.phone, new.owner.phone)
    yield from field_changes(old.company, new.company, COMPANY)
