"""What a form of the desk was made from. The form carries it, and is refused when something else is stored by then.

The stamp is the values themselves, as they read in the form's own fields, compressed and signed: no column counts
changes, a verb that moves another column disturbs nobody, and a refusal can say what the values were. It holds nothing
that the form beside it does not show; no password; of a long text the beginning and a hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils import formats, timezone
from django.utils.text import Truncator

NAME = "_stamp"
SALT = "desk.stamp"
CARRIED = 400  # characters of a text
CUT = "\x1f"  # what follows is the hash of the whole
SHOWN = 160
Value = str | list[str]
Values = dict[str, Value]


@dataclass(frozen=True)
class FormSnapshot:
    """A row as its form shows it: its fields, its lines in their order, and what stands beside the form."""

    fields: Values
    lines: dict[str, dict[str, Values]] = field(default_factory=dict)  # by formset, then by primary key
    beside: dict[str, str] = field(default_factory=dict)  # by label

    def carried(self) -> FormSnapshot:
        """As a stamp holds it."""
        lines = {
            prefix: {key: cut_all(values) for key, values in lines.items()}
            for prefix, lines in self.lines.items()
        }
        return FormSnapshot(cut_all(self.fields), lines, self.beside)

    def is_as(self, stamped: FormSnapshot) -> bool:
        return self.carried() == stamped and self._order() == stamped._order()

    def _order(self) -> list[list[str]]:
        return [list(lines) for lines in self.lines.values()]


@dataclass(frozen=True)
class Stamp:
    """A snapshot with the moment at which a form was made of it."""

    made_at: dt.datetime
    made_from: FormSnapshot


@dataclass(frozen=True)
class FieldChange:
    """What differs, in words: when the form was opened, now, and in the form that was sent."""

    label: str
    before: str
    now: str
    mine: str
    is_lost: bool  # saving the form would undo it


def snapshot(
    form: forms.BaseForm, formsets: Iterable[Any] = (), *, beside: dict[str, str] | None = None
) -> FormSnapshot:
    """Of forms that nobody has filled in yet."""
    lines = {
        formset.prefix: {str(one.instance.pk): values_of(one) for one in formset.initial_forms}
        for formset in formsets
    }
    return FormSnapshot(values_of(form), lines, beside or {})


def values_of(form: forms.BaseForm) -> Values:
    return {name: plain(form[name].value()) for name in visible_fields(form)}


def visible_fields(form: forms.BaseForm) -> list[str]:
    """Those that a person reads; where a line stands is told by the order of the lines."""
    return [
        name
        for name, one in form.fields.items()
        if name != DELETION_FIELD_NAME
        and not one.widget.is_hidden
        and not isinstance(one.widget, forms.PasswordInput)
    ]


def written(made_from: FormSnapshot, *, about: str) -> str:
    """The hidden field. `about` names the row: the stamp of another one is none."""
    carried = {"at": timezone.now().isoformat(), "from": asdict(made_from.carried())}
    return signing.dumps([about, carried], salt=SALT, compress=True)


def read(text: str, *, about: str) -> Stamp | None:
    """None for what is missing, was tampered with, or belongs to another row."""
    try:
        of, carried = signing.loads(text, salt=SALT)
        if of != about:
            return None
        return Stamp(dt.datetime.fromisoformat(carried["at"]), FormSnapshot(**carried["from"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


# Values


def plain(value: Any) -> Value:
    """As it reads in a field: the same for what is stored and for what is typed."""
    if isinstance(value, bool):
        return "1" if value else ""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, list | tuple):
        return [str(plain(one)) for one in value]
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    if isinstance(value, dt.date | dt.time):
        return str(formats.localize_input(value))
    return str(value).replace("\r\n", "\n").strip()


def cut(value: Value) -> Value:
    """As a stamp carries it: of a long text the beginning and a hash."""
    if isinstance(value, list) or len(value) <= CARRIED or CUT in value:
        return value
    return f"{value[:CARRIED]}…{CUT}{hashlib.sha256(value.encode()).hexdigest()}"


def cut_all(values: Values) -> Values:
    return {name: cut(value) for name, value in values.items()}


def typed(one: forms.Field, raw: Any, *, stored: Value = "") -> Value:
    """What was sent for a field, as `plain` would have it once it were stored."""
    if isinstance(one, forms.FileField):
        if raw:
            return str(getattr(raw, "name", ""))
        return "" if raw is False else stored
    if isinstance(one, forms.ChoiceField):
        return plain(raw)
    try:
        return plain(one.prepare_value(one.clean(raw)))
    except ValidationError:
        return plain(raw)


def shown(one: forms.Field, value: Value) -> str:
    """For people: labels of choices, oui and non, texts as they are."""
    if isinstance(one, forms.BooleanField):
        return "oui" if value else "non"
    if isinstance(one, forms.FileField):
        return "un fichier" if value else ""
    if isinstance(one, forms.ModelChoiceField):
        try:
            return str(one.label_from_instance(one.clean(value))) if value else ""
        except ValidationError:
            return str(value)
    chosen = [value] if isinstance(value, str) else value
    labels = _labels(one.choices) if isinstance(one, forms.ChoiceField) else {}
    return ", ".join(labels.get(each, each) for each in chosen if each).partition(CUT)[0]


def _labels(choices: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, label in choices:
        found |= _labels(label) if isinstance(label, list | tuple) else {str(value): str(label)}
    return found


def _in_sight(texts: list[str]) -> list[str]:
    """Long texts from a little before where they part."""
    before, now = texts[:2]
    same = (index for index, (one, other) in enumerate(zip(before, now, strict=False)) if one != other)
    common = next(same, min(len(before), len(now)))
    if max(map(len, texts)) > SHOWN and common > SHOWN // 2:
        texts = [f"…{text[common - SHOWN // 4 :]}" for text in texts]
    return [Truncator(text).chars(SHOWN) for text in texts]


# What changed meanwhile


@dataclass(frozen=True)
class TypedLine:
    """A line as it was sent; no key for one that was added in the form."""

    index: int
    key: str
    is_dropped: bool
    rank: int
    values: Values

    @property
    def name(self) -> str:
        return name_of(self.values)


def as_they_are(lines: dict[str, Values]) -> list[TypedLine]:
    """Where nobody types anything."""
    return [
        TypedLine(place, key, is_dropped=False, rank=place, values=values)
        for place, (key, values) in enumerate(lines.items())
    ]


def name_of(line: Values) -> str:
    """Its words: the field `label`, of an aid who pays it, or the first that has any."""
    words = line.get("label") or line.get("payer") or next(filter(None, line.values()), "")
    return Truncator(words if isinstance(words, str) else ", ".join(words)).chars(60)


def label_of(form: forms.BaseForm, name: str) -> str:
    label = str(form[name].label)
    return f"{label[:1].upper()}{label[1:]}"


def changed_fields(form: forms.BaseForm, then: Values, now: Values, mine: Values) -> list[FieldChange]:
    found = []
    for name in visible_fields(form):
        values = [cut(values.get(name, "")) for values in (then, now, mine)]
        if values[0] == values[1]:
            continue
        before, after, own = _in_sight([shown(form.fields[name], value) for value in values])
        if before == after:
            after = "un autre fichier" if before == "un fichier" else "changé plus loin dans le texte"
        found.append(FieldChange(label_of(form, name), before, after, own, is_lost=values[1] != values[2]))
    return found


def changed_beside(then: dict[str, str], now: dict[str, str]) -> list[FieldChange]:
    return [
        FieldChange(label, then.get(label, ""), value, "", is_lost=True)
        for label, value in now.items()
        if then.get(label) != value
    ]


def changed_lines(
    form: forms.BaseForm,
    then: dict[str, Values],
    now: dict[str, Values],
    mine: list[TypedLine],
    *,
    noun: str,
) -> list[FieldChange]:
    """Lines that are gone, that came, whose fields differ, and their order."""
    typed_by_key = {line.key: line for line in mine if line.key}
    kept = {line.key for line in mine if not line.is_dropped}
    found = []
    for key, line in then.items():
        called = f"{noun} «\u00a0{name_of(line)}\u00a0»"
        if key not in now:
            own = "remise" if key in kept else "retirée"
            found.append(FieldChange(called, "", "retirée", own, is_lost=key in kept))
        elif key in kept:
            for one in changed_fields(form, line, now[key], typed_by_key[key].values):
                label = one.label if one.label[1:2].isupper() else f"{one.label[:1].lower()}{one.label[1:]}"
                found.append(FieldChange(f"{called}, {label}", one.before, one.now, one.mine, one.is_lost))
        elif cut_all(line) != cut_all(now[key]):
            found.append(FieldChange(called, "", "modifiée", "retirée", is_lost=True))
    for key, line in now.items():
        if key not in then and not _is_same(line, typed_by_key.get(key)):
            called = f"{noun} «\u00a0{name_of(line)}\u00a0»"
            found.append(FieldChange(called, "", "ajoutée", "gardée, en dernier", is_lost=True))
    return found + _changed_order(list(then), list(now), mine)


def _is_same(line: Values, typed_line: TypedLine | None) -> bool:
    return (
        typed_line is not None and not typed_line.is_dropped and cut_all(line) == cut_all(typed_line.values)
    )


def _changed_order(then: list[str], now: list[str], mine: list[TypedLine]) -> list[FieldChange]:
    both = {key for key in then if key in now}
    before, after = [key for key in then if key in both], [key for key in now if key in both]
    own = [line.key for line in sorted(mine, key=lambda line: line.rank) if line.key in both]
    if before == after:
        return []
    words = "celui d'avant" if own == before else "le vôtre" if own != after else "le même"
    return [FieldChange("Ordre des lignes", "", "changé", words, is_lost=own != after)]
