"""Forms of the bell."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from lib.fields import LineField
from notifications import choices, events
from notifications.events import Notice
from notifications.models import NotificationQuerySet

KEEP_ONE = "Gardez au moins un moyen d'être prévenu : le mail ou Logisav."


class ChoicesForm(forms.Form):
    """One row of ways per kind of event."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        chosen = choices.all_of(user)
        for notice in events.notices():
            self.fields[notice.name] = _ways_field(notice, chosen[notice.name])


def _ways_field(notice: Notice, ways: choices.Ways) -> forms.ChoiceField:
    message = KEEP_ONE if notice.is_important else "Choisissez un moyen."
    return forms.ChoiceField(
        label=notice.label,
        choices=[(offered.value, offered.label) for offered in choices.offered(notice)],
        initial=ways,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": message, "required": message},
    )


class FilterForm(forms.Form):
    """What the list shows: what is not understood filters nothing."""

    etat = forms.ChoiceField(
        label="État",
        choices=[("", "Toutes"), ("non-lues", "Non lues")],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    nature = forms.ChoiceField(label="Nature", required=False, widget=UnfoldAdminSelectWidget)
    devis = LineField(
        label="Devis",
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "D-2026-0001"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        kinds = [(notice.name, notice.label) for notice in events.notices()]
        self.fields["nature"].choices = [("", "Toutes"), *kinds]  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def query(self) -> str:
        """The filters that are set, for the addresses of this list."""
        return urlencode({name: value for name, value in self.cleaned_data.items() if value})

    def applied(self, lines: NotificationQuerySet) -> NotificationQuerySet:
        if self.cleaned_data.get("etat"):
            lines = lines.filter(read_at=None)
        if kind := self.cleaned_data.get("nature"):
            lines = lines.filter(kind=kind)
        if about := self.cleaned_data.get("devis", "").strip():
            lines = lines.filter(about__iexact=about)
        return lines
