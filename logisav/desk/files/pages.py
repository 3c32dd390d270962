"""« Importer un fichier »: hand in, say where its columns go, see what will change, confirm.

Nothing is written before the last step; what is in error comes back as a file, with the reason beside each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from lib import french
from logisav.desk.access import page
from logisav.desk.files import columns, importing, spreadsheet, workbook, workflow
from logisav.desk.files.exporting import Exported, csv_response
from logisav.desk.files.importing import Plan
from logisav.desk.files.sheets import SHEETS, ImportSheet
from logisav.desk.files.spreadsheet import MAX_BYTES, UnreadableSheet
from logisav.desk.files.workflow import ImportOutcome
from logisav.desk.journalled import note
from notifications.staff import member
from quotes.models import StagedImport

MOST_SHOWN = 500
ACCEPTED = ".xlsx,.csv,.txt,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REFUSALS = {
    ImportOutcome.STALE: "Des fiches ont changé depuis l'aperçu : rien n'est importé. Voici l'aperçu d'aujourd'hui.",
    ImportOutcome.WRONG: "Aucune ligne de ce fichier n'est juste : rien n'est importé.",
    ImportOutcome.GONE: "Ce fichier est déjà importé, ou il attendait depuis plus d'un jour. Déposez-le à nouveau.",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="Fichier Excel ou CSV",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED}),
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
    )

    def clean_file(self) -> tuple[str, str]:
        """Name and text; not a byte of what is too long is read."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            text = _text(file.read(MAX_BYTES + 1))
        except UnreadableSheet as why:
            raise forms.ValidationError(str(why)) from why
        return file.name or "", text


def _text(document: bytes) -> str:
    if document.startswith((workbook.ZIPPED, workbook.OLD_EXCEL)) and len(document) <= MAX_BYTES:
        return workbook.as_text(document)
    return spreadsheet.decoded(document)


class Exchanged(Exported):
    """A list with a way in and a way out, of the same columns."""

    import_kind: StagedImport.Kind

    @property
    def sheet(self) -> ImportSheet:  # type: ignore[override]
        return SHEETS[self.import_kind]

    def may_import(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def doors(self, request: HttpRequest) -> list[tuple[str, str]]:
        into = ("Importer un fichier", reverse(f"admin:{self._address('import')}"))
        return [*([into] if self.may_import(request) else []), *super().doors(request)]

    def _address(self, step: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{step}"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("importer/", view(self.upload), name=self._address("import")),
            path("importer/exemple.csv", view(self.example), name=self._address("example")),
            path("importer/<int:pk>/", view(self.preview), name=self._address("preview")),
            path("importer/<int:pk>/erreurs.csv", view(self.errors), name=self._address("errors")),
            *super().get_urls(),
        ]

    def upload(self, request: HttpRequest) -> HttpResponse:
        self._check(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST":
            form = UploadForm(request.POST, request.FILES)
            if form.is_valid() and (staged := self._stage(request, form)):
                return redirect(f"admin:{self._address('preview')}", staged.pk)
        context = {"form": form, "sheet": self.sheet, "most_rows": spreadsheet.MAX_ROWS}
        return self._page(request, "upload", context, status=422 if form.errors else 200)

    def _stage(self, request: HttpRequest, form: UploadForm) -> StagedImport | None:
        name, text = form.cleaned_data["file"]
        try:
            return workflow.stage_import(self.import_kind, text=text, file_name=name, by=member(request))
        except UnreadableSheet as why:
            form.add_error("file", str(why))
            return None

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows what will change; POST says where the columns go, or does exactly what was shown."""
        self._check(request)
        if request.method == "POST" and "columns" not in request.POST:
            return self._confirm(request, pk)
        staged = self._staged(request, pk)
        if request.method == "POST":
            said = [
                one if one in columns.choices(self.sheet) else "" for one in request.POST.getlist("column")
            ]
            workflow.match_columns(staged, said=said, by=member(request))
            return redirect(f"admin:{self._address('preview')}", pk)
        return self._preview(request, staged)

    def errors(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The rows in error, to be put right and handed in again."""
        self._check(request)
        staged = self._staged(request, pk)
        plan = importing.plan_of(staged, rows=importing.rows_of(staged.kind, member(request)))
        return csv_response(plan.left(), name=f"{self.export_name}-a-corriger.csv")

    def _staged(self, request: HttpRequest, pk: int) -> StagedImport:
        return get_object_or_404(StagedImport.objects.of(member(request).pk), pk=pk, kind=self.import_kind)

    def _confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        done = self._do(request, pk)
        if done.outcome is ImportOutcome.DONE:
            summary = french.listed([_counted(done.made, "ajout"), _counted(done.changed, "modification")])
            messages.success(request, f"Import terminé : {summary}.")
            if done.left:
                return redirect(f"admin:{self._address('preview')}", pk)
            return redirect(f"admin:{self._address('changelist')}")
        messages.error(request, REFUSALS[done.outcome])
        if done.outcome is ImportOutcome.GONE:
            return redirect(f"admin:{self._address('import')}")
        return redirect(f"admin:{self._address('preview')}", pk)

    @transaction.atomic
    def _do(self, request: HttpRequest, pk: int) -> workflow.Imported:
        fingerprint = request.POST.get("fingerprint", "")
        done = workflow.confirm_import(pk, fingerprint=fingerprint, by=member(request))
        if done.outcome is ImportOutcome.DONE:
            note(request, "imported", target=self._plural(), made=done.made, changed=done.changed)
        return done

    def _preview(self, request: HttpRequest, staged: StagedImport) -> HttpResponse:
        plan: Plan = importing.plan_of(staged, rows=importing.rows_of(staged.kind, member(request)))
        shown = {
            "wrong": plan.wrong[:MOST_SHOWN],
            "changed": plan.changed[:MOST_SHOWN],
            "new": plan.new[:MOST_SHOWN],
        }
        context = {
            "staged": staged,
            "plan": plan,
            "shown": shown,
            "most_shown": MOST_SHOWN,
            "choices": columns.choices(self.sheet),
            "errors_address": reverse(f"admin:{self._address('errors')}", args=[staged.pk]),
        }
        return self._page(request, "preview", context)

    def example(self, request: HttpRequest) -> HttpResponseBase:
        """What such a file looks like, to be filled in."""
        self._check(request)
        return csv_response(self._example(), name=f"exemple-{self.export_name}.csv")

    def _example(self) -> Iterator[Sequence[object]]:
        yield self.sheet.titles()
        yield from self.sheet.examples

    def _check(self, request: HttpRequest) -> None:
        if not self.may_import(request):
            raise PermissionDenied

    def _plural(self) -> str:
        return StagedImport.Kind(self.import_kind).label

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        there = {
            "title": f"{self._plural()} : importer un fichier",
            "opts": self.opts,
            "kind": self.import_kind.value,
            "list_address": reverse(f"admin:{self._address('changelist')}"),
            "upload_address": reverse(f"admin:{self._address('import')}"),
            "example_address": reverse(f"admin:{self._address('example')}"),
        }
        return page(request, f"desk/files/{template}.html", there | context, status=status)


def _counted(count: int, word: str) -> str:
    return f"{french.number(str(count))} {word}{'s' if count > 1 else ''}"
