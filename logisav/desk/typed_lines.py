"""The lines of a form as a browser sent them, read and put right when other lines are stored by then."""

from __future__ import annotations

import re
from typing import Any

from django.forms.formsets import DELETION_FIELD_NAME, INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from lib.fields import whole
from logisav.desk.stamps import TypedLine, Values, plain, typed, visible_fields

RANK = "position"  # the field that says where a line stands
OWN_IDENTITY = "own_identity"  # the field of a line of a quote that is the same whatever becomes of its key
LAST = 1_000_000


def typed_lines(formset: Any, data: QueryDict, files: Any, stored: dict[str, Values]) -> list[TypedLine]:
    """Of a formset that nobody has filled in: its forms say how to read what was sent."""
    form, key_name = formset.empty_form, formset.model._meta.pk.name
    # A page whose save was answered into the void sends as new what is stored already.
    indices = _indices(formset, data)
    keys = {index: data.get(f"{formset.prefix}-{index}-{key_name}", "") for index in indices}
    known_as = {
        getattr(one.instance, "identity", ""): str(one.instance.pk)
        for one in formset.initial_forms
        if str(one.instance.pk) not in keys.values()
    }
    found = []
    for index in indices:
        prefix = f"{formset.prefix}-{index}"
        key = keys[index] or known_as.pop(data.get(f"{prefix}-{OWN_IDENTITY}") or None, "")
        known = stored.get(key, {})
        values = {
            name: typed(
                form.fields[name],
                form.fields[name].widget.value_from_datadict(data, files, f"{prefix}-{name}"),
                stored=known.get(name, ""),
            )
            for name in visible_fields(form)
        }
        rank = whole(data.get(f"{prefix}-{RANK}", ""))
        found.append(
            TypedLine(
                index=index,
                key=key,
                is_dropped=bool(data.get(f"{prefix}-{DELETION_FIELD_NAME}")),
                rank=LAST + index if rank is None else rank,
                values=values,
            )
        )
    return found


def _indices(formset: Any, data: QueryDict) -> list[int]:
    pattern = re.compile(rf"{re.escape(formset.prefix)}-([0-9]{{1,6}})-")
    total = data.get(f"{formset.prefix}-{TOTAL_FORM_COUNT}", "")
    end = int(total[:6]) if total.isascii() and total.isdecimal() else 0
    found = {int(match[1]) for name in data if (match := pattern.match(name))}
    return sorted(index for index in found if index < end)


def are_first(formset: Any, data: QueryDict, lines: list[TypedLine]) -> bool:
    """Whether the stored ones come first, as Django reads them; a page that saved itself has keys anywhere."""
    first = whole(data.get(f"{formset.prefix}-{INITIAL_FORM_COUNT}", ""))
    if first is None:
        return True  # Django says what is missing
    is_whole = [line.index for line in lines] == list(range(len(lines)))
    return is_whole and all(bool(line.key) is (line.index < first) for line in lines)


def put_right(
    formset: Any, data: QueryDict, lines: list[TypedLine], stored: dict[str, Values]
) -> list[int | None]:
    """So that what was sent fits what is stored now, and nothing that was typed is lost.

    Returned is where each line stood in what was sent.

    A line that was removed meanwhile becomes a new one, unless it was removed here too. A line that was added
    meanwhile stands last: whoever saves sees all that will be saved.
    """
    key_name = formset.model._meta.pk.name
    here = [line for line in lines if line.key in stored]
    added = [
        _as_sent(one)
        for one in formset.initial_forms
        if str(one.instance.pk) not in {line.key for line in lines}
    ]
    fresh = [line for line in lines if line.key not in stored and not (line.key and line.is_dropped)]
    sent_lines = [
        *(_sent(formset, data, line.index) | {key_name: [line.key]} for line in here),
        *added,
        *(_sent(formset, data, line.index) | {key_name: [""]} for line in fresh),
    ]
    for name in [name for name in data if re.match(rf"{re.escape(formset.prefix)}-[0-9]+-", name)]:
        del data[name]
    for index, sent in enumerate(sent_lines):
        for name, values in sent.items():
            data.setlist(f"{formset.prefix}-{index}-{name}", values)
    data[f"{formset.prefix}-{INITIAL_FORM_COUNT}"] = str(len(here) + len(added))
    data[f"{formset.prefix}-{TOTAL_FORM_COUNT}"] = str(len(sent_lines))
    return [*(line.index for line in here), *(None for _ in added), *(line.index for line in fresh)]


def _sent(formset: Any, data: MultiValueDict[str, str], index: int) -> dict[str, list[str]]:
    prefix = f"{formset.prefix}-{index}-"
    return {name.removeprefix(prefix): data.getlist(name) for name in data if name.startswith(prefix)}


def _as_sent(form: Any) -> dict[str, list[str]]:
    """A stored line as a browser would send it, without a rank."""
    sent: dict[str, list[str]] = {}
    for bound in form:
        value = bound.value()
        words = "on" if value is True else plain(value)
        if words and bound.name != RANK:
            sent[bound.name] = words if isinstance(words, list) else [words]
    return sent
