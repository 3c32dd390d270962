"""Forms of the desk that are refused when the same row was saved meanwhile: the base of every ModelAdmin that saves.

Two tabs, or two people, have one row open. The first saves. The second is answered 409 with what changed meanwhile and
with all that was typed; saving once more writes over it, knowingly. See `stamps` for what a form carries.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from logisav.desk import stamps
from logisav.desk.base import DeskAdmin
from logisav.desk.stamps import FieldChange, FormSnapshot, Stamp, Values
from logisav.desk.typed_lines import are_first, put_right, typed_lines


@dataclass(frozen=True)
class Trace:
    """Who changed a row last, and when; no name where it was not a member of staff."""

    at: dt.datetime
    name: str = ""
    is_own: bool = False  # the same person, in another window

    @property
    def is_today(self) -> bool:
        return timezone.localdate(self.at) == timezone.localdate()


@dataclass(frozen=True)
class Stale:
    """Why a form is refused, for its page."""

    row: str
    ending: str
    trace: Trace | None
    changes: list[FieldChange]
    is_known: bool  # what the form was made from
    files: list[str]  # that a browser does not send a second time by itself


@dataclass(frozen=True)
class Made:
    """What a page makes of a row, and what its stamp would say."""

    form: forms.ModelForm[Any]
    formsets: list[Any]
    snapshot: FormSnapshot


class HeldBack:
    """A form that is shown again as it was typed: nothing in it is wrong, there is something to decide."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]
        return False


def typed_fields(request: HttpRequest, form: forms.BaseForm, stored: Values) -> Values:
    """What was sent for the fields of a form that nobody has filled in."""
    return {
        name: stamps.typed(
            one,
            one.widget.value_from_datadict(request.POST, request.FILES, form.add_prefix(name)),
            stored=stored.get(name, ""),
        )
        for name, one in form.fields.items()
    }


def stale_page(
    request: HttpRequest, now: FormSnapshot, *, about: str, form: forms.BaseForm | None = None, words: str
) -> Stale | None:
    """For a page that is no ModelAdmin's; `form` as it is made of what is stored now. The caller holds the lock."""
    stamp = stamps.read(request.POST.get(stamps.NAME, ""), about=about)
    if stamp is not None and now.is_as(stamp.made_from):
        return None
    then = stamp.made_from if stamp else now
    changes = stamps.changed_beside(then.beside, now.beside)
    if form is not None:
        mine = typed_fields(request, form, now.fields)
        changes += stamps.changed_fields(form, then.fields, now.fields, mine)
    if stamp is not None and not any(change.is_lost for change in changes):
        return None
    return Stale(words, "", None, changes, stamp is not None, [])


def _noun(formset: Any) -> str:
    """What one of its rows is called, at the beginning of a sentence: `Ligne`, `Aide`."""
    return capfirst(str(formset.model._meta.verbose_name))


class StampedAdmin(DeskAdmin):
    """« Ce devis a été modifié entre-temps par Julie Faure »: the row's name and the ending of its participle."""

    row_name, row_ending = "Cette fiche", "e"

    # What a subclass may know better

    def lock(self, pk: Any) -> None:
        """Until the transaction ends. Who takes other locks when saving takes them here, in the lock order."""
        rows = self.model._base_manager.select_for_update(no_key=True).filter(pk=pk)
        list(rows.values_list("pk"))

    def stamped_beside(self, row: Any) -> dict[str, str]:
        """What is no field of the form, and without which it makes no sense; by its label."""
        return {}

    def last_change(self, request: HttpRequest, pk: Any, since: dt.datetime) -> Trace | None:
        kind = ContentType.objects.get_for_model(self.model)
        entries = LogEntry.objects.filter(content_type=kind, object_id=str(pk), action_time__gte=since)
        entry = entries.exclude(change_message="[]").select_related("user").order_by("-pk").first()
        if entry is None:
            return None
        name = entry.user.get_full_name() or entry.user.get_username()
        return Trace(entry.action_time, name, is_own=entry.user_id == request.user.pk)

    def why_closed(self, row: Any) -> str:
        """Why a row that is there takes no change any more."""
        return "Elle ne se modifie plus ici."

    # For whoever saves: a page, or a script that saves by itself

    def stamp(self, request: HttpRequest, row: Any) -> str:
        """What a form made of this row now carries; after a save it is the new one."""
        return self._written(row, self._made(request, row).snapshot)

    def stale(self, request: HttpRequest, row: Any) -> Stale | None:
        """None when what was sent may be saved. The caller holds the row's lock, and read the row under it."""
        return self._stale(request, row, self._made(request, row))

    def changed_since_shown(self, request: HttpRequest, row: Any) -> Stale | None:
        """For a page that shows a row and asks before something is done with it, and carries its stamp."""
        return self._changed_since_asked(request, row, self._made(request, row))

    # The page of the form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method != "POST" or object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            row = self._locked(request, object_id)
            if row is None or not self.has_change_permission(request, row):
                closed = self._closed(request, object_id, row)
                return closed or super().changeform_view(request, object_id, form_url, extra_context)
            made = self._made(request, row)
            stale = self._stale(request, row, made)
            if stale is None:
                self._put_in_order(request, made)
            context = (extra_context or {}) | {"stamp": self._written(row, made.snapshot), "stale": stale}
            request.is_stale = stale is not None  # type: ignore[attr-defined]
            response = super().changeform_view(request, object_id, form_url, context)
        if stale is not None:
            response.status_code = 409
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        form: type[forms.ModelForm[Any]] = super().get_form(request, obj, *args, **kwargs)
        if getattr(request, "is_stale", False):
            return type(form.__name__, (HeldBack, form), {})
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None and "stamp" not in context and self.has_change_permission(request, row):
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            made_from = stamps.snapshot(context["adminform"].form, formsets, beside=self.stamped_beside(row))
            context["stamp"] = self._written(row, made_from)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    # The page that asks before it deletes

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        with transaction.atomic():
            row = self._locked(request, object_id)
            if row is None or not self.has_delete_permission(request, row):
                return super().delete_view(request, object_id, extra_context)
            made = self._made(request, row)
            context = (extra_context or {}) | {"stamp": self._written(row, made.snapshot)}
            stale = self._changed_since_asked(request, row, made) if request.method == "POST" else None
            if stale is None:
                return super().delete_view(request, object_id, context)
            request.POST = QueryDict()  # it asks again, of what is stored now
            response = super().delete_view(request, object_id, context | {"stale": stale})
        response.status_code = 409
        return response

    def _changed_since_asked(self, request: HttpRequest, row: Any, made: Made) -> Stale | None:
        stamp, now = self._read(request, row.pk), made.snapshot
        if stamp is not None and now.is_as(stamp.made_from):
            return None
        then = stamp.made_from if stamp else now
        changes = stamps.changed_beside(then.beside, now.beside)
        changes += stamps.changed_fields(made.form, then.fields, now.fields, now.fields)
        for formset in made.formsets:
            before, after = then.lines.get(formset.prefix, {}), now.lines[formset.prefix]
            same = stamps.as_they_are(after)
            changes += stamps.changed_lines(formset.empty_form, before, after, same, noun=_noun(formset))
        return self._as_stale(request, row, stamp, changes)

    # Parts

    def _locked(self, request: HttpRequest, object_id: str) -> Any:
        """The row as it is once nobody else can change it; None when this person does not see it."""
        try:
            pk = self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            return None
        if request.method == "POST":
            self.lock(pk)
        return self.get_object(request, unquote(object_id))

    def _about(self, pk: Any) -> str:
        return f"{self.opts.label_lower} {pk}"

    def _written(self, row: Any, made_from: FormSnapshot) -> str:
        return stamps.written(made_from, about=self._about(row.pk))

    def _read(self, request: HttpRequest, pk: Any) -> Stamp | None:
        return stamps.read(request.POST.get(stamps.NAME, ""), about=self._about(pk))

    def _made(self, request: HttpRequest, row: Any) -> Made:
        """The form and its formsets as a page makes them of this row now."""
        fields = flatten_fieldsets(self.get_fieldsets(request, row))
        form = self.get_form(request, row, change=True, fields=fields)(instance=row)
        formsets = [
            made(instance=row, prefix=made.get_default_prefix(), queryset=inline.get_queryset(request))
            for made, inline in self.get_formsets_with_inlines(request, row)
        ]
        return Made(form, formsets, stamps.snapshot(form, formsets, beside=self.stamped_beside(row)))

    def _stale(self, request: HttpRequest, row: Any, made: Made) -> Stale | None:
        stamp = self._read(request, row.pk)
        if stamp is not None and made.snapshot.is_as(stamp.made_from):
            return None
        changes = self._changes(request, made, stamp.made_from if stamp else made.snapshot)
        if stamp is not None and not any(change.is_lost for change in changes):
            return None
        return self._as_stale(request, row, stamp, changes, form=made.form)

    def _as_stale(
        self,
        request: HttpRequest,
        row: Any,
        stamp: Stamp | None,
        changes: list[FieldChange],
        *,
        form: Any = None,
    ) -> Stale:
        trace = self.last_change(request, row.pk, stamp.made_at) if stamp else None
        files = [stamps.label_of(form, name) for name in request.FILES if form and name in form.fields]
        return Stale(self.row_name, self.row_ending, trace, changes, stamp is not None, files)

    def _changes(self, request: HttpRequest, made: Made, then: FormSnapshot) -> list[FieldChange]:
        """Everything that is stored otherwise than the form was made from; what was sent is made to fit it."""
        now = made.snapshot
        changes = stamps.changed_beside(then.beside, now.beside)
        mine = typed_fields(request, made.form, now.fields)
        changes += stamps.changed_fields(made.form, then.fields, now.fields, mine)
        data = request.POST.copy()
        for formset in made.formsets:
            before, after = then.lines.get(formset.prefix, {}), now.lines[formset.prefix]
            sent = typed_lines(formset, data, request.FILES, after)
            changes += stamps.changed_lines(formset.empty_form, before, after, sent, noun=_noun(formset))
            formset.came_from = put_right(formset, data, sent, after)
        request.POST = data  # type: ignore[assignment]
        return changes

    def _put_in_order(self, request: HttpRequest, made: Made) -> list[list[int | None]]:
        """The lines as Django reads them; of each formset where each of its forms stood in what was sent."""
        data, orders = request.POST.copy(), []
        for formset in made.formsets:
            stored = made.snapshot.lines[formset.prefix]
            sent = typed_lines(formset, data, request.FILES, stored)
            if not are_first(formset, data, sent):
                formset.came_from = put_right(formset, data, sent, stored)
            orders.append(getattr(formset, "came_from", [line.index for line in sent]))
        request.POST = data  # type: ignore[assignment]
        return orders

    # A row that takes no change any more

    def _closed(self, request: HttpRequest, object_id: str, row: Any) -> HttpResponse | None:
        """What was typed is shown to whoever had the form; None for who never had it."""
        pk = unquote(object_id)
        stamp = self._read(request, pk)
        if stamp is None or not self.has_change_permission(request):
            return None
        is_there = self.model._base_manager.filter(pk=pk).exists()
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        context = self.admin_site.each_context(request) | {
            "title": self.row_name,
            "opts": self.opts,
            "row": self.row_name,
            "ending": self.row_ending,
            "trace": self.last_change(request, pk, stamp.made_at),
            "is_there": is_there,
            "why": self.why_closed(row) if row is not None else "",
            "typed": self._typed_here(request, row, stamp.made_from),
            "back": reverse(f"{page}_changelist")
            if row is None
            else reverse(f"{page}_change", args=[row.pk]),
        }
        return TemplateResponse(request, "desk/stamped/too_late.html", context, status=409)

    def _typed_here(self, request: HttpRequest, row: Any, then: FormSnapshot) -> list[tuple[str, str]]:
        """What was typed since the form was opened, field by field, to be copied from the page."""
        fields = flatten_fieldsets(self.get_fieldsets(request))
        form = self.get_form(request, None, change=False, fields=fields)(instance=row)
        found = _differing(form, then.fields, typed_fields(request, form, then.fields))
        for made, _ in self.get_formsets_with_inlines(request, None):
            formset = made(prefix=made.get_default_prefix(), queryset=made.model._base_manager.none())
            before, blank = then.lines.get(formset.prefix, {}), stamps.values_of(formset.empty_form)
            for line in typed_lines(formset, request.POST, request.FILES, before):
                called = f"{_noun(formset)} «\u00a0{line.name}\u00a0», "
                stored = before.get(line.key, blank)
                found += [
                    (f"{called}{label}", value)
                    for label, value in _differing(formset.empty_form, stored, line.values)
                ]
        return found


def _differing(form: forms.BaseForm, then: Values, mine: Values) -> list[tuple[str, str]]:
    """Texts are whole here: they are to be copied."""
    return [
        (stamps.label_of(form, name), stamps.shown(form.fields[name], mine[name]))
        for name in stamps.visible_fields(form)
        if name in mine and stamps.cut(mine[name]) != stamps.cut(then.get(name, ""))
    ]
