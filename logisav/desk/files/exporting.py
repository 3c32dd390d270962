"""« Exporter »: the list as it is filtered, searched and ordered, as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from lib.day import today_in_paris
from logisav.desk.base import DeskAdmin
from logisav.desk.files import spreadsheet
from logisav.desk.journalled import note

AT_ONCE = 200  # rows read at a time


class ExportSheet(Protocol):
    """How rows become lines of a file."""

    def titles(self) -> Sequence[str]: ...

    def prepared(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With what the cells need, so that no cell asks the database."""

    def cells(self, row: Any) -> Sequence[object]: ...


class Exported(DeskAdmin):
    """A list with a way out. It shows no more than the list itself: whoever may see the list may export it."""

    sheet: ExportSheet
    export_name: str
    list_before_template = "desk/files/doors.html"

    @property
    def export_address(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export.csv", view, name=self.export_address), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        doors = {"doors": self.doors(request)}
        return super().changelist_view(request, doors | (extra_context or {}))

    def doors(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Label and address of what leads out of the list, and into it."""
        query = request.GET.urlencode()
        address = reverse(f"admin:{self.export_address}")
        return [("Exporter en CSV", f"{address}?{query}" if query else address)]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        note(request, "exported", target=str(self.opts.verbose_name_plural), query=request.GET.urlencode())
        return csv_response(self._rows(found), name=f"{self.export_name}-{today_in_paris():%Y-%m-%d}.csv")

    def _rows(self, found: QuerySet[Any]) -> Iterator[Sequence[object]]:
        yield self.sheet.titles()
        for row in self.sheet.prepared(found).iterator(chunk_size=AT_ONCE):
            yield self.sheet.cells(row)


def csv_response(rows: Iterator[Sequence[object]], *, name: str) -> StreamingHttpResponse:
    """Sent while it is made, so that a hundred thousand rows neither fill the memory nor keep the reader waiting."""
    response = StreamingHttpResponse(spreadsheet.lines(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
