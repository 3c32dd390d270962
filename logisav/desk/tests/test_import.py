"""Customers and price list from CSV: shown first, then done whole or not at all; what was exported changes nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from logisav.desk.files import importing, spreadsheet
from logisav.desk.files.sheets import SHEETS
from logisav.desk.tests.desk import at_desk, manager, owner, said, text
from logisav.desk.tests.test_spreadsheet import FORMULAS
from logisav.staff.models import StaffAction
from quotes.models import CatalogueItem, Customer, KnownColumn, StagedImport
from quotes.pdf import drafts
from quotes.tests.factories import make_business, make_customer, make_link, make_sent_quote

pytestmark = pytest.mark.django_db
CATALOGUE, CUSTOMERS = "/admin/quotes/catalogueitem/", "/admin/quotes/customer/"
ITEMS = "Référence;Désignation;Unité;Prix HT;TVA\n"
PEOPLE = "Prénom;Nom;Mail;Adresse\n"


@pytest.fixture
def desk() -> Client:
    return at_desk(manager())


def hand_in(desk: Client, where: str, document: str | bytes) -> Any:
    """Up to the preview, or to the page that says what is wrong with the file."""
    content = document.encode() if isinstance(document, str) else document
    file = SimpleUploadedFile("tarifs.csv", content, content_type="text/csv")
    return desk.post(f"{where}importer/", {"file": file}, follow=True)


def confirm(desk: Client, preview: Any) -> Any:
    address = preview.redirect_chain[-1][0]
    return desk.post(address, {"fingerprint": preview.context["plan"].fingerprint}, follow=True)


def exported(desk: Client, where: str) -> bytes:
    response: Any = desk.get(f"{where}export.csv")
    return b"".join(response.streaming_content)


def make_item(**fields: Any) -> CatalogueItem:
    defaults = {
        "reference": "PAC-08",
        "label": "Pompe à chaleur",
        "unit": "unité",
        "vat_rate": Decimal("5.5"),
    }
    return CatalogueItem.objects.create(**{"unit_price": Decimal(6890), **defaults, **fields})


def plan_of(kind: str, document: str) -> importing.Plan:
    rows = SHEETS[StagedImport.Kind(kind)].model._default_manager.all()
    return importing.plan(kind, spreadsheet.decoded(document.encode()), rows=rows)


# From the file to the price list


def test_new_changed_and_unchanged_are_shown_then_done(desk: Client) -> None:
    make_item(), make_item(reference="MO-1", label="Main-d'œuvre", unit="h", unit_price=58, vat_rate=10)
    preview = hand_in(
        desk,
        CATALOGUE,
        ITEMS
        + "PAC-08;Pompe à chaleur;unité;7 150,50 €;5,5 %\nMO-1;Main-d'œuvre;h;58;10\nNEUF;Ballon;;690.00;20\n",
    )
    page = text(preview)
    assert "<del>6890,00</del>" in page
    assert "<ins>7150,50</ins>" in page
    plan = preview.context["plan"]
    assert [len(found) for found in (plan.new, plan.changed, plan.same, plan.wrong)] == [1, 1, 1, 0]
    assert CatalogueItem.objects.get(reference="PAC-08").unit_price == 6890
    done = confirm(desk, preview)
    assert "Import terminé : 1 ajout et 1 modification." in said(done)
    rows = CatalogueItem.objects.order_by("reference").values_list(
        "reference", "unit_price", "vat_rate", "is_active"
    )
    assert list(rows) == [
        ("MO-1", 58, 10, True), ("NEUF", 690, 20, True), ("PAC-08", Decimal("7150.50"), Decimal("5.50"), True)
    ]  # fmt: skip
    assert not StagedImport.objects.exists()
    act = StaffAction.objects.get(what="imported")
    assert (act.target, act.facts) == ("Catalogue", {"made": 1, "changed": 1})


def test_a_file_of_two_columns_changes_prices_alone(desk: Client) -> None:
    item = make_item(description="R290", is_active=False)
    confirm(desk, hand_in(desk, CATALOGUE, "reference,prix ht\nPAC-08,7000\n"))
    item.refresh_from_db()
    assert (item.unit_price, item.description, item.is_active) == (Decimal(7000), "R290", False)


def test_an_article_is_withdrawn_by_its_column_and_titles_nobody_knows_are_told(desk: Client) -> None:
    item = make_item()
    preview = hand_in(desk, CATALOGUE, "Référence;Proposé;Rayon\nPAC-08;NON;Chauffage\n")
    assert "laissées de côté, faute de les connaître&nbsp;: Rayon." in text(preview)
    confirm(desk, preview)
    item.refresh_from_db()
    assert not item.is_active


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A1;Ballon;;cher;20", "Prix HT : écrivez un nombre, comme 1234,50."),
        ("A1;Ballon;;-5;20", "supérieure ou égale à 0"),
        ("A1;Ballon;;1,00005;20", "plus de 4 chiffres après la virgule"),
        ("A1;Ballon;;5;19,6", "TVA : écrivez l'un des taux 20, 10, 5,5, 2,1 et 0."),
        ("A1;;;5;20", "Désignation : ce champ est obligatoire."),
        (";Ballon;;5;20", "Référence : ce champ est obligatoire."),
        (f"A1;{'x' * 301};;5;20", "au plus 300 caractères"),
        ("A1;Ballon;;5;20;;de trop", "cette ligne a 7 cellules, la première en a 5."),
    ],
)
def test_one_wrong_line_comes_back_with_its_reason_and_the_others_are_imported(
    desk: Client, row: str, words: str
) -> None:
    preview = hand_in(desk, CATALOGUE, f"{ITEMS}OK;Premier;;5;20\n\n{row}\nOK2;Dernier;;5;20\n")
    (wrong,) = preview.context["plan"].wrong
    assert wrong.line == 4
    assert words in wrong.errors[0]
    assert "Ligne 4" in text(preview)
    assert "Importer les 2 lignes justes</button>" in text(preview)
    after = confirm(desk, preview)
    assert "Import terminé : 2 ajouts et 0 modification." in said(after)
    assert set(CatalogueItem.objects.values_list("reference", flat=True)) == {"OK", "OK2"}
    titles, (reason, *cells) = back(desk, after)
    assert titles == ["Raison", "Référence", "Désignation", "Unité", "Prix HT", "TVA"]
    assert words in reason
    assert cells[: len(row.split(";"))] == row.split(";")


def test_what_is_described_twice_is_asked_about_before_it_changes_the_first(desk: Client) -> None:
    preview = hand_in(desk, CATALOGUE, f"{ITEMS}OK;Premier;;5;20\nOK;Deux fois;;5;20\n")
    (wrong,) = preview.context["plan"].wrong
    assert wrong.errors == ("déjà décrit à la ligne 2.",)
    after = confirm(desk, preview)
    assert CatalogueItem.objects.get().label == "Premier"
    assert "<ins>Deux fois</ins>" in text(after)


def back(desk: Client, preview: Any) -> list[list[str]]:
    """What is to be corrected, as a spreadsheet reads it."""
    response: Any = desk.get(preview.context["errors_address"])
    document = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(document, newline=""), delimiter=";"))


def test_the_file_of_errors_is_put_right_and_handed_in_as_it_is(desk: Client) -> None:
    after = confirm(
        desk, hand_in(desk, CATALOGUE, f"{ITEMS}A1;Ballon;;5;20\nA2;Coude;;cher;20\n=B;Té;;1;19\n")
    )
    response: Any = desk.get(after.context["errors_address"])
    document = b"".join(response.streaming_content).decode("utf-8-sig")
    preview = hand_in(desk, CATALOGUE, document.replace(";cher;", ";7,50;").replace(";19\r", ";20\r"))
    assert not preview.context["plan"].ignored
    confirm(desk, preview)
    assert set(CatalogueItem.objects.values_list("reference", "unit_price")) == {
        ("A1", Decimal(5)),
        ("A2", Decimal("7.5")),
        ("=B", Decimal(1)),
    }


def test_what_is_left_is_not_imported_by_a_second_click(desk: Client) -> None:
    preview = hand_in(desk, CATALOGUE, f"{ITEMS}A1;Ballon;;5;20\nA2;Coude;;cher;20\n")
    confirm(desk, preview)
    assert "Aucune ligne de ce fichier n'est juste : rien n'est importé." in said(confirm(desk, preview))
    assert CatalogueItem.objects.count() == 1


def test_a_column_that_is_missing_is_named_by_hand_and_known_the_next_time(desk: Client) -> None:
    document = "Export du 12/11/2026;;\nMatricule;Nature;Montant\nA1;Ballon;5 €\n"
    preview = hand_in(desk, CATALOGUE, document)
    page = text(preview).replace("\u00a0", " ")
    assert "La colonne « Référence » manque." in page
    assert "Importer</button>" not in page
    address = preview.redirect_chain[-1][0]
    matched = {"columns": "1", "column": ["Référence", "Désignation", "Prix HT"]}
    again = desk.post(address, matched, follow=True)
    (why,) = again.context["plan"].wrong[0].errors
    assert why.replace("\u00a0", " ") == "pour une nouvelle fiche, la colonne « TVA » manque."
    make_item(reference="A1")
    confirm(desk, Followed(desk, address))
    assert CatalogueItem.objects.get().unit_price == 5
    other = hand_in(at_desk(manager()), CATALOGUE, document.replace("5 €", "6 €"))
    assert [change.new for change in other.context["plan"].changed[0].changes] == ["6,00"]


class Followed:
    """A page that was opened again, as `confirm` takes it."""

    def __init__(self, desk: Client, address: str) -> None:
        self.redirect_chain = [(address, 302)]
        self.context = desk.get(address).context


def test_a_title_that_is_named_as_it_says_is_not_remembered_and_a_forged_one_is_left_aside(
    desk: Client,
) -> None:
    preview = hand_in(desk, CATALOGUE, "Réf;Prix HT;Rayon\nA1;5;x\n")
    address = preview.redirect_chain[-1][0]
    desk.post(address, {"columns": "1", "column": ["Référence", "Prix HT", "password"]})
    assert not KnownColumn.objects.exists()
    desk.post(address, {"columns": "1", "column": ["Référence", "", "Désignation"]})
    assert set(KnownColumn.objects.values_list("title", "column")) == {
        ("prix ht", ""),
        ("rayon", "Désignation"),
    }


def test_two_columns_of_one_title_are_parted_by_hand(desk: Client) -> None:
    preview = hand_in(desk, CATALOGUE, "Référence;Réf.;Prix HT\nA;B;5\n")
    assert "Cette colonne est là deux fois : « Référence »." in text(preview).replace("\u00a0", " ")
    assert "Importer</button>" not in text(preview)


@pytest.mark.parametrize(
    ("cell", "price"),
    [
        ("1234,5", "1234.5"),
        ("1234.5", "1234.5"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50\u00a0€", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("12.345.678,90 EUR", "12345678.90"),
        ("€ 12,50", "12.50"),
        ("12,50 € HT", "12.50"),
        ("12,50 € H.T.", "12.50"),
        ("12,50 euros", "12.50"),
        ("12 €/m²", "12"),
        ("58 € HT/h", "58"),
        ("12,5 €/m2", "12.5"),
        ("9 € le mètre", "9"),
        ("12€50", "12.50"),
        ("12,-", "12"),
        ("0,0425", "0.0425"),
        ("1.234", "1.234"),
        (",5", "0.5"),
        ("0", "0"),
    ],
)
def test_prices_are_read_as_people_and_programs_write_them(cell: str, price: str) -> None:
    (entry,) = plan_of("catalogue", f"{ITEMS}A1;Ballon;;{cell};20\n").entries
    assert (entry.errors, entry.values["unit_price"]) == ((), Decimal(price))
    assert bool(entry.remarks) == (cell == "1.234")


@pytest.mark.parametrize(
    "cell", ["cher", "sur devis", "12 / 3", "1.23.4", "1,2,3", "5 €/3 m", "--5", "12 12,5.0", "٣", "1e5"]
)
def test_what_is_no_price_is_told(cell: str) -> None:
    (entry,) = plan_of("catalogue", f"{ITEMS}A1;Ballon;;{cell};20\n").entries
    assert "Prix HT : écrivez un nombre, comme 1234,50." in entry.errors


@pytest.mark.parametrize(
    ("cell", "rate"),
    [
        ("20", "20"),
        ("20 %", "20"),
        ("20,0", "20"),
        ("TVA 10%", "10"),
        ("0,055", "5.5"),
        ("0.2", "20"),
        ("Taux réduit", "5.5"),
        ("normal", "20"),
        ("0", "0"),
    ],
)
def test_rates_are_read_as_people_and_programs_write_them(cell: str, rate: str) -> None:
    (entry,) = plan_of("catalogue", f"{ITEMS}A1;Ballon;;5;{cell}\n").entries
    assert (entry.errors, entry.values["vat_rate"]) == ((), Decimal(rate))


def test_zeros_that_a_spreadsheet_took_away_come_back() -> None:
    (entry,) = plan_of(
        "customers", "Nom;Mail;Adresse;CP;Ville;Tél.\nA;a@exemple.fr;1 rue;1000;Bourg;612345678\n"
    ).entries
    assert (entry.values["address"], entry.values["phone"]) == ("1 rue\n01000 Bourg", "0612345678")


@pytest.mark.parametrize(
    "above", ["Nos clients, au 12/11/2026\n", "\n;;\nListe;;;\nÉditée le 12/11/2026;;;\n", "sep=;\n"]
)
def test_what_stands_above_the_titles_is_passed_over(above: str) -> None:
    (entry,) = plan_of("customers", f"{above}Nom;Mail;Adresse\nA;a@exemple.fr;1 rue\n").entries
    assert (entry.errors, entry.name) == ((), "A")


def test_windows_files_with_tabs_and_old_accents_are_understood(desk: Client) -> None:
    document = "Référence\tDésignation\tPrix HT\tTVA\r\nA1\tChauffe-eau à 5 €\t5\t20\r\n".encode("cp1252")
    confirm(desk, hand_in(desk, CATALOGUE, document))
    assert CatalogueItem.objects.get().label == "Chauffe-eau à 5 €"


# Exactly what was previewed


def test_rows_that_changed_since_the_preview_are_shown_again_first(desk: Client) -> None:
    item = make_item()
    preview = hand_in(desk, CATALOGUE, "Référence;Prix HT\nPAC-08;7000\n")
    CatalogueItem.objects.update(unit_price=6950)
    again = confirm(desk, preview)
    assert any("Des fiches ont changé depuis l'aperçu" in sentence for sentence in said(again))
    assert "<del>6950,00</del>" in text(again)
    item.refresh_from_db()
    assert item.unit_price == 6950
    confirm(desk, again)
    item.refresh_from_db()
    assert item.unit_price == 7000


def test_a_new_article_that_was_added_meanwhile_is_shown_as_a_change(desk: Client) -> None:
    preview = hand_in(desk, CATALOGUE, ITEMS + "PAC-08;Pompe;unité;7000;20\nA1;Ballon;;5;20\n")
    make_item()
    again = confirm(desk, preview)
    assert [entry.name for entry in again.context["plan"].changed] == ["PAC-08"]
    assert CatalogueItem.objects.count() == 1


def test_a_failure_half_way_leaves_nothing(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_item()
    preview = hand_in(desk, CATALOGUE, ITEMS + "A1;Ballon;;5;20\nPAC-08;Pompe;unité;7000;20\n")

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("logisav.desk.files.pages.note", broken)
    desk.raise_request_exception = False
    assert confirm(desk, preview).status_code == 500
    assert [(item.reference, item.unit_price) for item in CatalogueItem.objects.all()] == [
        ("PAC-08", Decimal(6890))
    ]
    assert StagedImport.objects.exists()


def test_a_second_click_imports_nothing_twice(desk: Client) -> None:
    preview = hand_in(desk, CUSTOMERS, PEOPLE + "Claire;Morel;claire@exemple.fr;Lyon\n")
    confirm(desk, preview)
    assert any("déjà importé" in sentence for sentence in said(confirm(desk, preview)))
    assert Customer.objects.count() == 1


def test_a_forged_fingerprint_imports_nothing(desk: Client) -> None:
    preview = hand_in(desk, CATALOGUE, ITEMS + "A1;Ballon;;5;20\n")
    desk.post(preview.redirect_chain[-1][0], {"fingerprint": "0" * 64})
    desk.post(preview.redirect_chain[-1][0])
    assert not CatalogueItem.objects.exists()


def test_a_file_waits_a_day_for_whoever_handed_it_in_and_nobody_else(desk: Client) -> None:
    preview = hand_in(desk, CUSTOMERS, PEOPLE + "Claire;Morel;claire@exemple.fr;Lyon\n")
    address = preview.redirect_chain[-1][0]
    other = at_desk(manager())
    assert other.get(address).status_code == 404
    confirm(other, preview)
    assert desk.get(address.replace("customer", "catalogueitem")).status_code == 404
    assert not Customer.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1), tick=False):
        desk = at_desk(User.objects.earliest("pk"))
        assert desk.get(address).status_code == 404
        drafts.sweep()
        assert not StagedImport.objects.exists()


# Customers


def test_customers_are_known_by_mail_and_name(desk: Client) -> None:
    claire, firm = make_customer(phone="06"), make_business(email="perrin@exemple.fr")
    preview = hand_in(
        desk,
        CUSTOMERS,
        "Prénom;Nom;Raison sociale;Mail;Téléphone;Adresse\n"
        "claire;MOREL;;Claire.Morel@exemple.fr;+33 6 11 22 33 44;3 rue Neuve\n"
        "Paul;Morel;;claire.morel@exemple.fr;;12 chemin des Vignes\n"
        "Anne;Perrin;Boulangerie Perrin;perrin@exemple.fr;;Lyon\n",
    )
    plan = preview.context["plan"]
    assert [entry.name for entry in plan.new] == ["Paul Morel"]
    assert [entry.pk for entry in plan.changed] == [claire.pk, firm.pk]
    confirm(desk, preview)
    claire.refresh_from_db()
    assert (claire.last_name, claire.phone, claire.address) == ("MOREL", "+33 6 11 22 33 44", "3 rue Neuve")
    assert claire.email == "claire.morel@exemple.fr"
    paul = Customer.objects.get(first_name="Paul")
    assert (paul.kind, paul.civility, paul.searched) == ("individual", "", paul.searched.lower())
    firm.refresh_from_db()
    assert (firm.kind, firm.first_name) == ("business", "Anne")


def test_an_import_never_changes_a_mail_and_ends_no_link(desk: Client) -> None:
    quote = make_sent_quote()
    _, path = make_link(quote)
    header = "Type;Civilité;Prénom;Nom;Mail;Adresse\n"
    confirm(
        desk, hand_in(desk, CUSTOMERS, header + "Particulier;Mme;Claire;Morel;claire@ailleurs.example;Lyon\n")
    )
    quote.customer.refresh_from_db()
    assert quote.customer.email == "claire.morel@exemple.fr"
    assert Client().get(path).status_code == 302
    assert Customer.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Particulier;;Claire;;;;claire@exemple.fr;;Lyon", "indiquez le nom du particulier."),
        ("Professionnel;;;Perrin;;;p@exemple.fr;;Lyon", "indiquez la raison sociale du professionnel."),
        ("Association;;;Perrin;;;p@exemple.fr;;Lyon", "Type : écrivez Particulier ou Professionnel."),
        ("Particulier;;;Perrin;;;perrin;;Lyon", "Mail : saisissez une adresse de courriel valide."),
        ("Particulier;;;Perrin;;;p@exemple.fr;;", "Adresse : ce champ est obligatoire."),
        ("Professionnel;;;;Perrin;123 456 789;p@exemple.fr;;Lyon", "SIREN"),
    ],
)
def test_what_is_wrong_with_a_customer_is_told(row: str, words: str) -> None:
    header = "Type;Civilité;Prénom;Nom;Raison sociale;SIREN;Mail;Téléphone;Adresse\n"
    (wrong,) = plan_of("customers", f"{header}{row}\n").wrong
    assert words in wrong.errors[0].replace("\u00a0", " ")


def test_customers_without_a_mail_come_over_and_are_known_by_name_and_address(desk: Client) -> None:
    file = "Nom;Mail;Adresse\nPerrin;;1 rue Neuve\nPerrin;;2 rue Neuve\nPetit;;Lyon\n"
    confirm(desk, hand_in(desk, CUSTOMERS, file))
    assert Customer.objects.filter(email="").count() == 3
    again = hand_in(desk, CUSTOMERS, file).context["plan"]
    assert (len(again.same), len(again.new), len(again.wrong)) == (3, 0, 0)
    assert len(plan_of("customers", "Nom;Adresse\nRoy;Lyon\n").new) == 1


def test_two_customers_of_one_name_and_mail_are_left_to_a_person() -> None:
    make_customer(), make_customer(address="Ailleurs")
    file = PEOPLE + "Claire;Morel;claire.morel@exemple.fr;Encore ailleurs\n"
    (wrong,) = plan_of("customers", file).wrong
    assert "plusieurs fiches ont ce nom et ce mail" in wrong.errors[0]


# Out and in again


def test_what_was_exported_changes_nothing(desk: Client) -> None:
    for rank, formula in enumerate(FORMULAS):
        make_item(
            reference=f"A{rank}",
            label=formula[:300],
            description=f"{formula}\r\n\r\n suite",
            unit=formula[:20],
        )
        make_customer(last_name=formula[:100], address=f" {formula}\r\n69002 Lyon", phone=formula[:40])
    make_item(reference="'=B", unit_price=Decimal("0.05"), vat_rate=0, is_active=False)
    make_customer(), make_customer(), make_customer(address="Ailleurs"), make_business(civility="M.")
    for where in (CATALOGUE, CUSTOMERS):
        before = list(where_model(where).objects.order_by("pk").values())
        preview = hand_in(desk, where, exported(desk, where))
        plan = preview.context["plan"]
        assert [
            (entry.line, entry.errors, entry.changes) for entry in plan.wrong + plan.changed + plan.new
        ] == []
        assert len(plan.same) == len(before)
        assert "Ce fichier ne change rien." in text(preview)
        assert list(where_model(where).objects.order_by("pk").values()) == before


def where_model(where: str) -> Any:
    return CatalogueItem if where == CATALOGUE else Customer


def test_a_price_list_goes_to_another_house_whole(desk: Client) -> None:
    (
        make_item(label="=1+1", description="Une\nou deux"),
        make_item(reference="MO-1", is_active=False, vat_rate=0),
    )
    before = list(CatalogueItem.objects.order_by("reference").values())
    document = exported(desk, CATALOGUE)
    CatalogueItem.objects.all().delete()
    confirm(desk, hand_in(desk, CATALOGUE, document))
    after = list(CatalogueItem.objects.order_by("reference").values())
    assert [row | {"id": 0} for row in after] == [row | {"id": 0} for row in before]


def test_no_cell_of_a_customer_is_run_by_a_spreadsheet(desk: Client) -> None:
    for formula in FORMULAS:
        make_customer(first_name=formula[:100], address=formula, phone=formula[:40])
    rows = csv.reader(io.StringIO(exported(desk, CUSTOMERS).decode("utf-8-sig"), newline=""), delimiter=";")
    for row in list(rows)[1:]:
        assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@", "＝", "＋"))]


@pytest.mark.parametrize("where", [CATALOGUE, CUSTOMERS])
def test_the_example_file_can_be_imported_as_it_is(desk: Client, where: str) -> None:
    response: Any = desk.get(f"{where}importer/exemple.csv")
    preview = hand_in(desk, where, b"".join(response.streaming_content))
    confirm(desk, preview)
    assert where_model(where).objects.count() == 2


# Who may


def test_owners_import_customers_but_no_price_list() -> None:
    desk = at_desk(owner())
    assert "Importer un fichier" in text(desk.get(CUSTOMERS))
    assert "Importer un fichier" not in text(desk.get(CATALOGUE))
    assert desk.get(f"{CUSTOMERS}importer/").status_code == 200
    for address in (f"{CATALOGUE}importer/", f"{CATALOGUE}importer/exemple.csv", f"{CATALOGUE}importer/1/"):
        assert desk.get(address).status_code == 403
        assert desk.post(address).status_code == 403
    assert hand_in(desk, CATALOGUE, ITEMS + "A1;Ballon;;5;20\n").status_code == 403
    assert exported(desk, CATALOGUE)
    assert StaffAction.objects.get(what="exported").target == "articles"


def test_strangers_are_sent_to_the_door() -> None:
    for address in (f"{CUSTOMERS}importer/", f"{CUSTOMERS}importer/1/", f"{CUSTOMERS}export.csv"):
        assert "/admin/login/" in Client().get(address).headers["Location"]


def test_five_thousand_rows_take_few_queries(django_assert_max_num_queries: Any) -> None:
    for rank in range(3):
        make_item(reference=f"A{rank}")
    file = ITEMS + "".join(f"A{rank};Article {rank};;{rank},50;20\n" for rank in range(5000))
    with django_assert_max_num_queries(2):
        plan = plan_of("catalogue", file)
    assert (len(plan.new), len(plan.changed)) == (4997, 3)


@pytest.mark.parametrize(
    ("written", "civility"),
    [
        ("M", "M."),
        ("Mr", "M."),
        ("MR", "M."),
        ("Monsieur", "M."),
        ("Mlle", "Mme"),
        ("Mme", "Mme"),
        ("Mme.", "Mme"),
        ("M. et Mme", ""),
        ("Docteur", ""),
        ("Dr", ""),
        ("Maître", ""),
        ("Me", ""),
        ("Sté", ""),
        ("SCI", ""),
        ("Mx", ""),
        ("", ""),
        ("x" * 500, ""),
    ],
)
def test_civilities_are_understood_as_people_write_them(written: str, civility: str) -> None:
    (entry,) = plan_of("customers", f"Civilité;Nom;Mail;Adresse\n{written};A;a@exemple.fr;1 rue\n").entries
    assert (entry.errors, entry.values["civility"] or "") == ((), civility)
    assert bool(entry.remarks) == bool(written and not civility)


def test_columns_of_other_programs_are_joined_into_ours(desk: Client) -> None:
    file = (
        "Nom;Prénom;Mail;Adresse;Adresse 2;CP;Ville;Pays;Portable;SIRET\r\n"
        "Durand;Zoé;z@exemple.fr;12 rue du Port;Bât. B;69002;Lyon;France;0612345678;\r\n"
        "Weber;Max;m@exemple.fr;Hauptstraße 3;;10115;Berlin;Allemagne;;\r\n"
        "Petit;Léa;l@exemple.fr;3 rue du Four 69002 Lyon;;69002;Lyon;FR;;55210055400013\r\n"
        "Roy;Luc;r@exemple.fr;4 rue du Four;;69002;Lyon;;;à demander\r\n"
    )
    preview = hand_in(desk, CUSTOMERS, file)
    assert "laissées de côté" not in text(preview)
    confirm(desk, preview)
    told = Customer.objects.order_by("pk").values_list("address", "phone", "siren")
    assert list(told) == [
        ("12 rue du Port\nBât. B\n69002 Lyon", "0612345678", ""),
        ("Hauptstraße 3\n10115 Berlin\nAllemagne", "", ""),
        ("3 rue du Four 69002 Lyon", "", "552100554"),
        ("4 rue du Four\n69002 Lyon", "", ""),
    ]


def test_a_fixed_number_goes_before_a_mobile_one_and_a_row_may_be_short() -> None:
    (entry,) = plan_of(
        "customers", "Nom;Mail;Téléphone;Ville;CP;Mobile\nA;a@exemple.fr;0465710842;Lyon\n"
    ).entries
    assert (entry.errors, entry.values["phone"], entry.values["address"]) == ((), "0465710842", "Lyon")


def test_a_name_in_letters_that_cannot_be_printed_is_told_in_its_row() -> None:
    (wrong,) = plan_of("customers", "Nom;Mail;Adresse\nሰላም;a@exemple.fr;1 rue\n").wrong
    assert "lettres latines" in wrong.errors[0]


def test_a_row_may_end_before_or_behind_the_last_title_as_spreadsheets_write_it(desk: Client) -> None:
    short = "A1;Tube;desc;ml;2,50;20;oui\nA2;Coude;desc;u;1,10;20\n"
    titles = "Référence;Désignation;Description;Unité;Prix HT;TVA"
    assert not plan_of("catalogue", f"{titles};Proposé\n{short}").wrong
    confirm(desk, hand_in(desk, CATALOGUE, f"{titles};Proposé\n{short}"))
    assert list(CatalogueItem.objects.order_by("reference").values_list("is_active", flat=True)) == [
        True,
        True,
    ]
    (entry,) = plan_of("catalogue", "Référence;Désignation;Prix HT;TVA\nB1;Tube;2,50;20;;;\n").entries
    assert (entry.errors, entry.values["label"]) == ((), "Tube")


def test_accents_before_the_at_are_refused_in_words() -> None:
    (wrong,) = plan_of("customers", "Nom;Mail;Adresse\nA;josé@exemple.fr;1 rue\n").wrong
    assert "accents avant le @" in wrong.errors[0]
    assert not plan_of("customers", "Nom;Mail;Adresse\nA;jose@café.example;1 rue\n").wrong
