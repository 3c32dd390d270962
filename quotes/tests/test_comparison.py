"""« Ce qui a changé »: every change of substance is named, in words that a customer understands."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from quotes.content import (
    Consent,
    Content,
    Contribution,
    DiscountFacts,
    DocumentFacts,
    LawFacts,
    LineFacts,
    Logo,
    PhotoFacts,
    Terms,
    WithdrawalFacts,
    ZeroRateFacts,
)
from quotes.grounds import AidFacts
from quotes.tests.contents import COMPANY, CUSTOMER, GROUNDS, LINES, item, make_content, section
from quotes.versions.comparison import NEW_LOOK, NOTHING, UNNAMED, changes

NBSP = "\u00a0"

# Nothing is forgotten


def full() -> Content:
    """Every field says something, so that each can say something else."""
    return make_content(
        company=replace(
            COMPANY, hours="de 8 h à 18 h", vat_notice="Franchise", logo=Logo("ab" * 32, "image/png")
        ),
        customer=replace(CUSTOMER, contact="Claire Morel", siren="552100554"),
        lines=(
            item(
                "Ballon",
                description="300 litres",
                discount=Decimal(5),
                identity="b",
                option=True,
                chosen=True,
                choice_group="Ballons",
                choice_kind="exactly_one",
            ),
            *LINES,
        ),
        terms=Terms("pdf", text="Nos prix sont fermes.", sha256="cd" * 32, pages=3),
        consents=(
            Consent("quote", "J'accepte.", required=True, otherwise="Appelez-nous."),
            Consent("early", "Vite.", required=False),
        ),
        withdrawal=WithdrawalFacts(14, exception="Sur mesure", reason="Une cuisine", start="delivery"),
        law=LawFacts("goods", exempt="made_to_measure", is_small=True, visited_on=dt.date(2026, 11, 20)),
        payment_methods=("card", "transfer"),
        email="claire.morel@exemple.fr",
        discount=DiscountFacts("percent", Decimal(5)),
        zero_rate=ZeroRateFacts("Hors champ de la TVA", "Un don"),
        aids=(
            AidFacts("cee", "Énergéticien", Decimal(1500), conditional=True, deducted=True),
            AidFacts("mpr", "Anah", Decimal(4000), conditional=True, deducted=False),
        ),
        contribution=Contribution("ef" * 32, dt.date(2026, 11, 20)),
        delivery="2 semaines après la signature",
        formalities="aucune",
        requested_on=dt.date(2026, 11, 3),
        requested_by="par téléphone",
        rge_proof="ef" * 32,
        grounds=GROUNDS,
        photos=(
            PhotoFacts("aa" * 32, 960, 720, "ab" * 32, 480, "La cave", "b"),
            PhotoFacts("ac" * 32, 960, 720, "ad" * 32, 480, "Le local", "b"),
        ),
        documents=(
            DocumentFacts("ba" * 32, "Fiche", 2, 1000, in_contract=True, line="b"),
            DocumentFacts("bb" * 32, "Assurance", 1, 900, in_contract=False, line="b"),
        ),
    )


OTHERWISE = {
    "contract": "on_premises",
    "customer.kind": "business",
    "lines.kind": "text",
    "deposit.kind": "amount",
    "discount.kind": "amount",
    "aids.kind": "other",
    "terms.kind": "text",
}
LOOK = {
    *("company.colour", "company.tagline", "company.hours"),
    *("company.logo", "company.logo.sha256", "company.logo.type"),
}
UNTOLD = {
    "version": "two versions differ in it by what they are",
    "lines.identity": "names a line, which says the same",
    "grounds": "what follows from them is told itself",
}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Each field all the way down, and the wholes that hold the same but for this field."""
    for field in dataclasses.fields(value):
        path, found = f"{name}.{field.name}".lstrip("."), getattr(value, field.name)
        assert found not in (None, "", ()), f"give `{path}` a value in `full()`: what it becomes must be told"
        yield path, [replace(value, **{field.name: new}) for new in others(path, found, str(field.type))]
        if path == "grounds":
            continue
        inner = found[0] if isinstance(found, tuple) and dataclasses.is_dataclass(found[0]) else found
        if dataclasses.is_dataclass(inner):
            rest = found[1:] if isinstance(found, tuple) else None
            for below, wholes in leaves(inner, path):
                one_of = [whole if rest is None else (whole, *rest) for whole in wholes]
                yield below, [replace(value, **{field.name: one}) for one in one_of]


def others(path: str, found: Any, type_: str) -> list[Any]:
    if path in OTHERWISE:
        return [OTHERWISE[path]]
    if isinstance(found, tuple):
        several = [found[1:], found[::-1]] if len(found) > 1 else [()]
        return [*several, None] if "None" in type_ else several
    if dataclasses.is_dataclass(found):
        return [None] if "None" in type_ else []
    if isinstance(found, bool):
        return [not found]
    if isinstance(found, dt.date):
        return [found + dt.timedelta(days=1)]
    return [found + 1] if isinstance(found, int | Decimal) else [f"{found} autrement", ""]


FIELDS = list(leaves(full()))


@pytest.mark.parametrize(("path", "wholes"), FIELDS, ids=[path for path, _ in FIELDS])
def test_no_field_changes_in_silence(path: str, wholes: list[Content]) -> None:
    for new in wholes:
        assert new != full(), "or this would test nothing"
        said = changes(full(), new)
        if path in LOOK:
            assert said == [NEW_LOOK]
        elif path in UNTOLD:
            assert said == [NOTHING]
        else:
            assert {NEW_LOOK, NOTHING, UNNAMED}.isdisjoint(said), (
                f"`{path}` is in no sentence of quotes/versions/comparison.py"
            )
            assert all(sentence.endswith(".") and "None" not in sentence for sentence in said)


def test_the_walk_reaches_every_kind_of_fact() -> None:
    paths = {path for path, _ in FIELDS}
    assert {"title", "company.logo.sha256", "lines.unit_price", "totals.vat.base", "consents.when"} <= paths
    assert len(FIELDS) > 70


def test_a_field_that_was_forgotten_is_never_told_as_a_new_look() -> None:
    @dataclasses.dataclass(frozen=True)
    class Later(Content):
        nature: str = "goods"

    old = Later(**{field.name: getattr(full(), field.name) for field in dataclasses.fields(Content)})
    assert changes(old, replace(old, nature="services")) == [UNNAMED]


def test_an_equal_version_says_so_and_a_new_look_is_only_a_look() -> None:
    old = make_content()
    assert changes(old, replace(old, version=2)) == [NOTHING]
    assert changes(old, replace(old, company=replace(COMPANY, colour="#000000"))) == [NEW_LOOK]


# Lines, by their identity


def lines(*labels: str, **fields: Any) -> tuple[LineFacts, ...]:
    """`# x` a heading, `- x` a text, else an item; each is who it says after `@`, else who its words say."""
    found = []
    for word in labels:
        label, _, identity = word.partition("@")
        kind = {"#": "section", "-": "text"}.get(label[0], "item")
        label = label.removeprefix("# ").removeprefix("- ")
        line = item(label, **fields) if kind == "item" else LineFacts(kind, label)
        found.append(replace(line, identity=identity or label))
    return tuple(found)


def sentences(old: tuple[LineFacts, ...], new: tuple[LineFacts, ...]) -> list[str]:
    """What is said of the lines, the total being none of it."""
    said = changes(make_content(lines=old, deposit=None), make_content(lines=new, deposit=None))
    return [sentence.replace(NBSP, " ") for sentence in said if not sentence.startswith("Total")]


def test_a_text_that_turns_round_is_told_in_both_its_words() -> None:
    old, new = lines("A", "- Peinture comprise@p"), lines("A", "- Peinture NON comprise@p")
    assert sentences(old, new) == ["Texte : « Peinture NON comprise » au lieu de « Peinture comprise »."]


def test_a_text_added_or_taken_out_is_told() -> None:
    assert sentences(lines("A", "- Garantie 10 ans"), lines("A")) == ["Retiré : Garantie 10 ans."]
    assert sentences(lines("A"), lines("A", "- Garantie 10 ans")) == ["Ajouté : Garantie 10 ans."]


def test_a_heading_and_its_description_are_told() -> None:
    old = (replace(section("Pose"), description="Fourniture et pose", identity="s"), *lines("A"))
    new = (replace(old[0], description="Fourniture seule, sans pose"), *lines("A"))
    assert sentences(old, new) == [
        "Pose, description : « Fourniture seule, sans pose » au lieu de « Fourniture et pose »."
    ]
    assert sentences(old, (replace(old[0], label="Vente"), *lines("A"))) == [
        "Titre de partie : « Vente » au lieu de « Pose »."
    ]
    assert sentences(old, lines("A")) == [
        "Partie retirée : Pose.",
        "« A » n'est plus dans la partie « Pose ».",
    ]
    assert sentences(lines("A"), old) == [
        "Partie ajoutée : Pose.",
        "« A » est maintenant dans la partie « Pose ».",
    ]


def test_a_line_that_changes_heading_is_told_with_both() -> None:
    old = lines("# Dépose", "A", "B", "# Pose", "C")
    assert sentences(old, lines("# Dépose", "B", "# Pose", "A", "C")) == [
        "« A » est maintenant dans la partie « Pose », et non plus dans la partie « Dépose »."
    ]
    assert sentences(old, lines("# Dépose", "# Pose", "A", "B", "C")) == [
        "« A » et « B » sont maintenant dans la partie « Pose », et non plus dans la partie « Dépose »."
    ]


def test_another_order_is_told() -> None:
    assert sentences(lines("A", "B", "C"), lines("A", "C", "B")) == ["« C » est maintenant après « A »."]
    assert sentences(lines("# P", "A", "# Q", "B"), lines("# Q", "B", "# P", "A")) == [
        "« Q » est maintenant avant « P »."
    ]
    assert sentences(lines(*"ABCDEFGH"), lines(*"HGFEDCBA")) == ["L'ordre des lignes a changé."]


def test_figures_are_told_with_what_they_were() -> None:
    old = lines("Main-d'œuvre", price="58", quantity=Decimal(24), vat="20")
    new = lines("Main-d'œuvre", price="60", quantity=Decimal(30), vat="10", discount=Decimal(5))
    assert [sentence.replace("\u202f", " ") for sentence in sentences(old, new)] == [
        (
            "Main-d'œuvre : quantité 30 unités au lieu de 24 unités, prix unitaire 60,00 € HT au lieu de 58,00 €, "
            "remise 5 % au lieu de 0 %, TVA 10 % au lieu de 20 %, soit 1 710,00 € HT au lieu de 1 392,00 €."
        )
    ]


def test_an_option_that_becomes_part_of_the_total_is_told() -> None:
    old = (*lines("A"), replace(item("Thermostat", option=True), identity="t"))
    new = (old[0], replace(old[1], option=False))
    assert sentences(old, new) == ["« Thermostat » fait maintenant partie du total."]
    assert sentences(new, old) == ["« Thermostat » est maintenant en option, hors du total."]
    assert sentences(lines("A"), old) == ["Ajouté en option : Thermostat, 100,00 € HT."]


def test_a_label_that_comes_back_is_told_with_its_place() -> None:
    old = lines("# Dépose", "Main-d'œuvre@1", "# Pose", "Main-d'œuvre@2", "Main-d'œuvre@3")
    dearer = replace(old[1], unit_price=Decimal(120), total=Decimal(120))
    assert sentences(old, (old[0], dearer, *old[2:])) == [
        (
            "Main-d'œuvre (partie « Dépose ») : prix unitaire 120,00 € HT au lieu de 100,00 €, "
            "soit 120,00 € HT au lieu de 100,00 €."
        )
    ]
    assert sentences(old, (*old[:3], old[4])) == ["Retiré : Main-d'œuvre (2e ligne de ce nom)."]
    assert sentences(old, old[:1] + old[2:]) == ["Retiré : Main-d'œuvre (partie « Dépose »)."]


def test_two_lines_of_one_label_that_change_places_do_not_pass_for_each_other() -> None:
    old = (
        *lines("# Dépose", "MO@1", price="50"),
        *lines("# Pose", "MO@2", price="80"),
    )
    new = (old[0], old[3], old[2], old[1])
    assert sentences(old, new) == [
        "« MO » (partie « Dépose ») est maintenant dans la partie « Dépose », et non plus dans la partie « Pose ».",
        "« MO » (partie « Pose ») est maintenant dans la partie « Pose », et non plus dans la partie « Dépose ».",
    ]


def test_a_line_taken_out_and_written_again_as_it_was_is_no_change() -> None:
    assert sentences(lines("A", "B@1"), lines("A", "B@2")) == [NOTHING]


def test_what_becomes_a_text_is_no_longer_sold() -> None:
    old = lines("A", "Peinture@p")
    assert sentences(old, (old[0], LineFacts("text", "Peinture", identity="p"))) == [
        "Ajouté : Peinture.",
        "Retiré : Peinture.",
    ]


# Lines of schema 1, which had no identity


def anonymous(*found: LineFacts) -> tuple[LineFacts, ...]:
    return tuple(replace(line, identity="") for line in found)


def test_lines_without_identity_are_matched_by_what_they_say() -> None:
    old = anonymous(*lines("# Dépose", "MO", "# Pose", "MO", "Ballon"))
    dearer = replace(old[3], unit_price=Decimal(120))
    assert sentences(old, (*old[:3], dearer, old[4])) == [
        "MO (partie « Pose ») : prix unitaire 120,00 € HT au lieu de 100,00 €."
    ]
    assert sentences(old, lines("# Dépose", "MO@1", "# Pose", "MO@2", "Ballon")) == [NOTHING]
    assert sentences(old, old[:1] + old[2:]) == ["Retiré : MO (partie « Dépose »)."]
    assert sentences(old, lines("# Dépose", "MO@1", "Ballon", "# Pose", "MO@2")) == [
        "« Ballon » est maintenant dans la partie « Dépose », et non plus dans la partie « Pose »."
    ]
    assert sentences(
        anonymous(*lines("A", "- Peinture comprise")), lines("A", "- Peinture NON comprise")
    ) == [
        "Ajouté : Peinture NON comprise.",
        "Retiré : Peinture comprise.",
    ]


# What else is agreed


def said(**fields: Any) -> list[str]:
    return [
        sentence.replace(NBSP, " ") for sentence in changes(make_content(), replace(make_content(), **fields))
    ]


def test_a_deposit_of_the_same_amount_by_another_rule_is_told() -> None:
    old = make_content()
    assert old.deposit is not None
    new = replace(old.deposit, kind="amount", value=old.deposit.amount)
    (sentence,) = said(deposit=new)
    assert "(montant fixe) au lieu de" in sentence
    assert "(30 % du total)" in sentence
    dearer = replace(old.deposit, amount=old.deposit.amount + 1, balance=old.deposit.balance - 1)
    (sentence,) = said(deposit=dearer)
    assert "du total" not in sentence, "the rule is the same"
    assert said(deposit=None) == ["Il n'y a plus d'acompte à payer."]


def test_a_sentence_of_a_long_text_is_told_alone() -> None:
    kept = "Le chantier est livré propre, les gravats sont portés à la déchetterie par nos soins. "
    old = make_content(conditions=kept + "Peinture comprise. Garantie 10 ans. " + kept)
    new = replace(old, conditions=kept + "Peinture non comprise. " + kept)
    assert [sentence.replace(NBSP, " ") for sentence in changes(old, new)] == [
        "Conditions particulières : « Peinture non comprise » au lieu de « Peinture comprise. Garantie 10 ans »."
    ]


def test_a_text_that_comes_or_goes_is_told() -> None:
    assert said(worksite="") == ["Adresse du chantier : retrait de « 12 chemin des Vignes »."]
    old = make_content(worksite="")
    assert changes(old, replace(old, worksite="Ici")) == [
        f"Adresse du chantier{NBSP}: ajout de «{NBSP}Ici{NBSP}»."
    ]
    assert said(outro="Nous restons à votre écoute") == [
        "Texte après les prix : « Nous restons à votre écoute » au lieu de « Nous restons à votre écoute. »."
    ]


def test_a_long_sentence_is_cut_to_where_it_differs() -> None:
    long = "mot " * 100
    (sentence,) = changes(make_content(intro=long + "compris"), make_content(intro=long + "exclu"))
    assert "mot exclu" in sentence
    assert "mot compris" in sentence
    assert len(sentence) < 250
    (sentence,) = changes(make_content(intro="x" * 500 + "a"), make_content(intro="x" * 500 + "b"))
    assert "xb" in sentence
    assert "xa" in sentence


def test_a_text_that_only_breaks_otherwise_says_so() -> None:
    assert said(outro="Nous restons\n\nà votre écoute.") == [
        "Texte après les prix : seuls les espaces ou les retours à la ligne ont changé."
    ]


def test_terms_boxes_and_rights_are_told() -> None:
    assert said(terms=None) == ["Le devis n'a plus de conditions générales."]
    assert said(terms=Terms("text", text="Article 1. Prix révisables.")) == [
        "Conditions générales : « Article 1. Prix révisables » au lieu de « Article 1. Nos prix sont fermes »."
    ]
    assert said(withdrawal=WithdrawalFacts(14)) == ["Vous avez maintenant 14 jours pour vous rétracter."]
    assert said(consents=(Consent("early", "Commencez tout de suite.", required=False),)) == [
        "Case à cocher ajoutée : « Commencez tout de suite »."
    ]
    assert said(payment_methods=("transfer",)) == [
        "Moyens de paiement de l'acompte : virement au lieu de rien de précisé."
    ]


def test_the_version_that_a_box_names_is_no_change() -> None:
    def box(version: int) -> tuple[Consent, ...]:
        return (
            Consent(
                "quote", f"J'ai lu le devis D-1, version{NBSP}{version}, et je l'accepte.", required=True
            ),
        )

    old = make_content(version=1, consents=box(1))
    assert changes(old, replace(old, version=2, consents=box(2))) == [NOTHING]


def test_an_address_that_changed_is_told_without_being_shown() -> None:
    old = make_content(email="ancienne@exemple.fr")
    (sentence,) = changes(old, replace(old, email="nouvelle@exemple.fr"))
    assert sentence == "Le devis est maintenant envoyé à une autre adresse mail."
    assert changes(replace(old, email=""), old) == [NOTHING], "schema 1 did not say"


def test_a_company_that_moves_or_changes_insurer_is_told() -> None:
    assert said(company=replace(COMPANY, insurer="Autre assureur")) == [
        (
            "Assurance de l'entreprise : « Autre assureur » au lieu de "
            "« Mutuelle Exemple, contrat n° 000 000, France métropolitaine »."
        )
    ]
