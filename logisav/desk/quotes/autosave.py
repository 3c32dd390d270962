"""A working copy saves itself while it is typed: static/desk/autosave.js sends its form here.

It is the save of the page, by the same door and under the same stamp, without what a person does by it: nothing is
written to the journal or to the log of changes, no message, no use of the log-in (logisav/staff/unattended.py).
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import partial
from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import all_valid
from django.http import Http404, HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from lib import french
from logisav.desk import stamps
from logisav.desk.quotes import new_customer
from logisav.desk.stamped import StampedAdmin, Trace
from notifications.staff import member

REMEMBERED = 24 * 60 * 60


class Outcome(StrEnum):
    SAVED = "saved"
    WRONG = "wrong"  # what is typed may still become right
    STOPPED = "stopped"  # somebody else has saved, or the quote left: a person decides


class SavesItself(StampedAdmin):
    def last_change(self, request: HttpRequest, pk: Any, since: dt.datetime) -> Trace | None:
        """Whose page saved itself is remembered for a day at most: no fact, a help to whoever meets it."""
        trace = super().last_change(request, pk, since)
        at, name, user = cache.get(self._remembered(pk)) or (since, "", None)
        if user is None or at < since or (trace is not None and trace.at > at):
            return trace
        return Trace(at, name, is_own=user == request.user.pk)

    def _remembered(self, pk: Any) -> str:
        return f"saved-itself-{self._about(pk)}".replace(" ", "-")

    @transaction.atomic
    def autosave(self, request: HttpRequest, pk: int) -> JsonResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        row = self._locked(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            return _told(Outcome.STOPPED, f"Pas enregistré. {self.why_closed(row)}")
        customer = new_customer.panel(request)
        if customer is not None and customer.is_bound:
            words = (
                "Pas encore enregistré. Un nouveau client est créé par le bouton «\u00a0Enregistrer\u00a0»."
            )
            return _told(Outcome.WRONG, words)
        made = self._made(request, row)
        stale = self._stale(request, row, made)
        if stale is not None:
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
            context = {"stale": stale, "form_id": f"{self.opts.model_name}_form", "page": page}
            words = (
                f"Pas enregistré\u00a0: {self.row_name.lower()} a été modifié{self.row_ending} entre-temps."
            )
            return _told(
                Outcome.STOPPED,
                words,
                notice=render_to_string("desk/stamped/notice.html", context, request),
                stamp=self._written(row, made.snapshot),
            )
        orders = self._put_in_order(request, made)
        fields = flatten_fieldsets(self.get_fieldsets(request, row))
        form = self.get_form(request, row, change=True, fields=fields)(request.POST, instance=row)
        formsets, _ = self._create_formsets(request, row, change=True)
        is_valid = form.is_valid()  # its lines are checked all the same
        if not (all_valid(formsets) and is_valid):
            return _told(Outcome.WRONG, _first_error(form, formsets))
        self.save_model(request, self.save_form(request, form, change=True), form, change=True)
        self.save_related(request, form, formsets, change=True)
        now, user = timezone.now(), member(request)
        remembered = (now, user.get_full_name() or user.get_username(), user.pk)
        transaction.on_commit(partial(cache.set, self._remembered(pk), remembered, REMEMBERED), robust=True)
        return _told(
            Outcome.SAVED,
            f"Enregistré à {french.hour(now)}",
            stamp=self.stamp(request, self.get_object(request, str(pk))),
            keys={one.prefix: _keys(one, order) for one, order in zip(formsets, orders, strict=True)},
        )


def _told(outcome: Outcome, said: str, **more: Any) -> JsonResponse:
    """None of them is an error of the page that asked."""
    return JsonResponse({"outcome": outcome, "said": said} | more)


def _keys(formset: Any, order: list[int | None]) -> dict[int, str]:
    """Of each line as the page numbers it: its key now, so that it is the same line when it is sent again."""
    return {
        index: "" if form in formset.deleted_forms or form.instance.pk is None else str(form.instance.pk)
        for form, index in zip(formset.forms, order, strict=False)
        if index is not None
    }


def _first_error(form: Any, formsets: list[Any]) -> str:
    """One sentence for the bar; the page's own « Enregistrer » tells each at its field."""
    found = [(stamps.label_of(form, bound.name), bound.errors) for bound in form]
    found.append(("", form.non_field_errors()))
    for formset in formsets:
        noun = capfirst(str(formset.model._meta.verbose_name))
        for rank, one in enumerate(formset.ranked(), 1):
            found += [(f"{noun} {rank}, {_inside(stamps.label_of(one, b.name))}", b.errors) for b in one]
            found.append((f"{noun} {rank}", one.non_field_errors()))
        found.append(("", formset.non_form_errors()))
    where, errors = next((where, errors) for where, errors in found if errors)
    said = f"{where}\u00a0: {_inside(errors[0])}" if where else errors[0]
    return f"Pas encore enregistré. {said}"


def _inside(words: str) -> str:
    """As it stands inside a sentence."""
    return words if words[1:2].isupper() else f"{words[:1].lower()}{words[1:]}"
