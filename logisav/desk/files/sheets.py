"""Price list and customers as spreadsheets: one set of columns, for the import, the export and the example file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower

from lib import french
from lib.fields import LINE_BREAKS, MailField, OneLineField, ParagraphsField, TypedDecimalField, visible
from lib.folding import folded
from logisav.desk.files import other_programs
from logisav.desk.files.spreadsheet import Table, written
from logisav.desk.forms import shown_price
from quotes import money
from quotes.models import CatalogueItem, Company, Customer, StagedImport
from quotes.models.company import validate_siren

CellValues = dict[str, Any]
NaturalKey = tuple[str, ...]


# Cells


class RemarkingField(forms.Field):
    def remark(self, cell: str) -> str:
        """What the preview says of a cell that is taken otherwise than it may have been meant; mostly nothing."""
        return ""


class CellAmountField(TypedDecimalField):
    """`1 234,50`, `1.234,50 €`, `1,234.50`, `12 € HT`, `12€50`, `EUR 12.50 / m²`."""

    default_error_messages = {"invalid": "écrivez un nombre, comme 1234,50."}

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        found: Decimal | None = super().to_python(amount(str(value)) if value else value)
        return found


class CellPriceField(CellAmountField, RemarkingField):
    def remark(self, cell: str) -> str:
        """A dot before three digits may part thousands, and does so where nothing else can be meant."""
        if not re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", amount(cell)):
            return ""
        return f"{french.quoted(cell.strip())} est lu {written(Decimal(amount(cell)))}, avec trois décimales."


CURRENCY = re.compile(r"€|\beuros?\b|\beur\b|\bh\.?\s*t\b\.?|%", re.IGNORECASE)
PER_UNIT = re.compile(r"\s*(?:/|\ble\b|\bla\b|\bpar\b)\s*[^\W\d][^0-9]*[²³23]?\s*$", re.IGNORECASE)


def amount(cell: str) -> str:
    """The number in it, with a dot or a comma before its decimals and nothing else; what is none as it stands."""
    text = re.sub(r"(?<=[0-9])\s*€\s*(?=[0-9]{2}\s*$)", ",", cell.strip())
    text = PER_UNIT.sub("", CURRENCY.sub(" ", text)) if re.search("[0-9]", text) else text
    text = re.sub(r"(?<=[0-9])['’](?=[0-9]{3})", "", "".join(text.split()))
    text = re.sub(r"[,.]-+$", "", text)
    for thousands, decimal in ((".", ","), (",", ".")):
        grouped = rf"[+-]?[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+"
        if re.fullmatch(rf"{grouped}\{decimal}[0-9]+|{grouped}\{thousands}[0-9]{{3}}", text):
            return text.replace(thousands, "")
    return text


class WordsField(forms.Field):
    """One of a few words, whatever their accents and case."""

    def __init__(
        self, words: Mapping[str, Any], *, also: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.words = words
        self.folded = {folded(word): value for word, value in {**words, **(also or {})}.items()}

    def to_python(self, value: Any) -> Any:
        found = folded(" ".join(str(value).split()))
        if found in self.folded:
            return self.folded[found]
        if not found:
            return None
        raise ValidationError(f"écrivez {' ou '.join(word for word in self.words if word)}.")


class CivilityField(WordsField, RemarkingField):
    """Whatever stands there is taken: of a title that our one field has no place for, nothing is kept."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            return Customer.Civility.NONE

    def remark(self, cell: str) -> str:
        """What the preview says of a cell that is taken and not kept."""
        said = " ".join(cell.split())
        return f"« {said[:40]} » n'est pas gardé." if said and not self.to_python(said) else ""


NAMED_RATES = {
    "normal": Decimal(20),
    "intermediaire": Decimal(10),
    "reduit": Decimal("5.5"),
    "super reduit": Decimal("2.1"),
    "particulier": Decimal("2.1"),
}


class CellRateField(CellAmountField):
    def __init__(self, rates: tuple[Decimal, ...] = money.VAT_RATES) -> None:
        super().__init__()
        self.rates = rates

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """« 20 », « TVA 20 % », « 0,2 » of a cell that shows 20 %, « normal »."""
        said = re.sub(r"\b(?:tva|taux)\b", "", folded(str(value or "")))
        rate = NAMED_RATES.get(said.strip()) or super().to_python(said)
        if rate is not None and 0 < rate < 1:
            rate = rate * 100
        if rate is not None and rate not in self.rates:
            raise ValidationError(
                f"écrivez l'un des taux {french.listed([written(one) for one in self.rates])}."
            )
        return rate


class CellPhoneField(OneLineField):
    def to_python(self, value: Any) -> str:
        """With the zero that a spreadsheet took from what it held for a number."""
        said = super().to_python(value)
        return f"0{said}" if re.fullmatch("[1-9][0-9]{8}", said) else said


class SirenField(OneLineField):
    def to_python(self, value: Any) -> str:
        return "".join(super().to_python(value).split())


@dataclass(frozen=True)
class Column:
    title: str
    field: str
    cleaned: forms.Field
    shown: Mapping[Any, str] | None = None  # words for a few values
    also: tuple[str, ...] = ()  # other titles by which it is known

    def write(self, value: Any) -> str:
        """As the export writes it, before the writer defuses it."""
        if self.shown is not None:
            return self.shown.get(value, "")
        return written(shown_price(value)) if isinstance(value, Decimal) else str(value)

    def clean(self, cell: str) -> Any:
        return self.cleaned.clean(cell)


# The two kinds of files


@dataclass(frozen=True)
class ImportSheet:
    """What a kind of file holds; also how its export is written (see logisav/desk/files/exporting.py)."""

    model: type[Model]
    rows: Callable[[User], QuerySet[Any]]  # those that this person sees: an import meets no others
    columns: tuple[Column, ...]
    needed: tuple[tuple[str, ...], ...]  # titles of which a file has at least one each
    for_new: tuple[str, ...]  # fields without which nothing new is made
    fixed: tuple[str, ...]  # what identifies a row
    derived: Callable[[Mapping[str, str]], CellValues]  # what the cells mean where they do not say it
    key: Callable[[Mapping[str, Any]], NaturalKey]
    among: Callable[[QuerySet[Any], Sequence[NaturalKey]], QuerySet[Any]]
    name: Callable[[Any], str]
    examples: tuple[tuple[str, ...], ...]
    maker: str = ""  # the field that says who made a row
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # columns that only others have
    read: Callable[[Table], Table] = lambda table: table  # what these mean in ours

    def titles(self) -> Sequence[str]:
        return [column.title for column in self.columns]

    def prepared(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows

    def cells(self, row: Any) -> Sequence[object]:
        return [column.write(getattr(row, column.field)) for column in self.columns]


def _one_line(text: object) -> str:
    return " ".join(visible(str(text or ""), keep=LINE_BREAKS).split())


def _customer_key(values: Mapping[str, Any]) -> NaturalKey:
    """Mail and name: a household or a firm may share one mailbox. Without a mail the address says which of a name."""
    business = values.get("kind") == Customer.Kind.BUSINESS
    names = ("company_name",) if business else ("first_name", "last_name")
    name = " ".join(str(values.get(each) or "") for each in names)
    mail = _one_line(values.get("email")).lower()
    return (mail, _one_line(name).casefold(), "" if mail else _one_line(values.get("address")).casefold())


def _customer_kind(cells: Mapping[str, str]) -> CellValues:
    """Told by the firm's name where the column is empty or not there."""
    kind = {folded(word): value for word, value in KINDS.items()}.get(folded(_one_line(cells.get("kind"))))
    firm = bool(_one_line(cells.get("company_name")))
    return {"kind": kind or (Customer.Kind.BUSINESS if firm else Customer.Kind.INDIVIDUAL)}


def _customers_among(rows: QuerySet[Any], keys: Sequence[NaturalKey]) -> QuerySet[Any]:
    known: QuerySet[Any] = rows.alias(mailbox=Lower("email")).order_by("pk")
    return known.filter(mailbox__in={key[0] for key in keys})


RATES = {rate: written(rate) for rate in money.VAT_RATES}
YES_NO = {"oui": True, "non": False}
KINDS = {label: value for value, label in Customer.Kind.choices}
CIVILITIES = {
    "": Customer.Civility.NONE,
    "Mme": Customer.Civility.MADAM,
    "M.": Customer.Civility.SIR,
    "Madame": Customer.Civility.MADAM,
    "Monsieur": Customer.Civility.SIR,
}
# As other programs and people write it; of two persons our one field keeps neither.
ALSO_CIVILITIES = {
    **dict.fromkeys(("M", "Mr", "Mr."), Customer.Civility.SIR),
    **dict.fromkeys(("Mme.", "Mlle", "Mlle.", "Mademoiselle"), Customer.Civility.MADAM),
    **dict.fromkeys(("M. et Mme", "Mme et M.", "M et Mme", "Mr et Mme"), Customer.Civility.NONE),
}

REFERENCES = ("Réf", "Code", "Code article", "Réf article", "Référence article", "N° article")
PRICES = (
    "Prix unitaire HT",
    "Prix unitaire",
    "PU HT",
    "P.U. HT",
    "PU",
    "Prix",
    "Prix de vente HT",
    "Prix de vente",
    "PV HT",
    "Tarif HT",
    "Tarif",
)
MAILS = ("E-mail", "Email", "Adresse mail", "Adresse e-mail", "Courriel", "Adresse électronique", "Mél")
PHONES = ("Tél", "Téléphone fixe", "Tél. fixe", "Fixe", "Phone")
STREETS = ("Adresse de facturation", "Adresse 1", "Adresse1", "Adresse ligne 1", "Rue", "Voie")

CATALOGUE = ImportSheet(
    model=CatalogueItem,
    rows=lambda user: CatalogueItem.objects.all(),
    columns=(
        Column("Référence", "reference", OneLineField(max_length=40), also=REFERENCES),
        Column(
            "Désignation",
            "label",
            OneLineField(max_length=300),
            also=("Libellé", "Intitulé", "Nom", "Désignation article", "Article"),
        ),
        Column("Description", "description", ParagraphsField(max_length=3000, required=False)),
        Column(
            "Unité",
            "unit",
            OneLineField(max_length=20, required=False),
            also=("U", "Unité de vente", "Unité de mesure"),
        ),
        Column(
            "Prix HT",
            "unit_price",
            CellPriceField(min_value=Decimal(0), max_digits=14, decimal_places=4),
            also=PRICES,
        ),
        Column("TVA", "vat_rate", CellRateField(), RATES, also=("Taux de TVA", "Taux TVA", "Code TVA")),
        Column(
            "Proposé",
            "is_active",
            WordsField(YES_NO, required=True),
            {value: word for word, value in YES_NO.items()},
            also=("Actif",),
        ),
        Column(
            "Fourniture",
            "is_supply",
            WordsField(YES_NO, required=True),
            {value: word for word, value in YES_NO.items()},
            also=("Matériel",),
        ),
    ),
    needed=(("Référence",),),
    for_new=("label", "unit_price", "vat_rate"),
    fixed=("reference",),
    derived=lambda cells: {},
    key=lambda values: (_one_line(values.get("reference")),),
    among=lambda rows, keys: rows.order_by("pk"),
    name=lambda values: values["reference"],
    examples=(
        ("PAC-08", "Pompe à chaleur air-eau, 8 kW", "Fluide R290.", "unité", "6890,00", "5,5", "oui", "oui"),
        ("MO-1", "Main-d'œuvre", "", "h", "58,00", "10", "oui", "non"),
    ),
)

CUSTOMERS = ImportSheet(
    model=Customer,
    rows=Customer.objects.visible_to,
    maker="made_by",
    foreign=other_programs.FOREIGN,
    read=other_programs.as_ours,
    columns=(
        Column("Type", "kind", WordsField(KINDS, required=False), dict(Customer.Kind.choices)),
        Column(
            "Civilité",
            "civility",
            CivilityField(CIVILITIES, also=ALSO_CIVILITIES, required=False),
            {"": "", **{value: value for value in Customer.Civility.values if value}},
        ),
        Column("Prénom", "first_name", OneLineField(max_length=100, required=False)),
        Column("Nom", "last_name", OneLineField(max_length=100, required=False), also=("Nom de famille",)),
        Column(
            "Raison sociale",
            "company_name",
            OneLineField(max_length=120, required=False),
            also=("Société", "Entreprise", "Nom de la société"),
        ),
        Column("SIREN", "siren", SirenField(max_length=9, required=False, validators=[validate_siren])),
        Column("Mail", "email", MailField(required=False), also=MAILS),
        Column("Téléphone", "phone", CellPhoneField(max_length=40, required=False), also=PHONES),
        Column("Adresse", "address", ParagraphsField(max_length=300), also=STREETS),
    ),
    needed=(("Nom", "Raison sociale"),),
    for_new=("address",),
    fixed=("email",),
    derived=_customer_kind,
    key=_customer_key,
    among=_customers_among,
    name=lambda values: values["company_name"] or f"{values['first_name']} {values['last_name']}".strip(),
    examples=(
        (
            "Particulier", "Mme", "Claire", "Morel", "", "", "claire.morel@exemple.fr", "06 12 34 56 78",
            "12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or",
        ),
        (
            "Professionnel", "M.", "Paul", "Perrin", "Boulangerie Perrin", "552100554", "perrin@exemple.fr", "",
            "3 rue du Four\n69002 Lyon",
        ),
    ),
)  # fmt: skip


def of_the_company(sheet: ImportSheet) -> ImportSheet:
    """With the rates of VAT that the company may charge, where its rows have any."""
    company = Company.objects.first() or Company()
    rated = [
        replace(column, cleaned=CellRateField(company.vat_rates)) if column.field == "vat_rate" else column
        for column in sheet.columns
    ]
    return replace(sheet, columns=tuple(rated))


SHEETS = {StagedImport.Kind.CATALOGUE: CATALOGUE, StagedImport.Kind.CUSTOMERS: CUSTOMERS}
