"""Fields of what the law has a company and its quotes say: lists of a few words, one line each, and dates in words."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from stdnum.fr import siret
from unfold.widgets import UnfoldAdminTextareaWidget

from lib import french
from lib.day import today_in_paris
from lib.fields import PrintedParagraphsField
from quotes.law import dates
from quotes.law.mentions import quantity

Row = dict[str, str]


class RowsField(PrintedParagraphsField):
    """One thing a line, its parts between semicolons: kept as a list, shown as it was typed."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    PARTS: ClassVar[tuple[str, ...]]
    HOW: ClassVar[str]
    MOST = 10
    LONGEST = 200

    def __init__(self, **kwargs: Any) -> None:
        options: dict[str, Any] = {"required": False, "max_length": 3000, "help_text": self.HOW}
        super().__init__(**options | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(self.written(row) for row in value) if isinstance(value, list) else value

    def written(self, row: Row) -> str:
        return " ; ".join(row[part] for part in self.PARTS)

    def clean(self, value: Any) -> list[Row]:
        lines = [line for line in (super().clean(value) or "").splitlines() if line.strip()]
        if len(lines) > self.MOST:
            raise forms.ValidationError(f"Pas plus de {self.MOST} lignes.")
        return [self.row([part.strip() for part in line.split(";")]) for line in lines]

    def row(self, parts: list[str]) -> Row:
        if len(parts) != len(self.PARTS) or not all(parts) or max(map(len, parts)) > self.LONGEST:
            raise forms.ValidationError(self.HOW)
        return dict(zip(self.PARTS, parts, strict=True))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PointsField(RowsField):
    """Where waste goes (art. D541-45-1 C. env.)."""

    PARTS = ("name", "address", "kind")
    HOW = (
        "Un point de collecte par ligne\u00a0: nom\u00a0; adresse\u00a0; type. Par exemple\u00a0: Déchetterie de "
        "Vaise\u00a0; 5 rue du Quai, 69009 Lyon\u00a0; déchetterie professionnelle."
    )


class SubcontractorsField(RowsField):
    PARTS = ("name", "siret", "rge")
    HOW = (
        "Un sous-traitant par ligne\u00a0: nom\u00a0; SIRET\u00a0; numéro RGE ou «\u00a0non RGE\u00a0». Par "
        "exemple\u00a0: Élec Vaise\u00a0; 912 345 675 00017\u00a0; E-12345."
    )
    NONE = "non RGE"

    def row(self, parts: list[str]) -> Row:
        row = super().row(parts)
        row["siret"] = siret.compact(row["siret"])
        if not siret.is_valid(row["siret"]):
            raise forms.ValidationError(
                f"Le SIRET de {row['name']} n'est pas valable\u00a0: vérifiez ses 14 chiffres."
            )
        if " ".join(row["rge"].split()).casefold() in (self.NONE.casefold(), "non"):
            row["rge"] = ""
        return row

    def written(self, row: Row) -> str:
        return super().written(row | {"rge": row["rge"] or self.NONE})


class QualificationsField(RowsField):
    """Certificates RGE: an expired one is no certificate."""

    PARTS = ("number", "domain", "until")
    HOW = (
        "Une qualification par ligne\u00a0: numéro\u00a0; domaine\u00a0; fin de validité. Par exemple\u00a0: "
        "E-12345\u00a0; pompes à chaleur\u00a0; 31/12/2027."
    )

    def row(self, parts: list[str]) -> Row:
        row = super().row(parts)
        said = dates.known(row["until"])
        if said is None or said.day is None:
            raise forms.ValidationError(
                f"La fin de validité de {row['number']} n'est pas une date\u00a0: écrivez-la comme 31/12/2027."
            )
        return row | {"until": said.day.isoformat()}

    def written(self, row: Row) -> str:
        return super().written(row | {"until": f"{dt.date.fromisoformat(row['until']):%d/%m/%Y}"})


def expired(rows: list[Row]) -> str:
    """The sentence for a certificate that is past its day; empty when none is."""
    for row in rows:
        until = dt.date.fromisoformat(row["until"])
        if until < today_in_paris():
            return (
                f"Le certificat {row['number']} a expiré le {french.day(until)}\u00a0: donnez le nouveau, ou "
                "retirez-le."
            )
    return ""


def check_when(form: forms.BaseForm, *names: str) -> None:
    """A date or a delay, put as every quote puts it; what was stored before is left until it is written anew."""
    for name in names:
        typed = form.cleaned_data.get(name)
        if not typed or typed == form.initial.get(name):
            continue
        try:
            said = dates.when(typed)
        except ValueError as error:
            form.add_error(name, str(error))
            continue
        if said.is_past(today_in_paris()):
            form.add_error(name, f"Cette date est passée. {dates.HOW}")
        else:
            form.cleaned_data[name] = said.words


def check_quantity(form: forms.BaseForm, name: str) -> None:
    typed = form.cleaned_data.get(name)
    if typed:
        try:
            form.cleaned_data[name] = quantity(typed)
        except ValueError as error:
            form.add_error(name, str(error))
